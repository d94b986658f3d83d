//! Slack's own Bolt against the stand-in for Slack.

use super::Other;
use super::fakes::slack::Slack;
use super::fakes::slack::state::{APP_TOKEN, BOT_TOKEN};

pub async fn check() {
    let fake = Slack::start().await;
    // The house's own rules are not Slack's, and not Bolt's.
    fake.change(|state| state.house_rules = false);
    let channel = fake.channel("support");
    let ada = fake.member_of("Ada", "S700");
    let arguments = [&fake.url(), BOT_TOKEN, APP_TOKEN, &channel, &ada.id];
    let mut other = Other::start("Bolt", "bolt.py", &arguments);

    assert_eq!(other.says("who").await, "Ada S700 True");
    let history = other.says("history").await;
    assert_eq!(history, "A ticket, edited", "what was deleted is not there");
    assert_eq!(other.says("nonce").await, "n1");
    assert_eq!(
        other.says("replies").await,
        "A ticket, edited|in the thread|"
    );
    let card = other.says("ready").await;
    fake.connected().await;
    let posts = fake.posts_in(&channel);
    assert_eq!(posts[0].card.as_ref().unwrap().0, "TKT-7");
    let replies = fake.replies(&channel, &card);
    assert_eq!(replies[1].files, ["log.txt"]);
    assert_eq!(fake.whispers(&ada)[0].text, "for you alone");

    let post = ada.replies(&channel, &card, "hello");
    assert_eq!(other.says("message").await, format!("Ada hello {card}"));
    ada.edits(&channel, &post, "hello again");
    assert_eq!(other.says("edited").await, "hello again");
    ada.reacts(&channel, &post, "white_check_mark");
    assert_eq!(other.says("marked").await, "white_check_mark");
    ada.deletes(&channel, &post);
    assert_eq!(other.says("deleted").await, post);
    ada.posts(&channel, "<@U0BOT> take");
    assert_eq!(other.says("mention").await, "<@U0BOT> take");
    ada.posts_files(&channel, "", &[("log.txt", b"it broke")]);
    assert_eq!(other.says("file").await, "it broke");

    let asked = ada.runs(&channel, "/ticket show TKT-1");
    assert_eq!(other.says("command").await, "show TKT-1");
    assert_eq!(fake.answer(&asked).await, "shown");
    let pressed = ada.presses(&channel, &card, "take:7");
    assert_eq!(other.says("button").await, "take:7");
    assert_eq!(fake.answer(&pressed).await, "taken");
    ada.chooses(&channel, &card, "more:7", "close:7");
    assert_eq!(other.says("chosen").await, "close:7");
    let form = ada.presses(&channel, &card, "reply:7");
    assert_eq!(fake.form(&form).await, "Reply");
    ada.submits(&form, &[("text", "it works")]);
    assert_eq!(other.says("form").await, "it works for 7");
    ada.opens_menu(&channel, &card, "open_a_ticket");
    assert_eq!(other.says("menu").await, "A ticket, edited");

    fake.says_goodbye("refresh_requested");
    let twice = |state: &super::fakes::slack::state::State| (state.connected > 1).then_some(());
    fake.until("another connection", twice).await;
    ada.posts(&channel, "farewell");
    other.says("bye").await;
    other.ends().await;
}
