//! What must hold between the parts of the service, and between it and the desk.

use super::chat_reader;
use super::desk_check::{check_number, reference, twice};
use super::problem::{Fault, KeyPath, shown};
use super::service::{Credentials, MailboxSettings, Settings, Source};

/// What is wrong with the settings as a whole, the desk's own faults aside. What refers to the desk is looked at where the
/// desk could be read.
pub(super) fn faults(settings: &Settings, desk_is_known: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    if desk_is_known {
        for (at, mailbox) in settings.mailboxes.iter().enumerate() {
            check_mailbox(settings, mailbox, &mailbox_path(at), &mut faults);
        }
    }
    unique_mailboxes(settings, &mut faults);
    unique_sources(settings, &mut faults);
    unique_keys(settings, &mut faults);
    operators(settings, &mut faults);
    let desk = desk_is_known.then_some(&settings.desk);
    chat_reader::faults(&settings.chats, desk, &mut faults);
    faults
}

fn mailbox_path(at: usize) -> KeyPath {
    KeyPath::top().key("mailbox").item(at)
}

fn check_mailbox(
    settings: &Settings,
    mailbox: &MailboxSettings,
    path: &KeyPath,
    faults: &mut Vec<Fault>,
) {
    let desk = &settings.desk;
    let references = [
        ("team", "team", &mailbox.team),
        ("category", "category", &mailbox.category),
        ("ticket_type", "type", &mailbox.ticket_type),
        ("priority", "priority", &mailbox.priority),
    ];
    for (key, list, word) in references {
        if let Some(word) = word {
            reference(desk, list, word, &path.key(key), faults);
        }
    }
    for (key, value) in &mailbox.fields {
        let at = path.key("fields").key(key);
        if desk.field(key).is_none() {
            reference(desk, "field", key, &at, faults);
        } else if let Err(hint) = desk.check_field(key, value) {
            let what = format!("`{}` cannot be the value of this field.", shown(value));
            faults.push(Fault::new(at, what, hint));
        }
    }
    if let Some(number) = &mailbox.number {
        let given = |key: &str| mailbox.fields.contains_key(key);
        check_number(desk, number, &path.key("number"), given, faults);
    }
}

fn unique_mailboxes(settings: &Settings, faults: &mut Vec<Fault>) {
    let all = || settings.mailboxes.iter().enumerate();
    let names = all().map(|(at, one)| (one.name.as_str(), mailbox_path(at).key("name")));
    twice(names, "mailbox", faults);
    let addresses = all().flat_map(|(at, one)| {
        let path = mailbox_path(at);
        let own = (one.address.as_str(), path.key("address"));
        let aliases = one.aliases.iter().enumerate();
        let aliases =
            aliases.map(move |(item, alias)| (alias.as_str(), path.key("aliases").item(item)));
        std::iter::once(own).chain(aliases)
    });
    twice(addresses, "address", faults);
}

/// Two mailboxes that read the same folder would each take every message, and one might take it from under the other.
fn unique_sources(settings: &Settings, faults: &mut Vec<Fault>) {
    let mut seen: Vec<(String, KeyPath)> = Vec::new();
    for (at, mailbox) in settings.mailboxes.iter().enumerate() {
        let path = mailbox_path(at);
        let (source, path) = match &mailbox.source {
            Source::Pipe => continue,
            Source::Maildir(folder) => (folder.to_string_lossy().into_owned(), path.key("maildir")),
            Source::Imap(imap) => {
                let (Credentials::Password { user, .. } | Credentials::OAuth { user, .. }) =
                    &imap.credentials;
                // A login that could not be read is no login of the other mailbox.
                if user.is_empty() {
                    continue;
                }
                let host = imap.host.to_lowercase();
                let source = format!("{user}\n{host}\n{}\n{}", imap.port, imap.folder);
                (source, path.key("imap"))
            }
        };
        match seen.iter().find(|(known, _)| *known == source) {
            Some((_, first)) => faults.push(Fault::new(
                path,
                "Another mailbox reads the same folder.",
                format!("It is {first}; give one of them a folder of its own, or use aliases."),
            )),
            None => seen.push((source, path)),
        }
    }
}

fn unique_keys(settings: &Settings, faults: &mut Vec<Fault>) {
    let ids: Vec<String> = settings
        .reply_keys
        .iter()
        .map(|key| key.id.to_string())
        .collect();
    let path = |at: usize| KeyPath::top().key("reply_key").item(at).key("id");
    let ids = ids
        .iter()
        .enumerate()
        .map(|(at, id)| (id.as_str(), path(at)));
    twice(ids, "id", faults);
}

/// Mail to an operator must not come back in as a ticket.
fn operators(settings: &Settings, faults: &mut Vec<Fault>) {
    let path = KeyPath::top().key("notify").key("operators");
    let operators = || settings.notify.operators.iter().enumerate();
    for (at, operator) in operators() {
        let own = settings.mailboxes.iter().find(|mailbox| {
            std::iter::once(&mailbox.address)
                .chain(&mailbox.aliases)
                .any(|address| address.eq_ignore_ascii_case(operator))
        });
        if let Some(mailbox) = own {
            faults.push(Fault::new(
                path.item(at),
                format!(
                    "`{}` is the address of the mailbox `{}`.",
                    shown(operator),
                    mailbox.name
                ),
                "Name an address that a person reads and Frontdesk does not.",
            ));
        }
    }
    let operators = operators().map(|(at, one)| (one.as_str(), path.item(at)));
    twice(operators, "address", faults);
}
