//! From bytes to text: the declared charset first, then what the bytes themselves say.
//!
//! Labels are those of the WHATWG Encoding Standard, plus UTF-7 and the 7-bit encodings ISO-2022-KR and
//! HZ that the standard replaces, plus the DOS code pages that the MIME library knows.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, WINDOWS_1252,
};

/// Bytes read in two ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reading {
    /// The best reading, which is what people see. It has no NUL, since the database takes none.
    pub best: String,
    /// What the declared charset alone makes of the bytes, U+FFFD for what it does not know;
    /// `None` where that is the best reading too.
    pub declared: Option<String>,
}

impl Reading {
    fn new(best: Cow<'_, str>, declared: Option<String>) -> Self {
        let text = best.strip_prefix('\u{feff}').unwrap_or(&best);
        if text.contains('\0') {
            let without = text.replace('\0', "");
            let declared = declared.or_else(|| Some(text.to_owned()));
            return Self {
                best: without,
                declared,
            };
        }
        let declared = declared.filter(|declared| declared != text);
        Self {
            best: text.to_owned(),
            declared,
        }
    }

    /// What the declared charset alone makes of the bytes.
    pub fn as_declared(&self) -> &str {
        self.declared.as_deref().unwrap_or(&self.best)
    }
}

/// Reads `bytes`. `label` is the declared charset; `hint` the one that other parts of the message declare.
pub(crate) fn read(bytes: &[u8], label: Option<&str>, hint: Option<&str>) -> Reading {
    let label = label.map(str::trim).filter(|label| !label.is_empty());
    if bytes.is_ascii() && !bytes.contains(&0x1b) && label.is_none_or(is_ascii_superset) {
        return Reading::new(String::from_utf8_lossy(bytes), None);
    }
    if let Some(text) = label.and_then(|label| decode_extra(bytes, label)) {
        return Reading::new(text.into(), None);
    }
    match label.and_then(|label| Encoding::for_label(label.as_bytes())) {
        Some(encoding) if encoding.name() == "replacement" => unlabelled(bytes, hint),
        Some(encoding) => labelled(bytes, encoding),
        None => match label.and_then(|label| library_decoder(bytes, label)) {
            Some(text) => Reading::new(text.into(), None),
            None => unlabelled(bytes, hint),
        },
    }
}

/// Whether ASCII bytes are ASCII text under that label.
fn is_ascii_superset(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    !(label.contains("utf-16")
        || label.contains("utf-7")
        || label.contains("2022")
        || label.starts_with("hz")
        || label.contains("ucs")
        || label.contains("unicode-1-1"))
}

fn labelled(bytes: &[u8], encoding: &'static Encoding) -> Reading {
    let encoding = utf16_order(bytes, encoding);
    let (text, _, errors) = encoding.decode(bytes);
    if encoding == WINDOWS_1252 {
        if let Some(better) = not_western(bytes) {
            return Reading::new(better, Some(text.into_owned()));
        }
    } else if errors {
        let (guessed, guess_errors) = guess(bytes);
        if !guess_errors {
            return Reading::new(guessed, Some(text.into_owned()));
        }
    } else if encoding.is_single_byte() && has_utf8_letters(bytes) {
        return Reading::new(String::from_utf8_lossy(bytes), Some(text.into_owned()));
    }
    Reading::new(text, None)
}

/// "utf-16" without a byte order mark is big-endian (RFC 2781, 4.3), but clients send little-endian:
/// the zero bytes of Latin text, spaces and line ends tell.
fn utf16_order(bytes: &[u8], encoding: &'static Encoding) -> &'static Encoding {
    if encoding != encoding_rs::UTF_16LE || bytes.starts_with(&[0xff, 0xfe]) {
        return encoding;
    }
    let zeros = |offset| {
        bytes
            .iter()
            .skip(offset)
            .step_by(2)
            .take(2_000)
            .filter(|&&byte| byte == 0)
            .count()
    };
    if zeros(0) > zeros(1) {
        encoding_rs::UTF_16BE
    } else {
        encoding
    }
}

/// Mail labelled Latin-1 or ASCII that is something else: UTF-8, or a script in which nearly every letter
/// is above 0x7f. Western text has an accent on a fifth of its letters at most.
fn not_western(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if has_utf8_letters(bytes) {
        return Some(String::from_utf8_lossy(bytes));
    }
    let high = bytes.iter().filter(|byte| **byte >= 0xa1).count();
    let ascii = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    if high < 8 || high < ascii {
        return None;
    }
    let encoding = detect(bytes);
    let (text, _, errors) = encoding.decode(bytes);
    (encoding != WINDOWS_1252 && !errors).then_some(text)
}

fn has_utf8_letters(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

fn unlabelled(bytes: &[u8], hint: Option<&str>) -> Reading {
    if bytes.contains(&0x1b) && bytes.is_ascii() {
        let (text, _, errors) = ISO_2022_JP.decode(bytes);
        if !errors {
            return Reading::new(text, Some(String::from_utf8_lossy(bytes).into_owned()));
        }
    }
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => Reading::new(text.into(), None),
        Cow::Owned(lossy) => {
            let hinted = hint
                .and_then(|hint| Encoding::for_label(hint.as_bytes()))
                .filter(|encoding| *encoding != UTF_8 && *encoding != WINDOWS_1252)
                .map(|encoding| encoding.decode(bytes));
            match hinted {
                Some((text, _, false)) => Reading::new(text, Some(lossy)),
                _ => Reading::new(guess(bytes).0, Some(lossy)),
            }
        }
    }
}

fn guess(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let (text, _, errors) = detect(bytes).decode(bytes);
    (text, errors)
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    const LOOKED_AT: usize = 64 << 10;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes.get(..LOOKED_AT).unwrap_or(bytes), true);
    detector.guess(None, Utf8Detection::Allow)
}

fn library_decoder(bytes: &[u8], label: &str) -> Option<String> {
    let label = label.get(..44).unwrap_or(label);
    mail_parser::decoders::charsets::map::charset_decoder(label.as_bytes())
        .map(|decode| decode(bytes))
}

/// The encodings that the WHATWG standard leaves out on purpose, but that stand in mail archives.
fn decode_extra(bytes: &[u8], label: &str) -> Option<String> {
    let label = label.to_ascii_lowercase();
    match label.as_str() {
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "csutf7" | "csunicode11utf7" => {
            // The library drops an escape that the end of the text cuts off: give it an end.
            let mut ended = bytes.to_vec();
            ended.push(b'\n');
            let text = library_decoder(&ended, "utf-7")?;
            Some(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
        }
        "iso-2022-kr" | "csiso2022kr" => Some(decode_iso_2022_kr(bytes)),
        "hz-gb-2312" | "hz" => Some(decode_hz(bytes)),
        "x-sjis" | "cp932" | "ms932" => Some(SHIFT_JIS.decode(bytes).0.into_owned()),
        "ks_c_5601" | "cp949" | "uhc" => Some(EUC_KR.decode(bytes).0.into_owned()),
        "cp950" => Some(BIG5.decode(bytes).0.into_owned()),
        "eucjp" => Some(EUC_JP.decode(bytes).0.into_owned()),
        _ => None,
    }
}

/// RFC 1557: SO and SI switch between KS X 1001 (two bytes) and ASCII.
fn decode_iso_2022_kr(bytes: &[u8]) -> String {
    let mut eight_bit = Vec::with_capacity(bytes.len());
    let (mut rest, mut shifted) = (bytes, false);
    loop {
        rest = match rest {
            [] => break,
            [0x1b, b'$', b')', b'C', rest @ ..] => rest,
            [0x0e, rest @ ..] => {
                shifted = true;
                rest
            }
            [0x0f, rest @ ..] => {
                shifted = false;
                rest
            }
            [byte, rest @ ..] => {
                let letter = shifted && byte.is_ascii_graphic();
                eight_bit.push(if letter { byte | 0x80 } else { *byte });
                rest
            }
        };
    }
    EUC_KR.decode(&eight_bit).0.into_owned()
}

/// RFC 1843: `~{` and `~}` switch between GB 2312 (two bytes) and ASCII.
fn decode_hz(bytes: &[u8]) -> String {
    let mut eight_bit = Vec::with_capacity(bytes.len());
    let (mut rest, mut shifted) = (bytes, false);
    loop {
        rest = match rest {
            [] => break,
            [b'~', b'{', rest @ ..] => {
                shifted = true;
                rest
            }
            [b'~', b'}', rest @ ..] => {
                shifted = false;
                rest
            }
            [b'~', b'~', rest @ ..] if !shifted => {
                eight_bit.push(b'~');
                rest
            }
            [b'~', b'\n', rest @ ..] => rest,
            [byte, rest @ ..] => {
                shifted &= *byte != b'\n';
                let letter = shifted && byte.is_ascii_graphic();
                eight_bit.push(if letter { byte | 0x80 } else { *byte });
                rest
            }
        };
    }
    GBK.decode(&eight_bit).0.into_owned()
}
