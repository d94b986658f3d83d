//! The MIME tree (RFC 2046), in one pass over the lines.
//!
//! The walker does what a delivery agent can promise for any input: time linear in its size, a bounded
//! number of parts and depth. Attached messages are leaves; who wants their inside parses it by itself.

use mail_parser::ContentType;

use super::headers::{self, HeaderBlock, Headers};
use super::lines::line_at;
use super::words;

/// Bounds of the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of one header block.
    pub header_bytes: usize,
    /// Parts in all.
    pub parts: usize,
    /// Depth.
    pub depth: usize,
}

/// One part. Index 0 is the message itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part<'a> {
    /// Its header.
    pub headers: Headers<'a>,
    /// Its body, still encoded.
    pub body: &'a [u8],
    /// `type/subtype` in lower case.
    pub content_type: String,
    /// The parsed `Content-Type`.
    pub parameters: Option<ContentType<'static>>,
    /// Parts inside, for a multipart.
    pub children: Vec<usize>,
}

impl Part<'_> {
    /// A parameter of the content type.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .as_ref()
            .and_then(|parsed| parsed.attribute(name))
    }

    /// The first word of `Content-Transfer-Encoding` in lower case.
    pub fn encoding(&self) -> String {
        let value = self
            .headers
            .text("content-transfer-encoding")
            .unwrap_or_default();
        let word = value.split([' ', ';', '\t']).next().unwrap_or_default();
        word.trim_matches('"').to_ascii_lowercase()
    }
}

/// The tree, flattened in the order of the message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree<'a> {
    /// The parts.
    pub parts: Vec<Part<'a>>,
    /// Whether parts or depth went beyond the bounds.
    pub cut: bool,
    /// Whether the message's own header was longer than allowed.
    pub header_cut: bool,
    /// Size of the message's own header.
    pub header_bytes: usize,
}

struct OpenMultipart {
    part: usize,
    boundary: Vec<u8>,
}

struct Walker<'a> {
    bytes: &'a [u8],
    bounds: Bounds,
    tree: Tree<'a>,
    open: Vec<OpenMultipart>,
    /// The leaf whose body is being read, and where that body starts.
    leaf: Option<(usize, usize)>,
}

/// Reads the tree of `bytes`.
pub(crate) fn walk(bytes: &[u8], bounds: Bounds) -> Tree<'_> {
    let root = headers::read(bytes, 0, bounds.header_bytes);
    let (header_cut, body) = (root.cut, root.body);
    let mut tree = walk_with(bytes, bounds, root.clone(), None);
    let lost = tree.parts.len() == 1
        && tree
            .parts
            .first()
            .is_some_and(|part| part.content_type.starts_with("multipart/"));
    if lost {
        let found = guess_boundary(bytes, body);
        tree = match found {
            Some(boundary) => walk_with(bytes, bounds, root, Some(boundary)),
            None => tree,
        };
        if tree.parts.len() == 1
            && let Some(part) = tree.parts.first_mut()
        {
            part.content_type = "text/plain".to_owned();
        }
    }
    tree.header_cut = header_cut;
    tree.header_bytes = body;
    tree
}

fn walk_with<'a>(
    bytes: &'a [u8],
    bounds: Bounds,
    root: HeaderBlock<'a>,
    boundary: Option<Vec<u8>>,
) -> Tree<'a> {
    let mut walker = Walker {
        bytes,
        bounds,
        tree: Tree::default(),
        open: Vec::new(),
        leaf: None,
    };
    let mut at = root.body;
    walker.begin(root, None, boundary);
    while let Some(line) = line_at(bytes, at) {
        at = match walker.delimiter(line.text) {
            Some((level, closing)) => walker.cross(level, closing, line.start, line.next),
            None => line.next,
        };
    }
    walker.end_leaf(bytes.len());
    walker.rescue_childless();
    walker.tree
}

impl<'a> Walker<'a> {
    /// Opens a part whose header has been read.
    fn begin(
        &mut self,
        block: HeaderBlock<'a>,
        default_type: Option<&str>,
        boundary: Option<Vec<u8>>,
    ) {
        let index = self.tree.parts.len();
        let parsed = block
            .headers
            .raw("content-type")
            .and_then(|value| words::content_type(value, None));
        let content_type = parsed.as_ref().map(type_of).unwrap_or_default();
        let content_type = if content_type.is_empty() {
            default_type.unwrap_or("text/plain").to_owned()
        } else {
            content_type
        };
        let boundary = boundary.or_else(|| {
            let named = parsed.as_ref()?.attribute("boundary")?.trim_end();
            (!named.is_empty()).then(|| named.as_bytes().to_vec())
        });
        if let Some(parent) = self.open.last() {
            let parent = parent.part;
            if let Some(parent) = self.tree.parts.get_mut(parent) {
                parent.children.push(index);
            }
        }
        let is_multipart = content_type.starts_with("multipart/");
        let body_start = block.body;
        self.tree.parts.push(Part {
            headers: block.headers,
            body: &[],
            content_type,
            parameters: parsed,
            children: Vec::new(),
        });
        self.leaf = Some((index, body_start));
        if is_multipart && let Some(boundary) = boundary {
            if self.open.len() < self.bounds.depth {
                self.open.push(OpenMultipart {
                    part: index,
                    boundary,
                });
            } else {
                self.tree.cut = true;
            }
        }
    }

    /// Whether the line is a delimiter of an open multipart: its level, and whether it closes it.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let rest = line.strip_prefix(b"--")?;
        let rest = rest.trim_ascii_end();
        self.open
            .iter()
            .enumerate()
            .rev()
            .find_map(|(level, open)| {
                let after = rest.strip_prefix(open.boundary.as_slice())?;
                match after {
                    [] => Some((level, false)),
                    [b'-', b'-', ..] => Some((level, true)),
                    _ => None,
                }
            })
    }

    /// Takes a delimiter line; gives back where reading goes on.
    fn cross(&mut self, level: usize, closing: bool, line_start: usize, next: usize) -> usize {
        self.end_leaf(line_start);
        self.open.truncate(level + 1);
        if closing {
            self.open.pop();
            return next;
        }
        if self.tree.parts.len() >= self.bounds.parts {
            self.tree.cut = true;
            return self.bytes.len();
        }
        let digest = self
            .open
            .last()
            .and_then(|open| self.tree.parts.get(open.part));
        let default_type = digest
            .filter(|part| part.content_type == "multipart/digest")
            .map(|_| "message/rfc822");
        let block = self.part_header(next);
        let body = block.body;
        self.begin(block, default_type, None);
        body
    }

    /// The header of a part. A delimiter within it ends the part before its body began.
    fn part_header(&self, start: usize) -> HeaderBlock<'a> {
        let mut end = start;
        while let Some(line) = line_at(self.bytes, end) {
            if line.text.trim_ascii().is_empty() {
                let header = self.bytes.get(..line.next).unwrap_or_default();
                return headers::read(header, start, self.bounds.header_bytes);
            }
            if self.delimiter(line.text).is_some() {
                let header = self.bytes.get(..line.start).unwrap_or_default();
                return headers::read(header, start, self.bounds.header_bytes);
            }
            end = line.next;
        }
        headers::read(self.bytes, start, self.bounds.header_bytes)
    }

    /// Ends the leaf that is being read. The line end before a delimiter belongs to the delimiter.
    fn end_leaf(&mut self, end: usize) {
        let Some((index, start)) = self.leaf.take() else {
            return;
        };
        let body = self.bytes.get(start..end.max(start)).unwrap_or_default();
        let body = if end < self.bytes.len() {
            let body = body.strip_suffix(b"\n").unwrap_or(body);
            body.strip_suffix(b"\r").unwrap_or(body)
        } else {
            body
        };
        if let Some(part) = self.tree.parts.get_mut(index) {
            part.body = body;
        }
    }

    /// A multipart in which no part was found is text.
    fn rescue_childless(&mut self) {
        for part in self.tree.parts.iter_mut().skip(1) {
            if part.children.is_empty() && part.content_type.starts_with("multipart/") {
                part.content_type = "text/plain".to_owned();
            }
        }
    }
}

fn type_of(parsed: &ContentType<'static>) -> String {
    let kind = parsed.ctype().trim();
    let subtype = parsed.subtype().unwrap_or_default().trim();
    match (kind, subtype) {
        ("", _) => String::new(),
        ("text", "") => "text/plain".to_owned(),
        (kind, "") => format!("{kind}/unknown"),
        (kind, subtype) => format!("{kind}/{subtype}").to_ascii_lowercase(),
    }
}

/// The boundary of a multipart that names none or a wrong one: the first line that starts with `--`
/// and is followed by a content field.
fn guess_boundary(bytes: &[u8], body: usize) -> Option<Vec<u8>> {
    let mut at = body;
    let mut candidate: Option<&[u8]> = None;
    while let Some(line) = line_at(bytes, at) {
        if let Some(boundary) = candidate
            && headers::field_name(line.text).is_some_and(|(name, _)| name.starts_with("content-"))
        {
            return Some(boundary.to_vec());
        }
        candidate = line
            .text
            .strip_prefix(b"--")
            .map(<[u8]>::trim_ascii_end)
            .filter(|rest| !rest.is_empty() && rest.len() <= 200);
        at = line.next;
    }
    None
}
