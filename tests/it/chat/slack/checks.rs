//! The look before the start, and the hosts.

use frontdesk::chat::slack::Slack;
use frontdesk::chat::{ChatFailure, ChatPlatform as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Wire, wire};
use crate::fakes::slack::Slack as Fake;
use crate::fakes::slack::state::{SCOPES, State};

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
    let channel = fake.channel("support");
    assert!(missing(&fake, &[&channel]).await.is_empty());
}

#[tokio::test]
async fn h3_each_missing_scope_is_named() {
    let fake = Fake::start().await;
    let channel = fake.channel("support");
    fake.change(|state| state.scopes.clear());
    let found = missing(&fake, &[&channel]).await;
    for scope in SCOPES {
        let entry = (format!("scope {scope}"), None);
        assert!(found.contains(&entry), "{scope} is not named: {found:?}");
    }
    assert_eq!(found.len(), SCOPES.len(), "{found:?}");
}

#[test]
fn the_manifest_asks_for_every_scope_that_is_needed() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/slack-manifest.json");
    let manifest: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(manifest["oauth_config"]["scopes"]["bot"], json!(SCOPES));
    let shortcut = &manifest["features"]["shortcuts"][0];
    assert_eq!(shortcut["callback_id"], "open_a_ticket");
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    for file in ["docs/chat.md", "README.md"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("slack-manifest.json"), "{file} names it");
    }
}

#[tokio::test]
async fn h3_a_place_without_us_and_one_that_is_gone_or_put_away_are_named() {
    let fake = Fake::start().await;
    let closed = fake.closed_channel("closed");
    let archived = fake.channel("old");
    fake.change(|state| state.channels.get_mut(&archived).unwrap().archived = true);
    let found = missing(&fake, &[&closed, "C999", &archived]).await;
    let no_member = |place: &str| {
        let what = "membership of the channel".to_owned();
        (what, Some(place.to_owned()))
    };
    let away = ("an open channel".to_owned(), Some(archived.clone()));
    assert_eq!(found, [no_member(&closed), no_member("C999"), away]);
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
    let failure = run(&wire(&fake)).await.unwrap_err();
    assert!(matches!(failure, ChatFailure::Credential(_)), "{failure:?}");
}

async fn run(slack: &Slack) -> Result<(), ChatFailure> {
    let (events, _kept) = mpsc::channel(1);
    slack
        .run(events, Vec::new(), CancellationToken::new())
        .await
}

#[tokio::test]
async fn an_app_token_without_its_scope_ends_with_what_to_do() {
    let fake = Fake::start().await;
    let refused = json!({"ok": false, "error": "missing_scope", "needed": "connections:write"});
    fake.refuse("apps.connections.open", 200, refused);
    let failure = run(&wire(&fake)).await.unwrap_err();
    assert!(
        failure.to_string().contains("connections:write"),
        "{failure}"
    );
    assert!(matches!(failure, ChatFailure::Permanent { .. }));
}

#[tokio::test]
async fn socket_mode_that_is_switched_off_ends_with_what_to_do() {
    let wire = Wire::start().await;
    wire.fake.says_goodbye("link_disabled");
    let ended = tokio::time::timeout(super::PATIENCE, wire.running).await;
    let failure = ended.expect("it ends in time").unwrap().unwrap_err();
    assert!(failure.to_string().contains("Socket Mode"), "{failure}");
    assert!(matches!(failure, ChatFailure::Permanent { .. }));
}

#[tokio::test]
async fn no_other_host_is_connected_to_whatever_slack_says() {
    let fake = Fake::start().await;
    fake.change(|state| state.socket_url = Some("wss://wss.evil.example/link".to_owned()));
    let failure = run(&wire(&fake)).await.unwrap_err();
    assert!(
        failure.to_string().contains("wss.evil.example"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_connection_that_is_not_given_is_asked_for_again() {
    let fake = Fake::start().await;
    let limited = json!({"ok": false, "error": "ratelimited", "retry_after": 0});
    fake.refuse("apps.connections.open", 429, limited);
    let slack = wire(&fake);
    let stop = CancellationToken::new();
    let (events, _kept) = mpsc::channel(1);
    let running = slack.run(events, Vec::new(), stop.clone());
    let connecting = async {
        fake.connected().await;
        let asked = |state: &State| {
            let asked = state.log.iter();
            asked
                .filter(|it| it.path == "apps.connections.open")
                .count()
        };
        assert_eq!(fake.change(|state| asked(state)), 2);
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(running, connecting);
    ended.unwrap();
}
