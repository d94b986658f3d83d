//! People in a quoted header, in the forms that clients copy them.

use crate::mail::bounce::address;
use crate::mail::message::Mailbox;

use super::lines::is_blank_char;

/// The mailboxes of a field: `Ann <a@example.org>; "Bob" [mailto:b@example.org], c@example.org`. A comma
/// within a name without quotes stays in the name, since only an address ends a mailbox.
pub(crate) fn mailboxes(value: &str) -> Vec<Mailbox> {
    let value = value.get(..8_192).unwrap_or(value);
    let mut found: Vec<Mailbox> = Vec::new();
    let mut from = 0;
    for (start, end, address) in address::spans(value) {
        let between = value.get(from..start).unwrap_or_default();
        from = end;
        let name = name_of(between);
        if let Some(last) = found.last_mut()
            && last.address.eq_ignore_ascii_case(&address)
        {
            continue;
        }
        // "… on behalf of list@example.org" names nobody new.
        if between.to_lowercase().contains("on behalf of") {
            continue;
        }
        let name = if name.eq_ignore_ascii_case(&address) {
            String::new()
        } else {
            name
        };
        found.push(Mailbox { name, address });
    }
    if found.is_empty() {
        let name = name_of(value);
        if !name.is_empty() {
            found.push(Mailbox {
                name,
                address: String::new(),
            });
        }
    }
    found
}

/// A display name out of the text before an address.
fn name_of(text: &str) -> String {
    let text = text.rsplit_once("mailto:").map_or(text, |(before, after)| {
        if after.trim().is_empty() {
            before
        } else {
            after
        }
    });
    text.trim_matches(|c: char| {
        is_blank_char(c)
            || matches!(
                c,
                '<' | '>' | '[' | ']' | '(' | ')' | ',' | ';' | '"' | '\'' | '*' | '“' | '”' | ':'
            )
    })
    .to_owned()
}
