//! Opening a ticket.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::comment::{self, NewWords};
use super::rules::{self, Arrival, Decided};
use super::{Context, DeskError, announce_all, share};
use crate::config::DeskSettings;
use crate::config::desk::Status;
use crate::config::service::MailboxSettings;
use crate::ids::{PersonId, TicketId};
use crate::notify::Happening;
use crate::people::{self, Person};
use crate::sla;
use crate::ticket::opening::{self, Entry, FirstComment, NewTicket};
use crate::ticket::timeline::{self, NewComment, NewEvent};
use crate::ticket::{Actor, Comment, Source, Ticket, Visibility, store};

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
    let mut opened = open_all(conn, ctx, &[(ctx.actor, *opening)]).await?;
    Ok(opened.pop().ok_or(sqlx::Error::RowNotFound)?)
}

/// As [`open`], for several tickets that have nothing to do with each other, each with who opens it; in no more
/// statements than for one.
///
/// # Errors
/// As [`open`]. No ticket is opened then.
pub async fn open_all(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    openings: &[(Actor, Opening<'_>)],
) -> Result<Vec<Opened>, DeskError> {
    let desk = &ctx.settings.desk;
    let initial = desk.status(&desk.initial_status).ok_or_else(|| {
        DeskError::Invalid(format!("there is no status `{}`", desk.initial_status))
    })?;
    let mut decided = Vec::with_capacity(openings.len());
    for (_, opening) in openings {
        let organization = organization(conn, ctx, opening).await?;
        decided.push(decide(ctx, opening, organization.as_deref()));
    }
    let mut opened = write(conn, ctx, openings, initial, &decided).await?;
    for (Opened { ticket, .. }, (_, opening)) in opened.iter().zip(openings) {
        if !opening.participants.is_empty() {
            store::add_participants(conn, ctx.now, ticket.id, opening.participants).await?;
        }
        if let Some((other, kind)) = opening.linked {
            store::link(conn, ctx.now, ticket.id, other, kind).await?;
        }
    }
    sla::start(conn, desk, opened.iter().map(|opened| &opened.ticket)).await?;
    for (opened, decided) in opened.iter_mut().zip(&decided) {
        by_rules(conn, ctx, &mut opened.ticket, decided).await?;
    }
    let mut to_share: Vec<&mut Ticket> = opened
        .iter_mut()
        .zip(openings)
        .filter(|(_, (_, opening))| opening.words.source != Source::Import)
        .map(|(opened, _)| &mut opened.ticket)
        .collect();
    // In one order, so that no two transactions wait for each other's turn.
    to_share.sort_by(|one, other| one.team.cmp(&other.team));
    for ticket in to_share {
        share::give(conn, ctx, ticket).await?;
    }
    let ids: Vec<TicketId> = opened.iter().map(|opened| opened.ticket.id).collect();
    let happenings: Vec<Happening<'_>> = opened
        .iter()
        .zip(openings)
        .map(|(opened, (actor, opening))| Happening::Opened {
            ticket: &opened.ticket,
            comment: &opened.comment,
            actor: *actor,
            acknowledge: opening.acknowledge,
            tell_actor: opening.tell_actor,
        })
        .collect();
    announce_all(conn, ctx, &ids, &happenings).await?;
    Ok(opened)
}

/// The category that somebody chose, or that it has by where it came to.
fn category_before_rules<'a>(desk: &'a DeskSettings, opening: &Opening<'a>) -> Option<&'a str> {
    opening
        .category
        .or(opening.mailbox.and_then(|m| m.category.as_deref()))
        .or(desk.default_category.as_deref())
}

/// What the desk's rules make of it; nothing of what an archive brings.
fn decide<'a>(ctx: &Context<'a>, opening: &Opening<'_>, organization: Option<&str>) -> Decided<'a> {
    if opening.words.source == Source::Import {
        return Decided::default();
    }
    let desk = &ctx.settings.desk;
    rules::decide(
        desk,
        &Arrival {
            sender: opening.requester.address.as_deref(),
            organization,
            subject: opening.subject,
            text: opening.words.body,
            category: category_before_rules(desk, opening),
            chosen: opening.category.is_some(),
        },
    )
}

/// The name of the requester's organization, where a rule asks for it.
async fn organization(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    opening: &Opening<'_>,
) -> Result<Option<String>, DeskError> {
    let rules = &ctx.settings.desk.rule;
    let asked = rules.iter().any(|rule| !rule.if_organization.is_empty());
    match opening.requester.organization_id.filter(|_| asked) {
        Some(id) => Ok(people::store::organization_name(conn, id).await?),
        None => Ok(None),
    }
}

/// Writes down which rules did what, and what of it is not written yet: tags and the assignee.
async fn by_rules(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    decided: &Decided<'_>,
) -> Result<(), DeskError> {
    let matched: Vec<_> = decided.matched().collect();
    if matched.is_empty() {
        return Ok(());
    }
    let events: Vec<NewEvent<'_>> = matched
        .iter()
        .map(|(rule, why)| NewEvent {
            kind: "rule_matched",
            field: Some("rule"),
            new: Some(&rule.name),
            reason: Some(why),
            ..NewEvent::default()
        })
        .collect();
    timeline::add_events(conn, ticket.id, Actor::System, ctx.now, &events).await?;
    if !decided.tags.is_empty() {
        ticket.tags.extend(decided.tags.iter().cloned());
        ticket.tags.sort_unstable();
        ticket.tags.dedup();
        store::update(conn, ticket).await?;
    }
    let Some((rule, handle)) = decided.who_assigned().zip(decided.assignee) else {
        return Ok(());
    };
    let reason = format!("the rule “{}”", rule.name);
    let person = people::store::by_handle(conn, &handle.to_lowercase()).await?;
    match person.filter(Person::is_active_staff) {
        Some(person) => share::hand_to(conn, ctx, ticket, &person, &reason).await,
        None => {
            let event = NewEvent {
                kind: "rule_failed",
                field: Some("assignee"),
                new: Some(handle),
                reason: Some("there is no such agent"),
                ..NewEvent::default()
            };
            timeline::add_events(conn, ticket.id, Actor::System, ctx.now, &[event]).await?;
            Ok(())
        }
    }
}

/// Writes the tickets, their first comments and the comments' files down.
async fn write(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    openings: &[(Actor, Opening<'_>)],
    initial: &Status,
    decided: &[Decided<'_>],
) -> Result<Vec<Opened>, DeskError> {
    let fields: Vec<BTreeMap<String, String>> = openings
        .iter()
        .map(|(_, opening)| starting_fields(&ctx.settings.desk, opening.mailbox, opening.fields))
        .collect();
    let entries: Vec<Entry<'_>> = openings
        .iter()
        .zip(&fields)
        .zip(decided)
        .map(|(((actor, opening), fields), decided)| Entry {
            ticket: new_ticket(ctx, opening, initial, fields, decided),
            comment: FirstComment {
                body: opening.words.body,
                full_text: opening.words.full_text,
                html: opening.words.html,
                message_ids: opening.words.message_ids,
                inbound_id: opening.words.inbound_id,
            },
            actor: *actor,
        })
        .collect();
    let written = opening::write(conn, &entries).await?;
    let mut opened = Vec::with_capacity(openings.len());
    for ((entry, (_, opening)), (ticket, comment)) in entries.into_iter().zip(openings).zip(written)
    {
        let words = &opening.words;
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
        opened.push(Opened {
            ticket: entry.ticket.into_ticket(ticket),
            comment: comment::as_it_stands(comment, &said, opening.requester, words.files),
        });
    }
    Ok(opened)
}

fn new_ticket<'a>(
    ctx: &Context<'a>,
    opening: &Opening<'a>,
    initial: &'a Status,
    fields: &'a BTreeMap<String, String>,
    decided: &Decided<'a>,
) -> NewTicket<'a> {
    let desk = &ctx.settings.desk;
    let mailbox = opening.mailbox;
    let category = decided.category.or(category_before_rules(desk, opening));
    let chosen = &opening.chosen;
    let by_mailbox = mailbox
        .and_then(|m| m.team.as_deref())
        .filter(|_| opening.category.is_none());
    let team = chosen.team.or(decided.team).or(by_mailbox).or_else(|| {
        let team = category.and_then(|key| desk.team_for_category(key))?;
        Some(team.key.as_str())
    });
    NewTicket {
        number: opening.number,
        subject: match opening.subject.trim() {
            "" => "(no subject)",
            subject => subject,
        },
        ticket_type: chosen
            .ticket_type
            .or(mailbox.and_then(|m| m.ticket_type.as_deref()))
            .or(desk.default_type.as_deref()),
        category,
        priority: chosen
            .priority
            .or(decided.priority)
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
        fields,
        source: opening.words.source,
        opened_at: ctx.now,
    }
}
