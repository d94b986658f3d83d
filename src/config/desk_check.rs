//! What must hold between the parts of a desk. The workflow is checked in `workflow_check`.

use super::desk::{DeskSettings, Field, FieldKind};
use super::number::NumberFormat;
use super::problem::{Fault, KeyPath, listed, nearest, shown};

impl DeskSettings {
    /// What is wrong with the desk as a whole; paths start at the desk. Nothing for every desk that was loaded.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        duplicates(self, &mut faults);
        references(self, &mut faults);
        super::workflow_check::check(self, &mut faults);
        for (at, field) in self.field.iter().enumerate() {
            check_field(field, &top("field").item(at), &mut faults);
        }
        check_number(self, &self.number, &top("number"), |_| false, &mut faults);
        follow_ups(self, &mut faults);
        super::sla_check::check(self, &mut faults);
        super::rule::check(self, &mut faults);
        calendars(self, &mut faults);
        organizations(self, &mut faults);
        faults
    }

    /// The keys of one of the desk's lists, by the list's name in the file.
    pub(super) fn keys_of(&self, list: &str) -> Vec<&str> {
        match list {
            "status" => self.status.iter().map(|one| one.key.as_str()).collect(),
            "priority" => self.priority.iter().map(|one| one.key.as_str()).collect(),
            "type" => self.types.iter().map(|one| one.key.as_str()).collect(),
            "category" => self.category.iter().map(|one| one.key.as_str()).collect(),
            "team" => self.team.iter().map(|one| one.key.as_str()).collect(),
            "field" => self.field.iter().map(|one| one.key.as_str()).collect(),
            "calendar" => self.calendar.iter().map(|one| one.key.as_str()).collect(),
            "organization" => self
                .organization
                .iter()
                .map(|one| one.name.as_str())
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The calendars of reports, and those by which teams are present.
fn calendars(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    if let Some(calendar) = &desk.report_calendar {
        reference(desk, "calendar", calendar, &top("report_calendar"), faults);
    }
    for (at, team) in desk.team.iter().enumerate() {
        let path = top("team").item(at).key("assign_calendar");
        if let Some(calendar) = &team.assign_calendar {
            reference(desk, "calendar", calendar, &path, faults);
        }
    }
}

pub(super) fn top(key: &str) -> KeyPath {
    KeyPath::top().key(key)
}

/// Reports a word that is no key of the list. A status or a priority is not looked for where the file has none at all,
/// which is a problem of its own.
pub(super) fn reference(
    desk: &DeskSettings,
    list: &str,
    word: &str,
    at: &KeyPath,
    faults: &mut Vec<Fault>,
) {
    let mut known = desk.keys_of(list);
    let mut seen = std::collections::BTreeSet::new();
    known.retain(|key| seen.insert(*key));
    let required = matches!(list, "status" | "priority");
    if known.contains(&word) || (known.is_empty() && required) {
        return;
    }
    let what = format!("There is no {list} `{}`.", shown(word));
    let hint = match (known.is_empty(), nearest(word, &known)) {
        (true, _) => format!("The desk has none; add one to its list `{list}`."),
        (false, Some(meant)) => format!("Did you mean `{meant}`? {}", there_are(&known)),
        (false, None) => there_are(&known),
    };
    faults.push(Fault::new(at.clone(), what, hint));
}

fn there_are(known: &[&str]) -> String {
    match known {
        [only] => format!("There is only `{}`.", shown(only)),
        _ => format!("There are {}.", listed(known)),
    }
}

/// Reports values that stand in a list more than once, compared without regard to case.
pub(super) fn twice<'a>(
    values: impl Iterator<Item = (&'a str, KeyPath)>,
    what: &str,
    faults: &mut Vec<Fault>,
) {
    let mut seen: Vec<(String, KeyPath)> = Vec::new();
    for (value, at) in values {
        let folded = value.to_lowercase();
        if folded.is_empty() {
            continue;
        }
        match seen.iter().find(|(known, _)| *known == folded) {
            Some((_, first)) => faults.push(Fault::new(
                at,
                format!("The {what} `{}` stands here a second time.", shown(value)),
                format!("It stands at {first} already; each needs its own."),
            )),
            None => seen.push((folded, at)),
        }
    }
}

fn duplicates(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let lists: [(&str, Vec<&str>); 6] = [
        (
            "status",
            desk.status.iter().map(|one| one.name.as_str()).collect(),
        ),
        (
            "priority",
            desk.priority.iter().map(|one| one.name.as_str()).collect(),
        ),
        (
            "type",
            desk.types.iter().map(|one| one.name.as_str()).collect(),
        ),
        (
            "category",
            desk.category.iter().map(|one| one.name.as_str()).collect(),
        ),
        (
            "team",
            desk.team.iter().map(|one| one.name.as_str()).collect(),
        ),
        (
            "field",
            desk.field.iter().map(|one| one.name.as_str()).collect(),
        ),
    ];
    for (list, names) in lists {
        let path = |at: usize, key: &str| top(list).item(at).key(key);
        let names = names.into_iter().enumerate();
        twice(
            names.map(|(at, name)| (name, path(at, "name"))),
            "name",
            faults,
        );
    }
    for list in [
        "status", "priority", "type", "category", "team", "field", "calendar",
    ] {
        let keys = desk.keys_of(list).into_iter().enumerate();
        let keys = keys.map(|(at, key)| (key, top(list).item(at).key("key")));
        twice(keys, "key", faults);
    }
}

fn references(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let single = [
        ("default_priority", "priority", Some(&desk.default_priority)),
        ("default_type", "type", desk.default_type.as_ref()),
        (
            "default_category",
            "category",
            desk.default_category.as_ref(),
        ),
    ];
    for (key, list, word) in single {
        if let Some(word) = word {
            reference(desk, list, word, &top(key), faults);
        }
    }
    if let Some(calendar) = &desk.follow_up_calendar {
        reference(
            desk,
            "calendar",
            calendar,
            &top("follow_up_calendar"),
            faults,
        );
    }
    for (at, category) in desk.category.iter().enumerate() {
        if let Some(team) = &category.team {
            reference(
                desk,
                "team",
                team,
                &top("category").item(at).key("team"),
                faults,
            );
        }
    }
}

fn check_field(field: &Field, path: &KeyPath, faults: &mut Vec<Fault>) {
    if ["date", "seq", "random"].contains(&field.key.as_str()) {
        faults.push(Fault::new(
            path.key("key"),
            format!(
                "`{}` is a placeholder of number formats already.",
                field.key
            ),
            "Give the field another key.",
        ));
    }
    match (field.kind, field.choices.is_empty()) {
        (FieldKind::Choice, true) => faults.push(Fault::new(
            path.key("choices"),
            "A field of the type `choice` needs choices.",
            "Write choices = [\"one\", \"two\"].",
        )),
        (FieldKind::Choice, false) | (_, true) => {}
        (_, false) => {
            let fault = Fault::new(
                path.key("choices"),
                "Only a field of the type `choice` has choices.",
                "Write type = \"choice\", or take the choices away.",
            );
            faults.push(fault.concluded_from([path.key("type")]));
        }
    }
    let choices = field.choices.iter().enumerate();
    let choices = choices.map(|(at, one)| (one.as_str(), path.key("choices").item(at)));
    twice(choices, "choice", faults);
    if let Some(default) = &field.default
        && let Err(hint) = super::value::check_field_value(field.kind, &field.choices, default)
    {
        let what = format!("`{}` cannot be the value of this field.", shown(default));
        let fault = Fault::new(path.key("default"), what, hint);
        faults.push(fault.concluded_from([path.key("type")]));
    }
}

/// Checks what a number format asks of the desk's fields. `given` says which fields have a value besides their default.
pub(super) fn check_number(
    desk: &DeskSettings,
    format: &str,
    at: &KeyPath,
    given: impl Fn(&str) -> bool,
    faults: &mut Vec<Fault>,
) {
    let format = match NumberFormat::parse(format) {
        Ok(format) => format,
        Err(fault) => {
            let what = format!("`{}` cannot number tickets: {fault}.", shown(format));
            faults.push(Fault::plain(at.clone(), what));
            return;
        }
    };
    for key in format.fields() {
        let Some((index, field)) = desk
            .field
            .iter()
            .enumerate()
            .find(|(_, one)| one.key == key)
        else {
            let mut known = vec!["date", "seq", "random"];
            known.extend(desk.keys_of("field"));
            let meant = nearest(key, &known)
                .map(|meant| format!("Did you mean `{{{meant}}}`? "))
                .unwrap_or_default();
            let hint = format!("{meant}Placeholders here are {}.", listed(&known));
            let what = format!("The placeholder `{{{key}}}` names no custom field.");
            faults.push(Fault::new(at.clone(), what, hint));
            continue;
        };
        if field.default.is_none() && !given(key) {
            faults.push(Fault::new(
                at.clone(),
                format!("The field `{key}` has no default, and mail cannot name a value for it."),
                format!(
                    "Give the field a default, such as default = \"general\" at field[{}].",
                    index + 1
                ),
            ));
        }
    }
}

/// A ticket never closes on a customer who was not asked first.
fn follow_ups(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let mut check = |nudge: Option<u32>, close: Option<u32>, path: KeyPath| {
        let nudge = nudge.filter(|days| *days > 0);
        let Some(close) = close.filter(|days| *days > 0) else {
            return;
        };
        if nudge.is_none_or(|nudge| nudge >= close) {
            faults.push(Fault::new(
                path.key("close_waiting_days"),
                "A ticket would close before its customer was asked.",
                format!("Write nudge_days with fewer than {close} days."),
            ));
        }
    };
    check(desk.nudge_days, desk.close_waiting_days, KeyPath::top());
    for (at, category) in desk.category.iter().enumerate() {
        if category.nudge_days.is_some() || category.close_waiting_days.is_some() {
            let nudge = category.nudge_days.or(desk.nudge_days);
            let close = category.close_waiting_days.or(desk.close_waiting_days);
            check(nudge, close, top("category").item(at));
        }
    }
}

fn organizations(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let all = || desk.organization.iter().enumerate();
    let names =
        all().map(|(at, one)| (one.name.as_str(), top("organization").item(at).key("name")));
    twice(names, "name", faults);
    let domains = all().flat_map(|(at, one)| {
        let path = top("organization").item(at).key("domains");
        let domains = one.domains.iter().enumerate();
        domains.map(move |(item, domain)| (domain.as_str(), path.item(item)))
    });
    twice(domains, "domain", faults);
}
