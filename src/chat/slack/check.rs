//! The look before the start: is everything there that the service will need?

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{ChatFailure, Missing};

use super::refusal::Refused;
use super::{Me, Shared};

/// The scopes that the bot needs, each with what will not work without it.
const NEEDED: &[(&str, &str)] = &[
    ("chat:write", "no ticket is shown, and nobody is answered"),
    (
        "commands",
        "there is no slash command, and no entry in a message's menu",
    ),
    (
        "channels:history",
        "nothing is heard in public channels, and what was posted while the service was down is lost",
    ),
    (
        "groups:history",
        "nothing is heard in private channels, and what was posted while the service was down is lost",
    ),
    ("im:history", "nobody can talk to the bot directly"),
    (
        "channels:read",
        "it is not seen whether the bot is in its public channels",
    ),
    (
        "groups:read",
        "it is not seen whether the bot is in its private channels",
    ),
    (
        "im:write",
        "nobody can be written to directly, and nobody gets a file as an answer",
    ),
    (
        "mpim:history",
        "nobody is heard where several people are talked to in private",
    ),
    (
        "mpim:write",
        "several people cannot be talked to in private",
    ),
    ("reactions:read", "an emoji on a message does nothing"),
    (
        "reactions:write",
        "nobody sees that an emoji was understood",
    ),
    ("files:read", "the files of a message are not kept"),
    (
        "files:write",
        "a customer's files do not reach the thread, nor text that is too long for a post",
    ),
    ("users:read", "people stand in tickets by their ids"),
    (
        "usergroups:read",
        "user groups give nobody rights at the desk",
    ),
];

#[derive(Deserialize)]
struct Info {
    channel: Channel,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Channel {
    is_member: bool,
    is_archived: bool,
}

/// See [`ChatPlatform::check`](crate::chat::ChatPlatform::check).
pub(super) async fn check(shared: &Shared, places: &[String]) -> Result<Vec<Missing>, ChatFailure> {
    let asked = shared.rest.ask_with_headers("auth.test", &Value::Null);
    let (me, headers): (Me, _) = asked.await?;
    let _ = shared.me.set(me); // the same whenever it is asked for
    let scopes = headers.get("x-oauth-scopes");
    let scopes = scopes.and_then(|scopes| scopes.to_str().ok());
    let scopes: Vec<&str> = scopes
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    let mut missing: Vec<Missing> = NEEDED
        .iter()
        .filter(|(scope, _)| !scopes.contains(scope))
        .map(|(scope, costs)| Missing {
            what: format!("scope {scope}"),
            place: None,
            costs: (*costs).to_owned(),
        })
        .collect();
    for place in places {
        missing.extend(check_place(shared, place).await?);
    }
    Ok(missing)
}

async fn check_place(shared: &Shared, place: &str) -> Result<Option<Missing>, ChatFailure> {
    let arguments = json!({"channel": place});
    let asked: Result<Info, Refused> = shared.rest.ask("conversations.info", &arguments).await;
    let (what, costs) = match asked {
        Ok(Info { channel }) if channel.is_archived => (
            "an open channel",
            "nothing can be posted there: it is archived",
        ),
        Ok(Info { channel }) if channel.is_member => return Ok(None),
        Ok(_) => (
            "membership of the channel",
            "nothing is heard or posted there; invite the bot into it",
        ),
        // The scopes above say it.
        Err(refused) if refused.code == "missing_scope" => return Ok(None),
        Err(Refused {
            failure: ChatFailure::Permanent { .. },
            ..
        }) => (
            "membership of the channel",
            "nothing is heard or posted there, or there is no such channel; invite the bot into it",
        ),
        Err(refused) => return Err(refused.failure),
    };
    Ok(Some(Missing {
        what: what.to_owned(),
        place: Some(place.to_owned()),
        costs: costs.to_owned(),
    }))
}
