//! What the commands do to a ticket: one transaction each, then a word to whoever sends mail.

use anyhow::Context as _;
use sqlx::PgConnection;

use super::super::agent;
use crate::app::App;
use crate::desk::{self, Context, NewWords, Said};
use crate::people::Person;
use crate::ticket::{self, Actor, Source, Ticket, Visibility};
use crate::wake::{self, Topic};

/// The ticket with this number, held against changes by others.
async fn held(conn: &mut PgConnection, number: &str) -> anyhow::Result<Ticket> {
    let id = ticket::store::by_number(conn, number).await?;
    let id = id.with_context(|| unknown(number))?;
    Ok(ticket::store::lock(conn, id).await?)
}

pub(super) fn unknown(number: &str) -> String {
    let number = super::page::one_line(number);
    format!("there is no ticket {number}; `frontdesk ticket list --all` shows those there are")
}

/// The agent who does it, who must have the right to.
async fn acting(conn: &mut PgConnection, handle: &str) -> anyhow::Result<Person> {
    let person = agent::find(conn, handle).await?;
    if !person.is_active_staff() {
        anyhow::bail!(
            "{handle} is disabled; `frontdesk agent enable {handle}` gives the rights back"
        );
    }
    Ok(person)
}

async fn actor(conn: &mut PgConnection, handle: Option<&str>) -> anyhow::Result<Actor> {
    match handle {
        Some(handle) => Ok(Actor::Person(acting(conn, handle).await?.id)),
        None => Ok(Actor::System),
    }
}

fn context(app: &App, actor: Actor) -> Context<'_> {
    Context {
        settings: &app.settings,
        now: app.clock.now(),
        actor,
        answering: true,
    }
}

/// Wakes whoever sends mail. A word that is lost costs a poll interval.
async fn wake(app: &App) {
    wake::tell(&app.pool, Topic::Outbox).await.ok();
}

/// Changes a ticket's status; gives what to say.
pub(in crate::cli) async fn status(
    app: &App,
    number: &str,
    to: &str,
    reason: Option<&str>,
    handle: &str,
) -> anyhow::Result<String> {
    let mut tx = app.pool.begin().await?;
    let person = acting(&mut tx, handle).await?;
    let mut ticket = held(&mut tx, number).await?;
    let ctx = context(app, Actor::Person(person.id));
    let change = desk::change_status(&mut tx, &ctx, &mut ticket, to, reason).await;
    let change = change.with_context(|| format!("ticket {} stays as it is", ticket.number))?;
    tx.commit().await?;
    wake(app).await;
    Ok(format!(
        "{} went from {} to {}.\n",
        ticket.number, change.from, change.to
    ))
}

pub(super) async fn assign(
    app: &App,
    number: &str,
    handle: &str,
    by: Option<&str>,
) -> anyhow::Result<String> {
    let mut tx = app.pool.begin().await?;
    let actor = actor(&mut tx, by).await?;
    let assignee = match handle {
        "nobody" => None,
        handle => Some(acting(&mut tx, handle).await?),
    };
    let mut ticket = held(&mut tx, number).await?;
    desk::assign(
        &mut tx,
        &context(app, actor),
        &mut ticket,
        assignee.as_ref(),
    )
    .await?;
    tx.commit().await?;
    wake(app).await;
    Ok(match assignee {
        Some(_) => format!(
            "{handle} has {} now; it is {}.\n",
            ticket.number, ticket.status
        ),
        None => format!("Nobody has {} now.\n", ticket.number),
    })
}

pub(super) async fn team(
    app: &App,
    number: &str,
    team: &str,
    by: Option<&str>,
) -> anyhow::Result<String> {
    let mut tx = app.pool.begin().await?;
    let actor = actor(&mut tx, by).await?;
    let mut ticket = held(&mut tx, number).await?;
    desk::route_to_team(&mut tx, &context(app, actor), &mut ticket, team).await?;
    tx.commit().await?;
    wake(app).await;
    Ok(format!("{} is with {team} now.\n", ticket.number))
}

pub(super) async fn say(
    app: &App,
    number: &str,
    handle: &str,
    visibility: Visibility,
    words: &str,
) -> anyhow::Result<String> {
    let mut tx = app.pool.begin().await?;
    let author = acting(&mut tx, handle).await?;
    let mut ticket = held(&mut tx, number).await?;
    let said = Said {
        author: &author,
        as_staff: true,
        visibility,
        words: NewWords {
            body: words,
            full_text: None,
            html: None,
            files: &[],
            message_ids: &[],
            source: Source::Command,
            inbound_id: None,
        },
    };
    let ctx = context(app, Actor::Person(author.id));
    desk::comment(&mut tx, &ctx, &mut ticket, &said).await?;
    tx.commit().await?;
    wake(app).await;
    Ok(match visibility {
        Visibility::Public => format!(
            "The answer stands on {} and leaves in {} seconds; until then `frontdesk outbox cancel` stops it.\n",
            ticket.number, app.settings.notify.undo_seconds
        ),
        Visibility::Internal => format!(
            "The note stands on {}. No customer sees it.\n",
            ticket.number
        ),
    })
}
