//! A desk with a chat: places for billing and for all others, and the verbs of its people.

use crate::harness::Desk;
use crate::recording::Deed;

/// Where tickets of the billing team stand.
pub const BILLING: &str = "c-billing";
/// Where all others stand.
pub const GENERAL: &str = "c-general";

/// A desk with a chat.
pub async fn desk() -> Desk {
    desk_with("").await
}

/// The same with more lines in its configuration.
pub async fn desk_with(more: &str) -> Desk {
    let chat = format!(
        r#"
[[chat]]
name = "chat"
reply_prefix = ">>"

[chat.discord]
token = {{ env = "CHAT" }}
server = "1"

[[chat.place]]
id = "{BILLING}"
team = "billing"

[[chat.place]]
id = "{GENERAL}"

[[chat.role]]
id = "r-agent"
role = "agent"

[[chat.role]]
id = "r-admin"
role = "admin"
{more}
"#
    );
    Desk::open_with(&chat).await
}

/// A mail from a customer.
pub fn mail(from: &str, id: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\nTo: support@desk.test\nSubject: {subject}\nMessage-ID: <{id}>\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n\n{body}\n"
    )
}

/// The deeds as `kind place: text`, for a glance.
pub fn told(deeds: &[Deed]) -> Vec<String> {
    let tell = |deed: &Deed| {
        let place = deed.at.as_ref().map_or("-", |at| at.place.as_str());
        match deed.text().lines().next() {
            Some(first) => format!("{} {place}: {first}", deed.kind()),
            None => format!("{} {place}", deed.kind()),
        }
    };
    deeds.iter().map(tell).collect()
}
