//! From the row to the mail.

use frontdesk::config::service::ReplyKey;
use frontdesk::notify::letter::{self, Letter};
use frontdesk::notify::render::Templates;
use frontdesk::outbox::store::Claimed;
use frontdesk::ticket::Visibility;
use frontdesk::ticket::token::{self, Token};
use mail_parser::{Message, MessageParser};

use super::world::World;

async fn write(world: &World, row: &Claimed) -> Letter {
    let enclosed = letter::enclose(&mut *world.conn().await, row)
        .await
        .unwrap();
    let templates = Templates::load(None).unwrap();
    letter::write(&world.settings, &templates, world.now, row, enclosed).unwrap()
}

fn parsed(letter: &Letter) -> Message<'_> {
    MessageParser::new().parse(&letter.bytes).unwrap()
}

fn list(message: &Message<'_>) -> Vec<String> {
    let references = message.references().as_text_list().unwrap_or_default();
    references.iter().map(ToString::to_string).collect()
}

fn reply_token(world: &World, keys: &[ReplyKey], address: &str) -> Option<Token> {
    let text = token::read_plus_address(address, &world.settings.mailboxes[0])?;
    token::verify(keys, text)
}

/// The tokens in every id and address of the header.
fn tokens(world: &World, letter: &Letter) -> Vec<Token> {
    let text = String::from_utf8(letter.bytes.clone()).unwrap();
    let (header, _) = text.split_once("\r\n\r\n").unwrap();
    header
        .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
        .filter_map(|word| {
            let text = token::read_message_id(word)
                .or_else(|| token::read_plus_address(word, &world.settings.mailboxes[0]))?;
            token::verify(&world.settings.reply_keys, text)
        })
        .collect()
}

#[tokio::test]
async fn the_readers_token_stands_in_reply_to_message_id_and_references() {
    let world = World::new().await;
    world
        .said(world.ada, Visibility::Public, "It is fixed.")
        .await;
    let rows = world.claim().await;
    let row = rows
        .iter()
        .find(|row| row.recipient_id == Some(world.jane))
        .unwrap();
    let letter = write(&world, row).await;
    let message = parsed(&letter);
    let keys = &world.settings.reply_keys;
    let token = reply_token(
        &world,
        keys,
        message
            .reply_to()
            .unwrap()
            .first()
            .unwrap()
            .address()
            .unwrap(),
    );
    let token = token.unwrap().reply().unwrap();
    assert_eq!((token.ticket, token.person), (world.ticket.id, world.jane));
    let id = token::read_message_id(message.message_id().unwrap()).unwrap();
    assert_eq!(token::verify(keys, id), Some(Token::Reply(token)));
    let root = list(&message).remove(0);
    assert_eq!(
        token::verify(keys, token::read_message_id(&root).unwrap()),
        Some(Token::Reply(token))
    );
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("Example Support"), Some("support@frontdesk.example"))
    );
    assert_eq!(message.subject(), Some("Re: [TKT-1] The printer"));
    assert!(
        !String::from_utf8_lossy(&letter.bytes).contains("staff.example"),
        "the agent's address is not shown"
    );
    assert!(message.header("Auto-Submitted").is_none());
    let mark = message.header("X-Frontdesk").unwrap().as_text().unwrap();
    assert!(token::is_own_mark(keys, mark));
}

#[tokio::test]
async fn l5_a_bounce_of_a_reply_comes_to_an_address_that_names_the_row() {
    let world = World::new().await;
    world
        .said(world.ada, Visibility::Public, "It is fixed.")
        .await;
    let rows = world.claim().await;
    let row = rows
        .iter()
        .find(|row| row.recipient_id == Some(world.bob))
        .unwrap();
    let letter = write(&world, row).await;
    assert_eq!(letter.envelope_to, "bob@customer.example");
    let sender = letter.envelope_from.unwrap();
    let token = reply_token(&world, &world.settings.reply_keys, &sender).unwrap();
    assert_eq!(token.bounce().unwrap().outbox, row.id);
}

#[tokio::test]
async fn l1_automatic_mail_has_no_sender_to_answer_and_says_what_it_is() {
    let world = World::new().await;
    world.opened().await;
    for row in world.claim().await {
        let letter = write(&world, &row).await;
        assert_eq!(letter.envelope_from, None);
        let message = parsed(&letter);
        let said = message.header("Auto-Submitted").unwrap().as_text().unwrap();
        let expected = if row.recipient_id == Some(world.jane) {
            "auto-replied"
        } else {
            "auto-generated"
        };
        assert_eq!(said, expected);
        assert_eq!(
            message
                .header("X-Auto-Response-Suppress")
                .unwrap()
                .as_text(),
            Some("All")
        );
    }
}

#[tokio::test]
async fn without_plus_addressing_the_mailbox_itself_is_answered() {
    let mut world = World::new().await;
    world.settings.mailboxes[0].plus_addressing = false;
    world
        .said(world.ada, Visibility::Public, "It is fixed.")
        .await;
    for row in world.claim().await.iter().filter(|row| !row.automatic) {
        let letter = write(&world, row).await;
        assert_eq!(
            letter.envelope_from.as_deref(),
            Some("support@frontdesk.example")
        );
        assert!(parsed(&letter).reply_to().is_none());
        assert!(
            !tokens(&world, &letter).is_empty(),
            "the Message-ID still holds the token"
        );
    }
}

/// A token is a right: no reader may find another reader's in a mail.
#[tokio::test]
async fn t2_nobody_is_shown_the_token_of_somebody_else() {
    let mut world = World::new().await;
    world.opened().await;
    world.all_sent().await;
    for round in 0..3 {
        world.later(120);
        world
            .said(world.jane, Visibility::Public, &format!("question {round}"))
            .await;
        world
            .said(world.ada, Visibility::Public, &format!("answer {round}"))
            .await;
        world
            .said(world.ada, Visibility::Internal, &format!("note {round}"))
            .await;
        for row in world.claim().await {
            let letter = write(&world, &row).await;
            let person = row.recipient_id.unwrap();
            for token in tokens(&world, &letter) {
                let token = token.reply().unwrap();
                assert_eq!((token.ticket, token.person), (world.ticket.id, person));
            }
        }
        world.all_sent().await;
    }
}

#[tokio::test]
async fn t3_a_mail_refers_to_what_its_reader_was_sent_before() {
    let mut world = World::new().await;
    let mut sent: Vec<String> = Vec::new();
    for round in 0..30 {
        world.later(120);
        world
            .said(world.ada, Visibility::Public, &format!("answer {round}"))
            .await;
        let rows = world.claim().await;
        let row = rows
            .iter()
            .find(|row| row.recipient_id == Some(world.jane))
            .unwrap();
        let letter = write(&world, row).await;
        let message = parsed(&letter);
        let references = list(&message);
        assert!(references[0].contains(".root@"));
        assert!(references.len() <= 20);
        let newest: Vec<String> = sent.iter().rev().take(19).rev().cloned().collect();
        assert_eq!(references[1..], newest);
        assert_eq!(
            message.in_reply_to().as_text(),
            sent.last().map(String::as_str)
        );
        sent.push(row.message_id.clone());
        world.all_sent().await;
    }
}

#[tokio::test]
async fn files_of_an_answer_go_with_it() {
    use frontdesk::ticket::timeline::{self, NewFile};
    let world = World::new().await;
    let comment = world
        .comment(world.ada, Visibility::Public, "See the file.")
        .await;
    let file = NewFile {
        name: "Übersicht.png",
        content_type: "image/png",
        content_id: None,
        inline: false,
        content: b"\x89PNG",
    };
    timeline::add_files(&mut *world.conn().await, comment.id, &[file])
        .await
        .unwrap();
    let comments = timeline::comments(&mut *world.conn().await, world.ticket.id)
        .await
        .unwrap();
    let happening = frontdesk::notify::Happening::Commented {
        ticket: &world.ticket,
        comment: comments.last().unwrap(),
        actor: frontdesk::ticket::Actor::Person(world.ada),
        moved: None,
    };
    world.publish(&happening).await;
    let rows = world.claim().await;
    assert_eq!(rows.len(), 3);
    for row in rows {
        let letter = write(&world, &row).await;
        let message = parsed(&letter);
        let part = message.attachments().next().unwrap();
        assert_eq!(part.contents(), b"\x89PNG");
        assert!(
            message
                .body_text(0)
                .unwrap()
                .contains("Übersicht.png (4 bytes)")
        );
    }
}
