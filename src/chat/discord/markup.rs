//! The common Markdown in Discord's dialect.
//!
//! Discord's Markdown has more marks than ours: headings, small print, spoilers, underlines, masked links, and mentions
//! of people, roles, channels, commands and times. Outside code they are made plain, so that a customer's words can
//! neither look like ours nor call anybody. Pings are besides turned off by the request itself.

use crate::chat::text::{is_address, words};

/// Marks that Discord knows and the common Markdown does not.
const DOUBLE: &[&str] = &["||", "~~", "__"];

/// Text as Discord shows it as it was meant. Mentions of the people in `mentions` stay.
pub(super) fn dialect(markdown: &str, mentions: &[String]) -> String {
    let mut text = String::with_capacity(markdown.len() + 16);
    let mut in_block = false;
    for line in markdown.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        if fence || in_block {
            text.push_str(line);
            // A fence that closes on its own line opens nothing.
            in_block ^= fence && !line.trim().trim_start_matches('`').contains("```");
        } else {
            dialect_line(line, mentions, &mut text);
        }
    }
    text
}

fn dialect_line(line: &str, mentions: &[String], text: &mut String) {
    let body = line.trim_start_matches([' ', '>']);
    let (lead, body) = line.split_at(line.len() - body.len());
    text.push_str(&lead.replace(">>>", "\\>>>"));
    if body.starts_with('#') || body.starts_with("-# ") {
        text.push('\\');
    }
    let mut code: Option<usize> = None;
    for (word, space) in words(body) {
        if code.is_none() && is_address(word) {
            text.push_str(word);
        } else {
            dialect_word(word, mentions, &mut code, text);
        }
        text.push_str(space);
    }
}

/// One word; `code` is how many backticks opened the code that it stands in.
fn dialect_word(word: &str, mentions: &[String], code: &mut Option<usize>, text: &mut String) {
    let mut rest = word;
    while let Some(char) = rest.chars().next() {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let double = DOUBLE.iter().find(|marks| rest.starts_with(**marks));
        let taken = if ticks > 0 {
            *code = match *code {
                None => Some(ticks),
                Some(open) if open == ticks => None,
                open => open,
            };
            ticks
        } else if code.is_some() {
            char.len_utf8()
        } else if char == '\\' {
            1 + rest.chars().nth(1).map_or(0, char::len_utf8)
        } else if let Some(marks) = double {
            text.extend(marks.chars().flat_map(|mark| ['\\', mark]));
            rest = rest.get(marks.len()..).unwrap_or_default();
            continue;
        } else {
            if char == '[' || (char == '<' && is_mark(rest, mentions)) {
                text.push('\\');
            }
            char.len_utf8()
        };
        let (done, behind) = rest.split_at(taken.min(rest.len()));
        text.push_str(done);
        rest = behind;
    }
}

/// Whether text that starts with `<` is one of Discord's own marks, and not the mention of somebody in `mentions`.
fn is_mark(text: &str, mentions: &[String]) -> bool {
    let inner = text.trim_start_matches('<');
    let meant = inner
        .strip_prefix('@')
        .and_then(|rest| rest.split_once('>'))
        .is_some_and(|(id, _)| mentions.iter().any(|meant| meant == id));
    !meant
        && ["@", "#", ":", "a:", "t:", "/", "id:"]
            .iter()
            .any(|mark| inner.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::text::escape;

    #[test]
    fn what_only_discord_knows_becomes_plain() {
        for (common, discord) in [
            ("**bold** and *italic*", "**bold** and *italic*"),
            ("# no heading", "\\# no heading"),
            ("> ## quoted", "> \\## quoted"),
            ("-# small", "\\-# small"),
            ("- item", "- item"),
            (
                "||spoiler|| ~~gone~~ __line__",
                r"\|\|spoiler\|\| \~\~gone\~\~ \_\_line\_\_",
            ),
            (
                "[bank](https://evil.example)",
                r"\[bank](https://evil.example)",
            ),
            (
                "<@12> <@&3> <#4> <t:5> <:e:6>",
                r"\<@12> \<@&3> \<#4> \<t:5> \<:e:6>",
            ),
            ("</show:7> <id:guide>", r"\</show:7> \<id:guide>"),
            ("1 < 2", "1 < 2"),
            (
                "https://example.org/__init__",
                "https://example.org/__init__",
            ),
            ("`<@12> __x__` <@12>", r"`<@12> __x__` \<@12>"),
            ("```\n# <@12>\n```\n# x", "```\n# <@12>\n```\n\\# x"),
        ] {
            assert_eq!(dialect(common, &[]), discord, "{common}");
        }
    }

    #[test]
    fn who_is_meant_is_mentioned() {
        let meant = ["12".to_owned()];
        assert_eq!(dialect("<@12> and <@13>", &meant), r"<@12> and \<@13>");
    }

    #[test]
    fn words_that_were_escaped_are_not_escaped_twice() {
        assert_eq!(
            dialect(&escape("# a __b__ <@1>"), &[]),
            r"\# a \_\_b\_\_ \<@1\>"
        );
    }
}
