//! What single values must look like.

use std::net::IpAddr;
use std::str::FromStr as _;

use chrono_tz::Tz;

use super::desk::FieldKind;
use super::hours::WorkingHours;
use super::number::NumberFormat;
use super::problem::{nearest, shown};
use super::schema::Kind;
use crate::when::recurrence::{self, Recurrence};

/// What is wrong and what would be right.
pub(super) type Refusal = (String, String);

/// Whether a word can be used in commands: a lower-case letter, then lower-case letters, digits, `_` and `-`; 40 at the most.
pub(super) fn is_word(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

/// Checks a text by what its key wants. What it refers to is checked elsewhere.
pub(super) fn check(kind: Kind, text: &str) -> Result<(), Refusal> {
    match kind {
        Kind::Word if !is_word(text) => Err(refuse(
            format!("`{}` cannot be used as a word in commands", shown(text)),
            "It begins with a lower-case letter, then come lower-case letters, digits, `_` and `-`, 40 at the most.",
        )),
        Kind::Line => line(text),
        Kind::Address => address(text),
        Kind::Domain => domain(text),
        Kind::Host => host(text),
        Kind::Endpoint => endpoint(text),
        Kind::Path | Kind::ExistingFile if text.is_empty() || text.contains('\0') => {
            Err(refuse("This is no path".to_owned(), "Write the path of a file or folder, relative to the folder of this file."))
        }
        Kind::Zone => zone(text),
        Kind::NumberFormat => NumberFormat::parse(text).map(drop).map_err(|fault| {
            let hint = "Placeholders are {date}, {seq}, {seq:4}, {random:6} and {key} of a custom field; beside them letters, digits and -_./, such as TKT-{date}-{seq:4}.";
            refuse(format!("`{}` cannot number tickets: {fault}", shown(text)), hint)
        }),
        Kind::Hours => WorkingHours::parse(text).map(drop).map_err(|what| {
            let hint = "Write a day or days and a range, such as `mon 09:00-12:30` or `mon-fri 09:00-17:00`.";
            refuse(format!("`{}` is no range of working hours: {what}", shown(text)), hint)
        }),
        Kind::Date if !is_date(text) => Err(refuse(
            format!("`{}` is no date", shown(text)),
            "Write YYYY-MM-DD, such as 2026-12-24.",
        )),
        Kind::Recurrence => Recurrence::parse(text).map(drop).map_err(|what| {
            refuse(format!("`{}` is no recurrence: {what}", shown(text)), recurrence::HINT)
        }),
        Kind::Filter => filter(text),
        _ => Ok(()),
    }
}

fn refuse(what: String, hint: &str) -> Refusal {
    (format!("{what}."), hint.to_owned())
}

fn line(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(refuse(
            "This is empty".to_owned(),
            "Write some text, or leave the key out if it may be absent.",
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(refuse(
            "This has a line break or another control character in it".to_owned(),
            "Write text of one line.",
        ));
    }
    Ok(())
}

fn address(text: &str) -> Result<(), Refusal> {
    let hint =
        "Write local@domain, such as support@example.com, without a name and angle brackets.";
    let fits = text.len() <= 254 && lettre::Address::from_str(text).is_ok();
    if fits {
        Ok(())
    } else {
        Err(refuse(
            format!("`{}` is no mail address", shown(text)),
            hint,
        ))
    }
}

fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii())
        })
}

fn domain(text: &str) -> Result<(), Refusal> {
    if is_name(text) && !text.ends_with('.') && text.parse::<IpAddr>().is_err() {
        return Ok(());
    }
    Err(refuse(
        format!("`{}` is no domain", shown(text)),
        "Write a name such as example.com, without `@` and `https://`.",
    ))
}

fn host(text: &str) -> Result<(), Refusal> {
    if is_name(text) || text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err(refuse(
        format!("`{}` is no host", shown(text)),
        "Write a name or an IP address, such as imap.example.com; the port has a key of its own.",
    ))
}

/// Whether a host can only be this machine, so that nobody listens in between.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The value is not repeated: an address may hold a password.
fn endpoint(text: &str) -> Result<(), Refusal> {
    let hint = "Write an address such as https://login.example.com/oauth2/token.";
    let url = url::Url::parse(text)
        .map_err(|error| refuse(format!("This is no web address: {error}"), hint))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(
            "A user or a password stands in this address".to_owned(),
            "Use client_id and client_secret instead.",
        ));
    }
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(host)) if is_loopback(host) => Ok(()),
        ("http", _) => Err(refuse(
            "This address is plain text, which is accepted for the loopback only".to_owned(),
            hint,
        )),
        _ => Err(refuse("This is no https address".to_owned(), hint)),
    }
}

fn zone(text: &str) -> Result<(), Refusal> {
    if text.parse::<Tz>().is_ok() {
        return Ok(());
    }
    let names: Vec<&str> = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .collect();
    let city = |name: &&&str| {
        let city = name.rsplit('/').next();
        city.is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
    };
    let by_city = names.iter().find(city).copied();
    let hint = match by_city.or_else(|| nearest(text, &names)) {
        Some(name) => format!("Did you mean `{name}`?"),
        None => {
            "Write a name of the IANA time zone database, such as Europe/Berlin or UTC.".to_owned()
        }
    };
    Err(refuse(format!("`{}` is no time zone", shown(text)), &hint))
}

fn is_date(text: &str) -> bool {
    // chrono also takes `2026-1-5` and `+026-01-05`, which would not sort and not compare as text.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.len() == 10
        && plain
        && !text.starts_with('-')
        && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn filter(text: &str) -> Result<(), Refusal> {
    tracing_subscriber::EnvFilter::builder()
        .parse(text)
        .map(drop)
        .map_err(|_| {
            refuse(
                format!("`{}` is no log filter", shown(text)),
                "Write error, warn, info, debug or trace, or parts with a level of their own: info,frontdesk::inbound=debug.",
            )
        })
}

/// Checks the value of a custom field. Gives a sentence that says what would be right.
pub(super) fn check_field_value(
    kind: FieldKind,
    choices: &[String],
    value: &str,
) -> Result<(), String> {
    match kind {
        FieldKind::Text if value.chars().count() > 1_000 => {
            Err("It takes 1,000 characters at the most.".to_owned())
        }
        FieldKind::Text if value.chars().any(char::is_control) => {
            Err("It takes text of one line.".to_owned())
        }
        FieldKind::Number if !is_decimal(value) => {
            Err("It takes a decimal number, such as 3 or -12.50.".to_owned())
        }
        FieldKind::Date if !is_date(value) => {
            Err("It takes a date, YYYY-MM-DD, such as 2026-12-24.".to_owned())
        }
        FieldKind::Choice if !choices.iter().any(|choice| choice == value) => {
            let meant = nearest(value, choices)
                .map(|choice| format!(" Did you mean `{choice}`?"))
                .unwrap_or_default();
            Err(format!(
                "It takes one of {}.{meant}",
                super::problem::listed(choices)
            ))
        }
        FieldKind::Link if !is_link(value) => Err(
            "It takes a web address that begins with http:// or https://, 2,000 characters at the most."
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    digits.len() <= 40
        && [whole, part]
            .iter()
            .all(|run| !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit()))
}

fn is_link(text: &str) -> bool {
    text.len() <= 2_000
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && url::Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::{Kind, check, is_loopback};

    #[test]
    fn only_this_machine_is_the_loopback() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example.com",
            "127.0.0.1.example.com",
            "127.1",
            "0.0.0.0",
            "::",
            "10.0.0.1",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn values_are_taken_or_refused_by_their_kind() {
        let taken = [
            (Kind::Address, "support+detail@example.com"),
            (Kind::Address, "o'brien@sub.example.org"),
            (Kind::Domain, "example.com"),
            (Kind::Domain, "bücher.example"),
            (Kind::Host, "imap.example.com"),
            (Kind::Host, "::1"),
            (Kind::Endpoint, "https://login.example.com/token?a=b"),
            (Kind::Endpoint, "http://127.0.0.1:8080/token"),
            (Kind::Endpoint, "http://[::1]:8080/token"),
            (Kind::Zone, "America/Argentina/Buenos_Aires"),
            (Kind::Filter, "warn,frontdesk::inbound=debug"),
            (Kind::Word, "waiting_on_customer-2"),
        ];
        for (kind, text) in taken {
            assert_eq!(check(kind, text), Ok(()), "{text}");
        }
        let refused = [
            (Kind::Address, "support"),
            (Kind::Address, "a@b@example.com"),
            (Kind::Address, "support@example.com\r\nBcc: x@example.com"),
            (Kind::Domain, "support@example.com"),
            (Kind::Domain, "10.0.0.1"),
            (Kind::Domain, "-example.com"),
            (Kind::Domain, "example..com"),
            (Kind::Host, "imap.example.com:993"),
            (Kind::Host, "imap example"),
            (Kind::Endpoint, "http://login.example.com/token"),
            (Kind::Endpoint, "http://127.0.0.1.example.com/token"),
            (Kind::Endpoint, "https://user:word@login.example.com/token"),
            (Kind::Endpoint, "file:///etc/passwd"),
            (Kind::Endpoint, "login.example.com/token"),
            (Kind::Zone, "CEST"),
            (Kind::Word, "Open"),
            (Kind::Word, "in progress"),
            (Kind::Word, "9lives"),
            (Kind::Word, ""),
            (Kind::Line, " \t"),
            (Kind::Path, ""),
        ];
        for (kind, text) in refused {
            assert!(check(kind, text).is_err(), "{text}");
        }
    }
}
