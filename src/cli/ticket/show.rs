//! Tickets on a terminal.

use std::fmt::Write as _;

use anyhow::Context as _;
use sqlx::PgConnection;

use super::act::unknown;
use crate::app::App;
use crate::cli::page;
use crate::ids::PersonId;
use crate::people;
use crate::ticket::timeline::{self, Event};
use crate::ticket::{self, Comment, Ticket, Visibility};

/// The list as text.
pub(in crate::cli) async fn list(app: &App, all: bool, limit: u32) -> anyhow::Result<String> {
    let mut conn = app.pool.acquire().await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let ask = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut tickets = ticket::store::newest(&mut conn, all, ask).await?;
    if tickets.is_empty() {
        return Ok("No tickets.\n".to_owned());
    }
    let more = tickets.len() > limit;
    tickets.truncate(limit);
    let mut table = page::Table::new(&[
        "NUMBER",
        "STATUS",
        "PRIORITY",
        "TEAM",
        "HAS IT",
        "REQUESTER",
        "CHANGED",
        "SUBJECT",
    ]);
    for ticket in &tickets {
        let assignee = called(&mut conn, ticket.assignee_id).await?;
        let requester = people::store::get(&mut conn, ticket.requester_id).await?;
        table.row([
            &ticket.number,
            &ticket.status,
            &ticket.priority,
            ticket.team.as_deref().unwrap_or(""),
            &assignee,
            requester.address.as_deref().unwrap_or(&requester.name),
            &page::moment(ticket.updated_at, app.settings.desk.zone),
            &ticket.subject,
        ]);
    }
    let mut text = table.text();
    if more {
        text.push_str("There are more; --limit NUMBER shows them.\n");
    }
    Ok(text)
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
