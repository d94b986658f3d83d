//! Sample drafts of digests.

use super::sample::{DESK, Sample, head, sample};
use crate::notify::digest::{
    Age, Digest, DigestDraft, Figure, Health, ListedReminder, ListedTicket, Picture, Row, Table,
    TicketList,
};
use crate::plot::{Chart, Form, Series};

/// The samples of a digest; none if the message is another.
pub(super) fn of(name: &str) -> Vec<Sample> {
    match name {
        "digest" => digests(),
        "morning" => mornings(),
        _ => Vec::new(),
    }
}

/// The digest of a busy day, and one of a day on which nothing happened.
fn digests() -> Vec<Sample> {
    let quiet = Digest {
        kind: "weekly",
        period: "9–15 November 2026".to_owned(),
        teams: Vec::new(),
        new: "0".to_owned(),
        resolved: "0".to_owned(),
        need: 0,
        lists: Vec::new(),
        figures: vec![
            figure("new", "0", None, None),
            figure("first_response_median", "–", None, None),
        ],
        tables: Vec::new(),
        charts: Vec::new(),
        health: Health::default(),
        ..busy()
    };
    vec![
        draft(
            "a busy day",
            &busy(),
            Some("mailto:support@example.com?subject=unsubscribe%20abc234"),
        ),
        draft("a week without a ticket", &quiet, None),
    ]
}

/// The morning list of an agent with much to do, and of one with little.
fn mornings() -> Vec<Sample> {
    let full = Digest {
        kind: "mine",
        need: 6,
        lists: vec![
            list(
                "overdue",
                1,
                &[(
                    "TKT-20261112-0007",
                    "Invoice of October is missing",
                    Some("Ada Lee"),
                )],
            ),
            list(
                "unanswered",
                5,
                &[(
                    "TKT-20261119-0031",
                    "Printer prints every page twice",
                    Some("Ada Lee"),
                )],
            ),
        ],
        reminders: vec![
            reminder("09:30", "Call them back", Some("TKT-20261119-0031")),
            reminder("15:00", "", Some("TKT-20261112-0007")),
            reminder("16:00", "Water the plants", None),
        ],
        ..busy()
    };
    let little = Digest {
        need: 1,
        reminders: Vec::new(),
        lists: vec![list("others", 1, &[("TKT-20261119-0031", "Printer", None)])],
        ..full.clone()
    };
    vec![
        draft(
            "a list with more than it shows",
            &full,
            Some("mailto:support@example.com?subject=unsubscribe%20abc234"),
        ),
        draft("one ticket", &little, None),
    ]
}

fn reminder(at: &str, text: &str, number: Option<&str>) -> ListedReminder {
    ListedReminder {
        at: at.to_owned(),
        text: text.to_owned(),
        number: number.map(str::to_owned),
        subject: number.map(|_| "Printer prints every page twice".to_owned()),
    }
}

fn draft(about: &'static str, digest: &Digest, unsubscribe: Option<&str>) -> Sample {
    let draft = DigestDraft {
        mail: &head("Grete Holm", "grete@example.com"),
        desk: DESK,
        reader: "Grete Holm".to_owned(),
        unsubscribe: unsubscribe.map(str::to_owned),
        digest,
    };
    sample(about, &draft)
}

fn busy() -> Digest {
    Digest {
        kind: "daily",
        period: "Thursday 19 November 2026".to_owned(),
        teams: vec!["Support".to_owned(), "Billing".to_owned()],
        new: "14".to_owned(),
        resolved: "19".to_owned(),
        need: 3,
        unassigned_hours: 24,
        reminders: Vec::new(),
        lists: vec![
            list(
                "overdue",
                1,
                &[(
                    "TKT-20261112-0007",
                    "Invoice of October is missing",
                    Some("Ada Lee"),
                )],
            ),
            list(
                "unassigned",
                2,
                &[(
                    "TKT-20261117-0003",
                    "The export <b>stops</b> at 40,000 rows",
                    None,
                )],
            ),
            list(
                "reopened",
                1,
                &[(
                    "TKT-20261112-0007",
                    "Invoice of October is missing",
                    Some("Ada Lee"),
                )],
            ),
            list(
                "bounced",
                1,
                &[("TKT-20261118-0011", "New address", Some("Support"))],
            ),
            list(
                "oldest",
                60,
                &[(
                    "TKT-20260901-0002",
                    "Please add a dark theme",
                    Some("Product"),
                )],
            ),
        ],
        figures: vec![
            figure("new", "14", Some("+3"), None),
            figure("resolved", "19", Some("+5"), Some(true)),
            figure("closed", "11", None, None),
            figure("reopened", "1", Some("±0"), None),
            figure("reopen_rate", "5 %", Some("−1 %"), Some(true)),
            figure(
                "first_response_median",
                "1 h 4 min",
                Some("+12 min"),
                Some(false),
            ),
            figure("backlog", "60", Some("−4"), Some(true)),
        ],
        ages: vec![Age {
            name: "under 1 day",
            count: "9".to_owned(),
        }],
        tables: vec![Table {
            title: "Team",
            by: "team".to_owned(),
            rows: vec![row("Support", "–"), row("no team", "2 h")],
            more: 3,
        }],
        charts: vec![Picture {
            cid: "by-day",
            alt: "New and resolved on each of 3 days: 30 new, 33 resolved in all".to_owned(),
            chart: Chart {
                title: "New and resolved".to_owned(),
                form: Form::Bars {
                    labels: vec![
                        "17 Nov".to_owned(),
                        "18 Nov".to_owned(),
                        "19 Nov".to_owned(),
                    ],
                    series: vec![Series {
                        name: "New".to_owned(),
                        values: vec![5, 11, 14],
                    }],
                },
            },
        }],
        health: Health {
            failing: vec!["billing: the server refuses the login".to_owned()],
            dead_deliveries: 2,
            suppressed: 1,
            mails_to_look_at: 4,
        },
    }
}

fn list(why: &'static str, all: usize, tickets: &[(&str, &str, Option<&str>)]) -> TicketList {
    let listed = tickets.iter().map(|(number, subject, who)| ListedTicket {
        number: (*number).to_owned(),
        subject: (*subject).to_owned(),
        who: who.map(str::to_owned),
        since: "Tue 17 Nov, 09:30".to_owned(),
    });
    TicketList {
        why,
        all,
        tickets: listed.collect(),
        more: all.saturating_sub(tickets.len()),
    }
}

fn figure(key: &'static str, value: &str, change: Option<&str>, good: Option<bool>) -> Figure {
    Figure {
        key,
        name: "First response, median",
        value: value.to_owned(),
        change: change.map(str::to_owned),
        good,
    }
}

fn row(name: &str, first_response: &str) -> Row {
    Row {
        name: name.to_owned(),
        new: "7".to_owned(),
        resolved: "9".to_owned(),
        backlog: "31".to_owned(),
        first_response: first_response.to_owned(),
    }
}
