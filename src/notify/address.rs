//! Addresses that are never written to, whatever the matter.

use super::Why;
use crate::config::Settings;
use crate::config::service::MailboxSettings;

/// Why nothing may ever be sent to the address: it is our own, or nobody reads it.
#[must_use]
pub fn unwritable(settings: &Settings, address: &str) -> Option<Why> {
    if is_own(settings, address) {
        Some(Why::OwnAddress)
    } else if is_no_reply(address) {
        Some(Why::NoReplyAddress)
    } else {
        None
    }
}

/// Whether the address, with or without a detail after `+`, is that of a mailbox or an alias.
#[must_use]
pub fn is_own(settings: &Settings, address: &str) -> bool {
    let mut mailboxes = settings.mailboxes.iter();
    mailboxes.any(|mailbox| is_of(mailbox, address))
}

/// Whether the address, with or without a detail after `+`, is the mailbox's or an alias of it.
#[must_use]
pub fn is_of(mailbox: &MailboxSettings, address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let plain = local.split_once('+').map_or(local, |(plain, _)| plain);
    std::iter::once(&mailbox.address)
        .chain(&mailbox.aliases)
        .filter_map(|own| own.rsplit_once('@'))
        .any(|(own_local, own_domain)| {
            own_domain.eq_ignore_ascii_case(domain)
                && (own_local.eq_ignore_ascii_case(plain) || own_local.eq_ignore_ascii_case(local))
        })
}

/// Whether the local part says that nobody reads what is sent there: `no-reply`, `orders-noreply`,
/// `do_not_reply`, `mailer-daemon`, `bounces+42`.
fn is_no_reply(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let letters: String = local
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let first_word: String = local
        .chars()
        .take_while(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    letters.starts_with("noreply")
        || letters.ends_with("noreply")
        || letters.contains("donotreply")
        || letters.contains("dontreply")
        || letters.starts_with("mailerdaemon")
        || matches!(first_word.as_str(), "bounce" | "bounces")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_nobody_reads_are_known() {
        for address in [
            "noreply@example.com",
            "No-Reply@example.com",
            "no.reply@example.com",
            "no_reply@example.com",
            "orders-noreply@example.com",
            "noreply+abc@example.com",
            "do-not-reply@example.com",
            "donotreply@example.com",
            "MAILER-DAEMON@mx.example.com",
            "bounces+123-ab@example.com",
            "bounce-42@list.example.com",
        ] {
            assert!(is_no_reply(address), "{address}");
        }
    }

    #[test]
    fn addresses_of_people_are_not_taken_for_them() {
        for address in [
            "nora.reply@example.com",
            "reply@example.com",
            "bouncer@example.com",
            "ann@noreply.example.com",
            "postmaster@example.com",
        ] {
            assert!(!is_no_reply(address), "{address}");
        }
    }
}
