//! What is shown: messages as lines, each thread's posts behind a bar.

use std::sync::{Mutex, PoisonError};

use super::keys::{Keys, Pick};
use super::markup::{Look, harmless, lines, paint};
use crate::chat::{Button, Card, ChatFile, Message, PostRef, Tone};

/// Where text goes. It ends in a line's end.
pub type Paper = Box<dyn FnMut(&str) + Send>;

/// The columns of text where nobody says how many there are.
const WIDTH: usize = 96;

/// Writes to somebody's screen.
pub struct Screen {
    paper: Mutex<Paper>,
    colours: bool,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("colours", &self.colours)
            .finish_non_exhaustive()
    }
}

impl Screen {
    /// A screen on this paper.
    #[must_use]
    pub fn new(paper: Paper, colours: bool) -> Self {
        Self {
            paper: Mutex::new(paper),
            colours,
        }
    }

    /// Writes above what is being typed from now on.
    pub(super) fn write_on(&self, paper: Paper) {
        *self.paper.lock().unwrap_or_else(PoisonError::into_inner) = paper;
    }

    /// Text in a look.
    pub(super) fn paint(&self, text: &str, look: Look) -> String {
        paint(text, look, self.colours)
    }

    /// Writes lines.
    pub(super) fn print(&self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let mut text = lines.join("\n");
        text.push('\n');
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        paper(&text);
    }

    /// Lines that belong to a thread.
    pub(super) fn barred(&self, lines: Vec<String>) -> Vec<String> {
        let bar = self.paint("│", Look::Dim);
        let behind = |line: String| format!("{bar} {line}").trim_end().to_owned();
        lines.into_iter().map(behind).collect()
    }

    /// A thread's title.
    pub(super) fn title(&self, title: &str) -> String {
        let title = harmless(title);
        let (name, rest) = title.split_once(' ').unwrap_or((&title, ""));
        let (name, rest) = (self.paint(name, Look::Code), self.paint(rest, Look::Bold));
        let corner = self.paint("┌", Look::Dim);
        format!("{corner} {name} {rest}").trim_end().to_owned()
    }

    /// A message's lines. What can be pressed or saved gets its key.
    pub(super) fn lines(
        &self,
        message: &Message,
        keys: &mut Keys,
        post: Option<&PostRef>,
    ) -> Vec<String> {
        let mut shown = lines(&message.text, WIDTH, self.colours);
        if let Some(card) = &message.card {
            shown.extend(self.card(card));
        }
        let press = |action: &str, values: Vec<String>| Pick::Press {
            action: action.to_owned(),
            values,
            post: post.cloned(),
        };
        let has_keys = !message.choices.is_empty() || !message.files.is_empty();
        let mut letter = None;
        if has_keys || message.buttons.iter().any(|row| !row.is_empty()) {
            letter = Some(keys.letter());
        }
        let Some(letter) = letter else { return shown };
        for row in message.buttons.iter().filter(|row| !row.is_empty()) {
            let row = row.iter().map(|button| {
                let key = keys.add(letter, press(&button.action, Vec::new()));
                self.button(&key, button)
            });
            shown.push(row.collect::<Vec<_>>().join("  "));
        }
        for list in &message.choices {
            let entries = list.choices.iter().map(|choice| {
                let key = keys.add(letter, press(&list.action, vec![choice.value.clone()]));
                format!("{} {}", self.key(&key), harmless(&choice.label))
            });
            let entries = entries.collect::<Vec<_>>().join("  ");
            let label = self.paint(&harmless(&list.label), Look::Dim);
            shown.push(format!("{label} {entries}"));
        }
        for file in &message.files {
            let key = keys.add(letter, Pick::Save(file.clone()));
            shown.push(self.file(&key, file));
        }
        shown
    }

    /// A card's lines: the title, then the values, as many on a line as fit.
    fn card(&self, card: &Card) -> Vec<String> {
        let mut shown = Vec::new();
        if !card.title.is_empty() {
            let title = lines(&card.title, WIDTH, false).join(" ");
            shown.push(self.paint(&title, Look::Bold));
        }
        shown.extend(lines(&card.body, WIDTH, self.colours));
        shown.extend(self.values(&card.fields, card.tone));
        shown
    }

    /// Names and values, as many on a line as fit.
    pub(super) fn values(&self, fields: &[(String, String)], tone: Tone) -> Vec<String> {
        let mut shown: Vec<String> = Vec::new();
        let mut used = usize::MAX;
        for (name, value) in fields {
            let (name, value) = (plain(name), plain(value));
            let wide = name.chars().count() + value.chars().count() + 4;
            let name_shown = self.paint(&name, Look::Dim);
            let look = match tone {
                _ if name != "Status" => Look::Plain,
                Tone::Plain => Look::Plain,
                Tone::Good => Look::Good,
                Tone::Warning => Look::Warning,
                Tone::Danger => Look::Danger,
            };
            let shown_value = format!("{name_shown} {}", self.paint(&value, look));
            match shown.last_mut() {
                Some(line) if used.saturating_add(wide) <= WIDTH => {
                    line.push_str(&self.paint(" · ", Look::Dim));
                    line.push_str(&shown_value);
                    used += wide;
                }
                _ => {
                    shown.push(shown_value);
                    used = wide;
                }
            }
        }
        shown
    }

    fn key(&self, key: &str) -> String {
        self.paint(&format!("[{key}]"), Look::Code)
    }

    fn button(&self, key: &str, button: &Button) -> String {
        format!("{} {}", self.key(key), harmless(&button.label))
    }

    fn file(&self, key: &str, file: &ChatFile) -> String {
        let size = match file.size {
            0..1_000 => format!("{} bytes", file.size),
            1_000..1_000_000 => format!("{} kB", file.size.div_ceil(1_000)),
            _ => format!("{} MB", file.size.div_ceil(1_000_000)),
        };
        format!("{} save {} ({size})", self.key(key), harmless(&file.name))
    }
}

/// One line of Markdown as plain text.
fn plain(markdown: &str) -> String {
    lines(markdown, usize::MAX, false).join(" ")
}
