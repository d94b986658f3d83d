//! Chat: on which platforms the team works its tickets, and where on them.

use std::collections::BTreeSet;

use secrecy::SecretString;
use url::Url;

/// One account on one chat platform.
#[derive(Debug, Clone)]
pub struct ChatSettings {
    /// Its name in commands, logs and the database; it must not change.
    pub name: String,
    /// Which platform it is, and how to log in.
    pub platform: PlatformSettings,
    /// Where tickets get their threads. Staff alone may read there.
    pub places: Vec<ChatPlace>,
    /// What the platform's own roles mean at the desk.
    pub roles: Vec<ChatRole>,
    /// What begins a public reply in a ticket's thread; without it only commands, buttons and forms reply.
    pub reply_prefix: Option<String>,
    /// The emoji that do something.
    pub emoji: ChatEmoji,
    /// Where customers open tickets and talk with the team, if they do.
    pub customers: Option<ChatCustomers>,
    /// The platform's id of the channel in which the operators are told when the machinery needs help.
    pub operators: Option<String>,
}

/// Customers on a chat platform: a panel with buttons, and a private thread for each ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatCustomers {
    /// The platform's id of the channel where the panel stands and the private threads are opened.
    pub place: String,
    /// The categories that have a button, in this order; empty: all of the desk's.
    pub categories: Vec<String>,
    /// The custom fields that the form asks for.
    pub fields: Vec<String>,
    /// How many tickets one person may open in an hour.
    pub tickets_per_hour: u32,
    /// How much one person may do in an hour before nothing more is heard of them.
    pub messages_per_hour: u32,
}

/// A platform and its login.
#[derive(Debug, Clone)]
pub enum PlatformSettings {
    /// A Discord server.
    Discord(DiscordSettings),
    /// A Slack workspace.
    Slack(SlackSettings),
    /// The terminal of an agent. No file names it: it is open while somebody sits at it.
    Terminal(TerminalSettings),
}

/// Who sits at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalSettings {
    /// The agent's handle. Whoever can read the configuration may come as anybody, as with every command on the machine.
    pub handle: String,
}

/// A bot on one Discord server.
#[derive(Debug, Clone)]
pub struct DiscordSettings {
    /// The platform's name in the configuration.
    pub name: String,
    /// The bot's token.
    pub token: SecretString,
    /// The server (Discord calls it a guild), by its id.
    pub guild: u64,
    /// Where the API is, if it is not Discord's own: a proxy, or a stand-in for tests. Its host is the only one that is
    /// talked to then, the gateway and files included.
    pub api_url: Option<Url>,
}

/// An app in one Slack workspace.
#[derive(Debug, Clone)]
pub struct SlackSettings {
    /// The platform's name in the configuration.
    pub name: String,
    /// The app-level token, which opens Socket Mode.
    pub app_token: SecretString,
    /// The bot's token, which everything else is asked with.
    pub bot_token: SecretString,
    /// Where the API is, if it is not Slack's own: a proxy, or a stand-in for tests. Its host is the only one that is
    /// talked to then, Socket Mode and files included.
    pub api_url: Option<Url>,
}

/// A place whose threads are tickets. At most one of `team` and `category` is set; with neither it takes what no
/// other place takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatPlace {
    /// The platform's id of it.
    pub id: String,
    /// The team whose tickets stand there.
    pub team: Option<String>,
    /// The category whose tickets stand there.
    pub category: Option<String>,
}

/// What having a role on the platform means at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRole {
    /// The platform's id of the role or user group.
    pub id: String,
    /// `agent`, `manager` or `admin`.
    pub role: String,
}

/// Emoji that do something when a post is marked with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatEmoji {
    /// Takes the ticket.
    pub take: String,
    /// Resolves the ticket.
    pub resolve: String,
    /// Opens a ticket from any message.
    pub open: String,
}

impl ChatSettings {
    /// The place of a ticket's thread: its category's, else its team's, else the one for all others.
    #[must_use]
    pub fn place_for(&self, team: Option<&str>, category: Option<&str>) -> Option<&str> {
        let by_category =
            |place: &&ChatPlace| place.category.is_some() && place.category.as_deref() == category;
        let by_team = |place: &&ChatPlace| place.team.is_some() && place.team.as_deref() == team;
        let by_default = |place: &&ChatPlace| place.team.is_none() && place.category.is_none();
        let places = || self.places.iter();
        places()
            .find(by_category)
            .or_else(|| places().find(by_team))
            .or_else(|| places().find(by_default))
            .map(|place| place.id.as_str())
    }

    /// Whether tickets have their threads in this place.
    #[must_use]
    pub fn has_place(&self, id: &str) -> bool {
        self.places.iter().any(|place| place.id == id)
    }

    /// All channels in which Frontdesk posts, each once.
    #[must_use]
    pub fn all_places(&self) -> Vec<String> {
        let customers = self.customers.as_ref().map(|customers| &customers.place);
        let others = customers.into_iter().chain(&self.operators);
        let all: BTreeSet<&String> = (self.places.iter().map(|place| &place.id))
            .chain(others)
            .collect();
        all.into_iter().cloned().collect()
    }

    /// The words for the highest desk role that these platform roles give, if any does.
    #[must_use]
    pub fn role_of(&self, roles: &[String]) -> Option<&str> {
        let given = |role: &str| {
            let mut all = self.roles.iter();
            all.any(|mapped| mapped.role == role && roles.contains(&mapped.id))
        };
        ["admin", "manager", "agent"]
            .into_iter()
            .find(|role| given(role))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn place(id: &str, team: Option<&str>, category: Option<&str>) -> ChatPlace {
        ChatPlace {
            id: id.to_owned(),
            team: team.map(str::to_owned),
            category: category.map(str::to_owned),
        }
    }

    fn chat(places: Vec<ChatPlace>) -> ChatSettings {
        let role = |id: &str, role: &str| ChatRole {
            id: id.to_owned(),
            role: role.to_owned(),
        };
        ChatSettings {
            name: "chat".to_owned(),
            platform: PlatformSettings::Discord(DiscordSettings {
                name: "chat".to_owned(),
                token: SecretString::default(),
                guild: 1,
                api_url: None,
            }),
            places,
            roles: vec![role("r1", "agent"), role("r2", "manager")],
            reply_prefix: None,
            emoji: ChatEmoji {
                take: "👀".to_owned(),
                resolve: "✅".to_owned(),
                open: "📌".to_owned(),
            },
            customers: None,
            operators: None,
        }
    }

    #[test]
    fn a_category_has_its_place_before_its_team_and_all_others_have_one() {
        let chat = chat(vec![
            place("all", None, None),
            place("support", Some("support"), None),
            place("refunds", None, Some("refunds")),
        ]);
        let at = |team, category| chat.place_for(team, category);
        assert_eq!(at(Some("support"), Some("refunds")), Some("refunds"));
        assert_eq!(at(Some("support"), Some("other")), Some("support"));
        assert_eq!(at(Some("billing"), None), Some("all"));
        assert_eq!(at(None, None), Some("all"));
    }

    #[test]
    fn without_a_place_for_the_others_they_have_none() {
        let chat = chat(vec![place("support", Some("support"), None)]);
        assert_eq!(chat.place_for(None, None), None);
    }

    #[test]
    fn the_highest_role_counts_and_unknown_ones_give_nothing() {
        let chat = chat(Vec::new());
        let roles = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(chat.role_of(&roles(&["r1", "r2"])), Some("manager"));
        assert_eq!(chat.role_of(&roles(&["r9", "r1"])), Some("agent"));
        assert_eq!(chat.role_of(&roles(&["r9"])), None);
    }
}
