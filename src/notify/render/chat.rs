//! Templates of posts: from values to the common Markdown. Values are somebody's words and are escaped; the templates'
//! own marks stand.

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::json;

use super::{LoadError, RenderError, Sources, at, explain, tidy};
use crate::chat::text::escape;

macro_rules! files {
    ($($name:literal,)*) => {
        [$((concat!("chat/", $name, ".md"), include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/chat/", $name, ".md")))),*]
    };
}

/// Every file by its name below `templates/`.
pub(super) const FILES: [(&str, &str); 13] = files![
    "alarm",
    "card",
    "comment",
    "customer_comment",
    "customer_nudge",
    "customer_opened",
    "customer_status",
    "digest",
    "digest_card",
    "failed",
    "moved",
    "panel",
    "reminder",
];

/// Whether a file of an operator's is meant to replace a template. Markdown is one for chat only: a README beside the
/// mails' templates is not.
pub(super) fn is_template(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    match path.extension().and_then(|kind| kind.to_str()) {
        Some("txt" | "html" | "css") => true,
        Some("md") => folder.is_some_and(|folder| folder == "chat"),
        _ => false,
    }
}

/// The templates, ready to render.
#[derive(Debug)]
pub(super) struct Posts {
    compiled: Environment<'static>,
}

impl Posts {
    /// Compiles each and tries it on samples.
    pub(super) fn load(sources: &Sources) -> Result<Self, LoadError> {
        let mut compiled = environment();
        for (name, _) in FILES {
            let Some(source) = sources.get(name) else {
                continue;
            };
            compiled
                .add_template_owned(name, source.text.clone())
                .map_err(|error| at(&source.file, &error))?;
            for sample in samples(name) {
                compiled
                    .get_template(name)
                    .and_then(|template| template.render(Value::from(Serde(&sample))))
                    .map_err(|error| at(&source.file, &error))?;
            }
        }
        Ok(Self { compiled })
    }

    /// Renders a post.
    pub(super) fn render(
        &self,
        name: &str,
        values: &impl serde::Serialize,
    ) -> Result<String, RenderError> {
        let file = format!("chat/{name}.md");
        let template = self
            .compiled
            .get_template(&file)
            .map_err(|_| RenderError::Unknown(file.clone()))?;
        let text = template.render(Value::from(Serde(values)));
        let text = text.map_err(|error| RenderError::Failed {
            line: error.line().unwrap_or(0),
            detail: explain(&error),
            name: file,
        })?;
        Ok(tidy(&text).trim().to_owned())
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(|out, _, value| {
        let text = value.to_string();
        out.write_str(&escape(&text))
            .map_err(minijinja::Error::from)
    });
    environment
}

/// Values that a post is tried with, so that a mistake shows at start.
fn samples(name: &str) -> Vec<serde_json::Value> {
    let card = |full: bool| {
        let some = |text: &str| full.then(|| text.to_owned());
        json!({
            "number": "TKT-1", "subject": "Printer", "requester": "Jane", "status": "Open", "priority": "High",
            "requester_address": some("jane@customer.example"), "organization": some("Example"),
            "category": some("General"), "team": some("Support"), "assignee": some("Ada"),
            "due": some("1 Dec 2026, 09:00 UTC"), "overdue": full, "snoozed": some("2 Dec 2026, 09:00 UTC"), "moved_to": some("Billing"),
        })
    };
    let comment = |internal: bool, by_staff: bool, deleted: bool| {
        json!({
            "author": "Jane", "internal": internal, "by_staff": by_staff, "text": "It is broken.",
            "edited": !deleted, "deleted": deleted, "left_out": [{ "name": "film.mov", "size": "2 GB" }],
        })
    };
    let customer = |full: bool, asks: bool| {
        let some = |text: &str| full.then(|| text.to_owned());
        json!({
            "desk": "Example Support", "number": "TKT-1", "subject": "Printer", "text": some("It is broken."),
            "author": "Ada", "by_staff": full, "edited": full, "left_out": [{ "name": "film.mov", "size": "2 GB" }],
            "status": full.then(|| json!({ "name": "Resolved", "meaning": null })), "closes_on": some("Monday"),
            "asks": asks.then_some("Monday"), "rates": full,
        })
    };
    match name {
        "chat/card.md" => vec![card(true), card(false)],
        "chat/comment.md" => vec![
            comment(true, true, false),
            comment(false, true, false),
            comment(false, false, true),
        ],
        "chat/digest.md" | "chat/digest_card.md" => ["digest", "morning"]
            .into_iter()
            .flat_map(super::sample::of)
            .map(|sample| sample.draft)
            .collect(),
        "chat/alarm.md" | "chat/reminder.md" => {
            let mail = name.trim_start_matches("chat/").trim_end_matches(".md");
            let samples = super::sample::of(mail).into_iter();
            samples.map(|sample| sample.draft).collect()
        }
        "chat/customer_comment.md" | "chat/customer_status.md" => {
            vec![
                customer(true, false),
                customer(false, true),
                customer(false, false),
            ]
        }
        "chat/customer_nudge.md" | "chat/customer_opened.md" => {
            vec![customer(true, true), customer(false, false)]
        }
        "chat/panel.md" => vec![json!({ "desk": "Example Support" })],
        "chat/moved.md" => vec![json!({ "team": "Billing" })],
        _ => vec![json!({ "address": "jane@customer.example", "error": "550 no such user" })],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::super::Templates;
    use serde_json::json;

    #[test]
    fn somebodys_words_bring_no_marks_of_their_own() {
        let values = json!({
            "author": "**Eve**", "internal": false, "by_staff": false, "text": "`a` *b*\n# c", "edited": false,
            "deleted": false, "left_out": [],
        });
        let text = Templates::load(None)
            .unwrap()
            .post("comment", &values)
            .unwrap();
        assert_eq!(
            text,
            "✉️ **\\*\\*Eve\\*\\*** wrote:\n\n\\`a\\` \\*b\\*\n\\# c"
        );
    }

    #[test]
    fn an_absent_value_leaves_its_line_out() {
        let text = Templates::load(None)
            .unwrap()
            .post("card", &super::samples("chat/card.md").pop().unwrap())
            .unwrap();
        assert!(
            text.starts_with(
                "TKT-1 Printer\nRequester: Jane\nStatus: Open\nPriority: High\nAssignee: nobody\n\n"
            ),
            "{text}"
        );
    }
}
