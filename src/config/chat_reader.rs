//! Reads the chat platforms from the top table, and says what does not fit together in them.

use secrecy::{ExposeSecret as _, SecretString};

use super::chat::{
    ChatEmoji, ChatPlace, ChatRole, ChatSettings, DiscordSettings, PlatformSettings, SlackSettings,
};
use super::customers_reader;
use super::desk::DeskSettings;
use super::desk_check::{reference, twice};
use super::problem::{Fault, KeyPath};
use super::read::Table;
use super::secret::Env;
use super::service_reader::required_secret;

/// One `[[chat]]`.
pub(super) fn read(table: &Table<'_>, env: Env<'_>) -> ChatSettings {
    let name = table.text("name");
    let emoji = table.table_or_defaults("emoji");
    ChatSettings {
        platform: read_platform(table, &name, env),
        places: (table.tables("place").iter()).map(read_place).collect(),
        roles: (table.tables("role").iter())
            .map(|role| ChatRole {
                id: role.text("id"),
                role: role.text("role"),
            })
            .collect(),
        reply_prefix: table.text_if_any("reply_prefix"),
        emoji: ChatEmoji {
            take: emoji.text("take"),
            resolve: emoji.text("resolve"),
            open: emoji.text("open"),
        },
        customers: table
            .table("customers")
            .map(|customers| customers_reader::read(&customers)),
        operators: table.text_if_any("operators"),
        name,
    }
}

/// The platform; a placeholder where none can be read, which is in the report then.
fn read_platform(table: &Table<'_>, name: &str, env: Env<'_>) -> PlatformSettings {
    let one = table.exactly_one(&["discord", "slack"]);
    match one.and_then(|one| Some((one, table.table(one)?))) {
        Some(("slack", slack)) => PlatformSettings::Slack(read_slack(&slack, name, env)),
        Some((_, discord)) => PlatformSettings::Discord(read_discord(&discord, name, env)),
        None => PlatformSettings::Discord(DiscordSettings {
            name: name.to_owned(),
            token: SecretString::default(),
            guild: 0,
            api_url: None,
        }),
    }
}

/// Slack's tokens say by their beginning what they are for, and are easily confused.
fn read_slack(table: &Table<'_>, name: &str, env: Env<'_>) -> SlackSettings {
    let token = |key: &str, beginning: &str, page: &str| {
        let token = required_secret(table, key, env);
        let text = token.expose_secret();
        if !text.is_empty() && !text.starts_with(beginning) {
            table.refuse(
                key,
                format!("This token does not begin with `{beginning}`."),
                format!("It stands on the page {page} of the app at api.slack.com."),
            );
        }
        token
    };
    SlackSettings {
        name: name.to_owned(),
        bot_token: token("bot_token", "xoxb-", "OAuth & Permissions"),
        app_token: token("app_token", "xapp-", "Basic Information"),
        // What is no address is in the report already.
        api_url: table
            .text_if_any("api_url")
            .and_then(|url| url.parse().ok()),
    }
}

fn read_discord(table: &Table<'_>, name: &str, env: Env<'_>) -> DiscordSettings {
    let server = table.text("server");
    let guild = server.parse();
    if guild.is_err() && !server.is_empty() {
        let what = "This is no id of a Discord server.";
        let hint = "An id is a long number in quotes, such as \"1098765432109876543\".";
        table.refuse("server", what, hint);
    }
    DiscordSettings {
        name: name.to_owned(),
        token: required_secret(table, "token", env),
        guild: guild.unwrap_or_default(),
        // What is no address is in the report already.
        api_url: table
            .text_if_any("api_url")
            .and_then(|url| url.parse().ok()),
    }
}

fn read_place(table: &Table<'_>) -> ChatPlace {
    if table.has("team") && table.has("category") {
        table.refuse(
            "category",
            "`team` and `category` exclude each other.",
            "Keep one of them; leave both out for a place that takes all other tickets.",
        );
    }
    ChatPlace {
        id: table.text("id"),
        team: table.text_if_any("team"),
        category: table.text_if_any("category"),
    }
}

/// What is wrong with the chats as a whole. What refers to the desk is looked at where the desk could be read.
pub(super) fn faults(chats: &[ChatSettings], desk: Option<&DeskSettings>, faults: &mut Vec<Fault>) {
    let path = |at: usize| KeyPath::top().key("chat").item(at);
    let names = chats.iter().enumerate();
    let names = names.map(|(at, chat)| (chat.name.as_str(), path(at).key("name")));
    twice(names, "chat", faults);
    for (at, chat) in chats.iter().enumerate() {
        let place = |item: usize| path(at).key("place").item(item);
        let all = || chat.places.iter().enumerate();
        if let Some(desk) = desk {
            for (item, one) in all() {
                for (key, word) in [("team", &one.team), ("category", &one.category)] {
                    if let Some(word) = word {
                        reference(desk, key, word, &place(item).key(key), faults);
                    }
                }
            }
        }
        for key in ["team", "category"] {
            let of = |one: &'_ ChatPlace| {
                if key == "team" {
                    one.team.clone()
                } else {
                    one.category.clone()
                }
            };
            let words: Vec<(String, KeyPath)> = all()
                .filter_map(|(item, one)| Some((of(one)?, place(item).key(key))))
                .collect();
            let words = words.iter().map(|(word, at)| (word.as_str(), at.clone()));
            twice(words, key, faults);
        }
        let others: Vec<usize> = all()
            .filter(|(_, one)| one.team.is_none() && one.category.is_none())
            .map(|(item, _)| item)
            .collect();
        if let [first, second, ..] = others.as_slice() {
            faults.push(Fault::new(
                place(*second),
                "Two places would take all other tickets.",
                format!(
                    "The first is {}; give one of them a team or a category.",
                    place(*first)
                ),
            ));
        }
        customers_reader::faults(chat, desk, &path(at).key("customers"), faults);
        let roles = chat.roles.iter().enumerate();
        let roles =
            roles.map(|(item, role)| (role.id.as_str(), path(at).key("role").item(item).key("id")));
        twice(roles, "role", faults);
    }
}
