//! Content transfer encodings (RFC 2045, section 6), read as forgivingly as clients write them.

use std::borrow::Cow;

/// Decodes `bytes` as the encoding named says; an unknown name leaves them as they are.
pub(crate) fn decode<'a>(bytes: &'a [u8], encoding: &str) -> Cow<'a, [u8]> {
    match encoding {
        "base64" => Cow::Owned(base64(bytes)),
        "quoted-printable" => Cow::Owned(quoted_printable(bytes)),
        "x-uuencode" | "x-uue" | "uuencode" => {
            uuencoded(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
        }
        _ => Cow::Borrowed(bytes),
    }
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Base64, skipping whatever is no letter of its alphabet (RFC 2045, 6.8). Padding ends a group, so
/// that encoded pieces that were glued together are all read. Text that is mostly not base64 (a list
/// server's footer in clear, or no encoding at all) is given back as it is.
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut group, mut count, mut foreign, mut spaces) = (0u32, 0u8, 0usize, 0usize);
    for &byte in bytes {
        if let Some(value) = sextet(byte) {
            group = (group << 6) | u32::from(value);
            count += 1;
            if count == 4 {
                decoded.extend(group.to_be_bytes().iter().skip(1));
                (group, count) = (0, 0);
            }
        } else if byte == b'=' {
            flush(&mut decoded, group, count);
            (group, count) = (0, 0);
        } else if byte == b' ' {
            spaces += 1;
        } else if !byte.is_ascii_whitespace() {
            foreign += 1;
        }
    }
    flush(&mut decoded, group, count);
    let prose = |count: usize| count >= 4 && count.saturating_mul(12) > bytes.len();
    if prose(foreign) || prose(spaces) {
        return bytes.to_vec();
    }
    decoded
}

fn flush(decoded: &mut Vec<u8>, group: u32, count: u8) {
    match count {
        2 => decoded.extend((group << 12).to_be_bytes().iter().skip(1).take(1)),
        3 => decoded.extend((group << 6).to_be_bytes().iter().skip(1).take(2)),
        _ => {}
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Quoted-printable; an escape that is none is kept as it stands (RFC 2045, 6.7, note on robustness).
pub(crate) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let (text, end) = match line {
            [text @ .., b'\r', b'\n'] => (text, &b"\r\n"[..]),
            [text @ .., b'\n'] => (text, &b"\n"[..]),
            text => (text, &b""[..]),
        };
        let (text, end) = match text.trim_ascii_end() {
            [text @ .., b'='] => (text, &b""[..]),
            trimmed if !end.is_empty() => (trimmed, end),
            _ => (text, end),
        };
        quoted_line(text, &mut decoded);
        decoded.extend_from_slice(end);
    }
    decoded
}

fn quoted_line(mut text: &[u8], decoded: &mut Vec<u8>) {
    while let [first, rest @ ..] = text {
        if *first == b'='
            && let [high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push((high << 4) | low);
            text = after;
        } else {
            decoded.push(*first);
            text = rest;
        }
    }
}

/// The file within a uuencoded body; `None` when there is no `begin` line.
pub(crate) fn uuencoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.find(|line| line.starts_with(b"begin "))?;
    let mut decoded = Vec::new();
    for line in lines {
        let line = line.trim_ascii_end();
        let [length, data @ ..] = line else { break };
        if line == b"end" || *length == b'`' {
            break;
        }
        let wanted = usize::from(length.wrapping_sub(32) & 63);
        let before = decoded.len();
        for group in data.chunks(4) {
            let bits = (0..4).fold(0u32, |bits, index| {
                let value = group.get(index).copied().unwrap_or(b'`');
                (bits << 6) | u32::from(value.wrapping_sub(32) & 63)
            });
            decoded.extend(bits.to_be_bytes().iter().skip(1));
        }
        decoded.truncate(before + wanted);
    }
    Some(decoded)
}
