//! Slash commands, buttons, lists, forms and menus.

use frontdesk::chat::{
    Act, AnswerHandle, Attempt, Button, ChatEvent, ChatFailure, ChatFile, ChatPlatform as _,
    Choice, Choices, EventKind, Message, Tone,
};
use serde_json::json;

use super::{Wire, answer_of, place, thread};
use crate::fakes::slack::state::State;

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
    async fn says(&self, event: &ChatEvent, message: Message, private: bool) {
        let act = Act::Answer {
            handle: answer_of(event),
            message,
            private,
        };
        self.act(act).await.unwrap();
    }
}

#[tokio::test]
async fn a_slash_command_becomes_a_line_and_is_answered_in_private() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.closed_channel("lobby");
    let ada = wire.fake.member_of("Ada", "S700");
    let asked = ada.runs(&channel, "/ticket list --tag \"two words\" &amp; more");
    let event = wire.event().await;
    let EventKind::Command { line, .. } = &event.kind else {
        panic!("{event:?}")
    };
    assert_eq!(line, "list --tag \"two words\" & more");
    assert_eq!(event.who.roles, ["S700"]);
    assert_eq!(event.place, place(&channel));
    // It works where the app is no member.
    wire.says(&event, Message::text("here it is"), true).await;
    assert_eq!(wire.fake.answer(&asked).await, "here it is");
    assert_eq!(wire.fake.whispers(&ada).len(), 1);
    ada.runs(&channel, "/ticket");
    let EventKind::Command { line, .. } = wire.event().await.kind else {
        panic!()
    };
    assert_eq!(line, "help");
    wire.stop().await;
}

#[tokio::test]
async fn h1_an_interaction_is_acknowledged_before_anybody_works_on_it() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    for number in 0..150 {
        ada.posts(&channel, &number.to_string());
    }
    // Slack does not even say who it is.
    let held = wire.fake.hold("users.info");
    let asked = wire.fake.member("Ben").runs(&channel, "/ticket list");
    let trigger = asked.trigger.clone();
    let acknowledged = |state: &State| state.interactions[&trigger].acknowledged.then_some(());
    wire.fake.until("an acknowledgement", acknowledged).await;
    held.notify_one();
    loop {
        let event = wire.event().await;
        if matches!(event.kind, EventKind::Command { .. }) {
            wire.says(&event, Message::text("late, but there"), true)
                .await;
            break;
        }
    }
    assert_eq!(wire.fake.answer(&asked).await, "late, but there");
    wire.stop().await;
}

#[tokio::test]
async fn an_answer_for_everybody_is_a_post() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    wire.fake.member("Ada").runs(&channel, "/ticket show TKT-7");
    let event = wire.event().await;
    wire.says(&event, Message::text("for all"), false).await;
    assert_eq!(wire.fake.posts_in(&channel)[0].text, "for all");
    wire.stop().await;
}

#[tokio::test]
async fn a_long_answer_stays_private_to_its_end_and_a_file_goes_directly() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let asked = ada.runs(&channel, "/ticket show TKT-7");
    let event = wire.event().await;
    let mut message = Message::text("many words ".repeat(500));
    message.files.push(ChatFile {
        name: "transcript.md".to_owned(),
        content_type: "text/markdown".to_owned(),
        size: 1,
        url: None,
        content: b"x".to_vec(),
    });
    wire.says(&event, message, true).await;
    assert_eq!(wire.fake.interaction(&asked).answers.len(), 2);
    assert!(wire.fake.posts_in(&channel).is_empty());
    let direct = wire.fake.change(|state| state.direct(&[&ada.id]));
    assert_eq!(wire.fake.posts_in(&direct)[0].files, ["transcript.md"]);
    wire.stop().await;
}

#[tokio::test]
async fn an_answer_whose_address_is_used_up_finds_another_way() {
    let mut wire = Wire::start().await;
    let ada = wire.fake.member("Ada");
    // Where the app is a member it whispers, elsewhere it writes directly.
    for (channel, way) in [
        (wire.fake.channel("support"), "chat.postEphemeral"),
        (wire.fake.closed_channel("lobby"), "chat.postMessage"),
    ] {
        let asked = ada.runs(&channel, "/ticket show TKT-7");
        let event = wire.event().await;
        wire.fake.change(|state| {
            let interaction = state.interactions.get_mut(&asked.trigger).unwrap();
            interaction.expired = true;
        });
        wire.says(&event, Message::text("late"), true).await;
        let ways = wire.fake.change(|state| {
            state
                .log
                .iter()
                .map(|it| it.path.clone())
                .collect::<Vec<_>>()
        });
        assert_eq!(ways.last().unwrap(), way);
        assert!(
            wire.fake.posts_in(&channel).is_empty(),
            "nothing stands in the open"
        );
    }
    let direct = wire.fake.change(|state| state.direct(&[&ada.id]));
    assert_eq!(wire.fake.posts_in(&direct)[0].text, "late");
    wire.stop().await;
}

#[tokio::test]
async fn a_button_is_told_with_its_post() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let card = wire.post(&channel, card_with_buttons()).await.post.unwrap();
    let ada = wire.fake.member("Ada");
    let asked = ada.presses(&channel, &card.id, "take:7");
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
    wire.says(&event, Message::text("taken"), true).await;
    assert_eq!(wire.fake.answer(&asked).await, "taken");
    ada.chooses(&channel, &card.id, "more:7", "close:7");
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
        ada.presses(&channel, &card.id, "reply:7"),
        ada.chooses(&channel, &card.id, "more:7", "reply:7"),
    ] {
        assert_eq!(wire.fake.form(&asked).await, "Reply");
        ada.submits(&asked, &[("text", "Dear customer,\nit works.")]);
        let event = wire.event().await;
        let EventKind::Submitted { action, values, .. } = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(action, "send:7");
        let text = ("text".to_owned(), "Dear customer,\nit works.".to_owned());
        assert_eq!(*values, [text]);
        assert_eq!(event.place, place(&channel));
        wire.says(&event, Message::text("sent"), true).await;
        // The form has no address of its own: the button's is answered.
        assert_eq!(wire.fake.answer(&asked).await, "sent");
    }
    wire.stop().await;
}

#[tokio::test]
async fn h1_a_form_is_tried_again_and_who_waits_in_vain_is_told_so() {
    let wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let card = wire.post(&channel, card_with_buttons()).await.post.unwrap();
    let ada = wire.fake.member("Ada");
    wire.fake.refuse("views.open", 503, json!({}));
    let asked = ada.presses(&channel, &card.id, "reply:7");
    assert_eq!(wire.fake.form(&asked).await, "Reply");
    let expired = json!({"ok": false, "error": "expired_trigger_id"});
    wire.fake.refuse("views.open", 200, expired);
    let asked = ada.presses(&channel, &card.id, "reply:7");
    let told = wire.fake.answer(&asked).await;
    assert!(told.contains("Press once more"), "{told}");
    wire.stop().await;
}

#[tokio::test]
async fn a_button_on_what_one_person_sees_knows_its_thread() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("support");
    let ada = wire.fake.member("Ada");
    let begins = ada.posts(&channel, "card");
    wire.event().await;
    let within = thread(&channel, &begins);
    let act = Act::Post {
        place: within.clone(),
        message: card_with_buttons(),
    };
    let card = wire.act(act).await.unwrap().post.unwrap();
    ada.presses(&channel, &card.id, "take:7");
    let event = wire.event().await;
    assert_eq!(event.place, within);
    let mut preview = Message::text("Goes to carla@customer.test");
    preview.buttons = vec![vec![Button {
        action: "run:undo".to_owned(),
        label: "Undo".to_owned(),
        tone: Tone::Plain,
    }]];
    wire.says(&event, preview, true).await;
    let whispered = wire.fake.whispers(&ada);
    assert_eq!(whispered[0].buttons[0].0, "run:undo");
    ada.presses_whisper("run:undo");
    let event = wire.event().await;
    assert_eq!(event.place, within);
    let EventKind::Pressed { action, .. } = event.kind else {
        panic!()
    };
    assert_eq!(action, "run:undo");
    wire.stop().await;
}

#[tokio::test]
async fn a_message_menu_gives_the_message() {
    let mut wire = Wire::start().await;
    let channel = wire.fake.channel("general");
    let ben = wire.fake.member("Ben");
    let post = ben.posts(&channel, "it is &lt;broken&gt;");
    wire.event().await;
    wire.fake
        .member("Ada")
        .opens_menu(&channel, &post, "open_a_ticket");
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
    assert_eq!((about.id, text), (post, "it is <broken>".to_owned()));
    assert_eq!(author.name, "Ben");
    wire.stop().await;
}

#[tokio::test]
async fn what_is_no_interaction_of_slacks_is_a_lasting_failure() {
    let wire = Wire::start().await;
    let act = Act::Answer {
        handle: AnswerHandle("1:2:gone".to_owned()),
        message: Message::text("too late"),
        private: true,
    };
    let failure = wire.act(act).await.unwrap_err();
    assert!(matches!(failure, ChatFailure::Permanent { .. }));
    // Slack asks for no completion; one that is given goes nowhere.
    let handle = AnswerHandle(String::new());
    let choices = Vec::new();
    let complete = Act::Complete { handle, choices };
    wire.slack
        .act(&complete, Attempt::first("x"))
        .await
        .unwrap();
    wire.stop().await;
}
