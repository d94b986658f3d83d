//! A line into tokens, each with its place in the line.
//!
//! A token ends at white space. What stands in quotes (`"…"`, also the curly kinds that phones make of them) or in
//! backticks belongs to one token as it is: it is no option and names no command. A quote begins only where a token or
//! an option's value begins, so that the inch sign in `5"` is none; an apostrophe is never one. [`crate::chat::text::quoted`] writes a value so
//! that it is read back as it was.

use std::ops::Range;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it says, without its quotes.
    pub text: String,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// Whether it begins with a quote: then it is a value, whatever it looks like.
    pub quoted: bool,
}

/// A quote that nothing closes; where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclosed(pub Range<usize>);

/// Reads a line token by token, so that whoever reads can take the rest as it is.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of the line.
    #[must_use]
    pub fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    /// The next token, or nothing at the end.
    ///
    /// # Errors
    /// If a quote is not closed.
    pub fn next(&mut self) -> Result<Option<Token>, Unclosed> {
        self.skip_blanks();
        let start = self.at;
        let mut text = String::new();
        let mut quoted = false;
        let mut fresh = true;
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
            match self.opening().filter(|_| fresh) {
                Some((open, closing)) => {
                    quoted |= self.at == start;
                    self.quotation(open, closing, &mut text)?;
                }
                None => {
                    self.at += c.len_utf8();
                    text.push(c);
                }
            }
            fresh = c == '=';
        }
        let token = Token {
            text,
            span: start..self.at,
            quoted,
        };
        Ok((self.at > start).then_some(token))
    }

    /// Everything that is left, from its first letter on, and where it stands.
    pub fn rest(&mut self) -> (&'a str, Range<usize>) {
        self.skip_blanks();
        let rest = self.left().trim_end();
        let span = self.at..self.at + rest.len();
        self.at = self.line.len();
        (rest, span)
    }

    /// Ends reading at the end of this line, and gives what stands below it; nothing where nothing does.
    pub fn stop_at_line_end(&mut self) -> Option<(&'a str, Range<usize>)> {
        let end = self.at + self.left().find('\n')?;
        let mut below = Self {
            line: self.line,
            at: end,
        };
        self.line = self.line.get(..end).unwrap_or(self.line);
        Some(below.rest()).filter(|(text, _)| !text.is_empty())
    }

    fn left(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.left().chars().next()
    }

    fn skip_blanks(&mut self) {
        let left = self.left();
        self.at += left.len() - left.trim_start().len();
    }

    /// The quote that begins here, and what may close it.
    fn opening(&self) -> Option<(&'static str, &'static [&'static str])> {
        QUOTES
            .into_iter()
            .find(|(open, _)| self.left().starts_with(open))
    }

    /// Reads from an opening quote to its end.
    fn quotation(
        &mut self,
        open: &str,
        closing: &[&str],
        text: &mut String,
    ) -> Result<(), Unclosed> {
        let start = self.at;
        self.at += open.len();
        loop {
            if let Some(close) = closing
                .iter()
                .find(|close| self.left().starts_with(**close))
            {
                self.at += close.len();
                return Ok(());
            }
            let escaped = open == "\""
                && ["\\\"", "\\\\"]
                    .iter()
                    .any(|pair| self.left().starts_with(pair));
            self.at += usize::from(escaped);
            let Some(c) = self.peek() else {
                return Err(Unclosed(start..start + open.len()));
            };
            self.at += c.len_utf8();
            text.push(c);
        }
    }
}

/// What opens a quotation, and what closes it; the longer ones first. The curly kinds differ from language to language,
/// so any of them closes any.
const QUOTES: [(&str, &[&str]); 6] = [
    ("```", &["```"]),
    ("`", &["`"]),
    ("\"", &["\""]),
    ("“", &["”", "“", "\""]),
    ("„", &["“", "”", "\""]),
    ("«", &["»"]),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use proptest::prelude::*;

    use super::*;
    use crate::chat::text::quoted;

    fn texts(line: &str) -> Vec<String> {
        let mut reader = Reader::new(line);
        let mut texts = Vec::new();
        while let Some(token) = reader.next().unwrap() {
            texts.push(token.text);
        }
        texts
    }

    #[test]
    fn words_are_split_at_blanks_and_line_ends() {
        assert_eq!(texts("  take\tTKT-1 \n now"), ["take", "TKT-1", "now"]);
        assert_eq!(texts(" "), Vec::<String>::new());
    }

    #[test]
    fn quotes_and_backticks_keep_a_value_together() {
        assert_eq!(texts(r#"open "the export" x"#), ["open", "the export", "x"]);
        assert_eq!(texts(r#"--subject="a b" c"#), ["--subject=a b", "c"]);
        assert_eq!(texts(r#""say \"hi\" \\ \n""#), [r#"say "hi" \ \n"#]);
        assert_eq!(
            texts("“the export” „la la“ «x y»"),
            ["the export", "la la", "x y"]
        );
        assert_eq!(texts("show `TKT-1` ```a b```"), ["show", "TKT-1", "a b"]);
        assert_eq!(texts(r#""""#), [""]);
    }

    #[test]
    fn an_apostrophe_and_an_inch_sign_are_letters() {
        assert_eq!(
            texts("don't buy 5\" disks"),
            ["don't", "buy", "5\"", "disks"]
        );
    }

    #[test]
    fn an_open_quote_is_named() {
        assert_eq!(Reader::new("  \"abc").next(), Err(Unclosed(2..3)));
        assert_eq!(Reader::new("`abc").next(), Err(Unclosed(0..1)));
    }

    #[test]
    fn the_rest_is_given_as_it_is() {
        let mut reader = Reader::new("note  don't \"split\n  this ` \n");
        reader.next().unwrap();
        assert_eq!(reader.rest(), ("don't \"split\n  this `", 6..27));
    }

    proptest! {
        #[test]
        fn a_quoted_value_is_one_token(value in "\\PC*") {
            prop_assert_eq!(texts(&quoted(&value)), vec![value]);
        }

        #[test]
        fn any_line_ends(line in "[a\"`“”= \\\\\n]*") {
            let mut reader = Reader::new(&line);
            let mut count = 0;
            while let Ok(Some(token)) = reader.next() {
                prop_assert!(line.get(token.span.clone()).is_some());
                count += 1;
                prop_assert!(count <= line.len());
            }
        }
    }
}
