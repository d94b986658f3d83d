//! discord.py against the stand-in for Discord.

use super::Other;
use super::fakes::discord::Discord;
use super::fakes::discord::state::{GUILD, TOKEN};

pub async fn check() {
    let fake = Discord::start().await;
    // The house's own rules are not Discord's, and not discord.py's.
    fake.change(|state| state.house_rules = false);
    let channel = fake.channel("support");
    let ada = fake.member("Ada");
    let arguments = [&fake.url(), TOKEN, &GUILD.to_string(), &channel];
    let mut other = Other::start("discord.py", "discordpy.py", &arguments);

    let history = other.says("history").await;
    assert_eq!(
        history, "A ticket, edited",
        "the newest first, what was deleted not"
    );
    let card = other.says("ready").await;
    let posts = fake.posts_in(&channel);
    assert_eq!(posts[0].card.as_ref().unwrap().0, "TKT-7");
    assert!(fake.thread(&card).archived);
    assert_eq!(fake.posts_in(&card)[0].files, ["log.txt"]);

    let post = ada.posts(&channel, "hello");
    assert_eq!(other.says("message").await, "Ada hello");
    ada.edits(&post, "hello again");
    assert_eq!(other.says("edited").await, "hello again");
    ada.reacts(&post, "✅");
    assert_eq!(other.says("marked").await, "✅");

    let typed = ada.types(&channel, "/note ticket:TKT");
    assert_eq!(fake.choices(&typed).await[0].0, "TKT-1");
    let asked = ada.runs(&channel, "/note ticket:TKT-1 text:call back");
    assert_eq!(other.says("command").await, "TKT-1 call back");
    assert_eq!(fake.answer(&asked).await, "noted");
    let pressed = ada.presses(&card, "take:7");
    assert_eq!(other.says("button").await, "Ada");
    assert_eq!(fake.answer(&pressed).await, "taken");
    let form = ada.presses(&card, "reply:7");
    assert_eq!(fake.form(&form).await, "Reply");
    let sent = ada.submits(&form, &[("text", "it works")]);
    assert_eq!(other.says("form").await, "it works");
    assert_eq!(fake.answer(&sent).await, "sent");

    fake.drop_gateway();
    ada.posts(&channel, "during");
    assert_eq!(other.says("message").await, "Ada during");
    other.says("resumed").await;
    ada.posts(&channel, "farewell");
    other.ends().await;
}
