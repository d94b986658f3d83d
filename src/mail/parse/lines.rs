//! Lines of bytes, whatever ends them.

use crate::mail::effort;

/// One line: its content without the line end, and where the next line starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The line without its end.
    pub text: &'a [u8],
    /// Offset of the first byte of the line.
    pub start: usize,
    /// Offset of the first byte after the line end.
    pub next: usize,
}

/// The line that starts at `offset`; `None` at the end. LF and CRLF end a line.
pub(crate) fn line_at(bytes: &[u8], offset: usize) -> Option<Line<'_>> {
    let rest = bytes.get(offset..).filter(|rest| !rest.is_empty())?;
    let (text, length) = match rest.iter().position(|&byte| byte == b'\n') {
        Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
        None => (rest, rest.len()),
    };
    effort::spend(length);
    Some(Line {
        text: text.strip_suffix(b"\r").unwrap_or(text),
        start: offset,
        next: offset + length,
    })
}

/// The bytes with LF line ends if they came with bare CR (a Maildir written by old Mac software);
/// `None` when they have LF already.
pub(crate) fn from_bare_cr(bytes: &[u8]) -> Option<Vec<u8>> {
    let bare = bytes.contains(&b'\r') && !bytes.contains(&b'\n');
    bare.then(|| {
        bytes
            .iter()
            .map(|&byte| if byte == b'\r' { b'\n' } else { byte })
            .collect()
    })
}
