//! Connecting a chat account with a person, by a code that is mailed to the person's address.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use sha2::Sha256;
use sqlx::PgConnection;
use subtle::ConstantTimeEq as _;

use super::chat_account;
use crate::ids::PersonId;

/// How long a code holds, in minutes.
pub const MINUTES: i64 = 15;
/// How often a code may be typed.
pub const ATTEMPTS: i32 = 5;
/// How long an account waits before it may ask for another code, in seconds.
pub const PAUSE_SECONDS: i64 = 60;

/// Letters and digits that are not taken for one another when copied by hand.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// How many of them a code has: 40 bits, of which five guesses find nothing.
const LENGTH: usize = 8;

/// An account on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// The platform's name in the configuration.
    pub platform: &'a str,
    /// The platform's id of the user.
    pub user_id: &'a str,
}

/// What became of a code that was typed. The caller commits in every case: wrong ones are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The account is this person's from now on.
    Connected(PersonId),
    /// It is not the code; so many attempts are left.
    Wrong(i32),
    /// The account asked for none, it has run out, or it was mistyped too often.
    NoCode,
}

/// Makes a code for an account that says it is this person's, in place of any other. Nothing if the account asked
/// for one a moment ago. `key` is a secret of the desk's.
///
/// # Errors
/// If the database does not answer.
pub async fn begin(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    key: &[u8],
    account: Account<'_>,
    person: PersonId,
) -> Result<Option<String>, sqlx::Error> {
    let code = random();
    let done = sqlx::query!(
        "INSERT INTO connect_code (platform, user_id, person_id, code_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (platform, user_id) DO UPDATE
         SET person_id = excluded.person_id, code_hash = excluded.code_hash, attempts = 0,
             created_at = excluded.created_at, expires_at = excluded.expires_at
         WHERE connect_code.created_at <= $7",
        account.platform,
        account.user_id,
        person.0,
        hash(key, account, &code),
        now,
        now + TimeDelta::minutes(MINUTES),
        now - TimeDelta::seconds(PAUSE_SECONDS)
    )
    .execute(conn)
    .await?;
    Ok((done.rows_affected() == 1).then_some(code))
}

/// Takes a code that was typed. Case, blanks and hyphens do not matter. It is compared in constant time, and holds
/// once.
///
/// # Errors
/// If the database does not answer.
pub async fn confirm(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    key: &[u8],
    account: Account<'_>,
    typed: &str,
) -> Result<Typed, sqlx::Error> {
    // The row is locked by the count, so that guesses at once are counted one by one.
    let held = sqlx::query!(
        r#"UPDATE connect_code SET attempts = attempts + 1
           WHERE platform = $1 AND user_id = $2 AND expires_at > $3 AND attempts < $4
           RETURNING person_id AS "person_id: PersonId", code_hash, attempts"#,
        account.platform,
        account.user_id,
        now,
        ATTEMPTS
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(held) = held else {
        return Ok(Typed::NoCode);
    };
    let typed: String = typed
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_uppercase())
        .take(LENGTH + 1)
        .collect();
    let right = bool::from(hash(key, account, &typed).ct_eq(&held.code_hash));
    if !right {
        return Ok(Typed::Wrong(ATTEMPTS - held.attempts));
    }
    sqlx::query!(
        "DELETE FROM connect_code WHERE platform = $1 AND user_id = $2",
        account.platform,
        account.user_id
    )
    .execute(&mut *conn)
    .await?;
    chat_account::link(conn, now, account.platform, account.user_id, held.person_id).await?;
    Ok(Typed::Connected(held.person_id))
}

fn hash(key: &[u8], account: Account<'_>, code: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    hmac.update(b"frontdesk connect 1\0");
    for part in [account.platform, account.user_id, code] {
        hmac.update(part.as_bytes());
        hmac.update(b"\0");
    }
    hmac.finalize().into_bytes().to_vec()
}

fn random() -> String {
    let mut rng = rand::rng();
    (0..LENGTH)
        .filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())))
        .map(|letter| char::from(*letter))
        .collect()
}
