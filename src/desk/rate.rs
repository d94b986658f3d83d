//! Rating a ticket that is done.

use sqlx::PgConnection;

use super::{Context, DeskError, append};
use crate::people::Person;
use crate::ticket::timeline::NewEvent;
use crate::ticket::{Ticket, rating, store, workflow};

/// How much a customer may say with a rating, in characters.
const WORDS_CHARS: usize = 1_000;

/// Takes down what a customer says of a resolved or closed ticket that the caller holds by [`store::lock`]: 1 to 5,
/// and a word. Until the ticket comes back, a second rating takes the place of the first; what the requester says is not
/// replaced by others who take part. Nobody is told; it stands on the timeline. The ticket does not come back by it.
///
/// # Errors
/// If the score is none, the ticket is not done, or the person does not take part in it or worked on it; or the database
/// does not answer.
pub async fn rate(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    ticket: &mut Ticket,
    person: &Person,
    score: i16,
    words: Option<&str>,
) -> Result<(), DeskError> {
    let refuse = |why: String| Err(DeskError::Invalid(why));
    if !(1..=5).contains(&score) {
        return refuse("a rating is a number from 1 (bad) to 5 (very good)".to_owned());
    }
    if !workflow::is_done(ticket.kind) {
        return refuse(format!(
            "{} is not resolved yet; it can be rated then",
            ticket.number
        ));
    }
    if ticket.assignee_id == Some(person.id) {
        return refuse(format!(
            "you worked on {}; its customer rates it",
            ticket.number
        ));
    }
    let rated = rating::in_round(conn, ticket.id, ticket.reopened_count).await?;
    if rated == Some(ticket.requester_id) && person.id != ticket.requester_id {
        return refuse(format!(
            "the requester of {} has rated it, and that counts",
            ticket.number
        ));
    }
    if !store::parties(conn, ticket.id).await?.contains(&person.id) {
        return refuse(format!(
            "only those who take part in {} rate it",
            ticket.number
        ));
    }
    let words: Option<String> = words
        .map(|words| words.trim().chars().take(WORDS_CHARS).collect())
        .filter(|words: &String| !words.is_empty());
    rating::rate(
        conn,
        ctx.now,
        ticket.id,
        ticket.reopened_count,
        person.id,
        score,
        words.as_deref(),
    )
    .await?;
    let score = score.to_string();
    let event = NewEvent {
        kind: "rated",
        new: Some(&score),
        reason: words.as_deref(),
        ..NewEvent::default()
    };
    ticket.updated_at = ctx.now;
    store::update(conn, ticket).await?;
    append(conn, ctx, ticket.id, &[event]).await?;
    Ok(())
}
