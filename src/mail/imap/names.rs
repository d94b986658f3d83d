//! Folder names and UID sets as IMAP writes them.

use base64::{Engine as _, alphabet, engine};

/// A folder name in modified UTF-7 (RFC 3501, section 5.1.3).
pub(super) fn encode(name: &str) -> String {
    const BASE64: engine::GeneralPurpose =
        engine::GeneralPurpose::new(&alphabet::IMAP_MUTF7, engine::general_purpose::NO_PAD);
    let mut out = String::with_capacity(name.len());
    let mut shifted: Vec<u8> = Vec::new();
    let flush = |shifted: &mut Vec<u8>, out: &mut String| {
        if !shifted.is_empty() {
            out.push('&');
            BASE64.encode_string(&*shifted, out);
            out.push('-');
            shifted.clear();
        }
    };
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            flush(&mut shifted, &mut out);
            out.push(character);
            if character == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0_u16; 2];
            for unit in character.encode_utf16(&mut units) {
                shifted.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    flush(&mut shifted, &mut out);
    out
}

/// A folder name as a quoted string for a command.
pub(super) fn quoted(name: &str) -> String {
    format!(
        "\"{}\"",
        encode(name).replace('\\', "\\\\").replace('"', "\\\"")
    )
}

/// The shortest UID set for sorted UIDs without repetition: `1:3,7,9:10`.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut set = String::new();
    let mut rest = uids.iter().copied().peekable();
    while let Some(first) = rest.next() {
        let mut last = first;
        while let Some(next) = rest.next_if(|next| last.checked_add(1) == Some(*next)) {
            last = next;
        }
        if !set.is_empty() {
            set.push(',');
        }
        set.push_str(&first.to_string());
        if last != first {
            set.push(':');
            set.push_str(&last.to_string());
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_written_in_modified_utf_7() {
        // RFC 3501, section 5.1.3.
        assert_eq!(
            encode("~peter/mail/台北/日本語"),
            "~peter/mail/&U,BTFw-/&ZeVnLIqe-"
        );
        assert_eq!(encode("Entwürfe"), "Entw&APw-rfe");
        assert_eq!(encode("R&D"), "R&-D");
        assert_eq!(encode("INBOX"), "INBOX");
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
        assert_eq!(quoted("a\r\nA1 LOGOUT"), "\"a&AA0ACg-A1 LOGOUT\"");
    }

    #[test]
    fn neighbours_in_a_uid_set_become_ranges() {
        assert_eq!(uid_set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(uid_set(&[5]), "5");
        assert_eq!(uid_set(&[u32::MAX - 1, u32::MAX]), "4294967294:4294967295");
        assert_eq!(uid_set(&[]), "");
    }
}
