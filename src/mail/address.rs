//! Addresses as people hold them, and as SMTP and headers can carry them.

use lettre::address::{Address, AddressError};

/// The address as it can be sent to. Some carriers gave out local parts that are no dot-atoms (RFC 5322, 3.4.1),
/// such as `a..b` and `a.`; such a one is written in quotes, which names the same mailbox (RFC 5321, 4.1.2).
///
/// # Errors
/// If it is no address in quotes either.
pub fn sendable(text: &str) -> Result<Address, AddressError> {
    text.parse()
        .or_else(|error| in_quotes(text).unwrap_or(Err(error)))
}

fn in_quotes(text: &str) -> Option<Result<Address, AddressError>> {
    let (local, domain) = text.rsplit_once('@')?;
    let dots_only = !local.is_empty() && local.chars().all(|c| c == '.' || is_atom(c));
    dots_only.then(|| Address::new(format!("\"{local}\""), domain))
}

/// The address as people write it: without the quotes that its local part only bears for its dots, so that
/// `"a..b"@example.com` and `a..b@example.com` are the same person.
#[must_use]
pub fn bare(text: &str) -> String {
    let quoted = text.rsplit_once('@').and_then(|(local, domain)| {
        let inner = local.strip_prefix('"')?.strip_suffix('"')?;
        let plain = !inner.is_empty() && inner.chars().all(|c| c == '.' || is_atom(c));
        plain.then(|| format!("{inner}@{domain}"))
    });
    quoted.unwrap_or_else(|| text.to_owned())
}

/// `atext` of RFC 5322, 3.2.3.
fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may end at once")]
mod tests {
    use super::*;

    #[test]
    fn a_local_part_with_stray_dots_is_sent_to_in_quotes() {
        for (given, sent) in [
            ("a.b@docomo.test", "a.b@docomo.test"),
            ("a..b@docomo.test", "\"a..b\"@docomo.test"),
            ("a.@docomo.test", "\"a.\"@docomo.test"),
            (".a@docomo.test", "\".a\"@docomo.test"),
            ("\"a b\"@docomo.test", "\"a b\"@docomo.test"),
        ] {
            let address = sendable(given).unwrap();
            assert_eq!(AsRef::<str>::as_ref(&address), sent);
        }
        for none in ["", "a", "@b.test", "a b@c.test", "a..b@", "a..b@c d.test"] {
            assert!(sendable(none).is_err(), "{none}");
        }
    }

    #[test]
    fn quotes_that_are_there_for_dots_alone_are_no_part_of_an_address() {
        for (given, held) in [
            ("\"a..b\"@docomo.test", "a..b@docomo.test"),
            ("\"a.\"@docomo.test", "a.@docomo.test"),
            ("\"a b\"@docomo.test", "\"a b\"@docomo.test"),
            ("\"\"@docomo.test", "\"\"@docomo.test"),
            ("a@docomo.test", "a@docomo.test"),
            ("nobody", "nobody"),
        ] {
            assert_eq!(bare(given), held);
        }
    }
}
