//! `show`: a ticket with its newest comments.

use clap::Args;
use serde_json::{Value, json};

use super::grammar::OnTicket;
use super::work::{Work, status_name};
use super::{Failure, Reply};
use crate::people;
use crate::sla;
use crate::ticket::{self, Comment, Ticket, Visibility, timeline};

/// How many comments are shown where not all are asked for.
const NEWEST: usize = 5;

/// Arguments of `show`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Show {
    #[command(flatten)]
    on: OnTicket,
    /// All comments, not only the newest.
    #[arg(long)]
    all: bool,
}

impl Show {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let ticket = work.look().await?;
        let mut data = if work.is_staff() {
            card(work, &ticket).await?
        } else {
            customers_card(work, &ticket)
        };
        let mut comments = timeline::comments(work.conn, ticket.id).await?;
        if !work.is_staff() {
            comments.retain(|comment| {
                comment.visibility == Visibility::Public && comment.deleted_at.is_none()
            });
        }
        let earlier = match self.all {
            true => 0,
            false => comments.len().saturating_sub(NEWEST),
        };
        let shown: Vec<Value> = comments.iter().skip(earlier).map(of_comment).collect();
        if let Value::Object(data) = &mut data {
            data.insert("comments".to_owned(), shown.into());
            data.insert("earlier".to_owned(), earlier.into());
        }
        Ok(work.reply("show", &data)?.on(ticket.id))
    }
}

/// What staff sees of a ticket.
async fn card(work: &mut Work<'_>, ticket: &Ticket) -> Result<Value, Failure> {
    let requester = people::store::get(work.conn, ticket.requester_id).await?;
    let mut assignee = None;
    if let Some(id) = ticket.assignee_id {
        let person = people::store::get(work.conn, id).await?;
        assignee = Some(person.handle.unwrap_or(person.name));
    }
    let mut others = Vec::new();
    for id in ticket::store::parties(work.conn, ticket.id).await? {
        if id != ticket.requester_id {
            let person = people::store::get(work.conn, id).await?;
            others.push(person.address.unwrap_or(person.name));
        }
    }
    let due = sla::next_due(work.conn, &[ticket.id]).await?;
    let promise = due.get(&ticket.id).map(|next| {
        json!({
            "name": next.kind.name(),
            "due_at": next.due_at,
            "overdue": next.is_overdue(work.scene.now),
        })
    });
    let mut merged_into = None;
    if let Some(root) = ticket.merged_into_id {
        merged_into = Some(ticket::store::get(work.conn, root).await?.number);
    }
    Ok(json!({
        "staff": true,
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "status_name": status_name(work.desk(), &ticket.status),
        "priority": ticket.priority,
        "type": ticket.ticket_type,
        "category": ticket.category,
        "requester": {"name": requester.name, "address": requester.address},
        "others": others,
        "team": ticket.team,
        "assignee": assignee,
        "due_at": ticket.due_at,
        "snoozed_until": ticket.snoozed_until,
        "promise": promise,
        "tags": ticket.tags,
        "fields": ticket.fields,
        "opened_at": ticket.opened_at,
        "updated_at": ticket.updated_at,
        "first_responded_at": ticket.first_responded_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "merged_into": merged_into,
    }))
}

/// What a customer sees of a ticket: nothing of who works on it, or how.
fn customers_card(work: &Work<'_>, ticket: &Ticket) -> Value {
    json!({
        "staff": false,
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "status_name": status_name(work.desk(), &ticket.status),
        "opened_at": ticket.opened_at,
    })
}

fn of_comment(comment: &Comment) -> Value {
    let kind = match (comment.visibility, comment.by_staff) {
        (Visibility::Internal, _) => "note",
        (Visibility::Public, true) => "reply",
        (Visibility::Public, false) => "customer",
    };
    let deleted = comment.deleted_at.is_some();
    json!({
        "id": comment.id,
        "author": comment.author_name,
        "kind": kind,
        "at": comment.created_at,
        "deleted": deleted,
        "edited": comment.edited_at.is_some(),
        "body": if deleted { "" } else { &comment.body },
        "files": if deleted { &[] } else { comment.attachments.as_slice() },
    })
}
