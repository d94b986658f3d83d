//! `status`, `resolve`, `close` and `reopen`: where a ticket stands.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::remind;
use super::work::{Work, known, status_name};
use super::{Failure, Reply, comment};
use crate::desk::{self, Said};
use crate::ticket::workflow::{self, StatusChange};
use crate::ticket::{Comment, Ticket, Visibility, close_request};

/// Arguments of `status`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Status {
    #[command(flatten)]
    on: OnTicket,
    /// The status, such as `resolved`.
    #[arg(required = true)]
    status: String,
    /// Why; only staff reads it.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

/// Arguments of `resolve`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Resolve {
    #[command(flatten)]
    on: OnTicket,
    /// Why; only staff reads it.
    #[arg(long)]
    reason: Option<String>,
    /// Ask the customer first whether it is settled; it closes if they say nothing.
    #[arg(long)]
    ask: bool,
    /// A closing word to the customer.
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
}

/// Arguments of `close`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Close {
    #[command(flatten)]
    on: OnTicket,
    /// Why; only staff reads it.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

/// Arguments of `reopen`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Reopen {
    #[command(flatten)]
    on: OnTicket,
    /// Why.
    #[arg(allow_hyphen_values = true)]
    reason: Option<String>,
}

impl Status {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let all = work.desk().status.iter();
        let all = all.map(|status| (status.key.as_str(), status.name.as_str()));
        let to = known("status", "status", &self.status, all)?;
        let ticket = work.hold().await?;
        change(work, ticket, to, self.reason.as_deref()).await
    }
}

impl Resolve {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let author = match &self.text {
            Some(_) => Some(work.person()?),
            None => None,
        };
        let closing = author.zip(self.text.as_deref()).map(|(author, text)| Said {
            author,
            as_staff: true,
            visibility: Visibility::Public,
            words: comment::words(work, text),
        });
        let ctx = work.context();
        if self.ask {
            return ask(work, ticket, closing.as_ref()).await;
        }
        let reason = self.reason.as_deref();
        let (change, comment) =
            desk::resolve(work.conn, &ctx, &mut ticket, closing.as_ref(), reason)
                .await
                .map_err(|error| on_ticket(error, &ticket))?;
        finished(work, &ticket, &change, comment.as_ref()).await
    }
}

impl Resolve {
    /// Whether words go with it.
    pub(super) fn says_something(&self) -> bool {
        self.text.is_some()
    }
}

impl Close {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let reason = self.reason.as_deref();
        let (change, _) = desk::close(work.conn, &ctx, &mut ticket, None, reason)
            .await
            .map_err(|error| on_ticket(error, &ticket))?;
        say(work, &ticket, &change).await
    }
}

impl Reopen {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let mut ticket = work.hold().await?;
        let (ctx, by_staff) = (work.context(), work.is_staff());
        let reason = self.reason.as_deref();
        let change = desk::reopen(work.conn, &ctx, &mut ticket, by_staff, reason)
            .await
            .map_err(|error| on_ticket(error, &ticket))?;
        say(work, &ticket, &change).await
    }
}

/// Asks the customer whether the matter is settled, and says by when they have to answer.
async fn ask(
    work: &mut Work<'_>,
    mut ticket: Ticket,
    closing: Option<&Said<'_>>,
) -> Result<Reply, Failure> {
    let ctx = work.context();
    let (change, comment) = desk::ask_to_close(work.conn, &ctx, &mut ticket, closing)
        .await
        .map_err(|error| on_ticket(error, &ticket))?;
    let closes_at = close_request::standing(work.conn, ticket.id, None).await?;
    let data = json!({
        "number": ticket.number,
        "closes_at": closes_at,
        "to": change.map(|change| status_name(work.desk(), &change.to).to_owned()),
        "word": closing_word(work, &ticket, comment.as_ref()).await?,
    });
    let reply = work.reply("close_asked", &data)?.on(ticket.id);
    Ok(with_word(reply, &ticket, comment.as_ref()))
}

/// Who gets the closing word, where there is one.
async fn closing_word(
    work: &mut Work<'_>,
    ticket: &Ticket,
    word: Option<&Comment>,
) -> Result<Option<comment::Readers>, Failure> {
    let Some(word) = word else { return Ok(None) };
    let (settings, now) = (work.scene.settings, work.scene.now);
    let readers = comment::readers(work.conn, settings, ticket.id, word.id, now);
    Ok(Some(readers.await?))
}

/// The answer with the way to take the closing word back.
fn with_word(mut reply: Reply, ticket: &Ticket, word: Option<&Comment>) -> Reply {
    reply.comment = word.map(|word| word.id);
    let undo = word.map(|word| comment::undo_of(ticket, word.id));
    reply.offers.extend(undo);
    reply
}

async fn change(
    work: &mut Work<'_>,
    mut ticket: Ticket,
    to: &str,
    reason: Option<&str>,
) -> Result<Reply, Failure> {
    let ctx = work.context();
    let change = desk::change_status(work.conn, &ctx, &mut ticket, to, reason)
        .await
        .map_err(|error| on_ticket(error, &ticket))?;
    say(work, &ticket, &change).await
}

async fn say(
    work: &mut Work<'_>,
    ticket: &Ticket,
    change: &StatusChange,
) -> Result<Reply, Failure> {
    finished(work, ticket, change, None).await
}

/// Says where the ticket stands now, and who gets the closing word.
async fn finished(
    work: &mut Work<'_>,
    ticket: &Ticket,
    change: &StatusChange,
    word: Option<&Comment>,
) -> Result<Reply, Failure> {
    let reminders = match workflow::is_done(ticket.kind) && work.is_staff() {
        true => remind::open_on(work, ticket).await?,
        false => Vec::new(),
    };
    let data = json!({
        "number": ticket.number,
        "reminders": reminders,
        "from": status_name(work.desk(), &change.from),
        "to": status_name(work.desk(), &change.to),
        "status": change.to,
        "word": closing_word(work, ticket, word).await?,
    });
    let mut reply = work.reply("status", &data)?.on(ticket.id);
    reply.offers.extend(remind::offers(&reminders));
    Ok(with_word(reply, ticket, word))
}

/// Says of which ticket the desk speaks.
fn on_ticket(error: desk::DeskError, ticket: &Ticket) -> Failure {
    match Failure::from(error) {
        Failure::User(mut error) => {
            error.what = format!("{} stays as it is. {}", ticket.number, error.what);
            error.about("status").into()
        }
        other => other,
    }
}
