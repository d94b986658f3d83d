//! The files of `templates/`, which the program carries.

/// What stands around a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// An answer of a person, with the number in small print.
    Customer,
    /// A notification with the ticket's state and how to answer.
    Staff,
    /// No ticket.
    Plain,
    /// Figures and lists of tickets.
    Digest,
}

impl Layout {
    pub(super) fn html(self) -> &'static str {
        match self {
            Self::Customer => "layout/customer.html",
            Self::Staff => "layout/staff.html",
            Self::Plain => "layout/plain.html",
            Self::Digest => "layout/digest.html",
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Customer => "layout/customer.txt",
            Self::Staff => "layout/staff.txt",
            Self::Plain | Self::Digest => "layout/plain.txt",
        }
    }

    /// Its files.
    pub(super) fn files(self) -> [&'static str; 2] {
        [self.html(), self.text()]
    }
}

/// The parts of a message.
pub(super) const PARTS: [&str; 3] = ["subject.txt", "body.txt", "body.html"];

/// The messages and their layouts.
pub(super) const MESSAGES: &[(&str, Layout)] = &[
    ("ticket_opened_customer", Layout::Customer),
    ("ticket_opened_staff", Layout::Staff),
    ("comment_added_customer", Layout::Customer),
    ("comment_added_staff", Layout::Staff),
    ("status_changed_customer", Layout::Customer),
    ("nudge_customer", Layout::Customer),
    ("assigned", Layout::Staff),
    ("handed_over", Layout::Staff),
    ("mentioned", Layout::Staff),
    ("delivery_failed", Layout::Staff),
    ("target_near", Layout::Staff),
    ("target_missed", Layout::Staff),
    ("commands_given", Layout::Plain),
    ("mail_rejected", Layout::Plain),
    ("reminder", Layout::Plain),
    ("alarm", Layout::Plain),
    ("connect_code", Layout::Plain),
    ("digest", Layout::Digest),
    ("morning", Layout::Digest),
];

/// What several bodies hold, by the name at which they take it in.
pub(super) const SHARED: [&str; 2] = ["events", "tickets"];

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $name)))),*]
    };
}

/// Every file by its name below `templates/`.
pub(super) const FILES: &[(&str, &str)] = files![
    "alarm/body.html",
    "alarm/body.txt",
    "alarm/subject.txt",
    "assigned/body.html",
    "assigned/body.txt",
    "assigned/subject.txt",
    "comment_added_customer/body.html",
    "comment_added_customer/body.txt",
    "comment_added_customer/subject.txt",
    "comment_added_staff/body.html",
    "comment_added_staff/body.txt",
    "comment_added_staff/subject.txt",
    "commands_given/body.html",
    "commands_given/body.txt",
    "commands_given/subject.txt",
    "connect_code/body.html",
    "connect_code/body.txt",
    "connect_code/subject.txt",
    "delivery_failed/body.html",
    "delivery_failed/body.txt",
    "delivery_failed/subject.txt",
    "digest/body.html",
    "digest/body.txt",
    "digest/subject.txt",
    "handed_over/body.html",
    "handed_over/body.txt",
    "handed_over/subject.txt",
    "layout/customer.html",
    "layout/customer.txt",
    "layout/digest.html",
    "layout/events.html",
    "layout/events.txt",
    "layout/plain.html",
    "layout/plain.txt",
    "layout/staff.html",
    "layout/staff.txt",
    "layout/style.css",
    "layout/tickets.html",
    "layout/tickets.txt",
    "mail_rejected/body.html",
    "mail_rejected/body.txt",
    "mail_rejected/subject.txt",
    "mentioned/body.html",
    "mentioned/body.txt",
    "mentioned/subject.txt",
    "morning/body.html",
    "morning/body.txt",
    "morning/subject.txt",
    "nudge_customer/body.html",
    "nudge_customer/body.txt",
    "nudge_customer/subject.txt",
    "reminder/body.html",
    "reminder/body.txt",
    "reminder/subject.txt",
    "status_changed_customer/body.html",
    "status_changed_customer/body.txt",
    "status_changed_customer/subject.txt",
    "target_missed/body.html",
    "target_missed/body.txt",
    "target_missed/subject.txt",
    "target_near/body.html",
    "target_near/body.txt",
    "target_near/subject.txt",
    "ticket_opened_customer/body.html",
    "ticket_opened_customer/body.txt",
    "ticket_opened_customer/subject.txt",
    "ticket_opened_staff/body.html",
    "ticket_opened_staff/body.txt",
    "ticket_opened_staff/subject.txt",
];
