//! Text on its way into chat: made harmless, quoted for a command's line, cut into posts.

/// The marks of the common Markdown.
const MARKS: &[char] = &['\\', '`', '*', '_', '~', '|', '>', '<', '[', ']'];

/// The marks that mean something at the beginning of a line only.
const LINE_MARKS: &[char] = &['#', '-', '+'];

/// Somebody's words as Markdown that shows them as they are: each mark gets a backslash, but for those in addresses,
/// which would lead elsewhere.
#[must_use]
pub fn escape(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len() + 16);
    let mut beginning = true;
    for (word, space) in words(plain) {
        let address = is_address(word);
        for char in word.chars() {
            let mark = MARKS.contains(&char) || (beginning && LINE_MARKS.contains(&char));
            if mark && !address {
                escaped.push('\\');
            }
            escaped.push(char);
            beginning = false;
        }
        escaped.push_str(space);
        beginning |= space.contains('\n');
    }
    escaped
}

/// Takes back the backslashes of [`escape`], for platforms that have no such thing.
#[must_use]
pub fn unescape(markdown: &str) -> String {
    let mut plain = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next) if char == '\\' && (MARKS.contains(next) || LINE_MARKS.contains(next)) => {
                plain.extend(chars.next());
            }
            _ => plain.push(char),
        }
    }
    plain
}

/// A value as one token of a command's line: in double quotes where it has white space, quotes or a backslash, looks like
/// an option, or is empty; within them a backslash stands before `"` and `\`.
#[must_use]
pub fn quoted(value: &str) -> String {
    let marks = ['"', '\'', '`', '\\', '“', '„', '«'];
    let plain = |char: char| !char.is_whitespace() && !marks.contains(&char);
    let option = value.starts_with(['-', '–', '—']);
    if !value.is_empty() && !option && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for char in value.chars() {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

/// How long platforms that count in UTF-16 units take a text to be; never less than its characters.
#[must_use]
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// At most `most` units ([`length`]) of one line of text, with an ellipsis where something is left out.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let kept = prefix(text, most.saturating_sub(1));
    format!("{}…", kept.trim_end())
}

/// Cuts Markdown into posts of at most `most` units ([`length`]): between paragraphs if it can, else between lines, else
/// between words. A code block that is cut is closed at the end of a post and opened again in the next, and an address
/// stays whole unless it is longer than a post by itself. Empty text gives nothing.
#[must_use]
pub fn split(markdown: &str, most: usize) -> Vec<String> {
    let mut posts = Vec::new();
    let mut rest = markdown.trim_end();
    let mut fence: Option<&str> = None;
    while !rest.trim().is_empty() {
        let opening = fence.map_or_else(String::new, |line| format!("{line}\n"));
        let room = most.saturating_sub(length(&opening));
        if length(rest) <= room {
            posts.push(opening + rest);
            break;
        }
        // Room to close a block that is open at the end; its fence is at most the line that opened it.
        let head = prefix(rest, room.saturating_sub(closing_room(rest, fence)));
        let cut = cut(head, rest, fence).max(first_char(rest));
        let (post, behind) = rest.split_at(cut);
        let after = fence_after(post, fence);
        let mut post = opening + post.trim_end();
        if let Some(line) = after {
            post.push('\n');
            post.push_str(marks_of(line));
        }
        if !post.trim().is_empty() {
            posts.push(post);
        }
        fence = after;
        rest = match fence {
            // Within code the indentation of the next line is part of it.
            Some(_) => behind.strip_prefix('\n').unwrap_or(behind),
            None => behind.trim_start_matches(['\n', ' ']),
        };
    }
    posts
}

/// The fence's own marks: ` ``` ` of ` ```rust `.
fn marks_of(fence: &str) -> &str {
    let end = fence.find(|char| char != '`').unwrap_or(fence.len());
    fence.get(..end).unwrap_or(fence)
}

/// The line that opens or closes a code block, if this is one.
fn fence_line(line: &str) -> Option<&str> {
    let line = line.trim();
    line.starts_with("```").then_some(line)
}

/// Which code block is open behind `text`, if `before` was open in front of it.
fn fence_after<'a>(text: &'a str, before: Option<&'a str>) -> Option<&'a str> {
    text.lines()
        .filter_map(fence_line)
        .fold(before, |open, line| match open {
            None => Some(line),
            Some(_) => None,
        })
}

/// How many units closing a block may take that is open somewhere in `text`.
fn closing_room(text: &str, fence: Option<&str>) -> usize {
    let inside = text.lines().filter_map(fence_line).chain(fence);
    inside
        .map(|line| length(marks_of(line)) + 1)
        .max()
        .unwrap_or(0)
}

/// The byte at which `head`, the beginning of `whole`, is best cut.
fn cut(head: &str, whole: &str, fence: Option<&str>) -> usize {
    // A cut very early would make a post of nearly nothing.
    let least = head.len() / 3;
    let late = |at: &usize| *at > least;
    let outside = |at: &usize| fence_after(head.get(..*at).unwrap_or(head), fence).is_none();
    let paragraphs = head.rmatch_indices("\n\n").map(|(at, _)| at);
    if let Some(at) = paragraphs.filter(late).find(outside) {
        return at;
    }
    let mut lines = head.rmatch_indices('\n').map(|(at, _)| at).filter(late);
    if let Some(at) = lines.next() {
        return at;
    }
    if let Some(at) = head.rmatch_indices(' ').map(|(at, _)| at).find(late) {
        return at;
    }
    // A long word moves on whole, whatever is left of the post, if it fits into one; an address does in any case.
    let word = head.rfind([' ', '\n']).map_or(0, |at| at + 1);
    let continued = whole.get(word..).unwrap_or_default();
    let longer = continued
        .split_whitespace()
        .next()
        .is_some_and(|word| length(word) > length(head));
    if word > 0 && (!longer || is_address(continued)) {
        return word;
    }
    let backslashes = head.len() - head.trim_end_matches('\\').len();
    head.len() - backslashes % 2
}

/// The length in bytes of the first character.
fn first_char(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// The longest beginning of `text` with at most `most` units.
fn prefix(text: &str, most: usize) -> &str {
    let mut units = 0;
    for (at, char) in text.char_indices() {
        units += char.len_utf16();
        if units > most {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Whether a word is an address of the web.
pub(super) fn is_address(word: &str) -> bool {
    let word = word.trim_start_matches(['<', '(']);
    word.starts_with("https://") || word.starts_with("http://")
}

/// Words, each with the white space behind it.
pub(super) fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_inclusive(char::is_whitespace).map(|word| {
        let end = word.trim_end_matches(char::is_whitespace).len();
        word.split_at(end)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_become_plain_and_addresses_stay() {
        assert_eq!(escape("2 * 3 > 5_a"), r"2 \* 3 \> 5\_a");
        assert_eq!(
            escape("see https://example.org/a_b*c now_"),
            r"see https://example.org/a_b*c now\_"
        );
        assert_eq!(escape("ada <a@b.de>\n- not"), "ada \\<a@b.de\\>\n\\- not");
    }

    #[test]
    fn values_with_spaces_or_quotes_are_quoted() {
        assert_eq!(quoted("TKT-1"), "TKT-1");
        assert_eq!(quoted("two words"), "\"two words\"");
        assert_eq!(quoted("a \"b\" \\"), r#""a \"b\" \\""#);
        assert_eq!(quoted(""), "\"\"");
    }

    #[test]
    fn short_text_is_one_post_and_none_is_none() {
        assert_eq!(split("hello", 2000), ["hello"]);
        assert!(split(" \n", 2000).is_empty());
    }

    #[test]
    fn a_cut_is_made_between_paragraphs() {
        let text = "one one one\n\ntwo two two\n\nthree three";
        assert_eq!(
            split(text, 28),
            ["one one one\n\ntwo two two", "three three"]
        );
    }

    #[test]
    fn a_code_block_is_closed_and_opened_again() {
        let text = "before\n```rust\nfirst line\nsecond line\nthird line\n```\nafter";
        let posts = split(text, 40);
        assert!(posts.len() > 1, "{posts:?}");
        for post in &posts {
            assert_eq!(post.matches("```").count() % 2, 0, "{post}");
            assert!(length(post) <= 40, "{post}");
        }
        assert!(
            posts
                .iter()
                .skip(1)
                .any(|post| post.starts_with("```rust\n"))
        );
        let code: Vec<_> = posts.iter().flat_map(|post| post.lines()).collect();
        for line in ["first line", "second line", "third line", "after"] {
            assert_eq!(
                code.iter().filter(|other| **other == line).count(),
                1,
                "{line}"
            );
        }
    }

    #[test]
    fn an_address_moves_on_whole() {
        let text = "look at https://example.org/a/long/way/down";
        assert_eq!(
            split(text, 38),
            ["look at", "https://example.org/a/long/way/down"]
        );
    }

    #[test]
    fn a_long_word_is_cut_but_not_behind_a_backslash() {
        let posts = split(&r"\_".repeat(30), 11);
        assert!(posts.iter().all(|post| !post.ends_with('\\')), "{posts:?}");
        assert_eq!(posts.concat(), r"\_".repeat(30));
    }

    #[test]
    fn a_word_that_fits_into_a_post_is_not_cut_to_fill_one() {
        let text = "aaaaaa üaü\nä😀😀😀a😀😀😀😀";
        assert_eq!(split(text, 24), ["aaaaaa üaü", "ä😀😀😀a😀😀😀😀"]);
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_post_is_too_long(
            lines in proptest::collection::vec("([a-z]{1,9} ){0,6}[a-zäöü😀]{1,9}", 1..40),
            most in 24_usize..80,
        ) {
            let text = lines.join("\n");
            let posts = split(&text, most);
            for post in &posts {
                prop_assert!(length(post) <= most);
            }
            let together = posts.join("\n");
            let left: Vec<_> = together.split_whitespace().collect();
            let were: Vec<_> = text.split_whitespace().collect();
            prop_assert_eq!(left, were);
        }

        #[test]
        fn what_was_escaped_comes_back(text in "[ -~\n]{0,80}") {
            prop_assume!(!text.contains("http"));
            prop_assert_eq!(unescape(&escape(&text)), text);
        }
    }
}
