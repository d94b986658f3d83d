//! Opening a ticket.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::comment::{self, NewWords};
use super::{Context, DeskError, announce};
use crate::config::DeskSettings;
use crate::config::desk::Status;
use crate::config::service::MailboxSettings;
use crate::ids::{PersonId, TicketId};
use crate::notify::Happening;
use crate::people::Person;
use crate::sla;
use crate::ticket::opening::{self, FirstComment, NewTicket};
use crate::ticket::timeline::{self, NewComment};
use crate::ticket::{Comment, Ticket, Visibility, store};

/// What a new ticket starts with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Its number, reserved by [`crate::ticket::number::reserve`] in the format of [`number_format`].
    pub number: &'a str,
    /// Its subject; an empty one is replaced.
    pub subject: &'a str,
    /// Who asks.
    pub requester: &'a Person,
    /// What the requester wrote.
    pub words: NewWords<'a>,
    /// The mailbox it came to, whose defaults apply.
    pub mailbox: Option<&'a MailboxSettings>,
    /// The category, where somebody chose one.
    pub category: Option<&'a str>,
    /// What else somebody chose.
    pub chosen: Chosen<'a>,
    /// Custom fields that somebody chose.
    pub fields: &'a BTreeMap<String, String>,
    /// Others who take part.
    pub participants: &'a [PersonId],
    /// A ticket it belongs with, and how: `relates` or `follows`.
    pub linked: Option<(TicketId, &'static str)>,
    /// Whether the requester may be told that it arrived.
    pub acknowledge: bool,
    /// Whether whoever opened it is told too: an agent who forwarded a mail learns what became of it.
    pub tell_actor: bool,
}

/// What somebody chose for a new ticket; the rest follows from the mailbox and the desk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen<'a> {
    /// The type, by key.
    pub ticket_type: Option<&'a str>,
    /// The priority, by key.
    pub priority: Option<&'a str>,
    /// The team, by key.
    pub team: Option<&'a str>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Tags, as [`super::tags`] gives them.
    pub tags: &'a [String],
}

/// A ticket that was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The ticket.
    pub ticket: Ticket,
    /// Its first comment.
    pub comment: Comment,
}

/// The format of the numbers of tickets that come to this mailbox.
#[must_use]
pub fn number_format<'a>(desk: &'a DeskSettings, mailbox: Option<&'a MailboxSettings>) -> &'a str {
    mailbox
        .and_then(|mailbox| mailbox.number.as_deref())
        .unwrap_or(&desk.number)
}

/// The custom fields of a new ticket: chosen ones before the mailbox's before the desk's defaults.
#[must_use]
pub fn starting_fields(
    desk: &DeskSettings,
    mailbox: Option<&MailboxSettings>,
    chosen: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = desk
        .field
        .iter()
        .filter_map(|field| Some((field.key.clone(), field.default.clone()?)))
        .collect();
    if let Some(mailbox) = mailbox {
        fields.extend(mailbox.fields.clone());
    }
    fields.extend(chosen.clone());
    fields
}

/// Opens a ticket with its first comment, routes it to a team, and tells those who should hear of it.
///
/// # Errors
/// If the desk's initial status does not exist, or the database does not answer.
pub async fn open(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    opening: &Opening<'_>,
) -> Result<Opened, DeskError> {
    let desk = &ctx.settings.desk;
    let initial = desk.status(&desk.initial_status).ok_or_else(|| {
        DeskError::Invalid(format!("there is no status `{}`", desk.initial_status))
    })?;
    let (ticket, comment) = write(conn, ctx, opening, initial).await?;
    if !opening.participants.is_empty() {
        store::add_participants(conn, ctx.now, ticket.id, opening.participants).await?;
    }
    if let Some((other, kind)) = opening.linked {
        store::link(conn, ctx.now, ticket.id, other, kind).await?;
    }
    sla::start(conn, desk, &ticket).await?;
    let happening = Happening::Opened {
        ticket: &ticket,
        comment: &comment,
        actor: ctx.actor,
        acknowledge: opening.acknowledge,
        tell_actor: opening.tell_actor,
    };
    announce(conn, ctx, ticket.id, &happening).await?;
    Ok(Opened { ticket, comment })
}

/// Writes the ticket, its first comment and the comment's files down.
async fn write(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    opening: &Opening<'_>,
    initial: &Status,
) -> Result<(Ticket, Comment), DeskError> {
    let desk = &ctx.settings.desk;
    let mailbox = opening.mailbox;
    let category = opening
        .category
        .or(mailbox.and_then(|m| m.category.as_deref()))
        .or(desk.default_category.as_deref());
    let chosen = &opening.chosen;
    let by_mailbox = mailbox
        .and_then(|m| m.team.as_deref())
        .filter(|_| opening.category.is_none());
    let team = chosen.team.or(by_mailbox).or_else(|| {
        let team = category.and_then(|key| desk.team_for_category(key))?;
        Some(team.key.as_str())
    });
    let fields = starting_fields(desk, mailbox, opening.fields);
    let subject = match opening.subject.trim() {
        "" => "(no subject)",
        subject => subject,
    };
    let new = NewTicket {
        number: opening.number,
        subject,
        ticket_type: chosen
            .ticket_type
            .or(mailbox.and_then(|m| m.ticket_type.as_deref()))
            .or(desk.default_type.as_deref()),
        category,
        priority: chosen
            .priority
            .or(mailbox.and_then(|m| m.priority.as_deref()))
            .unwrap_or(&desk.default_priority),
        status: &initial.key,
        kind: initial.kind,
        requester_id: opening.requester.id,
        organization_id: opening.requester.organization_id,
        team,
        mailbox: mailbox.map(|m| m.name.as_str()),
        due_at: chosen.due_at,
        tags: chosen.tags,
        fields: &fields,
        source: opening.words.source,
        opened_at: ctx.now,
    };
    let words = &opening.words;
    let first = FirstComment {
        body: words.body,
        full_text: words.full_text,
        html: words.html,
        message_ids: words.message_ids,
        inbound_id: words.inbound_id,
    };
    let (ticket, comment) = opening::write(conn, &new, &first, ctx.actor).await?;
    timeline::add_files(conn, comment, words.files).await?;
    let said = NewComment {
        ticket_id: ticket,
        author_id: opening.requester.id,
        visibility: Visibility::Public,
        by_staff: false,
        body: words.body,
        full_text: words.full_text,
        html: words.html,
        source: words.source,
        created_at: ctx.now,
    };
    let comment = comment::as_it_stands(comment, &said, opening.requester, words.files);
    Ok((new.into_ticket(ticket), comment))
}
