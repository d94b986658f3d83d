//! The look before the start, the commands, and the hosts.

use frontdesk::chat::discord::Discord;
use frontdesk::chat::{ChatFailure, ChatPlatform as _};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Wire, wire};
use crate::fakes::discord::Discord as Fake;

async fn missing(fake: &Fake, places: &[&str]) -> Vec<(String, Option<String>)> {
    let places: Vec<_> = places.iter().map(ToString::to_string).collect();
    let missing = wire(fake).check(&places).await.unwrap();
    for it in &missing {
        assert!(!it.costs.is_empty());
    }
    missing.into_iter().map(|it| (it.what, it.place)).collect()
}

#[tokio::test]
async fn nothing_is_missing_where_all_is_well() {
    let fake = Fake::start().await;
    let (channel, forum) = (fake.channel("support"), fake.forum("tickets"));
    assert!(missing(&fake, &[&channel, &forum]).await.is_empty());
}

#[tokio::test]
async fn h3_each_missing_permission_is_named_with_its_place() {
    let fake = Fake::start().await;
    let (good, bad) = (fake.channel("support"), fake.channel("sales"));
    let needed = [
        (6, "Add Reactions"),
        (11, "Send Messages"),
        (14, "Embed Links"),
        (15, "Attach Files"),
        (16, "Read Message History"),
        (34, "Manage Threads"),
        (35, "Create Public Threads"),
        (36, "Create Private Threads"),
        (38, "Send Messages in Threads"),
    ];
    for (bit, _) in needed {
        fake.deny(&bad, bit);
    }
    let found = missing(&fake, &[&good, &bad]).await;
    for (_, name) in needed {
        let entry = (name.to_owned(), Some(bad.clone()));
        assert!(found.contains(&entry), "{name} is not named: {found:?}");
    }
    assert_eq!(found.len(), needed.len(), "{found:?}");
}

#[tokio::test]
async fn h3_a_place_that_cannot_be_seen_or_is_gone_is_named() {
    let fake = Fake::start().await;
    let hidden = fake.channel("hidden");
    fake.deny(&hidden, 10);
    let found = missing(&fake, &[&hidden, "999"]).await;
    let view = |place: &str| ("View Channel".to_owned(), Some(place.to_owned()));
    assert_eq!(found, [view(&hidden), view("999")]);
}

#[tokio::test]
async fn a_missing_intent_scope_or_membership_is_named() {
    let fake = Fake::start().await;
    fake.change(|state| state.message_content = false);
    let no_access = json!({"code": 50001, "message": "Missing Access"});
    fake.refuse("GET", "/commands", 403, no_access);
    let found = missing(&fake, &[]).await;
    let names: Vec<_> = found.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(
        names,
        ["Message Content intent", "applications.commands scope"]
    );
    let unknown = json!({"code": 10004, "message": "Unknown Guild"});
    fake.refuse("GET", "guilds/", 404, unknown);
    let found = missing(&fake, &[]).await;
    assert!(
        found.iter().any(|(what, _)| what.contains("membership")),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_wrong_token_is_a_credential_failure() {
    let fake = Fake::start().await;
    fake.change(|state| state.knows_token = false);
    let checked = wire(&fake).check(&[]).await;
    assert!(
        matches!(checked, Err(ChatFailure::Credential(_))),
        "{checked:?}"
    );
}

async fn run(discord: &Discord) -> Result<(), ChatFailure> {
    let (events, _kept) = mpsc::channel(1);
    discord
        .run(events, Vec::new(), CancellationToken::new())
        .await
}

#[tokio::test]
async fn a_session_without_the_intent_ends_with_what_to_do() {
    let fake = Fake::start().await;
    fake.change(|state| state.message_content = false);
    let failure = run(&wire(&fake)).await.unwrap_err();
    assert!(failure.to_string().contains("Message Content"), "{failure}");
    assert!(matches!(failure, ChatFailure::Permanent { .. }));
}

#[tokio::test]
async fn no_other_host_is_connected_to_whatever_discord_says() {
    let fake = Fake::start().await;
    fake.change(|state| state.gateway_url = Some("wss://gateway.evil.example".to_owned()));
    let failure = run(&wire(&fake)).await.unwrap_err();
    assert!(
        failure.to_string().contains("gateway.evil.example"),
        "{failure}"
    );
    assert_eq!(fake.change(|state| state.identifies), 0);
}

#[tokio::test]
async fn a_gateway_that_is_not_told_is_asked_for_again() {
    let fake = Fake::start().await;
    // Ours is refused, and serenity's own, which would go to Discord's address instead.
    fake.refuse("GET", "gateway", 503, json!(null));
    let discord = wire(&fake);
    let stop = CancellationToken::new();
    let (events, _kept) = mpsc::channel(1);
    let running = discord.run(events, Vec::new(), stop.clone());
    let connecting = async {
        let asked = |state: &crate::fakes::discord::state::State| {
            let asked = state.log.iter().filter(|it| it.path == "gateway");
            (asked.count() >= 2).then_some(())
        };
        fake.until("a second question", asked).await;
        fake.connected().await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(running, connecting);
    ended.unwrap();
}

#[tokio::test]
async fn commands_are_compared_and_only_what_differs_is_touched() {
    let mut wire = Wire::start().await;
    let before = changes(&wire);
    assert_eq!(before, 4, "two commands and two entries are new");
    let fake = std::mem::replace(&mut wire.fake, Fake::start().await);
    wire.stop().await;
    // The same again: nothing is touched.
    let wire = Wire::start_on(fake).await;
    let asked = |state: &crate::fakes::discord::state::State| {
        let asked = state.log.iter().filter(|it| it.path.ends_with("/commands"));
        (asked.filter(|it| it.method == "GET").count() >= 2).then_some(())
    };
    wire.fake.until("a second comparison", asked).await;
    assert_eq!(changes(&wire), before);
    // One is different, one is too many, one is gone.
    let fake = {
        let mut wire = wire;
        let fake = std::mem::replace(&mut wire.fake, Fake::start().await);
        wire.stop().await;
        fake
    };
    fake.change(|state| {
        for command in &mut state.commands {
            if command["name"] == "note" {
                command["description"] = json!("Something else");
            }
            if command["name"] == "ticket" {
                command["name"] = json!("old");
            }
        }
    });
    let wire = Wire::start_on(fake).await;
    let done = |state: &crate::fakes::discord::state::State| {
        let names: Vec<_> = state
            .commands
            .iter()
            .map(|it| it["name"].as_str())
            .collect();
        let note = state.commands.iter().find(|it| it["name"] == "note")?;
        (!names.contains(&Some("old")) && note["description"] == "Does note").then_some(())
    };
    wire.fake.until("the commands to be in line", done).await;
    assert_eq!(changes(&wire), before + 3);
    wire.stop().await;
}

/// How many commands were made, changed or taken away.
fn changes(wire: &Wire) -> usize {
    let requests = wire.fake.requests();
    let commands = requests.iter().filter(|it| it.path.contains("/commands"));
    commands.filter(|it| it.method != "GET").count()
}
