//! Rules at opening: which of the desk's rules hold for a new ticket, and what they make of it. Pure.

use crate::config::DeskSettings;
use crate::config::rule::Rule;

/// What rules look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The requester's address.
    pub sender: Option<&'a str>,
    /// The name of the requester's organization.
    pub organization: Option<&'a str>,
    /// The subject.
    pub subject: &'a str,
    /// The text.
    pub text: &'a str,
    /// The category it has before any rule.
    pub category: Option<&'a str>,
    /// Whether somebody chose that category, so that no rule changes it.
    pub chosen: bool,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What held, as words such as `the subject has “invoice”`; or what did not.
    pub verdict: Result<Vec<String>, String>,
}

/// What all rules together make of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided<'a> {
    /// The rules that were tried, in order. Those below one that is the last are not among them.
    pub tried: Vec<Tried<'a>>,
    /// The category.
    pub category: Option<&'a str>,
    /// The team.
    pub team: Option<&'a str>,
    /// The priority.
    pub priority: Option<&'a str>,
    /// The tags, in lower case, sorted.
    pub tags: Vec<String>,
    /// The handle of the agent.
    pub assignee: Option<&'a str>,
}

impl<'a> Decided<'a> {
    /// The rules that matched, each with why and what it says.
    pub fn matched(&self) -> impl Iterator<Item = (&'a Rule, String)> {
        self.tried.iter().filter_map(|tried| {
            let why = tried.verdict.as_ref().ok()?;
            Some((
                tried.rule,
                format!("{}: {}", why.join(" and "), deeds(tried.rule)),
            ))
        })
    }

    /// The rule that chose the assignee.
    #[must_use]
    pub fn who_assigned(&self) -> Option<&'a Rule> {
        let matched = self
            .tried
            .iter()
            .rev()
            .filter(|tried| tried.verdict.is_ok());
        matched
            .map(|tried| tried.rule)
            .find(|rule| rule.assignee.is_some())
    }
}

/// Tries the desk's rules in order.
#[must_use]
pub fn decide<'a>(desk: &'a DeskSettings, arrival: &Arrival<'_>) -> Decided<'a> {
    let mut decided = Decided::default();
    for rule in &desk.rule {
        let category = decided.category.or(arrival.category);
        let verdict = holds(rule, arrival, category);
        let matched = verdict.is_ok();
        decided.tried.push(Tried { rule, verdict });
        if !matched {
            continue;
        }
        if let Some(category) = rule.category.as_deref().filter(|_| !arrival.chosen) {
            decided.category = Some(category);
            // The category's team, which a rule of an earlier category does not outlive.
            decided.team = desk
                .team_for_category(category)
                .map(|team| team.key.as_str());
        }
        decided.team = rule.team.as_deref().or(decided.team);
        decided.priority = rule.priority.as_deref().or(decided.priority);
        decided.assignee = rule.assignee.as_deref().or(decided.assignee);
        decided
            .tags
            .extend(rule.tags.iter().map(|tag| tag.to_lowercase()));
        if rule.last {
            break;
        }
    }
    decided.tags.sort_unstable();
    decided.tags.dedup();
    decided
}

/// What a rule does, in words.
#[must_use]
pub fn deeds(rule: &Rule) -> String {
    let named = [
        ("category", &rule.category),
        ("team", &rule.team),
        ("priority", &rule.priority),
        ("assignee", &rule.assignee),
    ];
    let mut deeds: Vec<String> = named
        .into_iter()
        .filter_map(|(what, value)| Some(format!("{what} {}", value.as_deref()?)))
        .collect();
    if !rule.tags.is_empty() {
        deeds.push(format!("tags {}", rule.tags.join(", ")));
    }
    if rule.last {
        deeds.push("no rule below is tried".to_owned());
    }
    deeds.join(", ")
}

fn holds(
    rule: &Rule,
    arrival: &Arrival<'_>,
    category: Option<&str>,
) -> Result<Vec<String>, String> {
    let both = format!("{}\n{}", arrival.subject, arrival.text);
    let same = |given: Option<&str>, one: &String| {
        given.is_some_and(|given| given.to_lowercase() == one.to_lowercase())
    };
    type Test<'t> = &'t dyn Fn(&String) -> bool;
    let conditions: [(&str, &[String], Test<'_>); 5] = [
        ("the sender is", &rule.if_sender, &|one| {
            arrival.sender.is_some_and(|sender| is_of(sender, one))
        }),
        ("the organization is", &rule.if_organization, &|one| {
            same(arrival.organization, one)
        }),
        ("the subject has", &rule.if_subject, &|one| {
            has_words(arrival.subject, one)
        }),
        ("it has the words", &rule.if_words, &|one| {
            has_words(&both, one)
        }),
        ("the category is", &rule.if_category, &|one| {
            same(category, one)
        }),
    ];
    let mut why = Vec::new();
    for (what, values, test) in conditions {
        if values.is_empty() {
            continue;
        }
        match values.iter().find(|value| test(value)) {
            Some(value) => why.push(format!("{what} “{value}”")),
            None => {
                let values: Vec<String> = values.iter().map(|value| format!("“{value}”")).collect();
                return Err(format!("not that {what} {}", values.join(" or ")));
            }
        }
    }
    Ok(why)
}

/// Whether an address is this one, or one in this domain.
fn is_of(sender: &str, wanted: &str) -> bool {
    let (sender, wanted) = (sender.to_lowercase(), wanted.to_lowercase());
    match wanted.strip_prefix('@').unwrap_or(&wanted) {
        address if address.contains('@') => sender == address,
        domain => sender
            .rsplit_once('@')
            .is_some_and(|(_, own)| own == domain),
    }
}

/// Whether the words stand in the text next to each other, whole and in any case; how they are spaced does not matter.
fn has_words(text: &str, wanted: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let wanted = words(wanted);
    !wanted.is_empty()
        && words(text)
            .windows(wanted.len())
            .any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_addresses_or_domains() {
        assert!(is_of("Jane@Bank.example", "jane@bank.example"));
        assert!(is_of("jane@bank.example", "bank.example"));
        assert!(is_of("jane@bank.example", "@bank.example"));
        assert!(!is_of("jane@evilbank.example", "bank.example"));
        assert!(!is_of("jane@bank.example.org", "bank.example"));
        assert!(!is_of("jane@bank.example", "joe@bank.example"));
    }

    #[test]
    fn words_are_whole_and_in_any_case() {
        assert!(has_words("Re: INVOICE 12", "invoice"));
        assert!(has_words("a credit\n  note, please", "credit note"));
        assert!(!has_words("invoices", "invoice"));
        assert!(!has_words("note of credit", "credit note"));
        assert!(has_words("Die Größe fehlt", "größe"));
        assert!(!has_words("anything", "  "));
    }
}
