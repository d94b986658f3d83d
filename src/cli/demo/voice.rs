//! How the story is told: headings, prose, mails and what came of them, in colour where a terminal shows it.

use std::io::{IsTerminal as _, stdout};

use crate::cli::page;

/// The width of the prose.
const WIDTH: usize = 92;

/// How many lines of a mail are shown.
const LINES: usize = 7;

/// Tells the story on standard output.
#[derive(Debug)]
pub(super) struct Voice {
    colours: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    /// Headings.
    Bold,
    /// What is less important.
    Dim,
    /// Names and numbers.
    Cyan,
    /// What came of it.
    Green,
    /// What stands out.
    Yellow,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Cyan => "36",
            Self::Green => "32",
            Self::Yellow => "33",
        }
    }
}

impl Voice {
    /// A voice with colours on a terminal, unless `NO_COLOR` is set; and elsewhere if `CLICOLOR_FORCE` is.
    pub(super) fn new() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            colours: set("CLICOLOR_FORCE") || (stdout().is_terminal() && !set("NO_COLOR")),
        }
    }

    /// Whether it speaks in colours.
    pub(super) fn has_colours(&self) -> bool {
        self.colours
    }

    /// A text in a tone.
    pub(super) fn tone(&self, tone: Tone, text: &str) -> String {
        if self.colours {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code())
        } else {
            text.to_owned()
        }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&self, number: usize, title: &str) -> anyhow::Result<()> {
        let title = self.tone(Tone::Bold, &format!("{number}. {title}"));
        page::print(&format!("\n{title}\n"))
    }

    /// Prose.
    pub(super) fn say(&self, words: &str) -> anyhow::Result<()> {
        let mut text = String::new();
        for line in wrapped(words, WIDTH) {
            text.push_str("   ");
            text.push_str(&line);
            text.push('\n');
        }
        page::print(&text)
    }

    /// A mail that arrived.
    pub(super) fn mail(&self, from: &str, subject: &str, text: &str) -> anyhow::Result<()> {
        let bar = self.tone(Tone::Dim, "│");
        let mut shown = format!(
            "   {bar} {}  {}\n   {bar} {}  {}\n   {bar}\n",
            self.tone(Tone::Dim, "From:   "),
            page::one_line(from),
            self.tone(Tone::Dim, "Subject:"),
            self.tone(Tone::Bold, &page::one_line(subject)),
        );
        let text = page::lines(text.trim());
        let lines: Vec<String> = text.lines().flat_map(|line| wrapped(line, WIDTH)).collect();
        let mut kept: Vec<&str> = Vec::new();
        for line in &lines {
            let again = line.is_empty() && kept.last().is_none_or(|last| last.is_empty());
            if !again && kept.len() < LINES {
                kept.push(line);
            }
        }
        let goes_on = lines.last().map(String::as_str) != kept.last().copied();
        while kept.last().is_some_and(|line| line.is_empty()) {
            kept.pop();
        }
        let more = self.tone(Tone::Dim, "[…]");
        if goes_on {
            kept.push(&more);
        }
        for line in kept {
            shown.push_str(format!("   {bar} {line}").trim_end());
            shown.push('\n');
        }
        page::print(&shown)
    }

    /// What came of it, under a word that stands out.
    pub(super) fn fact(&self, word: &str, tone: Tone, facts: &[String]) -> anyhow::Result<()> {
        let mut shown = String::new();
        for (at, fact) in facts.iter().enumerate() {
            let word = if at == 0 { word } else { "" };
            let word = self.tone(tone, &format!("{word:<7}"));
            shown.push_str(format!("   {word} {fact}").trim_end());
            shown.push('\n');
        }
        page::print(&shown)
    }
}

/// Words in lines of at most `width` characters.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn prose_breaks_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("extraordinarily", 7), ["extraordinarily"]);
    }
}
