//! The SQL of an opening: a ticket and what stands in it from the first moment on.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Actor, Source, Ticket};
use crate::config::desk::StatusKind;
use crate::ids::{CommentId, InboundId, OrganizationId, PersonId, TicketId};

/// A ticket to be written down.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// Its reserved number.
    pub number: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its type.
    pub ticket_type: Option<&'a str>,
    /// Its category.
    pub category: Option<&'a str>,
    /// Its priority.
    pub priority: &'a str,
    /// Its status.
    pub status: &'a str,
    /// What the status means.
    pub kind: StatusKind,
    /// Who asks.
    pub requester_id: PersonId,
    /// The requester's organization.
    pub organization_id: Option<OrganizationId>,
    /// The team that gets it.
    pub team: Option<&'a str>,
    /// The mailbox that answers for it.
    pub mailbox: Option<&'a str>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Its tags.
    pub tags: &'a [String],
    /// Custom fields.
    pub fields: &'a BTreeMap<String, String>,
    /// How it came.
    pub source: Source,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

impl NewTicket<'_> {
    /// The ticket as it stands once it is written down.
    #[must_use]
    pub fn into_ticket(self, id: TicketId) -> Ticket {
        Ticket {
            id,
            number: self.number.to_owned(),
            subject: self.subject.to_owned(),
            ticket_type: self.ticket_type.map(str::to_owned),
            category: self.category.map(str::to_owned),
            priority: self.priority.to_owned(),
            status: self.status.to_owned(),
            kind: self.kind,
            requester_id: self.requester_id,
            organization_id: self.organization_id,
            team: self.team.map(str::to_owned),
            source_team: None,
            assignee_id: None,
            mailbox: self.mailbox.map(str::to_owned),
            due_at: self.due_at,
            snoozed_until: None,
            tags: self.tags.to_vec(),
            fields: self.fields.clone(),
            source: self.source,
            opened_at: self.opened_at,
            updated_at: self.opened_at,
            first_responded_at: None,
            resolved_at: None,
            closed_at: None,
            reopened_count: 0,
            merged_into_id: None,
        }
    }
}

/// The first comment of a ticket: what its requester wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct FirstComment<'a> {
    /// The new words.
    pub body: &'a str,
    /// The whole text, where it differs.
    pub full_text: Option<&'a str>,
    /// Sanitised HTML.
    pub html: Option<&'a str>,
    /// The Message-IDs that lead to the ticket from now on.
    pub message_ids: &'a [String],
    /// The mail it came in.
    pub inbound_id: Option<InboundId>,
}

/// A ticket with its first comment, and who opened it.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The ticket.
    pub ticket: NewTicket<'a>,
    /// Its first comment.
    pub comment: FirstComment<'a>,
    /// Who opened it.
    pub actor: Actor,
}

/// Writes tickets down with their first comments, which are public and not of staff, the ids that lead to them, and the
/// first event of each timeline; in their order. One statement, since mail is taken in at the pace of its round trips.
///
/// # Errors
/// If the database does not answer.
pub async fn write(
    conn: &mut PgConnection,
    entries: &[Entry<'_>],
) -> Result<Vec<(TicketId, CommentId)>, sqlx::Error> {
    let columns = Columns::of(entries);
    let written = sqlx::query!(
        r#"WITH given AS (
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                    $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::jsonb[], $13::text[],
                                    $14::timestamptz[], $15::text[], $16::text[], $17::text[], $18::bigint[],
                                    $19::bigint[], $22::timestamptz[], $23::jsonb[])
                    WITH ORDINALITY AS one (number, subject, ticket_type, category, priority, status, status_kind,
                                            requester_id, organization_id, team, mailbox, fields, source, opened_at,
                                            body, full_text, html, inbound_id, actor_id, due_at, tags, place)
           ), opened AS (
               INSERT INTO ticket (number, subject, ticket_type, category, priority, status, status_kind, requester_id,
                                   organization_id, team, mailbox, fields, source, opened_at, updated_at, due_at, tags)
               SELECT number, subject, ticket_type, category, priority, status, status_kind, requester_id,
                      organization_id, team, mailbox, fields, source, opened_at, opened_at, due_at,
                      ARRAY(SELECT jsonb_array_elements_text(tags))
               FROM given ORDER BY place
               RETURNING id, number
           ), said AS (
               INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, full_text, html, source, created_at)
               SELECT opened.id, requester_id, 'public', false, body, full_text, html, source, opened_at
               FROM given JOIN opened USING (number) ORDER BY place
               RETURNING id, ticket_id
           ), whole AS (
               SELECT given.*, opened.id AS ticket_id, said.id AS comment_id
               FROM given JOIN opened USING (number) JOIN said ON said.ticket_id = opened.id
           ), remembered AS (
               INSERT INTO thread_reference (message_id, ticket_id, created_at)
               SELECT message_id, ticket_id, opened_at
               FROM unnest($20::text[], $21::bigint[]) AS lead (message_id, place) JOIN whole USING (place)
               WHERE length(message_id) <= 998
               ON CONFLICT DO NOTHING
           ), told AS (
               INSERT INTO event (ticket_id, at, actor_id, kind, new, comment_id, inbound_id)
               SELECT ticket_id, opened_at, actor_id, 'opened', number, comment_id, inbound_id FROM whole ORDER BY place
           )
           SELECT ticket_id AS "ticket!: TicketId", comment_id AS "comment!: CommentId" FROM whole ORDER BY place"#,
        &columns.numbers as &[&str],
        &columns.subjects as &[&str],
        &columns.types as &[Option<&str>],
        &columns.categories as &[Option<&str>],
        &columns.priorities as &[&str],
        &columns.statuses as &[&str],
        &columns.kinds as &[StatusKind],
        &columns.requesters as &[PersonId],
        &columns.organizations as &[Option<OrganizationId>],
        &columns.teams as &[Option<&str>],
        &columns.mailboxes as &[Option<&str>],
        &columns.fields as &[Json<&BTreeMap<String, String>>],
        &columns.sources as &[Source],
        &columns.opened_at,
        &columns.bodies as &[&str],
        &columns.full_texts as &[Option<&str>],
        &columns.htmls as &[Option<&str>],
        &columns.inbounds as &[Option<InboundId>],
        &columns.actors as &[Option<PersonId>],
        &columns.message_ids as &[&str],
        &columns.led,
        &columns.due_at as &[Option<DateTime<Utc>>],
        &columns.tags as &[Json<&[String]>],
    )
    .fetch_all(conn)
    .await?;
    Ok(written
        .into_iter()
        .map(|row| (row.ticket, row.comment))
        .collect())
}

/// The entries turned on their side, as `unnest` wants them.
#[derive(Default)]
struct Columns<'a> {
    numbers: Vec<&'a str>,
    subjects: Vec<&'a str>,
    types: Vec<Option<&'a str>>,
    categories: Vec<Option<&'a str>>,
    priorities: Vec<&'a str>,
    statuses: Vec<&'a str>,
    kinds: Vec<StatusKind>,
    requesters: Vec<PersonId>,
    organizations: Vec<Option<OrganizationId>>,
    teams: Vec<Option<&'a str>>,
    mailboxes: Vec<Option<&'a str>>,
    fields: Vec<Json<&'a BTreeMap<String, String>>>,
    sources: Vec<Source>,
    opened_at: Vec<DateTime<Utc>>,
    bodies: Vec<&'a str>,
    full_texts: Vec<Option<&'a str>>,
    htmls: Vec<Option<&'a str>>,
    inbounds: Vec<Option<InboundId>>,
    actors: Vec<Option<PersonId>>,
    /// The ids that lead to the tickets, and to which entry each, counted from one.
    message_ids: Vec<&'a str>,
    led: Vec<i64>,
    due_at: Vec<Option<DateTime<Utc>>>,
    tags: Vec<Json<&'a [String]>>,
}

impl<'a> Columns<'a> {
    fn of(entries: &'a [Entry<'a>]) -> Self {
        let mut columns = Self::default();
        for (place, entry) in (1_i64..).zip(entries) {
            let (ticket, comment) = (&entry.ticket, &entry.comment);
            columns.numbers.push(ticket.number);
            columns.subjects.push(ticket.subject);
            columns.types.push(ticket.ticket_type);
            columns.categories.push(ticket.category);
            columns.priorities.push(ticket.priority);
            columns.statuses.push(ticket.status);
            columns.kinds.push(ticket.kind);
            columns.requesters.push(ticket.requester_id);
            columns.organizations.push(ticket.organization_id);
            columns.teams.push(ticket.team);
            columns.mailboxes.push(ticket.mailbox);
            columns.fields.push(Json(ticket.fields));
            columns.sources.push(ticket.source);
            columns.opened_at.push(ticket.opened_at);
            columns.bodies.push(comment.body);
            columns.full_texts.push(comment.full_text);
            columns.htmls.push(comment.html);
            columns.inbounds.push(comment.inbound_id);
            columns.actors.push(entry.actor.person());
            columns.due_at.push(ticket.due_at);
            columns.tags.push(Json(ticket.tags));
            for id in comment.message_ids {
                columns.message_ids.push(id);
                columns.led.push(place);
            }
        }
        columns
    }
}
