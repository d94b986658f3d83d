//! Sample drafts: what previews show, and what every template is tried with when it is loaded. They are made
//! of the same types as real ones.

mod nudge;
mod reminder;

use chrono::DateTime;

use crate::ids::{CommentId, PersonId, TicketId};
use crate::notify::Outcome;
use crate::notify::draft::{
    AlarmDraft, CommandsDraft, CustomerDraft, CustomerTicket, FailureDraft, Head, PublicComment,
    RejectionDraft, Shown, StaffDraft, StaffEvent, StaffTicket, StatusText, TargetDraft,
};
use crate::ticket::{AttachmentInfo, Comment, Visibility};

/// A draft and what is special about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What is special about it, in a few words.
    pub about: &'static str,
    /// The draft.
    pub draft: serde_json::Value,
}

pub(super) const DESK: &str = "Example Support";
const QUESTION: &str = "Hello,\n\nsince this morning the printer on the second floor prints every page twice. \
    I switched it off and on & it still does.\n\nThe settings say <copies: 1>.\n\nJane";
const ANSWER: &str = "Hello Jane,\n\nthank you for the picture. Please open “Printing preferences” and set \
    “Duplicate mode” to off; an update switched it on last night.\n\nDoes it print single pages then?";

/// The samples of a message, the usual one first; none if there is no such message.
pub(super) fn of(name: &str) -> Vec<Sample> {
    match name {
        "ticket_opened_customer" => vec![
            notice("an acknowledgement", None, true),
            notice("a ticket that the desk opened", None, false),
        ],
        "status_changed_customer" => vec![
            notice("a status with its meaning", Some(resolved()), true),
            notice("a status without one", Some(bare()), true),
        ],
        "nudge_customer" => nudge::samples(),
        "comment_added_customer" => vec![
            answer(
                "an answer with a file and a new status",
                Some(resolved()),
                true,
            ),
            answer("an answer", None, false),
        ],
        "ticket_opened_staff" => vec![
            staff(
                "a new ticket in a team's queue",
                &[opened()],
                Form::Unassigned,
            ),
            staff(
                "a ticket of which little is known",
                &[by_machine()],
                Form::Bare,
            ),
        ],
        "comment_added_staff" => vec![
            staff("several events", &bundle(), Form::Full),
            staff("one answer of a customer", &[wrote()], Form::Full),
        ],
        "assigned" => vec![
            staff("an assignment", &[assigned()], Form::Full),
            staff("an assignment after other events", &bundle(), Form::Bare),
        ],
        "handed_over" => vec![staff(
            "a ticket that came from another team",
            &[handed_over()],
            Form::Unassigned,
        )],
        "mentioned" => vec![staff("a mention in a note", &[mentioned()], Form::Full)],
        "delivery_failed" => vec![
            failure("a reply that came back", Some(ANSWER)),
            failure("a reply whose words are gone", None),
        ],
        "target_near" => vec![target("a first response that is near", Form::Unassigned)],
        "target_missed" => vec![target("a first response that was missed", Form::Full)],
        "mail_rejected" => vec![
            rejection(
                "a mail that is too large",
                "Jane Doe",
                "Scan of the contract",
            ),
            rejection("a sender without a name", "", ""),
        ],
        "commands_given" => vec![
            commands("commands of which one failed", "Ada Brandt", "Re: Printer"),
            commands("commands without a subject", "", ""),
        ],
        "reminder" => reminder::samples(),
        "alarm" => vec![alarm()],
        "connect_code" => vec![sample(
            "a code for a chat account",
            &crate::notify::code::sample(),
        )],
        _ => super::digest_sample::of(name),
    }
}

pub(super) fn sample(about: &'static str, draft: &impl serde::Serialize) -> Sample {
    Sample {
        about,
        draft: serde_json::to_value(draft).unwrap_or_default(),
    }
}

pub(super) fn head(name: &str, address: &str) -> Head {
    Head {
        to: vec![shown(name, address)],
        cc: Vec::new(),
    }
}

fn shown(name: &str, address: &str) -> Shown {
    Shown {
        name: name.to_owned(),
        address: address.to_owned(),
    }
}

const TICKET: CustomerTicket<'static> = CustomerTicket {
    number: "TKT-20261120-0042",
    subject: "Printer prints every page twice",
};

fn resolved() -> StatusText<'static> {
    StatusText {
        name: "Resolved",
        meaning: Some(
            "We think this is done. If it is not, reply to this mail and we take it up again.",
        ),
    }
}

fn bare() -> StatusText<'static> {
    StatusText {
        name: "In progress",
        meaning: None,
    }
}

fn notice(about: &'static str, status: Option<StatusText<'_>>, asked: bool) -> Sample {
    let head = head("Jane Doe", "jane@customer.example");
    let draft = CustomerDraft::notice(&head, DESK, "Jane Doe", TICKET, status, asked);
    sample(about, &draft)
}

fn answer(about: &'static str, status: Option<StatusText<'_>>, file: bool) -> Sample {
    let head = head("Jane Doe", "jane@customer.example");
    let draft = CustomerDraft::notice(&head, DESK, "Jane Doe", TICKET, status, true);
    let comment = comment("Ada Brandt", ANSWER, true, Visibility::Public, file);
    match PublicComment::of(&comment) {
        Some(public) => sample(about, &draft.answer(public)),
        None => sample(about, &draft),
    }
}

fn comment(
    author: &str,
    body: &str,
    by_staff: bool,
    visibility: Visibility,
    file: bool,
) -> Comment {
    let file = file.then(|| AttachmentInfo {
        name: "Übersicht.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: 248_300,
    });
    Comment {
        id: CommentId(7),
        ticket_id: TicketId(42),
        author_id: PersonId(3),
        author_name: author.to_owned(),
        visibility,
        by_staff,
        is_resolution: false,
        body: body.to_owned(),
        created_at: DateTime::UNIX_EPOCH,
        edited_at: None,
        deleted_at: None,
        attachments: file.into_iter().collect(),
    }
}

/// How much is known of the ticket.
#[derive(Clone, Copy)]
enum Form {
    Full,
    Unassigned,
    Bare,
}

fn staff(about: &'static str, events: &[StaffEvent], form: Form) -> Sample {
    let ticket = ticket(form);
    let answer_to = match form {
        Form::Full => vec!["Jane Doe".to_owned(), "Bob Ray".to_owned()],
        Form::Unassigned => vec!["Jane Doe".to_owned()],
        Form::Bare => Vec::new(),
    };
    let draft = StaffDraft {
        mail: &head("Ada Brandt", "ada@example.com"),
        desk: DESK,
        reader: "Ada Brandt",
        ticket: &ticket,
        answer_to: &answer_to,
        events,
    };
    sample(about, &draft)
}

fn ticket(form: Form) -> StaffTicket<'static> {
    let (category, team, assignee) = match form {
        Form::Full => (Some("Hardware"), Some("Second floor"), Some("Ada Brandt")),
        Form::Unassigned => (Some("Hardware"), Some("Second floor"), None),
        Form::Bare => (None, None, None),
    };
    StaffTicket {
        number: TICKET.number,
        subject: TICKET.subject,
        status: "Open",
        priority: "High",
        category,
        team,
        assignee,
        requester: shown("Jane Doe", "jane@customer.example"),
    }
}

fn event(kind: &'static str, by: Option<&str>, at: &str) -> StaffEvent {
    StaffEvent {
        key: format!("{kind}:{at}"),
        kind,
        by: by.map(str::to_owned),
        at: format!("20 Nov 2026, {at} CET"),
        ..StaffEvent::default()
    }
}

fn opened() -> StaffEvent {
    let words = comment("Jane Doe", QUESTION, false, Visibility::Public, true);
    event("opened", Some("Jane Doe"), "09:12").with(&words)
}

fn by_machine() -> StaffEvent {
    event("opened", None, "09:12")
}

fn wrote() -> StaffEvent {
    let words = "It does, thank you!\n\nOne more thing: the tray sticks.";
    let words = comment("Jane Doe", words, false, Visibility::Public, false);
    StaffEvent {
        status_from: Some("Waiting for the customer".to_owned()),
        status_to: Some("Open".to_owned()),
        ..event("comment", Some("Jane Doe"), "09:40").with(&words)
    }
}

fn assigned() -> StaffEvent {
    event("assigned", Some("Grete Lind"), "09:20")
}

fn handed_over() -> StaffEvent {
    event("handed_over", Some("Grete Lind"), "09:20")
}

fn mentioned() -> StaffEvent {
    let words = "@ada you installed that printer, didn't you?";
    let words = comment("Grete Lind", words, true, Visibility::Internal, false);
    event("mentioned", Some("Grete Lind"), "09:21").with(&words)
}

/// One event of each kind, with everything that can stand beside it.
fn bundle() -> Vec<StaffEvent> {
    let note = comment(
        "Grete Lind",
        "The update again.",
        true,
        Visibility::Internal,
        false,
    );
    let answered = comment("Grete Lind", ANSWER, true, Visibility::Public, true);
    let mut long = opened();
    long.left_out = 2_400;
    for file in &mut long.files {
        file.attached = false;
    }
    vec![
        long,
        assigned(),
        handed_over(),
        mentioned(),
        event("note", Some("Grete Lind"), "09:22").with(&note),
        event("comment", Some("Grete Lind"), "09:23").with(&answered),
        StaffEvent {
            status_from: Some("Open".to_owned()),
            status_to: Some("Waiting for the customer".to_owned()),
            reason: Some("asked for a test page".to_owned()),
            ..event("status", Some("Grete Lind"), "09:24")
        },
        wrote(),
    ]
}

fn failure(about: &'static str, text: Option<&str>) -> Sample {
    let ticket = ticket(Form::Full);
    let draft = FailureDraft {
        mail: &head("Ada Brandt", "ada@example.com"),
        desk: DESK,
        reader: "Ada Brandt",
        ticket: &ticket,
        answer_to: &[],
        address: "jane@customer.example".to_owned(),
        error: "550 5.1.1 <jane@customer.example>: Recipient address rejected: User unknown"
            .to_owned(),
        text: text.map(str::to_owned),
    };
    sample(about, &draft)
}

fn target(about: &'static str, form: Form) -> Sample {
    let ticket = ticket(form);
    let draft = TargetDraft {
        mail: &head("Ada Brandt", "ada@example.com"),
        desk: DESK,
        reader: "Ada Brandt",
        ticket: &ticket,
        answer_to: &["Jane Doe".to_owned()],
        promise: "first response",
        due: "20 Nov 2026, 13:12 CET".to_owned(),
        span: "1 h".to_owned(),
    };
    sample(about, &draft)
}

fn rejection(about: &'static str, reader: &str, subject: &str) -> Sample {
    let draft = RejectionDraft {
        mail: &head(reader, "jane@customer.example"),
        desk: DESK,
        reader: reader.to_owned(),
        subject: subject.to_owned(),
        reason: "It is larger than the 50 MB that we can take.".to_owned(),
        remedy:
            "Please send it again without its attachments, and tell us where we can fetch them."
                .to_owned(),
        in_reply_to: Some("q1@customer.example"),
    };
    sample(about, &draft)
}

fn commands(about: &'static str, reader: &str, subject: &str) -> Sample {
    let draft = CommandsDraft {
        mail: &head(reader, "ada@desk.example"),
        desk: DESK,
        reader: reader.to_owned(),
        subject: subject.to_owned(),
        outcomes: vec![
            Outcome {
                command: "take".to_owned(),
                done: true,
                words: "ada has TKT-20261120-0042 now; it is In progress.".to_owned(),
                file: None,
            },
            Outcome {
                command: "status resolvd".to_owned(),
                done: false,
                words: "status resolvd\n       ^^^^^^^\nThere is no status `resolvd`. Did you mean `resolved`?"
                    .to_owned(),
                file: None,
            },
        ],
        in_reply_to: Some("q1@desk.example"),
    };
    sample(about, &draft)
}

fn alarm() -> Sample {
    let draft = AlarmDraft {
        mail: &head("", "operators@example.com"),
        desk: DESK,
        key: "credential:support".to_owned(),
        text: "The mail server imap.example.com refuses the login of the mailbox support.\n\n\
               No mail has been fetched since 20 Nov 2026, 08:55 CET. Look at its password or token."
            .to_owned(),
    };
    sample("a login that is refused", &draft)
}
