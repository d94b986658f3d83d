//! Work in batches, each in a transaction of its own.

use sqlx::{Connection as _, PgConnection};

/// Does something in a transaction of its own.
pub(super) async fn in_one(
    conn: &mut PgConnection,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<usize, sqlx::Error>,
) -> Result<usize, sqlx::Error> {
    let mut tx = conn.begin().await?;
    let done = work(&mut tx).await?;
    tx.commit().await?;
    Ok(done)
}
