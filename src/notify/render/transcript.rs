//! Rendering transcripts, as files to keep.

use chrono_tz::Tz;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::super::draft::{clean, one_line};
use super::{RenderError, environment, explain};
use crate::ticket::transcript::{Entry, Transcript};

/// How a transcript is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown.
    Markdown,
    /// A page of its own that loads nothing.
    Html,
    /// JSON.
    Json,
}

impl Format {
    /// The end of the file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

const MARKDOWN: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/templates/transcript/page.md"
));
const HTML: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/templates/transcript/page.html"
));

/// Writes a transcript, with its times in the zone.
///
/// # Errors
/// If the template does not fit, which only a fault in it can bring about.
pub fn transcript(
    transcript: &Transcript,
    desk: &str,
    zone: Tz,
    format: Format,
) -> Result<String, RenderError> {
    let (name, text) = match format {
        Format::Json => {
            return serde_json::to_string_pretty(transcript)
                .map_err(|e| fault("json", &e.to_string()));
        }
        Format::Markdown => ("transcript/page.md", MARKDOWN),
        Format::Html => ("transcript/page.html", HTML),
    };
    let page = Page {
        desk: one_line(desk),
        number: one_line(&transcript.number),
        subject: one_line(&transcript.subject),
        status: one_line(&transcript.status),
        requester: one_line(&transcript.requester),
        entries: transcript
            .entries
            .iter()
            .map(|entry| line(entry, zone))
            .collect(),
    };
    environment()
        .render_named_str(name, text, Value::from(Serde(&page)))
        .map_err(|error| fault(name, &explain(&error)))
}

fn fault(name: &str, detail: &str) -> RenderError {
    RenderError::Failed {
        name: name.to_owned(),
        line: 0,
        detail: detail.to_owned(),
    }
}

#[derive(Debug, Serialize)]
struct Page {
    desk: String,
    number: String,
    subject: String,
    status: String,
    requester: String,
    entries: Vec<Line>,
}

#[derive(Debug, Default, Serialize)]
struct Line {
    at: String,
    who: String,
    /// What an event says; nothing for a comment.
    event: Option<String>,
    marks: Vec<&'static str>,
    text: String,
    files: Vec<String>,
}

fn line(entry: &Entry, zone: Tz) -> Line {
    let moment = |at: &chrono::DateTime<chrono::Utc>| {
        at.with_timezone(&zone)
            .format("%-d %b %Y, %H:%M %Z")
            .to_string()
    };
    match entry {
        Entry::Comment {
            at,
            author,
            internal,
            resolution,
            edited,
            text,
            files,
        } => Line {
            at: moment(at),
            who: one_line(author),
            event: None,
            marks: [
                (*internal, "internal note"),
                (*resolution, "resolution"),
                (*edited, "edited"),
            ]
            .into_iter()
            .filter_map(|(is, word)| is.then_some(word))
            .collect(),
            text: clean(text),
            files: files.iter().map(|file| one_line(&file.name)).collect(),
        },
        Entry::Event {
            at,
            actor,
            what,
            field,
            old,
            new,
            reason,
            delivery,
        } => {
            let mut said = what.clone();
            if let Some(field) = field {
                said.push_str(&format!(" ({field})"));
            }
            match (old, new) {
                (Some(old), Some(new)) => said.push_str(&format!(": {old} → {new}")),
                (None, Some(new)) => said.push_str(&format!(": {new}")),
                (Some(old), None) => said.push_str(&format!(": no longer {old}")),
                (None, None) => {}
            }
            if let Some(reason) = reason {
                said.push_str(&format!(", {reason}"));
            }
            match delivery.as_deref() {
                Some("sent") => said.push_str(", sent"),
                Some("dead") => said.push_str(", could not be delivered"),
                Some(_) => said.push_str(", on its way"),
                None => {}
            }
            Line {
                at: moment(at),
                who: actor
                    .as_deref()
                    .map_or_else(|| "Frontdesk".to_owned(), one_line),
                event: Some(one_line(&said)),
                ..Line::default()
            }
        }
    }
}
