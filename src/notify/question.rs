//! What a happening asks: whom it concerns, and what it is about.

use chrono::{DateTime, Utc};

use super::facts::Reply;
use super::{Happening, StatusMove, TargetNotice};
use crate::config::Settings;
use crate::ids::{OutboxId, PersonId};
use crate::ticket::{Comment, Ticket, Visibility};

/// A happening on a ticket, as far as it decides who hears.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) comment: Option<&'a Comment>,
    pub(super) moved: Option<StatusMove<'a>>,
    pub(super) actor: Option<PersonId>,
    pub(super) matter: Matter<'a>,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Matter<'a> {
    Opened {
        acknowledge: bool,
        tell_actor: bool,
    },
    CustomerWrote,
    StaffWrote,
    Note,
    Status,
    Assigned(PersonId),
    HandedOver,
    Mentioned(PersonId),
    Nudged {
        closes_at: Option<DateTime<Utc>>,
    },
    Failed(Failure<'a>),
    /// Who hears of it is decided with the notice: it is told for many tickets at once.
    Target(&'a TargetNotice<'a>),
}

/// A reply that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure<'a> {
    pub(super) outbox: OutboxId,
    pub(super) address: &'a str,
    pub(super) error: &'a str,
    /// The reply, where it is known.
    pub(super) reply: Option<&'a Reply>,
}

impl<'a> Question<'a> {
    /// Nothing where a ticket's assignee was taken away, and for what is on no ticket. `reply` is the one that
    /// did not arrive, where it is about that.
    pub(super) fn of(
        happening: &Happening<'a>,
        reply: Option<&'a Reply>,
        settings: &Settings,
    ) -> Option<Self> {
        match *happening {
            Happening::Opened {
                ticket,
                comment,
                actor,
                acknowledge,
                tell_actor,
            } => Some(Self {
                ticket,
                comment: Some(comment),
                moved: None,
                actor: actor.person(),
                matter: Matter::Opened {
                    acknowledge: acknowledge && settings.notify.acknowledge,
                    tell_actor,
                },
            }),
            Happening::Commented {
                ticket,
                comment,
                actor,
                moved,
            } => Some(Self {
                ticket,
                comment: Some(comment),
                moved,
                actor: actor.person(),
                matter: match (comment.visibility, comment.by_staff) {
                    (Visibility::Internal, _) => Matter::Note,
                    (Visibility::Public, true) => Matter::StaffWrote,
                    (Visibility::Public, false) => Matter::CustomerWrote,
                },
            }),
            Happening::StatusChanged {
                ticket,
                from,
                reason,
                actor,
            } => Some(Self {
                ticket,
                comment: None,
                moved: Some(StatusMove { from, reason }),
                actor: actor.person(),
                matter: Matter::Status,
            }),
            Happening::Assigned { ticket, actor } => Some(Self {
                ticket,
                comment: None,
                moved: None,
                actor: actor.person(),
                matter: Matter::Assigned(ticket.assignee_id?),
            }),
            Happening::HandedOver { ticket, actor } => Some(Self {
                ticket,
                comment: None,
                moved: None,
                actor: actor.person(),
                matter: Matter::HandedOver,
            }),
            Happening::Mentioned {
                ticket,
                comment,
                person,
                actor,
            } => Some(Self {
                ticket,
                comment: Some(comment),
                moved: None,
                actor: actor.person(),
                matter: Matter::Mentioned(person),
            }),
            Happening::Nudged { ticket, closes_at } => Some(Self {
                ticket,
                comment: None,
                moved: None,
                actor: None,
                matter: Matter::Nudged { closes_at },
            }),
            Happening::DeliveryFailed {
                ticket,
                comment_id: _,
                outbox_id,
                address,
                error,
            } => Some(Self {
                ticket,
                comment: None,
                moved: None,
                actor: None,
                matter: Matter::Failed(Failure {
                    outbox: outbox_id,
                    address,
                    error,
                    reply,
                }),
            }),
            Happening::Changed { .. }
            | Happening::Edited { .. }
            | Happening::MailRejected(_)
            | Happening::CommandsGiven(_)
            | Happening::Alarm { .. } => None,
        }
    }

    /// Whether customers would get a mail that nobody wrote.
    pub(super) fn automatic(&self) -> bool {
        matches!(
            self.matter,
            Matter::Opened {
                acknowledge: true,
                ..
            } | Matter::Status
                | Matter::Nudged { .. }
        )
    }

    /// The team to ask for, where it may have to hear.
    pub(super) fn team(&self) -> Option<&'a str> {
        let concerned = matches!(
            self.matter,
            Matter::Opened { .. }
                | Matter::CustomerWrote
                | Matter::Status
                | Matter::HandedOver
                | Matter::Failed(_)
        );
        self.ticket.team.as_deref().filter(|_| concerned)
    }

    /// Whether all staff hears of it if nobody is in the team: a customer wrote, or the ticket changed hands, and nobody
    /// is assigned.
    pub(super) fn may_need_all_staff(&self) -> bool {
        let concerned = matches!(
            self.matter,
            Matter::Opened { .. } | Matter::CustomerWrote | Matter::HandedOver
        );
        concerned && self.ticket.assignee_id.is_none()
    }

    /// The ids of those whom the happening itself names.
    pub(super) fn named(&self) -> Vec<i64> {
        let about = match self.matter {
            Matter::Mentioned(person) => Some(person),
            Matter::Failed(failure) => failure.reply.map(|reply| reply.author_id),
            _ => None,
        };
        let author = self.comment.map(|comment| comment.author_id);
        let mut ids: Vec<i64> = [self.actor, about, author]
            .iter()
            .flatten()
            .map(|id| id.0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
