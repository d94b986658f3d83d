//! Writing rows into the outbox, within the caller's transaction.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Audience, Channel, NewRow};
use crate::ids::{CommentId, OutboxId, PersonId, TicketId};

/// What became of one row that was to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueued {
    /// The row in the outbox: the new one, or the bundle that took the event in.
    pub id: OutboxId,
    /// Its conversation.
    pub conversation: String,
    /// Whether it joined a bundle that was waiting already.
    pub joined: bool,
}

/// Writes all rows in one statement. A row whose dedupe key is there already is left out, and an event that
/// already stands in its bundle is not added again, so that writing twice is the same as writing once.
///
/// A row with `bundle` joins the conversation's bundle that still waits for its first attempt. Two
/// transactions at once meet at the unique index: the second waits for the first and joins its row. A row
/// that a worker has claimed has left that index, so that a new one is begun. Rows of one call must belong
/// to different conversations where they have `bundle`.
///
/// No `NOTIFY` is sent: it would make all commits of the database wait for one another.
///
/// # Errors
/// Whatever PostgreSQL says; the transaction is then lost.
pub async fn enqueue(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    rows: Vec<NewRow>,
) -> Result<Vec<Enqueued>, sqlx::Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    await_same_alarms(conn, &rows).await?;
    let columns = Columns::of(rows);
    let written = sqlx::query!(
        r#"INSERT INTO outbox AS held (channel, dedupe_key, conversation, audience, template, draft, ticket_id,
               comment_id, recipient_id, address, mailbox, message_id, automatic, bundle, created_at, due_at)
           SELECT given.*
           FROM (SELECT channel, dedupe_key, conversation, audience, template, draft, ticket_id, comment_id,
                        recipient_id, address, mailbox, message_id, automatic, bundle, $15::timestamptz, due_at
                 FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[],
                             $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                             $13::boolean[], $14::text[], $16::timestamptz[])
                      AS row (channel, dedupe_key, conversation, audience, template, draft, ticket_id,
                              comment_id, recipient_id, address, mailbox, message_id, automatic, bundle, due_at)
                ) AS given
           WHERE NOT EXISTS (SELECT FROM outbox WHERE outbox.dedupe_key = given.dedupe_key)
           ON CONFLICT (conversation) WHERE bundle IS NOT NULL AND state = 'pending' AND attempt = 0
           DO UPDATE SET
               template = held.bundle,
               draft = excluded.draft
                    || jsonb_build_object('events', (held.draft -> 'events') || (excluded.draft -> 'events'))
           WHERE NOT held.draft -> 'events'
                 @> jsonb_build_array(jsonb_build_object('key', excluded.draft #> '{events,0,key}'))
           RETURNING id AS "id: OutboxId", conversation, xmax <> 0 AS "joined!""#,
        &columns.channel as &[Channel],
        &columns.dedupe_key,
        &columns.conversation,
        &columns.audience as &[Audience],
        &columns.template as &[&str],
        &columns.draft,
        &columns.ticket_id as &[Option<TicketId>],
        &columns.comment_id as &[Option<CommentId>],
        &columns.recipient_id as &[Option<PersonId>],
        &columns.address,
        &columns.mailbox as &[Option<String>],
        &columns.message_id,
        &columns.automatic,
        &columns.bundle as &[Option<&str>],
        now,
        &columns.due_at,
    )
    .fetch_all(conn)
    .await?;
    Ok(written
        .into_iter()
        .map(|row| Enqueued {
            id: row.id,
            conversation: row.conversation,
            joined: row.joined,
        })
        .collect())
}

/// Waits for a transaction that tells the operators of the same matter. All other keys are made of what the
/// caller's transaction alone has just written; an alarm's key is made of the matter and the hour, so that
/// several transactions may write it at once.
async fn await_same_alarms(conn: &mut PgConnection, rows: &[NewRow]) -> Result<(), sqlx::Error> {
    let mut keys: Vec<String> = rows
        .iter()
        .filter(|row| row.audience == Audience::Operator)
        .map(|row| row.dedupe_key.clone())
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    keys.sort_unstable();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('frontdesk.alarm.' || key, 0)) FROM unnest($1::text[]) AS key",
        &keys
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The rows, turned into one array a column.
#[derive(Default)]
struct Columns {
    channel: Vec<Channel>,
    dedupe_key: Vec<String>,
    conversation: Vec<String>,
    audience: Vec<Audience>,
    template: Vec<&'static str>,
    draft: Vec<serde_json::Value>,
    ticket_id: Vec<Option<TicketId>>,
    comment_id: Vec<Option<CommentId>>,
    recipient_id: Vec<Option<PersonId>>,
    address: Vec<String>,
    mailbox: Vec<Option<String>>,
    message_id: Vec<String>,
    automatic: Vec<bool>,
    bundle: Vec<Option<&'static str>>,
    due_at: Vec<DateTime<Utc>>,
}

impl Columns {
    fn of(rows: Vec<NewRow>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.channel.push(row.channel);
            columns.dedupe_key.push(row.dedupe_key);
            columns.conversation.push(row.conversation);
            columns.audience.push(row.audience);
            columns.template.push(row.template);
            columns.draft.push(row.draft);
            columns.ticket_id.push(row.ticket_id);
            columns.comment_id.push(row.comment_id);
            columns.recipient_id.push(row.recipient_id);
            columns.address.push(row.address);
            columns.mailbox.push(row.mailbox);
            columns.message_id.push(row.message_id);
            columns.automatic.push(row.automatic);
            columns.bundle.push(row.bundle);
            columns.due_at.push(row.due_at);
        }
        columns
    }
}
