//! Sample drafts of reminders.

use super::{DESK, Sample, TICKET, head, sample};
use crate::ids::ReminderId;
use crate::notify::reminder::{LineDraft, ReminderDraft};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        reminder(
            "one reminder",
            &[on_a_ticket("Ask whether it prints again")],
        ),
        reminder("several reminders", &[on_a_ticket(""), on_no_ticket()]),
    ]
}

fn reminder(about: &'static str, lines: &[LineDraft]) -> Sample {
    let draft = ReminderDraft {
        mail: &head("Ada Brandt", "ada@agents.example"),
        desk: DESK,
        reader: "Ada Brandt",
        reminders: lines.to_vec(),
    };
    sample(about, &draft)
}

fn on_a_ticket(text: &str) -> LineDraft {
    LineDraft {
        id: ReminderId(12),
        text: text.to_owned(),
        number: Some(TICKET.number.to_owned()),
        subject: Some(TICKET.subject.to_owned()),
        at: "24 Nov 2026, 09:00 UTC".to_owned(),
        recurs: false,
    }
}

fn on_no_ticket() -> LineDraft {
    LineDraft {
        id: ReminderId(13),
        text: "Hand the pager over".to_owned(),
        number: None,
        subject: None,
        at: "24 Nov 2026, 09:00 UTC".to_owned(),
        recurs: true,
    }
}
