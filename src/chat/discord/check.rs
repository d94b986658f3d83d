//! The look before the start: is everything there that the service will need?

use serde::Deserialize;
use serenity::all::{
    ApplicationFlags, ChannelId, ChannelType, GuildChannel, GuildId, Member, PartialGuild,
    Permissions, Route, UserId,
};

use crate::chat::{ChatFailure, Missing};

use super::Shared;
use super::rest::{Refused, channel};

/// The permissions that a place needs, each with what will not work without it.
const NEEDED: &[(Permissions, &str, &str)] = &[
    (
        Permissions::VIEW_CHANNEL,
        "View Channel",
        "nothing is seen or posted there",
    ),
    (
        Permissions::SEND_MESSAGES,
        "Send Messages",
        "no ticket is shown there",
    ),
    (
        Permissions::CREATE_PUBLIC_THREADS,
        "Create Public Threads",
        "a ticket gets no thread",
    ),
    (
        Permissions::CREATE_PRIVATE_THREADS,
        "Create Private Threads",
        "a customer cannot be talked to in private",
    ),
    (
        Permissions::SEND_MESSAGES_IN_THREADS,
        "Send Messages in Threads",
        "nothing is posted in a ticket's thread",
    ),
    (
        Permissions::MANAGE_THREADS,
        "Manage Threads",
        "threads of closed tickets stay in the list",
    ),
    (
        Permissions::READ_MESSAGE_HISTORY,
        "Read Message History",
        "what was posted while the service was down is lost",
    ),
    (
        Permissions::EMBED_LINKS,
        "Embed Links",
        "a ticket's card is not shown",
    ),
    (
        Permissions::ATTACH_FILES,
        "Attach Files",
        "a customer's files do not reach the thread",
    ),
    (
        Permissions::ADD_REACTIONS,
        "Add Reactions",
        "nobody sees that an emoji was understood",
    ),
];

#[derive(Deserialize)]
struct Application {
    flags: Option<ApplicationFlags>,
    bot: Option<Bot>,
}

#[derive(Deserialize)]
struct Bot {
    id: UserId,
}

/// See [`ChatPlatform::check`](crate::chat::ChatPlatform::check).
pub(super) async fn check(shared: &Shared, places: &[String]) -> Result<Vec<Missing>, ChatFailure> {
    let rest = &shared.rest;
    let mut missing = Vec::new();
    let me: Bot = rest.get(Route::UserMe).await?;
    let application: Application = rest.get(Route::Oauth2ApplicationCurrent).await?;
    rest.gateway().await?;
    let reads = ApplicationFlags::GATEWAY_MESSAGE_CONTENT
        | ApplicationFlags::GATEWAY_MESSAGE_CONTENT_LIMITED;
    if !application.flags.unwrap_or_default().intersects(reads) {
        missing.push(Missing {
            what: "Message Content intent".to_owned(),
            place: None,
            costs:
                "Discord refuses the connection (developer portal, Bot, Privileged Gateway Intents)"
                    .to_owned(),
        });
    }
    let me = application.bot.map_or(me.id, |bot| bot.id);
    let guild_id = GuildId::new(shared.settings.guild.max(1));
    let guild: Result<PartialGuild, Refused> = rest.get(Route::Guild { guild_id }).await;
    let Some(guild) = found(guild)? else {
        missing.push(Missing {
            what: "membership of the server".to_owned(),
            place: None,
            costs: format!("nothing works: the bot was not invited to server {guild_id}"),
        });
        return Ok(missing);
    };
    let member = Route::GuildMember {
        guild_id,
        user_id: me,
    };
    let member: Member = rest.get(member).await?;
    check_commands(shared, guild_id, &mut missing).await?;
    for place in places {
        check_place(shared, &guild, &member, place, &mut missing).await?;
    }
    Ok(missing)
}

/// Whether commands can be registered at all: the invitation must have named the scope.
async fn check_commands(
    shared: &Shared,
    guild_id: GuildId,
    missing: &mut Vec<Missing>,
) -> Result<(), ChatFailure> {
    let route = Route::GuildCommands {
        application_id: shared.rest.application().await?,
        guild_id,
    };
    let commands: Result<serde_json::Value, Refused> = shared.rest.get(route).await;
    if found(commands)?.is_none() {
        missing.push(Missing {
            what: "applications.commands scope".to_owned(),
            place: None,
            costs: "there are no slash commands; invite the bot again with this scope".to_owned(),
        });
    }
    Ok(())
}

async fn check_place(
    shared: &Shared,
    guild: &PartialGuild,
    member: &Member,
    place: &str,
    missing: &mut Vec<Missing>,
) -> Result<(), ChatFailure> {
    let channel_id: ChannelId = channel(place)?;
    let channel: Result<GuildChannel, Refused> =
        shared.rest.get(Route::Channel { channel_id }).await;
    let Some(channel) = found(channel)? else {
        missing.push(Missing {
            what: "View Channel".to_owned(),
            place: Some(place.to_owned()),
            costs: "nothing is seen or posted there, or there is no such channel".to_owned(),
        });
        return Ok(());
    };
    shared.places.learn(&channel);
    let has = guild.user_permissions_in(&channel, member);
    let forum = matches!(channel.kind, ChannelType::Forum | ChannelType::Unknown(16));
    for (permission, name, costs) in NEEDED {
        // In a forum a post is a thread, and Send Messages opens it; there are no private ones.
        let needless = forum
            && (*permission == Permissions::CREATE_PUBLIC_THREADS
                || *permission == Permissions::CREATE_PRIVATE_THREADS);
        if !needless && !has.contains(*permission) {
            missing.push(Missing {
                what: (*name).to_owned(),
                place: Some(place.to_owned()),
                costs: (*costs).to_owned(),
            });
        }
    }
    Ok(())
}

/// What was asked for, or `None` where Discord says that it is not there for us.
fn found<T>(answer: Result<T, Refused>) -> Result<Option<T>, ChatFailure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Refused {
            failure: ChatFailure::Permanent { .. },
            code: 10_003 | 10_004 | 50_001 | 50_013,
        }) => Ok(None),
        Err(refused) => Err(refused.failure),
    }
}
