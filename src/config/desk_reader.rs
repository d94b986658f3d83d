//! Reads the desk from its table.

use chrono_tz::Tz;

use super::desk::{
    Assign, Calendar, Category, DeskSettings, Field, FieldKind, Named, Organization, Priority,
    Status, StatusKind, Team,
};
use super::read::Table;
use super::sla::{EscalateTo, Escalation, SlaTarget, SlaWatch};

/// Reads a desk. What is missing or of the wrong form is in the table's report.
pub(super) fn read(table: &Table<'_>) -> DeskSettings {
    DeskSettings {
        name: table.text("name"),
        zone: zone(table),
        number: table.text("number"),
        reopen_days: table.number("reopen_days"),
        auto_close_hours: table.number_if_any("auto_close_hours"),
        close_request_hours: table.number("close_request_hours"),
        nudge_days: table.number_if_any("nudge_days"),
        close_waiting_days: table.number_if_any("close_waiting_days"),
        follow_up_calendar: table.text_if_any("follow_up_calendar"),
        report_calendar: table.text_if_any("report_calendar"),
        comment_max_chars: table.number_if_any("comment_max_chars"),
        initial_status: table.text("initial_status"),
        assigned_status: table.text_if_any("assigned_status"),
        active_status: table.text("active_status"),
        reopened_status: table.text("reopened_status"),
        default_priority: table.text("default_priority"),
        default_type: table.text_if_any("default_type"),
        default_category: table.text_if_any("default_category"),
        status: all(table, "status", status),
        priority: all(table, "priority", |entry| Priority {
            key: entry.text("key"),
            name: entry.text("name"),
        }),
        types: all(table, "type", named),
        category: all(table, "category", |entry| Category {
            key: entry.text("key"),
            name: entry.text("name"),
            team: entry.text_if_any("team"),
            auto_close_hours: entry.number_if_any("auto_close_hours"),
            nudge_days: entry.number_if_any("nudge_days"),
            close_waiting_days: entry.number_if_any("close_waiting_days"),
        }),
        team: all(table, "team", |entry| Team {
            key: entry.text("key"),
            name: entry.text("name"),
            assign: match entry.text_if_any("assign").as_deref() {
                Some("round_robin") => Some(Assign::RoundRobin),
                Some("least_loaded") => Some(Assign::LeastLoaded),
                _ => None,
            },
            assign_calendar: entry.text_if_any("assign_calendar"),
        }),
        field: all(table, "field", field),
        sla: all(table, "sla", target),
        sla_watch: watch(&table.table_or_defaults("sla_watch")),
        calendar: all(table, "calendar", |entry| Calendar {
            key: entry.text("key"),
            zone: zone(entry),
            hours: entry.texts("hours"),
            holidays: holidays(entry),
        }),
        rule: all(table, "rule", super::rule::read),
        organization: all(table, "organization", |entry| Organization {
            name: entry.text("name"),
            domains: entry.texts("domains"),
        }),
    }
}

fn all<T>(table: &Table<'_>, name: &str, read: impl Fn(&Table<'_>) -> T) -> Vec<T> {
    table.tables(name).iter().map(read).collect()
}

fn named(entry: &Table<'_>) -> Named {
    Named {
        key: entry.text("key"),
        name: entry.text("name"),
    }
}

fn status(entry: &Table<'_>) -> Status {
    let kind = match entry.text("kind").as_str() {
        "new" => StatusKind::New,
        "waiting" => StatusKind::Waiting,
        "resolved" => StatusKind::Resolved,
        "closed" => StatusKind::Closed,
        _ => StatusKind::Open,
    };
    Status {
        key: entry.text("key"),
        name: entry.text("name"),
        kind,
        to: entry.texts("to"),
        meaning: entry.text_if_any("meaning"),
        needs_reason: entry.switch("needs_reason"),
    }
}

fn field(entry: &Table<'_>) -> Field {
    let kind = match entry.text("type").as_str() {
        "number" => FieldKind::Number,
        "date" => FieldKind::Date,
        "choice" => FieldKind::Choice,
        "link" => FieldKind::Link,
        _ => FieldKind::Text,
    };
    Field {
        key: entry.text("key"),
        name: entry.text("name"),
        kind,
        choices: entry.texts("choices"),
        default: entry.text_if_any("default"),
    }
}

fn target(entry: &Table<'_>) -> SlaTarget {
    SlaTarget {
        priority: entry.text_if_any("priority"),
        team: entry.text_if_any("team"),
        ticket_type: entry.text_if_any("type"),
        category: entry.text_if_any("category"),
        organization: entry.text_if_any("organization"),
        first_response_minutes: entry.number_if_any("first_response_minutes"),
        next_response_minutes: entry.number_if_any("next_response_minutes"),
        resolution_minutes: entry.number_if_any("resolution_minutes"),
        calendar: entry.text_if_any("calendar"),
    }
}

fn watch(table: &Table<'_>) -> SlaWatch {
    SlaWatch {
        warn_percent: table.number("warn_percent"),
        warn_minutes: table.number("warn_minutes"),
        quiet_minutes: table.number("quiet_minutes"),
        calendar: table.text_if_any("calendar"),
        escalate: all(table, "escalate", |entry| Escalation {
            after_minutes: entry.number("after_minutes"),
            to: match entry.text("to").as_str() {
                "team" => EscalateTo::Team,
                "managers" => EscalateTo::Managers,
                "admins" => EscalateTo::Admins,
                _ => EscalateTo::Lead,
            },
        }),
    }
}

/// The days off of a calendar: those of its list, and those of its file that do not stand there.
fn holidays(entry: &Table<'_>) -> Vec<String> {
    let mut days = entry.texts("holidays");
    let file = entry.path_if_any("holidays_file");
    // A file that is not there is in the report already.
    let Some(file) = file.filter(|file| file.is_file()) else {
        return days;
    };
    match super::holidays::read(&file) {
        Ok(more) => {
            let more: Vec<String> = more.iter().map(ToString::to_string).collect();
            days.extend(
                more.into_iter()
                    .filter(|day| !days.contains(day))
                    .collect::<Vec<_>>(),
            );
        }
        Err(what) => entry.refuse(
            "holidays_file",
            what,
            "Write the path of an .ics file of holidays.",
        ),
    }
    days
}

/// A zone that is missing or unknown is in the report.
fn zone(table: &Table<'_>) -> Tz {
    table.text("zone").parse().unwrap_or(Tz::UTC)
}
