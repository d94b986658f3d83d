//! What a command answers: a text made from a template, and the values it was made from.

use std::sync::LazyLock;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::markdown;
use crate::chat::text;
use crate::ids::{CommentId, TicketId};

/// The answer to a command. It is for whoever gave the command and for nobody else.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// The text, as Markdown.
    pub text: String,
    /// The ticket it is about.
    pub ticket: Option<TicketId>,
    /// The comment that was written.
    pub comment: Option<CommentId>,
    /// What the text was made from, for programs.
    pub data: serde_json::Value,
    /// A file that goes with it.
    pub file: Option<ReplyFile>,
    /// What may be said next: a button where there are any, or a line to type.
    pub offers: Vec<Offer>,
}

/// A file of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyFile {
    /// Its name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Something that may be said next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What stands on the button.
    pub label: &'static str,
    /// The line; it is understood anywhere, within the ticket's thread or not.
    pub line: String,
    /// Whether it is what was asked for (and not a way back).
    pub confirms: bool,
}

impl Reply {
    /// An answer from a template of `templates/command/`, without the `.md`.
    ///
    /// # Errors
    /// If the template asks for a value that is not there.
    pub(super) fn of(template: &str, zone: Tz, data: &impl Serialize) -> anyhow::Result<Self> {
        let data = serde_json::to_value(data)?;
        let values = context! { zone => zone.name(), ..Value::from(Serde(&data)) };
        let text = TEMPLATES
            .get_template(template)
            .and_then(|compiled| compiled.render(values))
            .with_context(|| format!("the template command/{template}.md"))?;
        Ok(Self {
            text: markdown::tidy(&text),
            data,
            ..Self::default()
        })
    }

    /// The same about a ticket.
    #[must_use]
    pub(super) fn on(mut self, ticket: TicketId) -> Self {
        self.ticket = Some(ticket);
        self
    }

    /// The text without marks, for a terminal or a mail.
    #[must_use]
    pub fn plain(&self) -> String {
        markdown::plain(&self.text)
    }
}

macro_rules! templates {
    ($($name:literal,)*) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/command/", $name, ".md")))),*]
    };
}

const FILES: &[(&str, &str)] = &templates![
    "agents",
    "assigned",
    "bulk",
    "canned",
    "changed",
    "close_asked",
    "commented",
    "connect",
    "digests",
    "due",
    "handed_over",
    "help",
    "help_command",
    "history",
    "linked",
    "list",
    "merged",
    "opened",
    "party",
    "presence",
    "rated",
    "readers",
    "reminder_changed",
    "reminder_hours",
    "reminder_set",
    "reminders",
    "show",
    "sla",
    "snoozed",
    "spam",
    "split",
    "stats",
    "status",
    "teams",
    "transcript",
    "undone",
    "whoami",
    "words",
    "zone",
];

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(|out, _, value| {
        let words = value.to_string();
        let words = if value.is_safe() {
            words
        } else {
            text::escape(&words)
        };
        out.write_str(&words).map_err(minijinja::Error::from)
    });
    environment.add_filter("moment", moment);
    environment.add_filter("code", |text: &str| {
        Value::from_safe_string(markdown::code(text))
    });
    environment.add_filter("quoted", |text: &str| {
        Value::from_safe_string(markdown::quoted(text))
    });
    environment.add_filter("one_line", markdown::one_line);
    environment.add_filter("short", |words: &str, most: usize| {
        text::shortened(words, most)
    });
    for &(name, text) in FILES {
        // A template that does not compile is not there; a test compiles them all.
        let _ = environment.add_template(name, text);
    }
    environment
});

/// A moment in a zone, to the minute.
fn moment(at: &str, zone: &str) -> String {
    let at = at.parse::<DateTime<Utc>>();
    match (at, zone.parse::<Tz>()) {
        (Ok(at), Ok(zone)) => at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn every_template_is_built_in_and_compiles() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/command");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .replace(".md", "")
            })
            .collect();
        names.sort();
        let built_in: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, built_in);
        for name in names {
            TEMPLATES.get_template(&name).unwrap();
        }
    }
}
