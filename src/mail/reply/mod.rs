//! The new words of a reply: without quotes, attribution lines and signature.

use std::cell::RefCell;

pub(crate) mod attribution;
pub(crate) mod fields;
pub(crate) mod lines;
pub(crate) mod people;
pub(crate) mod separator;
pub(crate) mod signature;

use self::lines::{Line, bare, next_filled};
use self::signature::Signatures;
use crate::mail::html::marks::Mark;

/// The new text of a body. Where nothing would be left, the whole text is.
pub(crate) fn new_text(text: &str, html: Option<&str>, text_is_rendered: bool) -> String {
    let from_html = || html.map(|html| settle(kept(&lines::of_html(html)), text));
    let reply = if text_is_rendered {
        from_html().unwrap_or_default()
    } else {
        let reply = settle(kept(&lines::of_text(text)), text);
        // Plain text that shows no sign of the earlier message, beside HTML that does.
        if reply.trim() == text.trim() {
            from_html()
                .filter(|other| !other.is_empty() && other.len() < reply.len())
                .unwrap_or(reply)
        } else {
            reply
        }
    };
    if bare(&reply).is_empty() {
        return text.trim_matches('\n').to_owned();
    }
    // At the head of a text it is the mark of its encoding, wherever else it once stood.
    reply.trim_start_matches('\u{feff}').to_owned()
}

/// The forwarder's own words before a forwarded message; they may be none.
pub(crate) fn own_words(text: &str) -> String {
    settle(kept(&lines::of_text(text)), text)
}

/// How often a text is read again: a quote within a signature within a quote is found at last.
const MOST_ROUNDS: usize = 5;

/// Reads the kept text again until nothing more goes, so that reading a reply changes nothing. `whole` is given
/// back where there is no end to it: such a text was made to be cut for ever.
fn settle(first: String, whole: &str) -> String {
    let mut text = first;
    for _ in 0..MOST_ROUNDS {
        let again = kept(&lines::of_text(&text));
        if again == text || bare(&again).is_empty() {
            return text;
        }
        text = again;
    }
    whole.trim_matches('\n').to_owned()
}

/// The new text of lines; empty where all is quoted.
pub(crate) fn kept(lines: &[Line<'_>]) -> String {
    let mut reader = Reader {
        lines,
        kept: Vec::new(),
        last_words: None,
        attributions: RefCell::new(vec![None; lines.len()]),
        boundaries: RefCell::new(vec![None; lines.len()]),
        signatures: Signatures::new(lines),
    };
    let mut at = 0;
    let last_quote = last_bare_blockquote(lines);
    while at < lines.len() {
        match reader.step(at, last_quote) {
            Some(next) => at = next.max(at + 1),
            None => break,
        }
    }
    reader.finish()
}

struct Reader<'l, 'a> {
    lines: &'l [Line<'a>],
    kept: Vec<&'l str>,
    /// Position in `kept` of the last line with words.
    last_words: Option<usize>,
    /// Where the attributions end that begin at lines; looked at once each.
    attributions: RefCell<Vec<Option<Option<usize>>>>,
    /// Whether lines begin something that is not the sender's; looked at once each.
    boundaries: RefCell<Vec<Option<bool>>>,
    signatures: Signatures,
}

impl<'l> Reader<'l, '_> {
    fn has_words(&self) -> bool {
        self.last_words.is_some()
    }

    fn keep(&mut self, text: &'l str) {
        if !bare(text).is_empty() {
            self.last_words = Some(self.kept.len());
        }
        self.kept.push(text);
    }

    /// The line after the attribution that begins at this one.
    fn attribution(&self, at: usize) -> Option<usize> {
        if let Some(known) = self.attributions.borrow().get(at).copied().flatten() {
            return known;
        }
        let found = attribution::at(self.lines, at);
        if let Some(known) = self.attributions.borrow_mut().get_mut(at) {
            *known = Some(found);
        }
        found
    }

    /// Whether an attribution, a separator or a header block begins at the line.
    fn is_boundary(&self, at: usize) -> bool {
        if let Some(known) = self.boundaries.borrow().get(at).copied().flatten() {
            return known;
        }
        let found = self.attribution(at).is_some()
            || self
                .lines
                .get(at)
                .is_some_and(|line| separator::read(&line.text).is_some())
            || fields::block_at(self.lines, at).is_some();
        if let Some(known) = self.boundaries.borrow_mut().get_mut(at) {
            *known = Some(found);
        }
        found
    }

    /// Reads the line at `at`; gives back where to go on, `None` when all the rest is quoted.
    fn step(&mut self, at: usize, last_quote: Option<(usize, usize)>) -> Option<usize> {
        let line = self.lines.get(at)?;
        match line.mark {
            Some(Mark::QuoteToTheEnd) => {
                if self.has_words() {
                    return None;
                }
                return Some(self.skip_header(at));
            }
            Some(Mark::Quote) => {
                self.drop_attribution();
                return Some(at + 1);
            }
            Some(Mark::Attribution | Mark::Signature) => return Some(at + 1),
            Some(Mark::OwnQuote) => {
                self.keep(&line.text);
                return Some(at + 1);
            }
            None => {}
        }
        if last_quote.is_some_and(|(start, end)| (start..end).contains(&at)) {
            self.drop_attribution();
            return Some(at + 1);
        }
        if line.is_quoted() {
            self.drop_attribution();
            return Some(at + 1);
        }
        if line.is_blank() {
            self.kept.push("");
            return Some(at + 1);
        }
        if self.is_wrapped_link(at) {
            return Some(at + 1);
        }
        if self.shares_line(at) {
            return self.keep_words(at);
        }
        if let Some(end) = self.attribution(at) {
            return self.cross(end);
        }
        if separator::read(&line.text).is_some() {
            return if self.has_words() {
                None
            } else {
                Some(self.skip_header(at + 1))
            };
        }
        if let Some(block) = fields::block_at(self.lines, at) {
            return if self.has_words() {
                None
            } else {
                Some(block.end)
            };
        }
        if separator::asks_above(&line.text) {
            return if self.has_words() { None } else { Some(at + 1) };
        }
        if signature::is_list_footer(self.lines, at) {
            return if self.has_words() { None } else { Some(at + 1) };
        }
        if let Some(end) = self.signature_end(at) {
            return Some(end);
        }
        if signature::is_sent_from(&line.text) {
            if self.ends_fragment(at + 1) {
                return Some(at + 1);
            }
            // Phones put this line below the new words and above an earlier message without marks.
            let blank = |index: Option<usize>| {
                index
                    .and_then(|index| self.lines.get(index))
                    .is_none_or(Line::is_blank)
            };
            if self.has_words() && blank(at.checked_sub(1)) && blank(at.checked_add(1)) {
                return None;
            }
        }
        self.keep_words(at)
    }

    /// Whether an attribution stands at the end of a line that begins with other words.
    fn shares_line(&self, at: usize) -> bool {
        let Some(line) = self.lines.get(at) else {
            return false;
        };
        next_filled(self.lines, at + 1)
            .and_then(|next| self.lines.get(next))
            .is_some_and(Line::is_quoted)
            && !attribution::begins(&line.text)
            && attribution::inside(&line.text).is_some()
    }

    /// Keeps a line, or the part of it before an attribution that shares it.
    fn keep_words(&mut self, at: usize) -> Option<usize> {
        let text: &'l str = &self.lines.get(at)?.text;
        let words = if self.shares_line(at) {
            let start = attribution::inside(text).unwrap_or(text.len());
            let words = text.get(..start).unwrap_or(text).trim_end();
            words.trim_end_matches("---").trim_end()
        } else {
            text
        };
        self.keep(words);
        Some(at + 1)
    }

    /// After an attribution: a quote that is marked is passed over line by line; one that is not goes on
    /// to the end.
    fn cross(&mut self, end: usize) -> Option<usize> {
        let next = next_filled(self.lines, end)?;
        let marked = self.lines.get(next).is_some_and(Line::is_quoted);
        let deeper = self.lines.get(next).map(|line| line.depth)
            > self.lines.get(end.saturating_sub(1)).map(|line| line.depth);
        if marked || !self.has_words() {
            return Some(end);
        }
        if deeper {
            return Some(self.end_of_depth(next));
        }
        None
    }

    /// The first line after the blockquote in which `start` stands.
    fn end_of_depth(&self, start: usize) -> usize {
        let depth = self.lines.get(start).map_or(0, |line| line.depth);
        self.lines
            .iter()
            .enumerate()
            .skip(start)
            .find(|(_, line)| line.depth < depth && !line.is_blank())
            .map_or(self.lines.len(), |(index, _)| index)
    }

    fn skip_header(&self, at: usize) -> usize {
        next_filled(self.lines, at)
            .and_then(|start| fields::block_at(self.lines, start))
            .map_or(at + 1, |block| block.end)
    }

    /// A quote follows a line in a language that is not known here: an attribution names a person or a
    /// moment and ends with a colon.
    fn drop_attribution(&mut self) {
        let Some(index) = self.last_words else { return };
        let Some(line) = self.kept.get(index) else {
            return;
        };
        let line = bare(line);
        let names = line.contains('@') && line.chars().any(|c| c.is_ascii_digit());
        if line.ends_with([':', '：']) && names && line.len() < 300 {
            self.kept.truncate(index);
            self.last_words = self.kept.iter().rposition(|line| !bare(line).is_empty());
        }
    }

    /// A link that was broken out of a quoted line by wrapping.
    fn is_wrapped_link(&self, at: usize) -> bool {
        let near = |index: Option<usize>| {
            index
                .and_then(|index| self.lines.get(index))
                .is_some_and(Line::is_quoted)
        };
        if !near(at.checked_sub(1)) || !near(at.checked_add(1)) {
            return false;
        }
        let Some(line) = self.lines.get(at) else {
            return false;
        };
        let before = at
            .checked_sub(1)
            .and_then(|index| self.lines.get(index))
            .map(|line| line.text.as_ref())
            .unwrap_or_default();
        let open = before.rfind(['(', '<']).is_some_and(|start| {
            before
                .get(start..)
                .is_some_and(|rest| rest.contains("http") && !rest.contains([')', '>']))
        });
        let text = bare(&line.text).trim_start_matches(['(', '<', '[']);
        open || text.starts_with("http")
    }

    fn signature_end(&self, at: usize) -> Option<usize> {
        self.signatures.end(self.lines, at, |index| {
            self.lines.get(index).is_some_and(|line| {
                !line.is_blank() && (line.is_quoted() || self.is_boundary(index))
            })
        })
    }

    /// Whether the words end before `from`: nothing follows, or a quote or signature does.
    fn ends_fragment(&self, from: usize) -> bool {
        let Some(next) = next_filled(self.lines, from) else {
            return true;
        };
        let Some(line) = self.lines.get(next) else {
            return true;
        };
        line.mark.is_some()
            || line.is_quoted()
            || separator::is_rule(&line.text)
            || signature::delimiter(&line.text).is_some()
            || signature::is_sent_from(&line.text)
            || self.is_boundary(next)
    }

    /// The kept lines without the empty lines and rules at their ends.
    fn finish(mut self) -> String {
        let cut = self.kept.len() < self.lines.len();
        while self
            .kept
            .last()
            .is_some_and(|line| bare(line).is_empty() || (cut && separator::is_rule(line)))
        {
            self.kept.pop();
        }
        let first = self
            .kept
            .iter()
            .position(|line| !bare(line).is_empty())
            .unwrap_or(self.kept.len());
        self.kept.get(first..).unwrap_or_default().join("\n")
    }
}

/// The last blockquote at the top, if words stand before it: clients that mark nothing (and web mailers
/// of all kinds) put the earlier message there.
fn last_bare_blockquote(lines: &[Line<'_>]) -> Option<(usize, usize)> {
    let end = lines
        .iter()
        .rposition(|line| line.depth > 0 && line.mark.is_none() && !line.is_blank())?;
    let start = lines
        .iter()
        .take(end)
        .rposition(|line| line.depth == 0 && !line.is_blank())?
        + 1;
    Some((start, end + 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
pub(crate) mod tests;
