//! The SQL of inbound mail that is worked: claimed, settled, and what is known of its author.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::ids::{CommentId, InboundId, OrganizationId, OutboxId, PersonId, TicketId};
use crate::people::{Person, Role};

/// A mail that a worker holds a lease on.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The row.
    pub id: InboundId,
    /// The mailbox it was first found in.
    pub mailbox: String,
    /// The message as it came.
    pub raw: Vec<u8>,
    /// Its size as the source tells it.
    pub size: i64,
    /// Whether only the beginning was fetched.
    pub truncated: bool,
    /// Whether anybody may be written to because of it.
    pub answering: bool,
    /// Whether a person let it pass after it had been held back.
    pub accepted: bool,
    /// When it reached the mailbox.
    pub received_at: DateTime<Utc>,
    /// How often it has been tried, this time included.
    pub attempt: i32,
}

/// After so many attempts a mail whose worker died is a suspect.
pub const SUSPECT: i32 = 2;

/// Takes up to `limit` mails that wait, oldest first, under `lease` until `leased_until`. Mails whose lease
/// has run out are taken again: their worker died. Of one thread only the oldest is taken.
///
/// One of the mails that a dying worker had in hand may be what it died of, so from the second death on they
/// are suspects, and only one of them is taken at a time: the next death then tells which it was, and the
/// others are not given up for it.
///
/// It is a transaction of its own, on a connection of [`crate::db::connect_claims`].
///
/// # Errors
/// If the database does not answer.
pub async fn claim(
    conn: &mut PgConnection,
    lease: Uuid,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    // OFFSET 0 keeps the subquery a look-up by key: a plan made on an empty queue would read all of it for each row.
    let mut rows = sqlx::query_as!(
        Claimed,
        r#"UPDATE inbound_mail SET state = 'processing', attempt = attempt + 1, lease = $1, leased_until = $3
           WHERE id = ANY (ARRAY(
               SELECT id FROM inbound_mail AS candidate
               WHERE state IN ('received', 'processing') AND due_at <= $2
                 AND (state = 'received' OR leased_until < $2)
                 AND NOT EXISTS (
                     SELECT FROM inbound_mail AS earlier
                     WHERE earlier.thread_key = candidate.thread_key AND earlier.id < candidate.id
                       AND earlier.state IN ('received', 'processing') OFFSET 0)
                 AND (state = 'received' OR attempt < $5 OR id = (
                     SELECT min(suspect.id) FROM inbound_mail AS suspect
                     WHERE suspect.state = 'processing' AND suspect.leased_until < $2 AND suspect.attempt >= $5))
               ORDER BY id LIMIT $4
               FOR UPDATE SKIP LOCKED))
           RETURNING id AS "id: InboundId", mailbox, raw, size, truncated, answering, accepted, received_at,
                     attempt"#,
        lease,
        now,
        leased_until,
        limit,
        SUSPECT
    )
    .fetch_all(conn)
    .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// How a mail is settled.
#[derive(Debug, Clone, Default)]
pub struct Settlement<'a> {
    /// `processed`, `ignored`, `rejected`, `quarantined` or `failed`.
    pub state: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// The author's address, lower-cased.
    pub sender: Option<&'a str>,
    /// The ticket it became or joined.
    pub ticket_id: Option<TicketId>,
    /// The comment it became.
    pub comment_id: Option<CommentId>,
    /// The message of ours that it returns, or the notice that answers it.
    pub outbox_id: Option<OutboxId>,
}

/// Settles a mail. Returns false if the lease was lost: the caller must then roll back, since another
/// worker has the mail.
///
/// # Errors
/// If the database does not answer.
pub async fn settle(
    conn: &mut PgConnection,
    id: InboundId,
    lease: Uuid,
    now: DateTime<Utc>,
    settlement: Settlement<'_>,
) -> Result<bool, sqlx::Error> {
    settle_all(conn, lease, now, &[(id, settlement)]).await
}

/// As [`settle`], for several mails: false if the lease on any of them was lost.
///
/// # Errors
/// If the database does not answer.
pub async fn settle_all(
    conn: &mut PgConnection,
    lease: Uuid,
    now: DateTime<Utc>,
    settled: &[(InboundId, Settlement<'_>)],
) -> Result<bool, sqlx::Error> {
    let ids: Vec<InboundId> = settled.iter().map(|(id, _)| *id).collect();
    let states: Vec<&str> = settled.iter().map(|(_, how)| how.state).collect();
    let reasons: Vec<Option<&str>> = settled.iter().map(|(_, how)| how.reason).collect();
    let senders: Vec<Option<&str>> = settled.iter().map(|(_, how)| how.sender).collect();
    let tickets: Vec<Option<TicketId>> = settled.iter().map(|(_, how)| how.ticket_id).collect();
    let comments: Vec<Option<CommentId>> = settled.iter().map(|(_, how)| how.comment_id).collect();
    let outboxes: Vec<Option<OutboxId>> = settled.iter().map(|(_, how)| how.outbox_id).collect();
    let done = sqlx::query!(
        "UPDATE inbound_mail
         SET state = given.state, reason = given.reason, sender = given.sender, ticket_id = given.ticket_id,
             comment_id = given.comment_id, outbox_id = given.outbox_id, settled_at = $2, lease = NULL,
             leased_until = NULL, error = NULL
         FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[])
              AS given (id, state, reason, sender, ticket_id, comment_id, outbox_id)
         WHERE inbound_mail.id = given.id AND lease = $1",
        lease,
        now,
        &ids as &[InboundId],
        &states as &[&str],
        &reasons as &[Option<&str>],
        &senders as &[Option<&str>],
        &tickets as &[Option<TicketId>],
        &comments as &[Option<CommentId>],
        &outboxes as &[Option<OutboxId>],
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()) == Ok(settled.len()))
}

/// Puts a mail whose processing failed back until `due_at`, or settles it as failed where that is `None`.
///
/// # Errors
/// If the database does not answer.
pub async fn settle_failure(
    conn: &mut PgConnection,
    id: InboundId,
    lease: Uuid,
    now: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE inbound_mail
         SET state = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'received' END, due_at = coalesce($4, due_at),
             settled_at = CASE WHEN $4::timestamptz IS NULL THEN $3::timestamptz END, error = $5,
             lease = NULL, leased_until = NULL
         WHERE id = $1 AND lease = $2",
        id.0,
        lease,
        now,
        due_at,
        error
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the database knows of an author.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// The person to whom the address belongs.
    pub person: Option<Person>,
    /// How many mails the address wrote lately, as far as they are settled.
    pub recent: u32,
    /// Whether a ticket of the address was marked as spam.
    pub blocked: bool,
}

/// Who wrote from each of these addresses, compared without regard to case, how many mails since then, and whether the
/// address is heard; in their order.
///
/// # Errors
/// If the database does not answer.
pub async fn authors(
    conn: &mut PgConnection,
    addresses: &[&str],
    since: DateTime<Utc>,
) -> Result<Vec<Author>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT card.id AS "id?: PersonId", card.name AS "name?", card.role AS "role?", card.handle AS "handle?",
                  card.organization_id AS "organization_id?: OrganizationId", card.address AS "address?",
                  card.disabled AS "disabled?",
                  (SELECT count(*) FROM inbound_mail WHERE sender = asked.address AND received_at > $2) AS "recent!",
                  EXISTS (SELECT FROM blocked_sender WHERE blocked_sender.address = asked.address) AS "blocked!"
           FROM (SELECT lower(address) AS address, place
                 FROM unnest($1::text[]) WITH ORDINALITY AS given (address, place)) AS asked
           LEFT JOIN person_address AS held ON held.address = asked.address
           LEFT JOIN person_card AS card ON card.id = held.person_id
           ORDER BY asked.place"#,
        addresses as &[&str],
        since
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Author {
            person: row.id.zip(row.name).map(|(id, name)| Person {
                id,
                name,
                role: Role::from_key(&row.role.unwrap_or_default()),
                handle: row.handle,
                organization_id: row.organization_id,
                address: row.address,
                disabled: row.disabled.unwrap_or(true),
            }),
            recent: u32::try_from(row.recent).unwrap_or(u32::MAX),
            blocked: row.blocked,
        })
        .collect())
}
