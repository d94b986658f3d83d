//! The carrying out of a change to many tickets, a batch at a time.

use sqlx::PgConnection;

use crate::command::work::Work;
use crate::command::{Caller, Failure, Reported, Scene};
use crate::desk::{Context, reminder};
use crate::ids::TicketId;
use crate::notify::By;
use crate::people::{self, Role};
use crate::ticket::Actor;
use crate::ticket::bulk::{self as store, Bulk};
use crate::when::phrase::When;

/// How many tickets are changed in one transaction.
const BATCH: i64 = 100;

/// Goes on with the oldest change that was confirmed and is not done, by one batch. Returns whether there was any. When
/// it is done, whoever asked for it is told.
///
/// # Errors
/// If the database does not answer.
pub async fn carry_on(conn: &mut PgConnection, scene: &Scene<'_>) -> anyhow::Result<bool> {
    let Some(mut bulk) = store::unfinished(conn).await? else {
        return Ok(false);
    };
    let person = match bulk.person_id {
        Some(id) => Some(people::store::get(conn, id).await?),
        None => None,
    };
    let caller = Caller {
        person: person.as_ref(),
        role: Role::from_key(&bulk.role),
        source: bulk.source,
        ticket: None,
        account: None,
        files: &[],
    };
    batch(conn, scene, &caller, &mut bulk).await?;
    if let Some(person) =
        person.filter(|person| bulk.finished_at.is_some() && person.is_active_staff())
    {
        let fates = store::fates(conn, &bulk).await?;
        let done = fates.iter().filter(|fate| fate.state == "done").count();
        let text = format!(
            "The change of {} tickets by `bulk` is through: {done} changed. `bulk --yes {}` says which were not.",
            fates.len(),
            bulk.code
        );
        let ctx = Context {
            settings: scene.settings,
            now: scene.now,
            actor: Actor::System,
            answering: true,
        };
        let new = reminder::NewReminder {
            ticket: None,
            person: &person,
            set_by: person.id,
            text: &text,
            when: &When::Once(scene.now),
            zone: scene.settings.desk.zone,
            by: By::Mail,
        };
        reminder::set(conn, &ctx, &new).await?;
    }
    Ok(true)
}

/// Does a batch of what waits, each ticket for itself: one that fails holds up no other.
pub(super) async fn batch(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    caller: &Caller<'_>,
    bulk: &mut Bulk,
) -> Result<(), Failure> {
    let tickets = store::waiting(conn, bulk, BATCH).await?;
    let mut work = Work {
        conn,
        scene,
        caller,
        ticket: None,
    };
    for ticket in tickets {
        let (state, reason) = one(&mut work, ticket, &bulk.change).await?;
        store::settle(work.conn, bulk, ticket, state, reason.as_deref(), scene.now).await?;
    }
    if store::waiting(work.conn, bulk, 1).await?.is_empty() {
        bulk.finished_at = Some(scene.now);
        store::mark(work.conn, bulk).await?;
    }
    Ok(())
}

/// Does one ticket, as if its command had been given in its thread. Gives what became of it, and why.
pub(super) async fn one(
    work: &mut Work<'_>,
    ticket: TicketId,
    line: &str,
) -> Result<(&'static str, Option<String>), Failure> {
    let caller = Caller {
        ticket: Some(ticket),
        ..*work.caller
    };
    // A command within a command: the future of the outer one would have no size.
    let done = Box::pin(crate::command::run(work.conn, work.scene, &caller, line)).await;
    Ok(match done {
        Ok(reply) => {
            let is = |key: &str, value: bool| {
                reply.data.get(key).and_then(serde_json::Value::as_bool) == Some(value)
            };
            let unchanged = is("changed", false) || is("already", true);
            (if unchanged { "unchanged" } else { "done" }, None)
        }
        Err(Failure::User(error)) => ("failed", Some(error.what)),
        Err(Failure::Other(error)) => {
            // A database that does not answer is nobody's ticket: the whole batch is tried again.
            let lost = |cause: &(dyn std::error::Error + 'static)| {
                let database = cause.downcast_ref::<sqlx::Error>();
                database.is_some_and(|error| error.as_database_error().is_none())
            };
            if error.chain().any(lost) {
                return Err(Failure::Other(error));
            }
            ("failed", Some(Reported::new(&error).to_string()))
        }
    })
}
