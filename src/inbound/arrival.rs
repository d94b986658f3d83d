//! The SQL of mail that arrives: written down whole, in the first of the two transactions that each mail goes through.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A mail to be written down.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its place within the mailbox.
    pub position: String,
    /// Its Message-ID, where it has one.
    pub message_id: Option<String>,
    /// The hash of what makes it this message and no other.
    pub content_hash: Vec<u8>,
    /// Mails with the same key are handled in order.
    pub thread_key: String,
    /// The message as it came.
    pub raw: Vec<u8>,
    /// Its size as the source tells it.
    pub size: i64,
    /// Whether only the beginning was fetched.
    pub truncated: bool,
    /// When it reached the mailbox.
    pub received_at: DateTime<Utc>,
}

/// What became of the mails that were to be written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// How many were new.
    pub new: u64,
    /// How many were known already, and got only another delivery row.
    pub known: u64,
}

/// Writes mails and where they were found. A message that is known by its Message-ID and content, from
/// whichever mailbox, gets only a delivery row; a position that is known gets nothing.
///
/// # Errors
/// If the database does not answer.
pub async fn record(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &str,
    answering: bool,
    arrivals: &[Arrival],
) -> Result<Recorded, sqlx::Error> {
    if arrivals.is_empty() {
        return Ok(Recorded::default());
    }
    let columns = Columns::of(arrivals);
    // Ids follow the order of arrival, since mails of a thread are handled by them; rows are written in the order of
    // their identity, so that two that fetch the same mails at once wait for each other in one direction only.
    let new = sqlx::query!(
        "WITH unknown AS MATERIALIZED (
             SELECT nextval(pg_get_serial_sequence('inbound_mail', 'id')) AS id, fresh.*
             FROM (SELECT message_id, content_hash, thread_key, raw, size, truncated, received_at
                   FROM unnest($4::text[], $5::bytea[], $6::text[], $7::bytea[], $8::bigint[], $9::boolean[],
                               $10::timestamptz[], $11::text[])
                        WITH ORDINALITY AS arrival (message_id, content_hash, thread_key, raw, size, truncated,
                                                    received_at, position, place)
                   WHERE NOT EXISTS (SELECT FROM inbound_delivery AS known
                                     WHERE known.mailbox = $1 AND known.position = arrival.position)
                   ORDER BY place) AS fresh
         )
         INSERT INTO inbound_mail (id, message_id, content_hash, thread_key, mailbox, raw, size, truncated, answering,
                                   received_at, state, due_at)
         OVERRIDING SYSTEM VALUE
         SELECT id, message_id, content_hash, thread_key, $1, raw, size, truncated, $2, received_at, 'received', $3
         FROM unknown
         ORDER BY coalesce(message_id, ''), content_hash
         ON CONFLICT (coalesce(message_id, ''), content_hash) DO NOTHING",
        mailbox,
        answering,
        now,
        &columns.message_ids as _,
        &columns.content_hashes as _,
        &columns.thread_keys as _,
        &columns.raws as _,
        &columns.sizes,
        &columns.truncated,
        &columns.received_at,
        &columns.positions as _,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let deliveries = sqlx::query!(
        "INSERT INTO inbound_delivery (mailbox, position, inbound_id, fetched_at)
         SELECT $1, arrival.position, inbound_mail.id, $2
         FROM unnest($3::text[], $4::text[], $5::bytea[]) AS arrival (position, message_id, content_hash)
         JOIN inbound_mail ON coalesce(inbound_mail.message_id, '') = coalesce(arrival.message_id, '')
                          AND inbound_mail.content_hash = arrival.content_hash
         ORDER BY arrival.position
         ON CONFLICT (mailbox, position) DO NOTHING",
        mailbox,
        now,
        &columns.positions as _,
        &columns.message_ids as _,
        &columns.content_hashes as _,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(Recorded {
        new,
        known: deliveries.saturating_sub(new),
    })
}

/// Writes down that a mail could not be read from its source, so that it is seen and does not stop the others.
///
/// # Errors
/// If the database does not answer.
pub async fn record_unreadable(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    mailbox: &str,
    position: &str,
    error: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH mail AS (
             INSERT INTO inbound_mail (content_hash, thread_key, mailbox, raw, size, truncated, received_at, state, reason,
                                       error, due_at, settled_at)
             SELECT sha256(convert_to($1 || ' ' || $2, 'UTF8')), $2, $1, '', 0, true, $3, 'quarantined',
                    'the mail server lists it but cannot give it', $4, $3, $3
             WHERE NOT EXISTS (SELECT FROM inbound_delivery WHERE mailbox = $1 AND position = $2)
             RETURNING id
         )
         INSERT INTO inbound_delivery (mailbox, position, inbound_id, fetched_at, acknowledged_at)
         SELECT $1, $2, id, $3, $3 FROM mail",
        mailbox,
        position,
        now,
        error
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The arrivals turned on their side, as `unnest` wants them.
struct Columns<'a> {
    message_ids: Vec<Option<&'a str>>,
    content_hashes: Vec<&'a [u8]>,
    thread_keys: Vec<&'a str>,
    raws: Vec<&'a [u8]>,
    sizes: Vec<i64>,
    truncated: Vec<bool>,
    received_at: Vec<DateTime<Utc>>,
    positions: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(arrivals: &'a [Arrival]) -> Self {
        Self {
            message_ids: arrivals.iter().map(|a| a.message_id.as_deref()).collect(),
            content_hashes: arrivals.iter().map(|a| a.content_hash.as_slice()).collect(),
            thread_keys: arrivals.iter().map(|a| a.thread_key.as_str()).collect(),
            raws: arrivals.iter().map(|a| a.raw.as_slice()).collect(),
            sizes: arrivals.iter().map(|a| a.size).collect(),
            truncated: arrivals.iter().map(|a| a.truncated).collect(),
            received_at: arrivals.iter().map(|a| a.received_at).collect(),
            positions: arrivals.iter().map(|a| a.position.as_str()).collect(),
        }
    }
}
