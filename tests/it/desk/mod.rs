//! The use cases that commands stand on, each on a whole desk.

mod canned;
mod ending;
mod fields;
mod link;
mod merge;
mod opening;
mod party;
mod snooze;
mod spam;
mod undo;
mod words;

use frontdesk::desk::{self, Context, DeskError, NewWords, Said};
use frontdesk::ids::TicketId;
use frontdesk::people::Person;
use frontdesk::ticket::{self, Actor, Comment, Source, Ticket, Visibility};
use sqlx::PgConnection;

use crate::field::request;
use crate::harness::Desk;

pub const CARLA: &str = "Carla Jones <carla@customer.test>";

/// A desk with one ticket of Carla's, whose mails have been taken, and Ann, an agent of its team.
pub async fn asked(desk: &Desk) -> (Ticket, Person) {
    let ann = desk.agent("ann", Some("support")).await;
    desk.receive(&request(
        CARLA,
        "a@customer.test",
        "The import fails",
        "It stops at row 7.",
    ))
    .await;
    desk.take_mail().await;
    (desk.ticket().await, ann)
}

/// Does something to a ticket as a person does it: in one transaction, which a refusal rolls back.
pub async fn act<T>(
    desk: &Desk,
    by: &Person,
    ticket: TicketId,
    deed: impl AsyncFnOnce(&mut PgConnection, &Context<'_>, &mut Ticket) -> Result<T, DeskError>,
) -> Result<T, String> {
    let ctx = Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor: Actor::Person(by.id),
        answering: true,
    };
    let mut tx = desk.app.pool.begin().await.unwrap();
    let mut held = ticket::store::lock(&mut tx, ticket).await.unwrap();
    match deed(&mut tx, &ctx, &mut held).await {
        Ok(done) => {
            let stored = ticket::store::get(&mut tx, held.id).await.unwrap();
            assert_eq!(stored, held, "what was changed is what is stored");
            tx.commit().await.unwrap();
            Ok(done)
        }
        Err(DeskError::Database(error)) => panic!("{error}"),
        Err(error) => Err(error.to_string()),
    }
}

/// The ticket's last events, oldest of them first.
pub async fn last_events(desk: &Desk, ticket: TicketId, count: usize) -> Vec<String> {
    let events = desk.events(ticket).await;
    events[events.len() - count..].to_vec()
}

/// An agent says something by command.
pub async fn say(
    desk: &Desk,
    author: &Person,
    ticket: TicketId,
    visibility: Visibility,
    body: &str,
) -> Result<Comment, String> {
    let said = Said {
        author,
        as_staff: author.role.is_staff(),
        visibility,
        words: NewWords {
            body,
            full_text: None,
            html: None,
            files: &[],
            message_ids: &[],
            source: Source::Command,
            inbound_id: None,
        },
    };
    act(desk, author, ticket, async |conn, ctx, ticket| {
        desk::comment(conn, ctx, ticket, &said).await
    })
    .await
}

/// An agent leaves a note by command.
pub async fn note(desk: &Desk, author: &Person, ticket: TicketId, body: &str) -> Comment {
    say(desk, author, ticket, Visibility::Internal, body)
        .await
        .unwrap()
}

/// An agent answers by command.
pub async fn reply(desk: &Desk, author: &Person, ticket: TicketId, body: &str) -> Comment {
    say(desk, author, ticket, Visibility::Public, body)
        .await
        .unwrap()
}
