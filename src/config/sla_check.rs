//! What must hold between targets, calendars and the rest of the desk.

use super::desk::DeskSettings;
use super::desk_check::{reference, top, twice};
use super::hours::WorkingHours;
use super::problem::{Fault, KeyPath, shown};
use super::sla::{SlaTarget, SlaWatch};

/// Adds what is wrong.
pub(super) fn check(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    for (at, target) in desk.sla.iter().enumerate() {
        let path = top("sla").item(at);
        references(desk, target, &path, faults);
        times(target, path, faults);
    }
    same_tickets(desk, faults);
    let calendar = desk.sla_watch.calendar.as_deref();
    if let Some(calendar) = calendar.filter(|key| *key != SlaWatch::ALWAYS) {
        let path = top("sla_watch").key("calendar");
        reference(desk, "calendar", calendar, &path, faults);
    }
    calendars(desk, faults);
}

/// The attributes that an entry names, by the desk's lists.
fn attributes(target: &SlaTarget) -> [(&'static str, Option<&str>); 5] {
    [
        ("priority", target.priority.as_deref()),
        ("team", target.team.as_deref()),
        ("type", target.ticket_type.as_deref()),
        ("category", target.category.as_deref()),
        ("organization", target.organization.as_deref()),
    ]
}

fn references(desk: &DeskSettings, target: &SlaTarget, path: &KeyPath, faults: &mut Vec<Fault>) {
    let calendar = ("calendar", target.calendar.as_deref());
    for (list, word) in attributes(target).into_iter().chain([calendar]) {
        if let Some(word) = word {
            reference(desk, list, word, &path.key(list), faults);
        }
    }
}

/// Two entries for the very same tickets would leave open which one holds.
fn same_tickets(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    for (at, target) in desk.sla.iter().enumerate() {
        let mut earlier = desk.sla.iter().take(at);
        if let Some(first) = earlier.position(|one| attributes(one) == attributes(target)) {
            faults.push(Fault::new(
                top("sla").item(at),
                "These targets are for the same tickets as an entry before.",
                format!(
                    "The other one is {}; keep one of them.",
                    top("sla").item(first)
                ),
            ));
        }
    }
}

fn times(target: &SlaTarget, path: KeyPath, faults: &mut Vec<Fault>) {
    let first = target.first_response_minutes;
    let resolution = target.resolution_minutes;
    match (first, resolution) {
        (None, None) if target.next_response_minutes.is_none() => faults.push(Fault::new(
            path,
            "This target has no time.",
            "Write first_response_minutes, next_response_minutes, resolution_minutes or several of them.",
        )),
        (Some(first), Some(resolution)) if first > resolution && resolution > 0 => faults.push(Fault::new(
            path.key("resolution_minutes"),
            format!("The resolution ({resolution} min) would be due before the first response ({first} min)."),
            "The first response comes first.",
        )),
        _ => {}
    }
}

fn calendars(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    for (at, calendar) in desk.calendar.iter().enumerate() {
        let path = top("calendar").item(at);
        if calendar.hours.is_empty() {
            faults.push(Fault::new(
                path.key("hours"),
                "This calendar has no working hours, so that no target would ever be due.",
                "Write ranges such as \"mon-fri 09:00-17:00\".",
            ));
        }
        let mut spans: Vec<(u32, u32, usize)> = Vec::new();
        for (item, text) in calendar.hours.iter().enumerate() {
            let Ok(hours) = WorkingHours::parse(text) else {
                continue;
            };
            let mut clash = None;
            for (start, end) in hours.spans() {
                let overlaps = |(from, to, _): &&(u32, u32, usize)| *from < end && start < *to;
                clash = clash.or(spans.iter().find(overlaps).map(|(_, _, other)| *other));
                spans.push((start, end, item));
            }
            if let Some(other) = clash {
                faults.push(Fault::new(
                    path.key("hours").item(item),
                    format!("`{}` overlaps with another range.", shown(text)),
                    format!("The other one is hours[{}].", other + 1),
                ));
            }
        }
        let holidays = calendar.holidays.iter().enumerate();
        let holidays = holidays.map(|(item, day)| (day.as_str(), path.key("holidays").item(item)));
        twice(holidays, "day", faults);
    }
}
