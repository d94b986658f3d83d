//! Merging, and taking it back.

use frontdesk::desk;
use frontdesk::ticket::part::{self, Part};
use frontdesk::ticket::{self, Actor, Ticket};

use super::{act, asked, last_events, note, reply};
use crate::field::{reply as answer, request};
use crate::harness::{Desk, to};

const DORA: &str = "Dora Lake <dora@customer.test>";

/// Carla's ticket and, a while later, Dora's on the same matter, with Dora's acknowledgement.
async fn both(
    desk: &Desk,
) -> (
    Ticket,
    Ticket,
    frontdesk::people::Person,
    crate::harness::Sent,
) {
    let (carlas, ann) = asked(desk).await;
    desk.advance(chrono::TimeDelta::hours(1));
    desk.receive(&request(
        DORA,
        "d@customer.test",
        "Import is broken",
        "For me too.",
    ))
    .await;
    let mut mails = desk.take_mail().await;
    let place = mails
        .iter()
        .position(|mail| mail.to == "dora@customer.test")
        .unwrap();
    let told = mails.remove(place);
    (carlas, desk.tickets().await[1].clone(), ann, told)
}

async fn merge(
    desk: &Desk,
    by: &frontdesk::people::Person,
    husk: &Ticket,
    into: &Ticket,
) -> Result<(Ticket, Ticket), String> {
    act(desk, by, by_itself(husk), async |conn, ctx, held| {
        let (husk, root) = desk::merge(conn, ctx, husk.id, into.id).await?;
        *held = husk.clone();
        Ok((husk, root))
    })
    .await
}

fn by_itself(ticket: &Ticket) -> frontdesk::ids::TicketId {
    ticket.id
}

#[tokio::test]
async fn a_merged_ticket_lives_on_in_the_other() {
    let desk = Desk::open().await;
    let (carlas, doras, ann, told) = both(&desk).await;
    note(&desk, &ann, doras.id, "Same parser.").await;
    desk.take_mail().await;
    // Dora's is the one that stays, and counts from Carla's hour.
    let (husk, root) = merge(&desk, &ann, &carlas, &doras).await.unwrap();
    assert_eq!(husk.merged_into_id, Some(doras.id));
    assert_eq!(husk.status, "closed");
    assert_eq!(root.opened_at, carlas.opened_at);
    assert!(desk.take_mail().await.is_empty(), "no customer is told");
    assert_eq!(
        desk.comments(doras.id).await,
        [
            "public customer: It stops at row 7.",
            "public customer: For me too.",
            "internal staff: Same parser."
        ]
    );
    assert_eq!(desk.tickets().await.len(), 1, "the husk is listed no more");
    // An answer to the one goes to both.
    reply(&desk, &ann, carlas.id, "We are on it.").await;
    let mails = desk.take_mail().await;
    to(&mails, "dora@customer.test");
    let carlas_copy = to(&mails, "carla@customer.test");
    assert!(!carlas_copy.text().contains("parser"));
    // What Carla writes to her own ticket's thread stands on the one that took it in.
    desk.receive(&answer(
        carlas_copy,
        super::CARLA,
        "c2@customer.test",
        "Thank you both.",
    ))
    .await;
    desk.receive(&answer(&told, DORA, "d2@customer.test", "Thanks."))
        .await;
    desk.take_mail().await;
    let said = desk.comments(doras.id).await;
    assert!(
        said.contains(&"public customer: Thank you both.".to_owned()),
        "{said:?}"
    );
    assert!(
        said.contains(&"public customer: Thanks.".to_owned()),
        "{said:?}"
    );
    desk.close().await;
}

#[tokio::test]
async fn a_merge_is_taken_back_whole() {
    let desk = Desk::open().await;
    let (carlas, doras, ann, _) = both(&desk).await;
    desk.advance(chrono::TimeDelta::minutes(1));
    merge(&desk, &ann, &carlas, &doras).await.unwrap();
    desk.advance(chrono::TimeDelta::minutes(1));
    let again = act(&desk, &ann, doras.id, async |conn, ctx, held| {
        let again = desk::unmerge(conn, ctx, carlas.id).await?;
        *held = ticket::store::get(conn, doras.id).await?;
        Ok(again)
    })
    .await
    .unwrap();
    assert_eq!(
        (
            again.status.as_str(),
            again.closed_at,
            again.reopened_count,
            again.merged_into_id
        ),
        (carlas.status.as_str(), None, 0, None)
    );
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 2);
    assert_eq!(
        tickets[1].opened_at, doras.opened_at,
        "the clock is its own again"
    );
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let parts = part::having(&mut conn, doras.id, Part::Participant)
        .await
        .unwrap();
    assert!(parts.is_empty(), "Carla has left Dora's ticket: {parts:?}");
    assert_eq!(
        desk.comments(doras.id).await,
        ["public customer: For me too."]
    );
    assert_eq!(last_events(&desk, carlas.id, 1).await, ["unmerged"]);
    drop(conn);
    let never = act(&desk, &ann, doras.id, async |conn, ctx, _| {
        desk::unmerge(conn, ctx, carlas.id).await
    });
    assert!(never.await.unwrap_err().contains("is not merged"));
    desk.close().await;
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_and_a_circle_ends() {
    let desk = Desk::open().await;
    let (carlas, doras, ann, _) = both(&desk).await;
    let refused = merge(&desk, &ann, &carlas, &carlas).await;
    assert!(refused.unwrap_err().contains("into itself"));
    merge(&desk, &ann, &carlas, &doras).await.unwrap();
    let twice = act(&desk, &ann, doras.id, async |conn, ctx, _| {
        desk::merge(conn, ctx, doras.id, carlas.id).await
    });
    assert!(twice.await.unwrap_err().contains("`unmerge`"));
    // A hand in the database.
    sqlx::query("UPDATE ticket SET merged_into_id = $1 WHERE id = $2")
        .bind(carlas.id)
        .bind(doras.id)
        .execute(&desk.app.pool)
        .await
        .unwrap();
    let mut tx = desk.app.pool.begin().await.unwrap();
    ticket::store::root(&mut tx, carlas.id).await.unwrap();
    ticket::store::lock(&mut tx, carlas.id).await.unwrap();
    ticket::timeline::comments(&mut tx, carlas.id)
        .await
        .unwrap();
    assert_ne!(Actor::Person(ann.id), Actor::System);
    tx.commit().await.unwrap();
    desk.close().await;
}
