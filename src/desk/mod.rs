//! The desk: the use cases, and the only writers of tickets. Each takes the caller's transaction, changes the
//! ticket, appends to its timeline and has [`crate::notify`] tell those who should hear of it.

mod assign;
mod canned;
mod close_request;
mod comment;
mod connect;
mod delivery;
mod fields;
mod finish;
mod follow_up;
mod link;
mod mention;
mod merge;
mod open;
mod party;
mod rate;
pub mod reminder;
pub mod rules;
mod share;
mod snooze;
mod spam;
mod split;
mod staff;
mod status;
mod undo;
mod words;

use chrono::{DateTime, Utc};

pub use assign::{assign, route_to_team};
pub use canned::{VARIABLES as CANNED_VARIABLES, fill_canned, save_canned};
pub use close_request::{accept_close, ask_to_close, close_unanswered_request};
pub use comment::{NewWords, Said, comment, record_automatic_reply};
pub use connect::{begin_connect, confirm_connect};
pub use delivery::{bounced, cancel_delivery, given_up};
pub use fields::{
    change_tags, set_category, set_due, set_field, set_priority, set_subject, set_type, tags,
};
pub use finish::{close, reopen, resolve};
pub use follow_up::{close_resolved, close_unanswered, nudge};
pub use link::{link, unlink};
pub use merge::{merge, unmerge};
pub use open::{Chosen, Opened, Opening, number_format, open, open_all, starting_fields};
pub use party::{add_cc, change_requester, remove_cc, unwatch, watch};
pub use rate::rate;
pub use share::share;
pub use snooze::{snooze, wake, wake_due};
pub use spam::{mark_spam, unmark_spam};
pub use split::split;
pub use staff::{NewAgent, add_agent, bar_agent, join_team, leave_team};
pub use status::change_status;
pub use undo::{undo, undo_comment};
pub use words::{delete_comment, edit_comment, mark_resolution};

use sqlx::PgConnection;

use crate::config::Settings;
use crate::ids::{CommentId, TicketId};
use crate::notify::{self, Happening, Published};
use crate::sla;
use crate::ticket::timeline::{self, NewEvent};
use crate::ticket::workflow::Refused;
use crate::ticket::{self, Actor};

/// Why a ticket follows its assignment.
const ASSIGNED: &str = "somebody has it now";
/// Why a ticket's new category changes its team.
const BY_CATEGORY: &str = "the team that gets this category";
/// Why a ticket that went to another team has no assignee any more.
const OTHER_TEAM: &str = "it went to another team";
/// Why a customer's word changes the status.
const CUSTOMER_WROTE: &str = "the customer wrote";
/// Why a ticket comes back when an answer came back.
const NOT_DELIVERED: &str = "an answer could not be delivered";
/// Why a resolved ticket closes by itself.
const SETTLED: &str = "nobody wrote since it was resolved";
/// Why a waiting ticket closes by itself.
const UNANSWERED: &str = "the customer did not answer";

/// Why a ticket is resolved when its customer says so.
const AGREED: &str = "the customer agreed";

/// Whether the machinery gave this reason, rather than a person in confidence.
#[must_use]
pub fn is_own_reason(reason: &str) -> bool {
    [
        ASSIGNED,
        BY_CATEGORY,
        OTHER_TEAM,
        CUSTOMER_WROTE,
        NOT_DELIVERED,
        SETTLED,
        UNANSWERED,
        snooze::ITS_TIME,
        share::THEIR_TURN,
        share::FEWEST,
        AGREED,
    ]
    .contains(&reason)
}

/// What every use case needs to know besides its own matter.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// The moment at which it happens.
    pub now: DateTime<Utc>,
    /// Who does it.
    pub actor: Actor,
    /// Whether anybody may be written to; an imported archive answers nobody.
    pub answering: bool,
}

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The workflow does not allow it; the text is for the person who asked.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Something that was named does not exist, or does not fit; the text is for the person who asked.
    #[error("{0}")]
    Invalid(String),
    /// The database did not answer.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
}

/// What happens to no clock of a ticket: the others, and those that are yet to come, are looked at.
const NO_CLOCK: &[&str] = &[
    "noted",
    "subject_changed",
    "tags_changed",
    "field_changed",
    "due_changed",
    "assigned",
    "automatic_reply",
    "delivery_failed",
    "delivery_delayed",
    "delivery_cancelled",
];

/// Appends to the timeline of a ticket whose change is written already, and brings its clocks and its card in chat in
/// step with it. Every change of a ticket comes by here, so that neither is ever behind.
async fn append(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: TicketId,
    events: &[NewEvent<'_>],
) -> Result<(), sqlx::Error> {
    timeline::add_events(conn, ticket, ctx.actor, ctx.now, events).await?;
    if events.iter().any(|event| !NO_CLOCK.contains(&event.kind)) {
        sla::follow(conn, &ctx.settings.desk, ticket).await?;
    }
    show(conn, ctx, ticket, events.iter().filter_map(reworded)).await
}

/// Brings what chat shows in step with a ticket: its card, and the posts of comments whose words changed.
async fn show(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: TicketId,
    comments: impl Iterator<Item = CommentId>,
) -> Result<(), sqlx::Error> {
    if !ctx.answering || ctx.settings.chats.is_empty() {
        return Ok(());
    }
    let ticket = ticket::store::get(conn, ticket).await?;
    let changed = Happening::Changed { ticket: &ticket };
    notify::publish(conn, ctx.settings, ctx.now, &changed).await?;
    for id in comments {
        if let Some(comment) = timeline::comment(conn, id).await? {
            let edited = Happening::Edited {
                ticket: &ticket,
                comment: &comment,
            };
            notify::publish(conn, ctx.settings, ctx.now, &edited).await?;
        }
    }
    Ok(())
}

/// The comment whose words an event changed.
fn reworded(event: &NewEvent<'_>) -> Option<CommentId> {
    let changed = ["comment_edited", "comment_deleted"].contains(&event.kind);
    event.comment_id.filter(|_| changed)
}

/// Has those told who should hear of what happened. What is withheld from somebody stands on the timeline.
async fn announce(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: TicketId,
    happening: &Happening<'_>,
) -> Result<(), DeskError> {
    if !ctx.answering {
        return Ok(());
    }
    let published = notify::publish(conn, ctx.settings, ctx.now, happening).await?;
    note_withheld(conn, ctx, &[(ticket, published)]).await
}

/// As [`announce`], for several tickets whose happenings have nothing to do with each other.
async fn announce_all(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    tickets: &[TicketId],
    happenings: &[Happening<'_>],
) -> Result<(), DeskError> {
    if !ctx.answering {
        return Ok(());
    }
    let published = notify::publish_all(conn, ctx.settings, ctx.now, happenings).await?;
    let published: Vec<_> = tickets.iter().copied().zip(published).collect();
    note_withheld(conn, ctx, &published).await
}

async fn note_withheld(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    published: &[(TicketId, Published)],
) -> Result<(), DeskError> {
    let mut events = Vec::new();
    for (ticket, published) in published {
        events.extend(published.withheld.iter().map(|withheld| {
            let event = NewEvent {
                kind: "withheld",
                new: withheld.address.as_deref(),
                reason: Some(withheld.reason.sentence()),
                ..NewEvent::default()
            };
            (*ticket, event)
        }));
    }
    timeline::add_events_to_several(conn, Actor::System, ctx.now, &events).await?;
    Ok(())
}
