//! Who is who: names, and the user groups that people are in. Slack tells ids alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::chat::Chatter;

use super::rest::Rest;

/// How long a name is taken to be right.
const NAME_HOLDS: Duration = Duration::from_secs(3600);
/// How long what the groups say is taken to be right, unless Slack says that they changed.
const GROUPS_HOLD: Duration = Duration::from_secs(60);
/// How long it holds where Slack does not answer: rights must end some time.
const GROUPS_HOLD_AT_MOST: Duration = Duration::from_secs(600);

/// What was learnt of people.
#[derive(Debug, Default)]
pub(super) struct People {
    names: Mutex<HashMap<String, (Instant, String)>>,
    groups: tokio::sync::Mutex<Groups>,
}

#[derive(Debug, Default)]
struct Groups {
    read_at: Option<Instant>,
    tried_at: Option<Instant>,
    of: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Info {
    user: User,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    name: String,
    real_name: Option<String>,
    profile: Profile,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

#[derive(Deserialize)]
struct AllGroups {
    usergroups: Vec<Group>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Group {
    id: String,
    users: Vec<String>,
}

impl People {
    /// Somebody, with their name and groups.
    pub async fn chatter(&self, rest: &Rest, id: &str) -> Chatter {
        Chatter {
            id: id.to_owned(),
            name: self.name(rest, id).await,
            roles: self.groups(rest, id).await,
        }
    }

    /// The name that Slack shows; the id where it does not say.
    pub async fn name(&self, rest: &Rest, id: &str) -> String {
        let known = {
            let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.get(id).cloned()
        };
        if let Some((at, name)) = &known
            && at.elapsed() < NAME_HOLDS
        {
            return name.clone();
        }
        match rest
            .patiently::<Info>("users.info", &json!({"user": id}))
            .await
        {
            Ok(info) => {
                let name = name_of(info.user);
                let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                names.insert(id.to_owned(), (Instant::now(), name.clone()));
                name
            }
            Err(refused) => {
                tracing::warn!(user = id, error = %refused.failure, "Slack does not say who somebody is.");
                known.map_or_else(|| id.to_owned(), |(_, name)| name)
            }
        }
    }

    /// The user groups that somebody is in. Where Slack does not say, they are in none.
    async fn groups(&self, rest: &Rest, id: &str) -> Vec<String> {
        let mut groups = self.groups.lock().await;
        let fresh = |at: Option<Instant>, span| at.is_some_and(|at| at.elapsed() < span);
        if !fresh(groups.tried_at, GROUPS_HOLD) {
            groups.tried_at = Some(Instant::now());
            let arguments = json!({"include_users": true});
            match rest
                .patiently::<AllGroups>("usergroups.list", &arguments)
                .await
            {
                Ok(all) => {
                    groups.read_at = groups.tried_at;
                    groups.of = members(all);
                }
                // Workspaces without a paid plan have none, and the scope may be missing: the check says so.
                Err(refused) => {
                    tracing::debug!(error = %refused.failure, "Slack does not say who is in which group.");
                }
            }
        }
        if fresh(groups.read_at, GROUPS_HOLD_AT_MOST) {
            groups.of.get(id).cloned().unwrap_or_default()
        } else {
            Vec::new()
        }
    }

    /// Slack says that a group changed.
    pub async fn forget_groups(&self) {
        self.groups.lock().await.tried_at = None;
    }
}

fn members(all: AllGroups) -> BTreeMap<String, Vec<String>> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in all.usergroups {
        for user in group.users {
            of.entry(user).or_default().push(group.id.clone());
        }
    }
    of
}

fn name_of(user: User) -> String {
    let names = [
        user.profile.display_name,
        user.profile.real_name,
        user.real_name,
    ];
    let shown = names.into_iter().flatten();
    shown
        .into_iter()
        .find(|name| !name.trim().is_empty())
        .unwrap_or(user.name)
}
