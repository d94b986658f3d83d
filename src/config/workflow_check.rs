//! What must hold for a workflow: every status can be reached, and a ticket can end from each.

use std::collections::BTreeSet;

use super::desk::{DeskSettings, Status, StatusKind};
use super::desk_check::{reference, twice};
use super::problem::{Fault, KeyPath, listed};

/// Adds what is wrong with the statuses and the steps between them.
pub(super) fn check(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    if desk.status.is_empty() {
        return;
    }
    steps(desk, faults);
    roles(desk, faults);
    ends(desk, faults);
    reachable(desk, faults);
}

fn top(key: &str) -> KeyPath {
    KeyPath::top().key(key)
}

fn steps(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    for (at, status) in desk.status.iter().enumerate() {
        let path = top("status").item(at).key("to");
        let to = || status.to.iter().enumerate();
        for (item, next) in to() {
            let at = path.item(item);
            if *next == status.key {
                faults.push(Fault::new(
                    at,
                    format!("`{next}` would follow itself."),
                    "List only the other statuses that may follow.",
                ));
            } else {
                reference(desk, "status", next, &at, faults);
            }
        }
        let to = to().map(|(item, next)| (next.as_str(), path.item(item)));
        twice(to, "status", faults);
    }
}

/// The keys that name a status.
const ROLES: [&str; 4] = [
    "initial_status",
    "assigned_status",
    "active_status",
    "reopened_status",
];

/// The statuses that the machinery sets must exist and be of a fitting kind.
fn roles(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    use StatusKind::{New, Open};
    let roles: [(&str, Option<&String>, &[StatusKind]); 4] = [
        ("initial_status", Some(&desk.initial_status), &[New, Open]),
        ("assigned_status", desk.assigned_status.as_ref(), &[Open]),
        ("active_status", Some(&desk.active_status), &[New, Open]),
        ("reopened_status", Some(&desk.reopened_status), &[New, Open]),
    ];
    for (role, key, kinds) in roles {
        let Some(key) = key else { continue };
        let Some(status) = desk.status(key) else {
            reference(desk, "status", key, &top(role), faults);
            continue;
        };
        if !kinds.contains(&status.kind) {
            let fitting = |one: &&Status| kinds.contains(&one.kind);
            let fitting: Vec<&str> = desk
                .status
                .iter()
                .filter(fitting)
                .map(|one| one.key.as_str())
                .collect();
            let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
            let mut hint = format!("Its kind must be {}", words.join(" or "));
            match fitting.is_empty() {
                true => hint.push_str("; the desk has no such status."),
                false => hint.push_str(&format!(", as that of {}.", listed(&fitting))),
            }
            let what = format!("The status `{key}` is of kind {}.", status.kind.word());
            let at = desk.status.iter().position(|one| one.key == *key);
            let kind = at.map(|at| top("status").item(at).key("kind"));
            faults.push(Fault::new(top(role), what, hint).concluded_from(kind));
        }
    }
}

/// The step that the machinery makes from a status, besides those that people may make: what a customer's reply, an
/// assignment and the clock do is permitted by the settings that name it.
fn machine_steps<'a>(desk: &'a DeskSettings, from: &Status) -> Vec<&'a str> {
    let mut next = Vec::new();
    if from.key == desk.initial_status {
        next.extend(desk.assigned_status.as_deref());
    }
    match from.kind {
        StatusKind::New | StatusKind::Open => {}
        StatusKind::Waiting => next.push(desk.active_status.as_str()),
        StatusKind::Resolved | StatusKind::Closed => next.push(desk.reopened_status.as_str()),
    }
    let closes_by_the_clock = match from.kind {
        StatusKind::Resolved => desk.auto_close_hours.is_some(),
        StatusKind::Waiting => desk.close_waiting_days.is_some(),
        _ => false,
    };
    if closes_by_the_clock {
        let closed = desk.first_status_of_kind(StatusKind::Closed);
        next.extend(closed.map(|status| status.key.as_str()));
    }
    next
}

fn reachable(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let from_start = closure(desk, &desk.initial_status);
    let mut grounds = grounds(desk, &["key", "kind", "to"]);
    grounds.extend(ROLES.map(top));
    for (at, status) in desk.status.iter().enumerate() {
        let path = top("status").item(at).key("key");
        if !from_start.contains(status.key.as_str()) {
            let what = format!("No ticket can ever reach the status `{}`.", status.key);
            let hint = format!(
                "Add \"{}\" to the `to` of a status that can be reached: {}.",
                status.key,
                listed(&from_start.iter().copied().collect::<Vec<_>>())
            );
            faults.push(Fault::new(path, what, hint).concluded_from(grounds.clone()));
            continue;
        }
        let leads_to_an_end = closure(desk, &status.key).into_iter().any(|key| {
            matches!(
                desk.kind_of(key),
                Some(StatusKind::Resolved | StatusKind::Closed)
            )
        });
        if !leads_to_an_end {
            let what = format!(
                "From `{}` no resolved or closed status can be reached.",
                status.key
            );
            let fault = Fault::new(path, what, "Let one of them follow.");
            faults.push(fault.concluded_from(grounds.clone()));
        }
    }
}

/// The status itself and all that may follow it in any number of steps.
fn closure<'a>(desk: &'a DeskSettings, from: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(key) = open.pop() {
        let Some(status) = desk.status(key) else {
            continue;
        };
        let people = status.to.iter().map(String::as_str);
        for next in people.chain(machine_steps(desk, status)) {
            if desk.status(next).is_some() && seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

/// These keys of every status.
fn grounds(desk: &DeskSettings, keys: &[&str]) -> Vec<KeyPath> {
    let statuses = 0..desk.status.len();
    statuses
        .flat_map(|at| keys.iter().map(move |key| top("status").item(at).key(key)))
        .collect()
}

fn ends(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let kinds = grounds(desk, &["kind"]);
    let has_closed = desk.first_status_of_kind(StatusKind::Closed).is_some();
    let closing = [
        ("auto_close_hours", desk.auto_close_hours, "resolved"),
        ("close_waiting_days", desk.close_waiting_days, "waiting"),
    ];
    for (key, span, which) in closing {
        if span.is_some() && !has_closed {
            let fault = Fault::new(
                top(key),
                format!("There is no status of kind closed that {which} tickets could take."),
                format!("Add one with kind = \"closed\", or leave {key} out."),
            );
            faults.push(fault.concluded_from(kinds.clone()));
        }
    }
    let is_end = |status: &Status| matches!(status.kind, StatusKind::Resolved | StatusKind::Closed);
    if !desk.status.iter().any(is_end) {
        let fault = Fault::new(
            top("status"),
            "No status is of kind resolved or closed, so that no ticket could ever end.",
            "Add one with kind = \"resolved\" or kind = \"closed\".",
        );
        faults.push(fault.concluded_from(kinds));
    }
}

#[cfg(test)]
mod tests {
    use super::super::load_text::desk;

    /// Statuses as `key kind: to to`, and what is found wrong with them.
    fn faults(statuses: &[&str], more: &str) -> Vec<String> {
        let mut text = String::from(
            "name = 'A'\nactive_status = 'open'\nreopened_status = 'open'\ndefault_priority = 'p'\n",
        );
        text.push_str(more);
        text.push_str("\n[[priority]]\nkey = 'p'\nname = 'P'\n");
        for status in statuses {
            let (head, to) = status.split_once(": ").unwrap_or((status, ""));
            let (key, kind) = head.split_once(' ').unwrap_or((head, ""));
            let to: Vec<&str> = to.split_whitespace().collect();
            text.push_str(&format!(
                "[[status]]\nkey = '{key}'\nname = '{key}'\nkind = '{kind}'\nto = {to:?}\n"
            ));
        }
        match desk(&text) {
            Ok(_) => Vec::new(),
            Err(problems) => (problems.as_slice().iter())
                .map(|one| format!("{}: {}", one.key, one.what))
                .collect(),
        }
    }

    #[test]
    fn a_status_that_nothing_leads_to_is_found() {
        let told = faults(
            &[
                "open open: done",
                "held waiting: done",
                "done resolved: open",
            ],
            "initial_status = 'open'",
        );
        assert_eq!(
            told,
            ["status[2].key: No ticket can ever reach the status `held`."]
        );
    }

    #[test]
    fn a_status_that_leads_to_no_end_is_found() {
        let told = faults(
            &["open open: done stuck", "stuck open: ", "done closed: open"],
            "initial_status = 'open'",
        );
        assert_eq!(
            told,
            ["status[2].key: From `stuck` no resolved or closed status can be reached."]
        );
    }

    /// A customer's reply, an assignment and the clock lead where no `to` does.
    #[test]
    fn steps_of_the_machinery_count_as_ways() {
        let told = faults(
            &[
                "new new: held",
                "held waiting: ",
                "mine open: held",
                "open open: done",
                "done resolved: ",
                "gone closed: ",
            ],
            "initial_status = 'new'\nassigned_status = 'mine'\nauto_close_hours = 1",
        );
        assert_eq!(told, [""; 0]);
    }

    #[test]
    fn a_desk_in_which_nothing_ends_is_told_so() {
        let told = faults(
            &["open open: held", "held waiting: open"],
            "initial_status = 'open'",
        );
        assert_eq!(
            told.first().map(String::as_str),
            Some(
                "status: No status is of kind resolved or closed, so that no ticket could ever end."
            )
        );
    }

    #[test]
    fn closing_by_the_clock_needs_a_closed_status() {
        let told = faults(
            &["open open: done", "done resolved: open"],
            "initial_status = 'open'\nauto_close_hours = 48",
        );
        assert_eq!(
            told,
            [
                "auto_close_hours: There is no status of kind closed that resolved tickets could take."
            ]
        );
    }

    #[test]
    fn a_new_ticket_cannot_be_closed() {
        let told = faults(
            &["open open: done", "done closed: open"],
            "initial_status = 'done'",
        );
        assert_eq!(
            told,
            ["initial_status: The status `done` is of kind closed."]
        );
    }

    /// One mistake is told once: what follows from a misspelt kind is not told beside it.
    #[test]
    fn nothing_is_concluded_from_what_cannot_be_read() {
        let told = faults(
            &["open open: done", "done close: open"],
            "initial_status = 'open'\nauto_close_hours = 48",
        );
        assert_eq!(
            told,
            ["status[2].kind: `close` is not one of the values that may stand here."]
        );
    }
}
