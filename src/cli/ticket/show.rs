//! Tickets on a terminal.

use std::fmt::Write as _;

use anyhow::Context as _;
use sqlx::PgConnection;

use super::act::unknown;
use crate::app::App;
use crate::cli::page;
use crate::ids::PersonId;
use crate::people;
use crate::ticket::query::{self, Sort, TicketFilter};
use crate::ticket::timeline::{self, Event};
use crate::ticket::{self, Comment, Ticket, Visibility};

/// How much of a requester's address a list shows.
const REQUESTER_CHARS: usize = 28;
/// How much of a subject a list shows.
const SUBJECT_CHARS: usize = 48;

/// A page of the list as text.
pub(in crate::cli) async fn list(
    app: &App,
    filter: &TicketFilter,
    sort: Sort,
    page: u32,
) -> anyhow::Result<String> {
    let mut conn = app.pool.acquire().await?;
    let desk = &app.settings.desk;
    let found = query::list(&mut conn, desk, filter, sort, page).await?;
    if found.tickets.is_empty() {
        return Ok("No tickets.\n".to_owned());
    }
    let mut table = page::Table::new(&[
        "NUMBER",
        "STATUS",
        "PRIORITY",
        "HAS IT",
        "REQUESTER",
        "CHANGED",
        "SUBJECT",
    ]);
    for listed in &found.tickets {
        let ticket = &listed.ticket;
        table.row([
            &ticket.number,
            &ticket.status,
            &ticket.priority,
            listed.assignee.as_deref().unwrap_or(""),
            &short(&listed.requester, REQUESTER_CHARS),
            &page::moment(ticket.updated_at, desk.zone),
            &short(&ticket.subject, SUBJECT_CHARS),
        ]);
    }
    let mut text = table.text();
    if found.more {
        let next = page.saturating_add(1);
        text.push_str(&format!("There are more; --page {next} shows them.\n"));
    }
    Ok(text)
}

/// A text cut to so many characters.
fn short(text: &str, chars: usize) -> String {
    let line = page::one_line(text);
    if line.chars().count() <= chars {
        return line;
    }
    let kept: String = line.chars().take(chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// An agent's handle.
async fn called(conn: &mut PgConnection, id: Option<PersonId>) -> anyhow::Result<String> {
    let Some(id) = id else {
        return Ok(String::new());
    };
    let person = people::store::get(conn, id).await?;
    Ok(person.handle.unwrap_or(person.name))
}

/// A ticket with its comments and its timeline, as text.
pub(in crate::cli) async fn one(app: &App, number: &str) -> anyhow::Result<String> {
    let mut conn = app.pool.acquire().await?;
    let id = ticket::store::by_number(&mut conn, number).await?;
    let id = id.with_context(|| unknown(number))?;
    let ticket = ticket::store::get(&mut conn, id).await?;
    let mut text = head(app, &mut conn, &ticket).await?;
    for comment in &timeline::comments(&mut conn, id).await? {
        text.push_str(&of_comment(app, comment));
    }
    text.push_str("\nTimeline\n");
    for event in &timeline::events(&mut conn, id).await? {
        text.push_str(&of_event(app, event));
    }
    Ok(text)
}

async fn head(app: &App, conn: &mut PgConnection, ticket: &Ticket) -> anyhow::Result<String> {
    let moment = |at| page::moment(at, app.settings.desk.zone);
    let requester = people::store::get(conn, ticket.requester_id).await?;
    let assignee = called(conn, ticket.assignee_id).await?;
    let desk = &app.settings.desk;
    let status = desk
        .status(&ticket.status)
        .map_or(ticket.status.as_str(), |status| &status.name);
    let mut text = format!("{}  {}\n\n", ticket.number, page::one_line(&ticket.subject));
    let mut line = |name: &str, words: &str| {
        if !words.is_empty() {
            let _ = writeln!(text, "{name:<11} {}", page::one_line(words));
        }
    };
    line("Status", status);
    line("Priority", &ticket.priority);
    let address = requester.address.as_deref().unwrap_or("no address");
    line("Requester", &format!("{} <{address}>", requester.name));
    let mut others = Vec::new();
    for id in ticket::store::parties(conn, ticket.id).await? {
        if id != ticket.requester_id {
            let person = people::store::get(conn, id).await?;
            others.push(person.address.unwrap_or(person.name));
        }
    }
    line("Others", &others.join(", "));
    line("Team", ticket.team.as_deref().unwrap_or("none"));
    line(
        "Assignee",
        if assignee.is_empty() {
            "nobody"
        } else {
            &assignee
        },
    );
    line("Type", ticket.ticket_type.as_deref().unwrap_or(""));
    line("Category", ticket.category.as_deref().unwrap_or(""));
    line("Tags", &ticket.tags.join(", "));
    for (key, value) in &ticket.fields {
        line(key, value);
    }
    line("Opened", &moment(ticket.opened_at));
    for (name, at) in [
        ("Answered", ticket.first_responded_at),
        ("Resolved", ticket.resolved_at),
        ("Closed", ticket.closed_at),
    ] {
        if let Some(at) = at {
            line(name, &moment(at));
        }
    }
    if let Some(into) = ticket.merged_into_id {
        line("Merged into", &ticket::store::get(conn, into).await?.number);
    }
    Ok(text)
}

fn of_comment(app: &App, comment: &Comment) -> String {
    let kind = match (comment.visibility, comment.by_staff) {
        (Visibility::Internal, _) => "internal note",
        (Visibility::Public, true) => "answer",
        (Visibility::Public, false) => "customer",
    };
    let at = page::moment(comment.created_at, app.settings.desk.zone);
    let author = page::one_line(&comment.author_name);
    let mut text = format!("\n── {author}, {at} ({kind})\n");
    if comment.deleted_at.is_some() {
        text.push_str("   (deleted)\n");
        return text;
    }
    text.push_str(&page::indented(&page::lines(comment.body.trim()), 3));
    for file in &comment.attachments {
        let name = page::one_line(&file.name);
        let _ = writeln!(
            text,
            "   [{name}, {}, {} bytes]",
            file.content_type, file.bytes
        );
    }
    text
}

fn of_event(app: &App, event: &Event) -> String {
    let at = page::moment(event.at, app.settings.desk.zone);
    let actor = event.actor_name.as_deref().unwrap_or("Frontdesk");
    let kind = match (event.kind.as_str(), &event.field) {
        ("field_changed", Some(field)) => format!("{field} changed"),
        (kind, _) => kind.replace('_', " "),
    };
    let what = match (&event.old, &event.new) {
        (Some(old), Some(new)) => format!(": {old} → {new}"),
        (None, Some(new)) => format!(": {new}"),
        (Some(old), None) => format!(": no longer {old}"),
        (None, None) => String::new(),
    };
    let why = event
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(" ({reason})"));
    format!(
        "  {at}  {}\n",
        page::one_line(&format!("{actor}, {kind}{what}{why}"))
    )
}
