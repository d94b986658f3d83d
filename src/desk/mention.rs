//! `@handle` in what staff writes to one another: whoever is named is told once.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::{Context, DeskError, announce, append};
use crate::notify::Happening;
use crate::people;
use crate::ticket::part::{self, Part};
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Comment, Ticket, Visibility};

/// How many people one note may call.
const CALLED: usize = 20;

/// Tells the agents whom an internal note names and `before` did not. The assignee and the watchers hear of every
/// note, and so are not told a second time; nobody is told that they named themselves.
pub(super) async fn tell(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &Ticket,
    comment: &Comment,
    before: &str,
) -> Result<(), DeskError> {
    if comment.visibility != Visibility::Internal {
        return Ok(());
    }
    let mut names = handles(&comment.body);
    for name in handles(before) {
        names.remove(&name);
    }
    if names.is_empty() {
        return Ok(());
    }
    let following = part::having(conn, ticket.id, Part::Watcher).await?;
    for name in names.into_iter().take(CALLED) {
        let Some(person) = people::store::by_handle(conn, &name).await? else {
            continue;
        };
        if !person.is_active_staff() || person.id == comment.author_id {
            continue;
        }
        let event = NewEvent {
            kind: "mentioned",
            new: Some(&name),
            comment_id: Some(comment.id),
            ..NewEvent::default()
        };
        append(conn, ctx, ticket.id, &[event]).await?;
        if ticket.assignee_id == Some(person.id) || following.contains(&person.id) {
            continue;
        }
        let happening = Happening::Mentioned {
            ticket,
            comment,
            person: person.id,
            actor: ctx.actor,
        };
        announce(conn, ctx, ticket.id, &happening).await?;
    }
    Ok(())
}

/// The words after an `@` that stands at the beginning of a word, outside code. An address is none of them.
fn handles(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            for plain in line.split('`').step_by(2) {
                found.extend(handles_in(plain));
            }
        }
    }
    found
}

fn handles_in(plain: &str) -> impl Iterator<Item = String> {
    plain
        .split(|c: char| c.is_whitespace() || "(,;:".contains(c))
        .filter_map(|word| {
            let name = word.strip_prefix('@')?;
            let handle: String = name
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
                .collect();
            let handle = handle.trim_end_matches(['.', '-', '_']).to_lowercase();
            let rest_is_plain = !name.contains('@');
            (!handle.is_empty() && rest_is_plain).then_some(handle)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_addresses_and_code_are_not() {
        let found = |text: &str| handles(text).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(found("@Ann and (@bob), see @eve-2."), "ann bob eve-2");
        assert_eq!(found("write to ann@agents.test or @ x"), "");
        assert_eq!(found("run `@ann` first\n```\n@bob\n```\n@eve"), "eve");
        assert_eq!(found("@a@b"), "");
    }
}
