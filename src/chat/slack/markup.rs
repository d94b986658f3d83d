//! The common Markdown in Slack's dialect, and Slack's marks as plain words.
//!
//! Slack's "mrkdwn" has no backslashes. `&`, `<` and `>` are written as entities, so that no text that came from
//! elsewhere can be a mention, a link or `<!channel>`. Other marks that were escaped get an invisible joiner in front of
//! them where they would mean something. Slack does not look for addresses or names itself: every text of ours says so
//! (`parse: none`, `verbatim`), because that would also find `@here`. Addresses are therefore marked as such here.

use crate::chat::text::{is_address, words};

/// Invisible, and no boundary of words: a mark behind it opens nothing.
const JOINER: char = '\u{2060}';

/// Text as Slack shows it as it was meant. Mentions of the people in `mentions` stay.
pub(super) fn dialect(markdown: &str, mentions: &[String]) -> String {
    let mut text = String::with_capacity(markdown.len() + 16);
    let mut in_block = false;
    for line in markdown.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        if fence && !in_block {
            text.push_str(&opening(line));
        } else if fence || in_block {
            escape(line, &mut text);
        } else {
            dialect_line(line, mentions, &mut text);
        }
        // A fence that closes on its own line opens nothing.
        in_block ^= fence && !line.trim().trim_start_matches('`').contains("```");
    }
    text
}

/// The line that opens a block of code. Slack shows the language as if it were code, so it goes.
fn opening(line: &str) -> String {
    let marks = line.trim_start();
    let inner = marks.trim_start_matches('`');
    let mut text = "```".to_owned();
    if inner.contains("```") {
        escape(inner, &mut text);
    } else {
        text.push_str(if line.ends_with('\n') { "\n" } else { "" });
    }
    text
}

/// A text as it stands, with the entities that Slack wants.
pub(super) fn escape(plain: &str, text: &mut String) {
    for char in plain.chars() {
        match char {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            char => text.push(char),
        }
    }
}

fn dialect_line(line: &str, mentions: &[String], text: &mut String) {
    let body = line.trim_start_matches([' ', '>']);
    let (lead, body) = line.split_at(line.len() - body.len());
    text.push_str(lead);
    let mut code: Option<usize> = None;
    for (word, space) in words(body) {
        if code.is_none() && is_address(word) {
            address(word, text);
        } else {
            let code = &mut code;
            Word { mentions, code }.write(word, text);
        }
        text.push_str(space);
    }
}

/// A word with an address in it, which becomes a link.
fn address(word: &str, text: &mut String) {
    let start = word.find("http").unwrap_or(0);
    let (before, url) = word.split_at(start);
    let end = url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '>', '"', '\'']);
    let (url, after) = url.split_at(end.len());
    escape(before, text);
    let url = url
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace('&', "&amp;");
    text.push_str(&format!("<{url}>"));
    escape(after, text);
}

/// What is known in the middle of a line: how many backticks opened the code that we stand in.
struct Word<'a> {
    mentions: &'a [String],
    code: &'a mut Option<usize>,
}

impl Word<'_> {
    fn write(&mut self, word: &str, text: &mut String) {
        let mut rest = word;
        let mut before: Option<char> = None;
        while let Some(char) = rest.chars().next() {
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let taken = if ticks > 0 {
                self.tick(ticks);
                text.push('`');
                ticks
            } else if self.code.is_some() {
                escape(char.encode_utf8(&mut [0; 4]), text);
                char.len_utf8()
            } else if char == '\\' {
                self.plain(before, rest, text)
            } else if rest.starts_with("**") {
                text.push('*');
                2
            } else if char == '*' {
                text.push('_');
                1
            } else if let Some(mention) = self.mention(rest) {
                text.push_str(mention);
                mention.len()
            } else {
                mark(before, char, rest.chars().nth(1), text);
                char.len_utf8()
            };
            let (done, behind) = rest.split_at(taken.min(rest.len()));
            before = done.chars().last();
            rest = behind;
        }
    }

    fn tick(&mut self, ticks: usize) {
        *self.code = match *self.code {
            None => Some(ticks),
            Some(open) if open == ticks => None,
            open => open,
        };
    }

    /// A backslash and the mark behind it, as that mark alone. Gives how many bytes that took.
    fn plain(&self, before: Option<char>, rest: &str, text: &mut String) -> usize {
        let mut behind = rest.chars().skip(1);
        let Some(escaped) = behind.next() else {
            text.push('\\');
            return 1;
        };
        // The next mark may have a backslash of its own.
        let next = behind.find(|char| *char != '\\');
        mark(before, escaped, next, text);
        1 + escaped.len_utf8()
    }

    fn mention<'r>(&self, rest: &'r str) -> Option<&'r str> {
        let (id, _) = rest.strip_prefix("<@")?.split_once('>')?;
        let meant = self.mentions.iter().any(|meant| meant == id);
        rest.get(..id.len() + 3).filter(|_| meant)
    }
}

/// A character that shall stand for itself.
fn mark(before: Option<char>, char: char, next: Option<char>, text: &mut String) {
    let word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    // Within a word, or between spaces, a mark means nothing to Slack. A quote begins a line.
    let opens = matches!(char, '*' | '_' | '~' | '`') && word(before) != word(next);
    let quotes = char == '>' && before.is_none() && (text.is_empty() || text.ends_with('\n'));
    let double = matches!(char, '*' | '_' | '~' | '`') && next == Some(char);
    if opens || quotes || double {
        text.push(JOINER);
    }
    escape(char.encode_utf8(&mut [0; 4]), text);
}

/// What stands between `<` and `>` in a text of Slack's, in the order in which it stands there: ids of people.
pub(super) fn people_in(text: &str) -> Vec<String> {
    let marks = text.split('<').skip(1);
    marks
        .filter_map(|mark| {
            let (mark, _) = mark.split_once('>')?;
            let id = mark.strip_prefix('@')?;
            Some(id.split('|').next().unwrap_or(id).to_owned())
        })
        .collect()
}

/// Text without Slack's own marks: people, channels and groups by name, links by their address, and nothing where we
/// ourselves are mentioned. `name` gives the name of somebody who is mentioned.
pub(super) fn plain(text: &str, me: &str, name: impl Fn(&str) -> String) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        plain.push_str(before);
        match behind.split_once('>') {
            Some((mark, after)) => {
                plain += &words_of(mark, me, &name);
                rest = after;
            }
            None => {
                plain.push('<');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    let plain = super::emoji::shown(&plain);
    let plain = plain.replace("&lt;", "<").replace("&gt;", ">");
    plain.replace("&amp;", "&").trim().to_owned()
}

/// What a mark between `<` and `>` says.
fn words_of(mark: &str, me: &str, name: impl Fn(&str) -> String) -> String {
    let (target, label) = match mark.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (mark, None),
    };
    if let Some(id) = target.strip_prefix('@') {
        return match id == me {
            true => String::new(),
            false => format!("@{}", name(id)),
        };
    }
    if let Some(channel) = target.strip_prefix('#') {
        return format!("#{}", label.unwrap_or(channel));
    }
    if let Some(special) = target.strip_prefix('!') {
        let word = special.split('^').next().unwrap_or(special);
        let label = label.map(str::to_owned);
        return label.unwrap_or_else(|| format!("@{word}"));
    }
    let bare = |url: &str| {
        let schemes = ["mailto:", "tel:", "https://", "http://"];
        let scheme = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
        scheme.unwrap_or(url).trim_end_matches('/').to_owned()
    };
    match label {
        // An address that Slack found by itself.
        Some(label) if bare(target) == bare(label) => match target.split_once(':') {
            Some(("mailto" | "tel", _)) => label.to_owned(),
            _ => target.to_owned(),
        },
        Some(label) => format!("{label} ({target})"),
        None => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::text;

    #[test]
    fn the_common_markdown_becomes_slacks() {
        for (common, slack) in [
            ("**bold** and *italic*", "*bold* and _italic_"),
            ("`a < b` & c", "`a &lt; b` &amp; c"),
            ("> quoted", "> quoted"),
            (
                "see https://example.org/a?b=1&c=2.",
                "see <https://example.org/a?b=1&amp;c=2>.",
            ),
            ("(https://example.org)", "(<https://example.org>)"),
            (
                "```rust\nlet a = &b;\n```\nx",
                "```\nlet a = &amp;b;\n```\nx",
            ),
            (
                "<!channel> <!subteam^S1> <#C1>",
                "&lt;!channel&gt; &lt;!subteam^S1&gt; &lt;#C1&gt;",
            ),
            ("<https://evil|bank>", "&lt;<https://evil%7Cbank>&gt;"),
        ] {
            assert_eq!(dialect(common, &[]), slack, "{common}");
        }
    }

    #[test]
    fn who_is_meant_is_mentioned_and_nobody_else() {
        let meant = ["U1".to_owned()];
        assert_eq!(dialect("<@U1> and <@U2>", &meant), "<@U1> and &lt;@U2&gt;");
    }

    #[test]
    fn words_of_others_show_as_they_are() {
        for (said, shown) in [
            ("2 * 3 > 5", "2 * 3 &gt; 5"),
            ("snake_case_name", "snake_case_name"),
            (
                "*loud* ~gone~",
                "\u{2060}*loud\u{2060}* \u{2060}~gone\u{2060}~",
            ),
            ("> not quoted", "\u{2060}&gt; not quoted"),
            ("<!here> & <@U1>", "&lt;!here&gt; &amp; &lt;@U1&gt;"),
            (r"C:\temp", r"C:\temp"),
        ] {
            assert_eq!(dialect(&text::escape(said), &[]), shown, "{said}");
        }
    }

    #[test]
    fn slacks_marks_become_words() {
        let name = |id: &str| {
            if id == "U1" {
                "Ada".to_owned()
            } else {
                id.to_owned()
            }
        };
        for (slack, words) in [
            ("<@UBOT> take", "take"),
            ("hi <@U1>, see <#C1|support>", "hi @Ada, see #support"),
            (
                "<!channel> <!subteam^S1|@ops> <!here|here>",
                "@channel @ops here",
            ),
            ("<https://a.b/c>", "https://a.b/c"),
            ("<http://a.b|a.b>", "http://a.b"),
            ("<https://a.b|here>", "here (https://a.b)"),
            ("<mailto:a@b.de|a@b.de>", "a@b.de"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
            ("&amp;lt;", "&lt;"),
            ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
            (":wave: all", "👋 all"),
        ] {
            assert_eq!(plain(slack, "UBOT", name), words, "{slack}");
        }
        assert_eq!(people_in("<@U1> <@U2|x> <#C1>"), ["U1", "U2"]);
    }
}
