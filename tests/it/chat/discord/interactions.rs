//! Slash commands, buttons, lists, forms, menus and completion.

use frontdesk::chat::{Act, Button, Choice, Choices, EventKind, Message, Tone};

use super::{Wire, answer_of};

fn card_with_buttons() -> Message {
    let button = |action: &str| Button {
        action: action.to_owned(),
        label: action.to_owned(),
        tone: Tone::Good,
    };
    let choice = |value: &str| Choice {
        value: value.to_owned(),
        label: value.to_owned(),
    };
    Message {
        text: "TKT-7".to_owned(),
        buttons: vec![vec![button("take:7"), button("reply:7")]],
        choices: vec![Choices {
            action: "more:7".to_owned(),
            label: "More".to_owned(),
            choices: vec![choice("close:7"), choice("reply:7")],
        }],
        ..Message::default()
    }
}

impl Wire {
    async fn says(&self, event: &frontdesk::chat::ChatEvent, text: &str, private: bool) {
        let act = Act::Answer {
            handle: answer_of(event),
            message: Message::text(text),
            private,
        };
        self.act(act).await.unwrap();
    }
}

#[tokio::test]
async fn a_slash_command_becomes_a_line_and_is_answered_in_private() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member_with("Ada", &[700]);
    let asked = ada.runs(
        &channel,
        "/ticket show priority:high ticket:TKT 7 all:true page:2",
    );
    let event = wire.event().await;
    let EventKind::Command { line, .. } = &event.kind else {
        panic!("{event:?}")
    };
    assert_eq!(line, "ticket show \"TKT 7\" --all --priority high --page 2");
    assert_eq!(event.who.roles, ["700"]);
    wire.says(&event, "here it is", true).await;
    assert_eq!(wire.fake.answer(&asked).await, "here it is");
    assert!(wire.fake.interaction(&asked).ephemeral);
    wire.stop().await;
}

#[tokio::test]
async fn the_text_of_a_note_stands_last_and_as_it_is() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    ada.runs(
        &channel,
        "/note text:he said \"call me\" ticket:TKT-7 tag:phone",
    );
    let EventKind::Command { line, .. } = wire.event().await.kind else {
        panic!()
    };
    assert_eq!(line, "note TKT-7 --tag phone he said \"call me\"");
    wire.stop().await;
}

#[tokio::test]
async fn h1_an_interaction_is_acknowledged_before_anybody_works_on_it() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    // Nobody takes an event: the database is slow, and the queue is full of posts that wait for it.
    for number in 0..150 {
        ada.posts(&channel, &number.to_string());
    }
    let asked = ada.runs(&channel, "/note ticket:TKT-7 text:x");
    let id = asked.id;
    let first = |state: &crate::fakes::discord::state::State| state.interactions[&id].first;
    assert_eq!(wire.fake.until("an acknowledgement", first).await, 5);
    // Only now the events are taken, and the command is among them.
    loop {
        let event = wire.event().await;
        if matches!(event.kind, EventKind::Command { .. }) {
            wire.says(&event, "late, but there", true).await;
            break;
        }
    }
    assert_eq!(wire.fake.answer(&asked).await, "late, but there");
    wire.stop().await;
}

#[tokio::test]
async fn h1_one_slow_acknowledgement_holds_up_no_other() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let held = wire.fake.hold("POST", "/callback");
    let slow = ada.runs(&channel, "/note ticket:TKT-1 text:slow");
    let slow_path = format!("interactions/{}", slow.id);
    wire.fake
        .until("the slow one", |state| {
            state
                .log
                .iter()
                .any(|it| it.path.contains(&slow_path))
                .then_some(())
        })
        .await;
    let quick = ada.runs(&channel, "/note ticket:TKT-2 text:quick");
    let event = wire.event().await;
    assert_eq!(event.key, quick.id.to_string());
    held.notify_one();
    assert_eq!(wire.event().await.key, slow.id.to_string());
    wire.stop().await;
}

#[tokio::test]
async fn an_acknowledgement_whose_answer_was_lost_is_not_made_twice() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    wire.fake.lose_answer("POST", "/callback");
    let asked = ada.runs(&channel, "/note ticket:TKT-1 text:x");
    assert_eq!(wire.event().await.key, asked.id.to_string());
    wire.stop().await;
}

#[tokio::test]
async fn an_interaction_that_discord_gave_up_is_dropped() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let unknown = serde_json::json!({"code": 10062, "message": "Unknown interaction"});
    wire.fake.refuse("POST", "/callback", 404, unknown);
    ada.runs(&channel, "/note ticket:TKT-1 text:given-up");
    let path = "/callback";
    wire.fake
        .until("the refusal", |state| {
            state
                .log
                .iter()
                .any(|it| it.path.ends_with(path))
                .then_some(())
        })
        .await;
    let again = ada.runs(&channel, "/note ticket:TKT-1 text:again");
    assert_eq!(wire.event().await.key, again.id.to_string());
    wire.stop().await;
}

#[tokio::test]
async fn an_answer_for_everybody_is_a_post() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let asked = ada.runs(&channel, "/ticket show ticket:TKT-7");
    let event = wire.event().await;
    wire.says(&event, "for all", false).await;
    let posts = wire.fake.posts_in(&channel);
    assert_eq!(posts[0].text, "for all");
    let interaction = wire.fake.interaction(&asked);
    assert!(interaction.deleted && interaction.answers.is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn a_long_answer_stays_private_to_its_end() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let asked = wire
        .fake
        .member("Ada")
        .runs(&channel, "/ticket show ticket:TKT-7");
    let event = wire.event().await;
    wire.says(&event, &"many words ".repeat(300), true).await;
    let answers = wire.fake.interaction(&asked).answers;
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[1]["flags"].as_u64().unwrap() & 64, 64);
    assert!(wire.fake.posts_in(&channel).is_empty());
    wire.stop().await;
}

#[tokio::test]
async fn a_button_is_told_with_its_post() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let done = wire.post(&channel, card_with_buttons()).await;
    let card = done.post.unwrap();
    let ada = wire.fake.member("Ada");
    let asked = ada.presses(&card.id, "take:7");
    let event = wire.event().await;
    let EventKind::Pressed {
        action,
        post,
        values,
        ..
    } = &event.kind
    else {
        panic!("{event:?}")
    };
    assert_eq!((action.as_str(), post.as_ref()), ("take:7", Some(&card)));
    assert!(values.is_empty());
    wire.says(&event, "taken", true).await;
    assert_eq!(wire.fake.answer(&asked).await, "taken");
    ada.chooses(&card.id, "more:7", "close:7");
    let EventKind::Pressed { action, values, .. } = wire.event().await.kind else {
        panic!()
    };
    assert_eq!(
        (action.as_str(), values),
        ("more:7", vec!["close:7".to_owned()])
    );
    wire.stop().await;
}

#[tokio::test]
async fn a_button_or_an_entry_that_opens_a_form_opens_it_at_once() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let card = wire.post(&channel, card_with_buttons()).await.post.unwrap();
    let ada = wire.fake.member("Ada");
    for asked in [
        ada.presses(&card.id, "reply:7"),
        ada.chooses(&card.id, "more:7", "reply:7"),
    ] {
        assert_eq!(wire.fake.form(&asked).await, "Reply");
        let sent = ada.submits(&asked, &[("text", "Dear customer,\nit works.")]);
        let event = wire.event().await;
        let EventKind::Submitted { action, values, .. } = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(action, "send:7");
        let text = ("text".to_owned(), "Dear customer,\nit works.".to_owned());
        assert_eq!(*values, [text]);
        wire.says(&event, "sent", true).await;
        assert_eq!(wire.fake.answer(&sent).await, "sent");
    }
    wire.stop().await;
}

#[tokio::test]
async fn a_message_menu_gives_the_message() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("general");
    let ben = wire.fake.member("Ben");
    let post = ben.posts(&channel, "it is broken");
    wire.event().await;
    wire.fake.member("Ada").opens_menu(&post, "Open a ticket");
    let event = wire.event().await;
    assert_eq!(event.who.name, "Ada");
    let EventKind::Shortcut {
        name,
        post: about,
        text,
        author,
        ..
    } = event.kind
    else {
        panic!()
    };
    assert_eq!(name, "Open a ticket");
    assert_eq!((about.id, text), (post, "it is broken".to_owned()));
    assert_eq!(author.name, "Ben");
    wire.stop().await;
}

#[tokio::test]
async fn a_persons_menu_gives_the_person() {
    let mut wire = Wire::start().await;
    wire.fake.channel("general");
    let ben = wire.fake.member("Ben");
    wire.fake.member("Ada").opens_menu_of(&ben, "Tickets");
    let event = wire.event().await;
    assert_eq!(event.who.name, "Ada");
    let EventKind::OnPerson { name, whom, .. } = event.kind else {
        panic!()
    };
    assert_eq!((name.as_str(), whom.name.as_str()), ("Tickets", "Ben"));
    assert_eq!(whom.id, ben.user());
    wire.stop().await;
}

#[tokio::test]
async fn what_is_typed_is_completed() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let asked = ada.types(&channel, "/ticket show all:true ticket:TK");
    let event = wire.event().await;
    let EventKind::Completing {
        line,
        option,
        typed,
        ..
    } = &event.kind
    else {
        panic!("{event:?}")
    };
    assert_eq!(line, "ticket show --all");
    assert_eq!((option.as_str(), typed.as_str()), ("ticket", "TK"));
    let mut choices: Vec<_> = (0..40)
        .map(|number| {
            (
                format!("TKT-{number}"),
                format!("TKT-{number} {}", "x".repeat(200)),
            )
        })
        .collect();
    choices.insert(0, ("y".repeat(101), "too long to be a value".to_owned()));
    let handle = answer_of(&event);
    wire.act(Act::Complete { handle, choices }).await.unwrap();
    let shown = wire.fake.choices(&asked).await;
    assert_eq!(shown.len(), 25);
    assert_eq!(shown[0].0, "TKT-0");
    wire.stop().await;
}
