//! Sample drafts of mails that ask whether anything is left.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{DESK, Sample, TICKET, head, sample};
use crate::notify::draft::CustomerDraft;

pub(super) fn samples() -> Vec<Sample> {
    vec![
        nudge(
            "a ticket that closes if nobody answers",
            DateTime::from_timestamp(1_795_770_000, 0),
        ),
        nudge("a ticket that stays open", None),
    ]
}

fn nudge(about: &'static str, closes_at: Option<DateTime<Utc>>) -> Sample {
    let head = head("Jane Doe", "jane@customer.example");
    let draft = CustomerDraft::notice(&head, DESK, "Jane Doe", TICKET, None, true);
    sample(about, &draft.closing(closes_at, Tz::UTC))
}
