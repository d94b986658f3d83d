//! `remind`, `reminders` and `reminder`: promises to oneself, or to a colleague.

use clap::{Args, Subcommand};
use serde_json::json;

use super::problem::UserError;
use super::work::Work;
use super::{Failure, Offer, Reply};
use crate::config::problem::shown;
use crate::desk::reminder::{self, Deed, NewReminder, Reminder as Row};
use crate::ids::{PersonId, ReminderId};
use crate::notify::{self, By};
use crate::ticket::{self, Ticket};
use crate::when::phrase::{self, When};

/// Arguments of `remind`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Remind {
    /// Whom: an agent's handle; yourself where it is left out.
    #[arg(long)]
    to: Option<String>,
    /// Again and again: `day 9:00`, `"weekday 9:00"`, `monday`, or five fields as in a crontab. The text follows at once.
    #[arg(long)]
    every: Option<String>,
    /// By what it comes; where it is left out, by what it was asked for.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// When and of what: `in 2 hours`, `tomorrow 9am call Jane`; a ticket's number may stand before the time.
    #[arg(required = true, allow_hyphen_values = true)]
    what: String,
}

/// What becomes of a reminder.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Reminder {
    /// Say that it is done; one that recurs comes again.
    Done(Which),
    /// Have it come later.
    Later(Later),
    /// Have it say something else.
    Text(Reword),
    /// Do without it from now on.
    Cancel(Which),
    /// Choose the calendar outside whose hours your reminders wait.
    Hours(Hours),
}

/// Arguments of `reminder done` and `reminder cancel`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Which {
    /// Its number, as `reminders` shows it.
    #[arg(required = true)]
    id: String,
}

/// Arguments of `reminder later`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Later {
    /// Its number, as `reminders` shows it.
    #[arg(required = true)]
    id: String,
    /// When: `in 1 hour`, `tomorrow 9am`, `next week`.
    #[arg(required = true, allow_hyphen_values = true)]
    when: String,
}

/// Arguments of `reminder text`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Reword {
    /// Its number, as `reminders` shows it.
    #[arg(required = true)]
    id: String,
    /// What it says from now on.
    #[arg(required = true, allow_hyphen_values = true)]
    text: String,
}

/// Arguments of `reminder hours`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Hours {
    /// The calendar's key, or `always`.
    #[arg(required = true)]
    calendar: String,
}

impl Remind {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let me = work.person()?.clone();
        let ctx = work.context();
        let zone = reminder::zone_of(work.conn, &ctx, me.id).await?;
        let (ticket, rest) = self.ticket(work).await?;
        let (when, text) = match &self.every {
            Some(every) => (When::Repeated(recurring(every)?), rest),
            None => phrase::read(rest, ctx.now, zone).map_err(|what| no_time("what", what))?,
        };
        let person = match &self.to {
            Some(handle) => work.agent("to", handle).await?,
            None => me.clone(),
        };
        let new = NewReminder {
            ticket: ticket.as_ref(),
            person: &person,
            set_by: me.id,
            text,
            when: &when,
            zone,
            by: self.way(work, person.id).await?,
        };
        let row = reminder::set(work.conn, &ctx, &new).await?;
        let mut data = told(work, &row).await?;
        if let Some(data) = data.as_object_mut() {
            let to = person.handle.filter(|_| person.id != me.id);
            data.insert("to".to_owned(), json!(to));
        }
        let mut reply = work.reply("reminder_set", &data)?;
        reply.ticket = row.ticket_id;
        reply.offers.push(Offer {
            label: "Cancel",
            line: format!("reminder cancel {}", row.id),
            confirms: false,
        });
        Ok(reply)
    }

    /// By chat what is asked for there, if it reaches the person; else by mail.
    async fn way(&self, work: &mut Work<'_>, person: PersonId) -> Result<By, Failure> {
        let asked_in_chat = || work.caller.account.is_some();
        if let Some(by) = self.by.or_else(|| (!asked_in_chat()).then_some(By::Mail)) {
            return Ok(by);
        }
        let reached = notify::reach(work.conn, work.scene.settings, &[person]).await?;
        Ok(match reached.values().any(notify::Reach::has_chat) {
            true => By::Chat,
            false => By::Mail,
        })
    }

    /// The ticket that is named first, or in whose thread it is said; and the rest of the words.
    async fn ticket(&self, work: &mut Work<'_>) -> Result<(Option<Ticket>, &str), Failure> {
        let text = self.what.trim();
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let number = first.trim_start_matches('#');
        let named = match number.contains(|c: char| c.is_ascii_digit()) {
            true => ticket::store::by_number(work.conn, number).await?,
            false => None,
        };
        let Some(id) = named.or(work.caller.ticket) else {
            return Ok((None, text));
        };
        let ticket = ticket::store::root(work.conn, id).await?;
        Ok((ticket, if named.is_some() { rest } else { text }))
    }
}

/// Lists the caller's reminders, and those that they set for others.
pub(super) async fn list(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let me = work.person()?.id;
    let rows = reminder::store::of_person(work.conn, me).await?;
    let mut reminders = Vec::new();
    for row in &rows {
        let mut data = told(work, row).await?;
        if let Some(data) = data.as_object_mut() {
            let other = row.handle.as_deref().unwrap_or(&row.person_name);
            let other = Some(other).filter(|_| row.person_id != me);
            data.insert("to".to_owned(), json!(other));
        }
        reminders.push(data);
    }
    work.reply("reminders", &json!({"reminders": reminders}))
}

impl Reminder {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let me = work.person()?.id;
        let ctx = work.context();
        let (id, deed) = match self {
            Self::Done(which) => (&which.id, Deed::Done),
            Self::Cancel(which) => (&which.id, Deed::Cancel),
            Self::Text(reword) => (&reword.id, Deed::Reword(&reword.text)),
            Self::Later(later) => {
                let zone = reminder::zone_of(work.conn, &ctx, me).await?;
                (&later.id, Deed::Postpone(later.at(ctx.now, zone)?))
            }
            Self::Hours(hours) => return hours.run(work).await,
        };
        let row = reminder::change(work.conn, &ctx, me, number(id)?, deed).await?;
        let data = told(work, &row).await?;
        work.reply("reminder_changed", &data)
    }
}

impl Later {
    fn at(
        &self,
        now: chrono::DateTime<chrono::Utc>,
        zone: chrono_tz::Tz,
    ) -> Result<chrono::DateTime<chrono::Utc>, UserError> {
        match phrase::read(&self.when, now, zone).map_err(|what| no_time("when", what))? {
            (When::Once(at), "") => Ok(at),
            (_, rest) => Err(no_time("when", format!("`{}` is no time.", shown(rest)))),
        }
    }
}

impl Hours {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let me = work.person()?.id;
        let keys: Vec<&str> = work
            .desk()
            .calendar
            .iter()
            .map(|one| one.key.as_str())
            .collect();
        let always = self.calendar.eq_ignore_ascii_case("always");
        let found = keys
            .iter()
            .find(|key| key.eq_ignore_ascii_case(&self.calendar))
            .copied();
        if found.is_none() && !always {
            return Err(UserError::unknown("calendar", "calendar", &self.calendar, &keys).into());
        }
        reminder::store::set_calendar(work.conn, me, found).await?;
        work.reply("reminder_hours", &json!({"calendar": found}))
    }
}

/// The reminders that are open on a ticket, for whoever ends it. What somebody else's says is theirs.
pub(super) async fn open_on(
    work: &mut Work<'_>,
    ticket: &Ticket,
) -> Result<Vec<serde_json::Value>, Failure> {
    let me = work.caller.person.map(|person| person.id);
    let open = reminder::store::on_ticket(work.conn, ticket.id).await?;
    let open = open.iter().map(|row| {
        let known = me == Some(row.person_id) || me == Some(row.set_by);
        json!({
            "id": row.id.0,
            "own": me == Some(row.person_id),
            "who": row.handle.as_deref().unwrap_or(&row.person_name),
            "text": Some(&row.text).filter(|text| known && !text.is_empty()),
        })
    });
    Ok(open.collect())
}

/// The way to say of one's own among them that it is done.
pub(super) fn offers(open: &[serde_json::Value]) -> Vec<Offer> {
    let own = open
        .iter()
        .filter(|one| one.get("own") == Some(&json!(true)));
    own.filter_map(|one| one.get("id"))
        .map(|id| Offer {
            label: "Done",
            line: format!("reminder done {id}"),
            confirms: false,
        })
        .collect()
}

/// A reminder as its person reads it.
async fn told(work: &mut Work<'_>, row: &Row) -> Result<serde_json::Value, Failure> {
    let ctx = work.context();
    let zone = reminder::zone_of(work.conn, &ctx, row.person_id).await?;
    Ok(json!({
        "id": row.id.0,
        "at": row.due_at.map(|at| phrase::say(at, ctx.now, zone)),
        "every": row.recurrence,
        "number": row.number,
        "subject": row.subject,
        "text": row.text,
        "state": row.state,
        "by": row.by.words(),
    }))
}

fn number(given: &str) -> Result<ReminderId, UserError> {
    let id = given.trim().trim_start_matches('#').parse();
    id.map(ReminderId).map_err(|_| {
        UserError::usage(format!("`{}` is no reminder's number.", shown(given)))
            .then("`reminders` lists them.")
            .about("id")
    })
}

fn recurring(text: &str) -> Result<crate::when::Recurrence, UserError> {
    phrase::read_every(text).map_err(|what| no_time("every", what))
}

fn no_time(argument: &'static str, what: String) -> UserError {
    UserError::usage(what).then(phrase::TAKES).about(argument)
}
