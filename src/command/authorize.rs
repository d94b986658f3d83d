//! Who may say what. Pure: a table of rights, and a check against it.
//!
//! A customer sees and does only what is theirs, and is not told whether somebody else's ticket exists.

use crate::people::Role;

/// Who may give a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Everybody, known to the desk or not.
    Everybody,
    /// Staff on every ticket, customers on their own.
    Own,
    /// Only those who take part in the ticket, staff or not.
    Party,
    /// Agents, managers and admins.
    Agent,
    /// Managers and admins.
    Manager,
    /// Nobody: a command that the table does not name.
    Nobody,
}

/// What a person is to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Its requester, or one of its participants.
    Own,
    /// Neither.
    Foreign,
}

/// Why a command may not be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The role is too small for this right.
    Role(Right),
    /// A customer asks for a ticket that is not theirs: to them it does not exist.
    NotTheirs,
    /// Only those who take part in the ticket may.
    NotAParty,
}

/// The right that a command takes, by its words. What stands in no line here may be given by nobody.
#[must_use]
pub fn right(path: &str) -> Right {
    match path {
        "whoami" | "help" | "open" | "connect" => Right::Everybody,
        "show" | "list" | "search" | "history" | "transcript" | "reopen" => Right::Own,
        "comment" | "rate" => Right::Party,
        "sla" | "zone" | "away" | "back" | "snooze" | "unsnooze" | "remind" | "reminders"
        | "reminder done" | "reminder later" | "reminder text" | "reminder cancel"
        | "reminder hours" | "take" | "assign" | "unassign" | "team to" | "team list"
        | "agent list" | "due" | "attach" | "bulk" | "digest list" | "digest subscribe"
        | "digest unsubscribe" | "digest preview" | "status" | "resolve" | "close" | "priority"
        | "category" | "type" | "tag" | "field" | "subject" | "watch" | "unwatch" | "cc add"
        | "cc remove" | "requester" | "edit" | "delete" | "undo" | "canned list"
        | "canned show" | "canned use" | "link" | "unlink" | "merge" | "unmerge" | "split"
        | "spam" | "unspam" | "reply" | "note" => Right::Agent,
        "canned save" | "canned delete" | "stats" | "agent add" | "agent disable"
        | "agent enable" | "team add" | "team remove" => Right::Manager,
        _ => Right::Nobody,
    }
}

impl Right {
    /// Who may, as words for a sentence.
    #[must_use]
    pub fn who(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Own => "staff, and customers on their own tickets",
            Self::Party => "those who take part in the ticket",
            Self::Agent => "agents, managers and admins",
            Self::Manager => "managers and admins",
            Self::Nobody => "nobody",
        }
    }

    /// Whether somebody of this role may at all.
    #[must_use]
    pub fn is_open_to(self, role: Role) -> bool {
        match self {
            Self::Everybody | Self::Own | Self::Party => true,
            Self::Agent => role >= Role::Agent,
            Self::Manager => role >= Role::Manager,
            Self::Nobody => false,
        }
    }
}

/// Whether a person of this role may give a command that takes `right`, on a ticket to which they stand in `relation`;
/// nothing where no ticket is named, or none is known yet.
///
/// # Errors
/// Why not.
pub fn check(role: Role, right: Right, relation: Option<Relation>) -> Result<(), Denied> {
    if !right.is_open_to(role) {
        return Err(Denied::Role(right));
    }
    match (right, relation) {
        (Right::Everybody, _) | (_, None | Some(Relation::Own)) => Ok(()),
        (_, Some(Relation::Foreign)) if !role.is_staff() => Err(Denied::NotTheirs),
        (Right::Party, Some(Relation::Foreign)) => Err(Denied::NotAParty),
        (_, Some(Relation::Foreign)) => Ok(()),
    }
}
