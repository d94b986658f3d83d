//! The header of a message or part, split into fields (RFC 5322, 2.2).

use super::lines::line_at;

/// One header field.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    /// The name in lower case.
    pub name: String,
    /// The raw value, folds included, without the last line end.
    pub value: &'a [u8],
}

/// The fields in the order of the message, topmost first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers<'a> {
    /// The fields.
    pub fields: Vec<Field<'a>>,
}

/// A header block and where the body starts.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeaderBlock<'a> {
    /// The fields.
    pub headers: Headers<'a>,
    /// Offset of the body.
    pub body: usize,
    /// Whether the block was longer than allowed; what is beyond is not in `headers`.
    pub cut: bool,
}

impl<'a> Headers<'a> {
    /// The raw value of the first field of that name (given in lower case).
    pub fn raw(&self, name: &str) -> Option<&'a [u8]> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| field.value)
    }

    /// The raw values of all fields of that name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| field.name == name)
            .map(|field| field.value)
    }

    /// The first field of that name, unfolded and trimmed, undecodable bytes replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(unfold)
    }

    /// Whether there is such a field.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }
}

/// A value on one line: line ends go, runs of blanks at a fold become one space.
pub(crate) fn unfold(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    if !text.contains(['\r', '\n']) {
        return text.trim().to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for piece in text.split(['\r', '\n']) {
        let piece = piece.trim();
        if !piece.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(piece);
        }
    }
    line
}

/// Reads the fields from `offset` on. `limit` is the number of bytes looked at.
///
/// Real headers are not clean: an mbox line stands above, a line without a colon stands in between
/// (it is passed over), or the empty line before the body is missing; then the body starts at the
/// first line that is no field.
pub(crate) fn read(bytes: &[u8], offset: usize, limit: usize) -> HeaderBlock<'_> {
    let mut block = HeaderBlock::default();
    let mut at = offset;
    let mut stray = None;
    let mut current: Option<(String, usize, usize)> = None;
    while let Some(line) = line_at(bytes, at) {
        if line.text.iter().all(u8::is_ascii_whitespace) && !is_fold(line.text) {
            push(&mut block.headers, bytes, current.take());
            block.body = line.next;
            return block;
        }
        let within = at.saturating_sub(offset) <= limit;
        block.cut |= !within;
        if is_fold(line.text) {
            if within && let Some((_, _, end)) = &mut current {
                *end = line.start + line.text.len();
            }
        } else {
            push(&mut block.headers, bytes, current.take());
            match field_name(line.text) {
                Some((name, colon)) if within => {
                    current = Some((name, line.start + colon + 1, line.start + line.text.len()));
                }
                Some(_) => {}
                None if is_mbox_line(line.text) => {}
                None => {
                    stray.get_or_insert(line.start);
                }
            }
        }
        at = line.next;
    }
    push(&mut block.headers, bytes, current);
    block.body = stray.unwrap_or(bytes.len());
    block
}

fn push<'a>(headers: &mut Headers<'a>, bytes: &'a [u8], field: Option<(String, usize, usize)>) {
    if let Some((name, start, end)) = field {
        let value = bytes.get(start..end).unwrap_or_default();
        headers.fields.push(Field { name, value });
    }
}

fn is_fold(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', rest @ ..] if rest.iter().any(|byte| !byte.is_ascii_whitespace()))
}

fn is_mbox_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// The name in lower case and the offset of its colon. Blanks before the colon are forgiven (RFC 5322, 4.5).
pub(crate) fn field_name(line: &[u8]) -> Option<(String, usize)> {
    let colon = line.iter().take(128).position(|&byte| byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let sound = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    sound.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), colon))
}
