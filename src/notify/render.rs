//! Templates: from a draft to the subject, the text and the HTML of a mail.
//!
//! Each message is a folder with `subject.txt`, `body.txt` and `body.html`; `layout/` holds what they share.
//! The parts are put together when they are loaded: a layout takes the body in at `{# body #}`, a body what
//! it shares with others at `{# events #}` or `{# tickets #}`, the HTML its style at `{# style #}`; the style is
//! then written into the elements, since many mail clients read no style sheet. What is left for each mail is
//! one pass over compiled templates.
//!
//! An operator's folder may replace any file. Every file is tried on sample drafts when it is loaded, so
//! that a mistake shows at start and not in the first mail.

mod builtin;
mod chat;
mod digest_sample;
mod error;
mod fill;
mod inline;
mod sample;
mod transcript;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::draft::one_line;
use builtin::{FILES, Layout, MESSAGES, PARTS, SHARED};

pub use error::{LoadError, RenderError};
pub use fill::fill;
pub use sample::Sample;
pub use transcript::{Format, transcript};

/// The templates, ready to render.
#[derive(Debug)]
pub struct Templates {
    compiled: Environment<'static>,
    posts: chat::Posts,
}

/// A rendered mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, on one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// One file with the place it came from.
struct Source {
    file: String,
    text: String,
}

type Sources = BTreeMap<&'static str, Source>;

impl Templates {
    /// The built-in templates, with those files replaced that the folder holds under the same name.
    ///
    /// # Errors
    /// If a file cannot be read, replaces nothing, does not parse, or asks for a value that is not there.
    pub fn load(overrides: Option<&Path>) -> Result<Self, LoadError> {
        let sources = sources(overrides)?;
        try_each(&sources)?;
        let mut compiled = environment();
        for &(message, layout) in MESSAGES {
            for part in PARTS {
                let (text, file) = assemble(&sources, message, layout, part);
                let text = if part == "body.html" {
                    inline::inline(&text).map_err(|detail| LoadError::Template {
                        file: file.to_owned(),
                        line: 1,
                        detail,
                    })?
                } else {
                    text
                };
                compiled
                    .add_template_owned(format!("{message}/{part}"), text)
                    .map_err(|error| at(file, &error))?;
            }
        }
        let posts = chat::Posts::load(&sources)?;
        Ok(Self { compiled, posts })
    }

    /// Renders a post for chat, one of `templates/chat/`, as the common Markdown.
    ///
    /// # Errors
    /// If there is no such template, or it asks for a value that is not there.
    pub fn post(&self, name: &str, values: &impl serde::Serialize) -> Result<String, RenderError> {
        self.posts.render(name, values)
    }

    /// The names of all messages.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        MESSAGES.iter().map(|(name, _)| *name).collect()
    }

    /// Renders a draft.
    ///
    /// # Errors
    /// If there is no such template, or it asks for a value that the draft does not have.
    pub fn render(&self, name: &str, draft: &serde_json::Value) -> Result<Rendered, RenderError> {
        let values = Value::from(Serde(draft));
        let part = |part: &str| self.part(name, part, &values);
        Ok(Rendered {
            subject: one_line(&part("subject.txt")?),
            text: tidy(&part("body.txt")?),
            html: part("body.html")?,
        })
    }

    fn part(&self, name: &str, part: &str, values: &Value) -> Result<String, RenderError> {
        let full = format!("{name}/{part}");
        let template = self
            .compiled
            .get_template(&full)
            .map_err(|_| RenderError::Unknown(name.to_owned()))?;
        template
            .render(values)
            .map_err(|error| RenderError::Failed {
                line: error.line().unwrap_or(0),
                detail: explain(&error),
                name: full,
            })
    }
}

/// The drafts that a message is tried with: the usual one first, then those that take other branches.
#[must_use]
pub fn samples(name: &str) -> Vec<Sample> {
    sample::of(name)
}

/// The built-in files, replaced by the operator's.
fn sources(overrides: Option<&Path>) -> Result<Sources, LoadError> {
    let mut sources: Sources = FILES
        .iter()
        .chain(&chat::FILES)
        .map(|&(name, text)| {
            let source = Source {
                file: format!("templates/{name}"),
                text: text.to_owned(),
            };
            (name, source)
        })
        .collect();
    let Some(folder) = overrides else {
        return Ok(sources);
    };
    for path in files_below(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy();
        let Some(source) = sources.get_mut(name.as_ref()) else {
            return Err(LoadError::Unknown { path });
        };
        source.text = std::fs::read_to_string(&path).map_err(|source| LoadError::Unreadable {
            path: path.clone(),
            source,
        })?;
        source.file = path.display().to_string();
    }
    Ok(sources)
}

/// The template files in the folder and its folders, in order; hidden files and those of other kinds (a
/// README, an editor's copy) are the operator's own.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| LoadError::Unreadable { path, source }
    };
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let path = entry.map_err(unreadable(&folder))?.path();
            let hidden = path
                .file_name()
                .is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            } else if path.is_dir() {
                if depth < 1 {
                    folders.push((path, depth + 1));
                }
            } else if chat::is_template(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Compiles each file by itself and renders it with every sample that could meet it, so that an error names
/// the file and its line.
fn try_each(sources: &Sources) -> Result<(), LoadError> {
    let mut alone = environment();
    for (name, source) in sources.iter().filter(|(name, _)| !name.ends_with(".css")) {
        alone
            .add_template_owned(*name, source.text.clone())
            .map_err(|error| at(&source.file, &error))?;
    }
    for &(message, layout) in MESSAGES {
        let drafts: Vec<Value> = sample::of(message)
            .iter()
            .map(|sample| Value::from(Serde(&sample.draft)))
            .collect();
        for name in files_of(sources, message, layout) {
            let file = sources.get(name.as_str()).map_or("", |source| &source.file);
            let template = alone
                .get_template(&name)
                .map_err(|error| at(file, &error))?;
            for draft in &drafts {
                template.render(draft).map_err(|error| at(file, &error))?;
            }
        }
    }
    Ok(())
}

/// The files that a message is put together from, without the style.
fn files_of(sources: &Sources, message: &str, layout: Layout) -> Vec<String> {
    let mut files: Vec<String> = PARTS
        .iter()
        .map(|part| format!("{message}/{part}"))
        .collect();
    files.extend(layout.files().map(str::to_owned));
    for kind in ["txt", "html"] {
        let body = sources.get(format!("{message}/body.{kind}").as_str());
        let taken = |name: &&str| body.is_some_and(|body| body.text.contains(&mark(name)));
        let shared = SHARED.iter().copied().filter(taken);
        files.extend(shared.map(|name| format!("layout/{name}.{kind}")));
    }
    files
}

/// Where a body takes a shared part in.
fn mark(name: &str) -> String {
    format!("{{# {name} #}}")
}

/// A message's part with its layout around it, and the file that it is named after.
fn assemble<'s>(
    sources: &'s Sources,
    message: &str,
    layout: Layout,
    part: &str,
) -> (String, &'s str) {
    let text = |name: &str| sources.get(name).map_or("", |source| source.text.as_str());
    let shared = |body: &str, kind: &str| {
        SHARED.iter().fold(body.to_owned(), |body, name| {
            body.replace(&mark(name), text(&format!("layout/{name}.{kind}")))
        })
    };
    let name = format!("{message}/{part}");
    let file = sources.get(name.as_str()).map_or("", |source| &source.file);
    let whole = match part {
        "body.html" => text(layout.html())
            .replace("{# body #}", &shared(text(&name), "html"))
            .replace("{# style #}", text("layout/style.css")),
        "body.txt" => text(layout.text()).replace("{# body #}", &shared(text(&name), "txt")),
        _ => text(&name).to_owned(),
    };
    (whole, file)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment.add_filter("lines", lines);
    environment.add_filter("quoted", quoted);
    environment.add_filter("names", names);
    environment
}

/// Text as HTML: escaped, with its line ends and its indentation kept.
fn lines(text: &str) -> Value {
    let escaped = text
        .trim()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
        .replace("\r\n", "\n")
        .replace('\t', "    ")
        .replace("  ", "&nbsp; ")
        .replace('\n', "<br>\n");
    Value::from_safe_string(escaped)
}

/// Text with `> ` before each line, so that nobody's words are taken for ours.
fn quoted(text: &str) -> String {
    let lines: Vec<String> = text
        .trim()
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// `Ann`, `Ann and Bob`, `Ann, Bob and Eve`.
fn names(names: Vec<String>) -> String {
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// Text without the empty lines that left-out blocks leave behind. The signature's `-- ` keeps its space.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 2;
    for line in text.lines() {
        let line = if line == "-- " { line } else { line.trim_end() };
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}

fn at(file: &str, error: &minijinja::Error) -> LoadError {
    LoadError::Template {
        file: file.to_owned(),
        line: error.line().unwrap_or(1),
        detail: explain(error),
    }
}

fn explain(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests;
