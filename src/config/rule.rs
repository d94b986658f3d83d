//! Rules at opening: what a new ticket gets by what it says and who sent it.

use serde::{Deserialize, Serialize};

use super::desk::DeskSettings;
use super::desk_check::{reference, top, twice};
use super::problem::{Fault, KeyPath, shown};
use super::read::Table;

/// One rule. All of the conditions that it has must hold; of several values of one, any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// Senders: whole addresses, or domains.
    #[serde(default)]
    pub if_sender: Vec<String>,
    /// Names of the requester's organization.
    #[serde(default)]
    pub if_organization: Vec<String>,
    /// Words of the subject.
    #[serde(default)]
    pub if_subject: Vec<String>,
    /// Words of the subject or the text.
    #[serde(default)]
    pub if_words: Vec<String>,
    /// Categories that it has so far.
    #[serde(default)]
    pub if_category: Vec<String>,
    /// The category it gets, and with it that category's team unless the rule names another.
    #[serde(default)]
    pub category: Option<String>,
    /// The team it gets.
    #[serde(default)]
    pub team: Option<String>,
    /// The priority it gets.
    #[serde(default)]
    pub priority: Option<String>,
    /// The tags it gets besides others.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The handle of the agent who gets it.
    #[serde(default)]
    pub assignee: Option<String>,
    /// Whether the rules below are not tried any more once it matched.
    #[serde(default)]
    pub last: bool,
}

impl Rule {
    fn has_condition(&self) -> bool {
        let conditions = [
            &self.if_sender,
            &self.if_organization,
            &self.if_subject,
            &self.if_words,
            &self.if_category,
        ];
        conditions.into_iter().any(|one| !one.is_empty())
    }

    fn does_something(&self) -> bool {
        let given = [&self.category, &self.team, &self.priority, &self.assignee];
        given.into_iter().any(Option::is_some) || !self.tags.is_empty() || self.last
    }
}

pub(super) fn read(entry: &Table<'_>) -> Rule {
    Rule {
        name: entry.text("name"),
        if_sender: entry.texts("if_sender"),
        if_organization: entry.texts("if_organization"),
        if_subject: entry.texts("if_subject"),
        if_words: entry.texts("if_words"),
        if_category: entry.texts("if_category"),
        category: entry.text_if_any("category"),
        team: entry.text_if_any("team"),
        priority: entry.text_if_any("priority"),
        tags: entry.texts("tags"),
        assignee: entry.text_if_any("assignee"),
        last: entry.switch("last"),
    }
}

/// Adds what is wrong.
pub(super) fn check(desk: &DeskSettings, faults: &mut Vec<Fault>) {
    let rules = || desk.rule.iter().enumerate();
    let names = rules().map(|(at, rule)| (rule.name.as_str(), top("rule").item(at).key("name")));
    twice(names, "rule", faults);
    for (at, rule) in rules() {
        let path = top("rule").item(at);
        let given = [
            ("category", &rule.category),
            ("team", &rule.team),
            ("priority", &rule.priority),
        ];
        for (list, word) in given {
            if let Some(word) = word {
                reference(desk, list, word, &path.key(list), faults);
            }
        }
        let conditions = [
            ("category", "if_category", &rule.if_category),
            ("organization", "if_organization", &rule.if_organization),
        ];
        for (list, key, words) in conditions {
            for (item, word) in words.iter().enumerate() {
                reference(desk, list, word, &path.key(key).item(item), faults);
            }
        }
        senders(rule, &path, faults);
        if !rule.has_condition() {
            faults.push(Fault::new(
                path.clone(),
                "This rule has no condition and would hold for every ticket.",
                "Give it if_sender, if_organization, if_subject, if_words or if_category; what every ticket gets stands at \
                 the desk and at its mailboxes.",
            ));
        }
        if !rule.does_something() {
            faults.push(Fault::new(
                path,
                "This rule does nothing.",
                "Give it category, team, priority, tags or assignee, or last = true.",
            ));
        }
    }
}

fn senders(rule: &Rule, path: &KeyPath, faults: &mut Vec<Fault>) {
    for (item, sender) in rule.if_sender.iter().enumerate() {
        let domain = sender
            .rsplit_once('@')
            .map_or(sender.as_str(), |(_, domain)| domain);
        let odd = |c: char| c.is_whitespace() || "<>,;\"()*".contains(c);
        if !domain.contains('.') || sender.contains(odd) {
            faults.push(Fault::new(
                path.key("if_sender").item(item),
                format!("`{}` is neither an address nor a domain.", shown(sender)),
                "Write an address such as \"jane@example.com\", or a domain such as \"example.com\" for all of its addresses.",
            ));
        }
    }
}
