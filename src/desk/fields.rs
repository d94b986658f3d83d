//! Changing what a ticket says of itself: priority, category, type, due date, tags, custom fields, subject.
//!
//! None of it is told to anybody by mail: it stands on the timeline and on the ticket's card. Each function gives
//! whether anything changed; what stands there already is written down no second time.

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::PgConnection;

use super::{BY_CATEGORY, Context, DeskError, append, assign};
use crate::config::desk::StatusKind;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, store};

/// The longest subject that a command may give, in characters.
const SUBJECT_CHARS: usize = 200;
/// The longest tag, in characters.
const TAG_CHARS: usize = 40;
/// How many tags a ticket may have.
const TAGS: usize = 30;
/// The longest value of a custom field, in characters.
const VALUE_CHARS: usize = 500;

/// Gives a ticket that the caller holds by [`store::lock`] another priority.
///
/// # Errors
/// If the desk has no such priority, or the database does not answer.
pub async fn set_priority(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    priority: &str,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let desk = &ctx.settings.desk;
    if desk.priority(priority).is_none() {
        let known = desk.priority.iter().map(|one| one.key.as_str());
        return Err(unknown("priority", priority, known));
    }
    let old = std::mem::replace(&mut ticket.priority, priority.to_owned());
    let change = Change {
        kind: "priority_changed",
        field: "priority",
        old: Some(&old),
        new: Some(priority),
        reason,
    };
    change.record(conn, ctx, ticket).await
}

/// Gives a ticket that the caller holds by [`store::lock`] another category, or none. While nobody has the
/// ticket and nobody of the team has answered it, it goes to the team that gets the category's tickets; once
/// somebody works on it, it stays where it is.
///
/// # Errors
/// If the desk has no such category, or the database does not answer.
pub async fn set_category(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    category: Option<&str>,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let desk = &ctx.settings.desk;
    if let Some(key) = category.filter(|key| desk.category(key).is_none()) {
        let known = desk.category.iter().map(|one| one.key.as_str());
        return Err(unknown("category", key, known));
    }
    let old = std::mem::replace(&mut ticket.category, category.map(str::to_owned));
    let change = Change {
        kind: "category_changed",
        field: "category",
        old: old.as_deref(),
        new: category,
        reason,
    };
    if !change.record(conn, ctx, ticket).await? {
        return Ok(false);
    }
    let team = category.and_then(|key| desk.team_for_category(key));
    if let Some(team) = team.filter(|_| is_untouched(ctx, ticket)) {
        assign::hand_over(conn, ctx, ticket, &team.key, Some(BY_CATEGORY)).await?;
    }
    Ok(true)
}

/// Whether nobody has the ticket and nobody of the team has worked on it.
fn is_untouched(ctx: &Context<'_>, ticket: &Ticket) -> bool {
    let fresh = ticket.kind == StatusKind::New || ticket.status == ctx.settings.desk.initial_status;
    fresh && ticket.assignee_id.is_none() && ticket.first_responded_at.is_none()
}

/// Gives a ticket that the caller holds by [`store::lock`] another type, or none.
///
/// # Errors
/// If the desk has no such type, or the database does not answer.
pub async fn set_type(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    ticket_type: Option<&str>,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let desk = &ctx.settings.desk;
    if let Some(key) = ticket_type.filter(|key| desk.types(key).is_none()) {
        let known = desk.types.iter().map(|one| one.key.as_str());
        return Err(unknown("type", key, known));
    }
    let old = std::mem::replace(&mut ticket.ticket_type, ticket_type.map(str::to_owned));
    let change = Change {
        kind: "type_changed",
        field: "type",
        old: old.as_deref(),
        new: ticket_type,
        reason,
    };
    change.record(conn, ctx, ticket).await
}

/// Says when a ticket that the caller holds by [`store::lock`] is due, or that it is not. A moment that has
/// passed is allowed: it shows the ticket as overdue.
///
/// # Errors
/// If the database does not answer.
pub async fn set_due(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    due_at: Option<DateTime<Utc>>,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let old = std::mem::replace(&mut ticket.due_at, due_at).map(text);
    let new = due_at.map(text);
    let change = Change {
        kind: "due_changed",
        field: "due",
        old: old.as_deref(),
        new: new.as_deref(),
        reason,
    };
    change.record(conn, ctx, ticket).await
}

/// Puts tags on a ticket that the caller holds by [`store::lock`], and takes others off it. Tags are words of
/// letters, digits and `-_./:`, kept in lower case.
///
/// # Errors
/// If a tag is no such word or there are too many, or the database does not answer.
pub async fn change_tags(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    add: &[&str],
    remove: &[&str],
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let add: Vec<String> = add.iter().map(|word| tag(word)).collect::<Result<_, _>>()?;
    let remove: Vec<String> = remove
        .iter()
        .map(|word| tag(word))
        .collect::<Result<_, _>>()?;
    let mut tags = ticket.tags.clone();
    tags.extend(add);
    tags.retain(|tag| !remove.contains(tag));
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > TAGS {
        return Err(too_many());
    }
    let new = tags.join(",");
    let old = std::mem::replace(&mut ticket.tags, tags).join(",");
    let change = Change {
        kind: "tags_changed",
        field: "tags",
        old: Some(&old),
        new: Some(&new),
        reason,
    };
    change.record(conn, ctx, ticket).await
}

/// Tags as a new ticket has them.
///
/// # Errors
/// If one is no tag, or there are too many.
pub fn tags(words: &[String]) -> Result<Vec<String>, DeskError> {
    let mut tags: Vec<String> = words
        .iter()
        .map(|word| tag(word))
        .collect::<Result<_, _>>()?;
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > TAGS {
        return Err(too_many());
    }
    Ok(tags)
}

fn too_many() -> DeskError {
    DeskError::Invalid(format!(
        "a ticket has {TAGS} tags at the most; take some off first"
    ))
}

/// A tag as it is kept.
fn tag(word: &str) -> Result<String, DeskError> {
    let tag = word.trim().to_lowercase();
    let plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    if (1..=TAG_CHARS).contains(&tag.chars().count()) && tag.chars().all(plain) {
        return Ok(tag);
    }
    Err(DeskError::Invalid(format!(
        "`{}` is no tag; a tag is a word of letters, digits and -_./:, {TAG_CHARS} at the most",
        word.trim()
    )))
}

/// Fills or empties a custom field of a ticket that the caller holds by [`store::lock`]. The ticket keeps its
/// number even where the number was made of the field.
///
/// # Errors
/// If the desk has no such field, the value does not fit its type, or the database does not answer.
pub async fn set_field(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    key: &str,
    value: Option<&str>,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let desk = &ctx.settings.desk;
    let value = value.map(str::trim);
    if value.is_some_and(|value| value.chars().count() > VALUE_CHARS) {
        return Err(DeskError::Invalid(format!(
            "the value of `{key}` is longer than {VALUE_CHARS} characters; put it into a note"
        )));
    }
    match value {
        Some(value) => desk.check_field(key, value).map_err(DeskError::Invalid)?,
        None if desk.field(key).is_none() => {
            let known = desk.field.iter().map(|one| one.key.as_str());
            return Err(unknown("field", key, known));
        }
        None => {}
    }
    let old = match value {
        Some(value) => ticket.fields.insert(key.to_owned(), value.to_owned()),
        None => ticket.fields.remove(key),
    };
    let change = Change {
        kind: "field_changed",
        field: key,
        old: old.as_deref(),
        new: value,
        reason,
    };
    change.record(conn, ctx, ticket).await
}

/// Gives a ticket that the caller holds by [`store::lock`] another subject. Mails that leave from now on have
/// it; threads are held together by their ids, so that nothing falls apart.
///
/// # Errors
/// If the subject is empty, too long or has more than one line, or the database does not answer.
pub async fn set_subject(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    subject: &str,
    reason: Option<&str>,
) -> Result<bool, DeskError> {
    let subject = subject.trim();
    let fits = (1..=SUBJECT_CHARS).contains(&subject.chars().count());
    if !fits || subject.chars().any(char::is_control) {
        return Err(DeskError::Invalid(format!(
            "a subject is one line of 1 to {SUBJECT_CHARS} characters"
        )));
    }
    let old = std::mem::replace(&mut ticket.subject, subject.to_owned());
    let change = Change {
        kind: "subject_changed",
        field: "subject",
        old: Some(&old),
        new: Some(subject),
        reason,
    };
    change.record(conn, ctx, ticket).await
}

/// A field's change, for the timeline.
struct Change<'a> {
    kind: &'static str,
    field: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    reason: Option<&'a str>,
}

impl Change<'_> {
    /// Writes the ticket and one event, unless nothing changed.
    async fn record(
        self,
        conn: &mut PgConnection,
        ctx: &Context<'_>,
        ticket: &mut Ticket,
    ) -> Result<bool, DeskError> {
        if self.old == self.new {
            return Ok(false);
        }
        let event = NewEvent {
            kind: self.kind,
            field: Some(self.field),
            old: self.old,
            new: self.new,
            reason: self.reason,
            ..NewEvent::default()
        };
        ticket.updated_at = ctx.now;
        store::update(conn, ticket).await?;
        append(conn, ctx, ticket.id, &[event]).await?;
        Ok(true)
    }
}

/// A word that the desk does not know, with those it does.
fn unknown<'a>(what: &str, given: &str, known: impl Iterator<Item = &'a str>) -> DeskError {
    let known: Vec<&str> = known.collect();
    DeskError::Invalid(if known.is_empty() {
        format!("there is no {what} `{given}`; this desk has none")
    } else {
        format!(
            "there is no {what} `{given}`; this desk has {}",
            known.join(", ")
        )
    })
}
