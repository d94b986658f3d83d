//! The workflow: which status may follow which, and what a status does to the timing columns. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::Ticket;
use crate::config::DeskSettings;
use crate::config::desk::{Status, StatusKind};

/// A status change that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The status before.
    pub from: String,
    /// The status now.
    pub to: String,
    /// What the status now means.
    pub kind: StatusKind,
}

/// Why a status change did not take place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such status.
    #[error("there is no status `{given}`; this desk has {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The desk does not allow it from where the ticket stands.
    #[error("from `{from}` a ticket can't go to `{to}`; it can go to {}", if allowed.is_empty() { "no other status".to_owned() } else { allowed.join(", ") })]
    NotAllowed {
        /// Where it stands.
        from: String,
        /// What was asked for.
        to: String,
        /// What would be allowed.
        allowed: Vec<String>,
    },
    /// The ticket is there already.
    #[error("the ticket is `{0}` already")]
    Already(String),
    /// The desk wants to know why.
    #[error("`{0}` needs a reason")]
    NeedsReason(String),
}

/// Checks a change that a person asks for against the desk, and makes it.
///
/// # Errors
/// If there is no such status, the desk does not allow it from here, or a reason is missing.
pub fn change(
    desk: &DeskSettings,
    ticket: &mut Ticket,
    to: &str,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<StatusChange, Refused> {
    let target = known(desk, to)?;
    if ticket.status == to {
        return Err(Refused::Already(to.to_owned()));
    }
    let allowed = find(desk, &ticket.status)
        .map(|status| status.to.clone())
        .unwrap_or_default();
    if !allowed.iter().any(|key| key == to) {
        return Err(Refused::NotAllowed {
            from: ticket.status.clone(),
            to: to.to_owned(),
            allowed,
        });
    }
    if target.needs_reason && reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Refused::NeedsReason(to.to_owned()));
    }
    Ok(enter(ticket, target, now))
}

/// Makes a change that the desk's own settings ask for (`active_status`, `reopened_status`, `assigned_status`).
/// Those settings are its permission: the statuses' `to` lists bind people.
///
/// # Errors
/// If there is no such status.
pub fn change_by_rule(
    desk: &DeskSettings,
    ticket: &mut Ticket,
    to: &str,
    now: DateTime<Utc>,
) -> Result<Option<StatusChange>, Refused> {
    let target = known(desk, to)?;
    Ok((ticket.status != to).then(|| enter(ticket, target, now)))
}

fn known<'d>(desk: &'d DeskSettings, key: &str) -> Result<&'d Status, Refused> {
    find(desk, key).ok_or_else(|| Refused::Unknown {
        given: key.to_owned(),
        known: desk
            .status
            .iter()
            .map(|status| status.key.clone())
            .collect(),
    })
}

fn find<'d>(desk: &'d DeskSettings, key: &str) -> Option<&'d Status> {
    desk.status.iter().find(|status| status.key == key)
}

fn enter(ticket: &mut Ticket, target: &Status, now: DateTime<Utc>) -> StatusChange {
    let was_done = is_done(ticket.kind);
    let change = StatusChange {
        from: std::mem::replace(&mut ticket.status, target.key.clone()),
        to: target.key.clone(),
        kind: target.kind,
    };
    ticket.kind = target.kind;
    match target.kind {
        StatusKind::Resolved => {
            ticket.resolved_at = Some(now);
            ticket.closed_at = None;
        }
        StatusKind::Closed => {
            ticket.resolved_at.get_or_insert(now);
            ticket.closed_at = Some(now);
        }
        StatusKind::New | StatusKind::Open | StatusKind::Waiting => {
            ticket.resolved_at = None;
            ticket.closed_at = None;
            ticket.reopened_count += i32::from(was_done);
        }
    }
    if is_done(target.kind) {
        ticket.snoozed_until = None;
    }
    ticket.updated_at = now;
    change
}

/// Whether nothing is left to do.
#[must_use]
pub fn is_done(kind: StatusKind) -> bool {
    matches!(kind, StatusKind::Resolved | StatusKind::Closed)
}

/// What a customer's word does to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction<'d> {
    /// The status stays.
    Stay,
    /// The ticket becomes active, or comes back.
    Become(&'d str),
    /// It has been closed for too long: the word belongs in a new ticket, linked to this one.
    OpenAnother,
}

/// Says what a customer's word does to the ticket at this moment.
#[must_use]
pub fn reaction<'d>(desk: &'d DeskSettings, ticket: &Ticket, now: DateTime<Utc>) -> Reaction<'d> {
    match ticket.kind {
        StatusKind::New | StatusKind::Open => Reaction::Stay,
        StatusKind::Waiting => Reaction::Become(&desk.active_status),
        StatusKind::Resolved => Reaction::Become(&desk.reopened_status),
        StatusKind::Closed => {
            let limit = TimeDelta::days(i64::from(desk.reopen_days));
            match ticket.closed_at {
                Some(closed_at) if now - closed_at > limit => Reaction::OpenAnother,
                _ => Reaction::Become(&desk.reopened_status),
            }
        }
    }
}
