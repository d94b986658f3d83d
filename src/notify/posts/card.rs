//! A ticket's card, as it stands at this moment.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::super::draft::{bare_subject, one_line};
use super::super::render::{RenderError, Templates};
use super::facts;
use crate::chat::{Button, Card, Message, Tone};
use crate::config::Settings;
use crate::config::desk::StatusKind;
use crate::ticket::{Ticket, workflow};

/// What the card is rendered from.
#[derive(Debug, Serialize)]
struct Values<'a> {
    number: &'a str,
    subject: &'a str,
    requester: String,
    requester_address: Option<String>,
    organization: Option<String>,
    status: &'a str,
    priority: &'a str,
    category: Option<&'a str>,
    team: Option<&'a str>,
    assignee: Option<String>,
    due: Option<String>,
    overdue: bool,
    snoozed: Option<String>,
    /// The team whose place has the ticket now, on the card that it left behind.
    moved_to: Option<&'a str>,
}

/// The card with its buttons. Where the ticket is worked in another place now, it has none.
pub(super) async fn message(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    ticket: &Ticket,
    elsewhere: bool,
    now: DateTime<Utc>,
) -> Result<Result<Message, RenderError>, sqlx::Error> {
    let names = facts::names(conn, ticket.id).await?;
    let desk = &settings.desk;
    let status = desk.status(&ticket.status);
    let priority = desk.priority(&ticket.priority);
    let category = ticket.category.as_deref();
    let team = ticket.team.as_deref();
    let team = team.map(|key| desk.team(key).map_or(key, |team| &team.name));
    // Of a promise the card says nothing until it is missed.
    let missed = names.promised_at.filter(|at| is_past(ticket, *at, now));
    let due_at = ticket.due_at.into_iter().chain(missed).min();
    let overdue = due_at.is_some_and(|at| is_past(ticket, at, now));
    let values = Values {
        number: &ticket.number,
        subject: &subject(ticket),
        requester: one_line(&names.requester),
        requester_address: names.address,
        organization: names.organization.as_deref().map(one_line),
        status: status.map_or(&ticket.status, |status| &status.name),
        priority: priority.map_or(&ticket.priority, |priority| &priority.name),
        category: category.map(|key| desk.category(key).map_or(key, |category| &category.name)),
        team,
        assignee: names.assignee.as_deref().map(one_line),
        due: due_at.map(|due| {
            let due = due.with_timezone(&desk.zone);
            due.format("%-d %b %Y, %H:%M %Z").to_string()
        }),
        overdue,
        snoozed: ticket.snoozed_until.map(|until| {
            let until = until.with_timezone(&desk.zone);
            until.format("%-d %b %Y, %H:%M %Z").to_string()
        }),
        moved_to: elsewhere.then_some(team.unwrap_or("another team")),
    };
    Ok(templates.post("card", &values).map(|text| Message {
        card: Some(Card {
            tone: tone(ticket, overdue),
            ..parse(&text)
        }),
        buttons: if elsewhere {
            Vec::new()
        } else {
            vec![buttons(ticket)]
        },
        ..Message::default()
    }))
}

/// The title of a ticket's thread.
pub(super) fn title(ticket: &Ticket) -> String {
    format!("{} {}", ticket.number, subject(ticket))
}

fn subject(ticket: &Ticket) -> String {
    match bare_subject(&ticket.subject, &ticket.number) {
        bare if bare.is_empty() => "(no subject)".to_owned(),
        bare => bare,
    }
}

/// Whether a ticket that is not done was due before now.
fn is_past(ticket: &Ticket, due: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    !workflow::is_done(ticket.kind) && due <= now
}

fn tone(ticket: &Ticket, overdue: bool) -> Tone {
    match ticket.kind {
        _ if overdue => Tone::Danger,
        StatusKind::New => Tone::Warning,
        StatusKind::Open => Tone::Good,
        StatusKind::Waiting | StatusKind::Resolved | StatusKind::Closed => Tone::Plain,
    }
}

/// The template's first line is the title, `Name: value` are fields, and what follows an empty line is the foot. Values
/// are of one line each.
pub(super) fn parse(text: &str) -> Card {
    let mut lines = text.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let field = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    let fields = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .filter_map(field)
        .collect();
    let footer: Vec<&str> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    Card {
        title,
        fields,
        footer: footer.join(" "),
        ..Card::default()
    }
}

fn buttons(ticket: &Ticket) -> Vec<Button> {
    let button = |word: &str, label: &str, tone| Button {
        action: format!("{word}:{}", ticket.id),
        label: label.to_owned(),
        tone,
    };
    let done = workflow::is_done(ticket.kind);
    let mut buttons = Vec::new();
    if !done {
        buttons.push(button("take", "Take", Tone::Plain));
    }
    buttons.push(button("reply", "Reply", Tone::Good));
    buttons.push(button("note", "Note", Tone::Plain));
    if done {
        buttons.push(button("reopen", "Reopen", Tone::Plain));
    } else {
        buttons.push(button("resolve", "Resolve", Tone::Plain));
    }
    buttons.push(button("more", "More", Tone::Plain));
    buttons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read_from_its_template() {
        let card = parse(
            "T-1 Printer: broken\nRequester: Jane (jane@x.test)\nStatus: Open\n\nPlain text\nis a note.\n",
        );
        assert_eq!(card.title, "T-1 Printer: broken");
        let fields = [("Requester", "Jane (jane@x.test)"), ("Status", "Open")];
        assert_eq!(
            card.fields,
            fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(card.footer, "Plain text is a note.");
    }
}
