//! What stands behind a card's buttons: more to do with a ticket, and the whole of a mail.

use super::say::{Deed, Scene};
use super::who::Known;
use crate::chat::{Choice, Choices, Message, text};
use crate::ids::{CommentId, TicketId};
use crate::ticket::{store, timeline};

/// How many entries a list has at most, on every platform.
const ENTRIES: usize = 25;

/// Lists of what can be done with a ticket. Who may do it is looked at when it is chosen.
pub(super) async fn more(
    scene: &mut Scene<'_>,
    known: &Known,
    ticket: TicketId,
) -> anyhow::Result<Deed> {
    if !known.is_staff() {
        return Ok(Deed::refused("only staff works tickets")
            .on(Some(ticket))
            .saying(Message::text(
                "Only staff works tickets. `connect ADDRESS` makes you known.",
            )));
    }
    let ticket = store::lock(scene.conn, ticket).await?;
    let desk = &scene.settings.desk;
    let list = |label: &str, word: &str, entries: Vec<(&str, &str)>| Choices {
        action: format!("pick:{}", ticket.id),
        label: label.to_owned(),
        choices: entries
            .into_iter()
            .take(ENTRIES)
            .map(|(key, name)| Choice {
                value: format!("on:{}:{word} {key}", ticket.id),
                label: name.to_owned(),
            })
            .collect(),
    };
    let statuses = desk.status.iter();
    let statuses = statuses
        .filter(|status| desk.may_follow(&ticket.status, &status.key) && !status.needs_reason)
        .map(|status| (status.key.as_str(), status.name.as_str()))
        .collect();
    let priorities = desk.priority.iter();
    let priorities = priorities
        .filter(|priority| priority.key != ticket.priority)
        .map(|priority| (priority.key.as_str(), priority.name.as_str()))
        .collect();
    let teams = desk.team.iter();
    let teams = teams
        .filter(|team| Some(&team.key) != ticket.team.as_ref())
        .map(|team| (team.key.as_str(), team.name.as_str()))
        .collect();
    let mut choices = vec![
        list("Status …", "status", statuses),
        list("Priority …", "priority", priorities),
        list("Team …", "team", teams),
    ];
    choices.retain(|list| !list.choices.is_empty());
    let message = Message {
        choices,
        ..Message::text(format!(
            "What shall become of **{}**? `/help` names everything else that can be typed.",
            text::escape(&ticket.number)
        ))
    };
    Ok(Deed::done().on(Some(ticket.id)).saying(message))
}

/// The whole text of a comment, what its mail quoted included.
pub(super) async fn whole(
    scene: &mut Scene<'_>,
    known: &Known,
    comment: CommentId,
) -> anyhow::Result<Deed> {
    let Some(whole) = timeline::whole_text(scene.conn, comment).await? else {
        return Ok(Deed::refused("there is no such comment")
            .saying(Message::text("That comment is not there any more.")));
    };
    if !known.is_staff() {
        return Ok(Deed::refused("only staff reads it here")
            .on(Some(whole.ticket_id))
            .saying(Message::text("Only staff reads this here.")));
    }
    let message = Message::text(text::escape(&whole.text));
    Ok(Deed::done().on(Some(whole.ticket_id)).saying(message))
}
