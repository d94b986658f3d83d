//! `bulk`: one change to many tickets. It is shown first and done when it is confirmed: to the tickets that were shown,
//! as far as they still fit.

mod carry;

use clap::Args;
use serde_json::{Value, json};

use super::authorize;
use super::filter::Filter;
use super::problem::UserError;
use super::work::{Work, status_name};
use super::{Failure, Offer, Parsed, Reply, parse};
use crate::config::problem::shown;
use crate::ids::TicketId;
use crate::ticket::bulk::{self as store, Bulk as Asked, Fate, NewBulk};
use crate::ticket::listed;
use crate::ticket::query;
use crate::ticket::undo;

pub use carry::carry_on;

/// How many tickets one change is about at the most.
const MOST: i64 = 10_000;
/// How many tickets are shown.
const SHOWN: usize = 10;
/// How many that were left out or failed stand in the answer; all stand in its file.
const TOLD: usize = 20;

/// What is no change to a ticket, or none that many tickets can have in common.
const NO_CHANGE: &[&str] = &[
    "show",
    "sla",
    "history",
    "transcript",
    "edit",
    "delete",
    "split",
    "unmerge",
    "undo",
    "rate",
    "comment",
    "attach",
];

/// Arguments of `bulk`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Bulk {
    #[command(flatten)]
    filter: Filter,
    /// Words that stand in the subject, a comment, the requester's name or address, or the number.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Do what was shown under this code; of one that was confirmed already, say how far it is.
    #[arg(long, value_name = "CODE")]
    yes: Option<String>,
    /// Take back what was done under this code, within the undo time.
    #[arg(long, value_name = "CODE")]
    undo: Option<String>,
    /// The change, as a command without a number: `priority high`, `close The outage is over`.
    #[arg(allow_hyphen_values = true)]
    change: Option<String>,
}

impl Bulk {
    pub(super) async fn run(&self, work: &mut Work<'_>, line: &str) -> Result<Reply, Failure> {
        match (&self.yes, &self.undo, &self.change) {
            (Some(code), None, None) => {
                let bulk = own(work, "yes", code).await?;
                confirm(work, bulk).await
            }
            (None, Some(code), None) => {
                let bulk = own(work, "undo", code).await?;
                take_back(work, &bulk).await
            }
            (None, None, Some(change)) => self.preview(work, line, change.trim()).await,
            (None, None, None) => Err(UserError::usage("What is to be done to them?")
                .then("Type the change behind the filter: `bulk --tag outage close The outage is over`.")
                .into()),
            _ => Err(UserError::usage("`--yes` and `--undo` stand alone, each with its code.").into()),
        }
    }

    async fn preview(
        &self,
        work: &mut Work<'_>,
        line: &str,
        change: &str,
    ) -> Result<Reply, Failure> {
        check(work, change)?;
        if self.filter.is_empty() && self.text.is_none() {
            return Err(UserError::usage("Which tickets?")
                .then("Say it as for `list`, before the change: `bulk --tag outage close`. `--all` alone means every ticket there is.")
                .into());
        }
        let tickets = self.fitting(work).await?;
        if tickets.is_empty() {
            return Err(
                UserError::refused("No ticket fits, so that nothing would change.")
                    .then("`list` takes the same options; `--all` adds tickets that are done.")
                    .into(),
            );
        }
        let code: String = uuid::Uuid::new_v4()
            .simple()
            .to_string()
            .chars()
            .take(6)
            .collect();
        let new = NewBulk {
            code: &code,
            person: work.caller.person.map(|person| person.id),
            role: work.caller.role().key(),
            source: work.caller.source,
            line,
            change,
        };
        store::write(work.conn, work.scene.now, &new, &tickets).await?;
        let first: Vec<TicketId> = tickets.iter().rev().take(SHOWN).copied().collect();
        let desk = work.desk();
        let first: Vec<Value> = listed::with_names(work.conn, &first)
            .await?
            .iter()
            .map(|one| {
                json!({
                    "number": one.ticket.number,
                    "subject": one.ticket.subject,
                    "status": status_name(desk, &one.ticket.status),
                    "assignee": one.assignee,
                })
            })
            .collect();
        let data = json!({
            "deed": "shown",
            "code": code,
            "change": change,
            "count": tickets.len(),
            "more": tickets.len().saturating_sub(SHOWN),
            "tickets": first,
            "by_words": self.text.is_some(),
        });
        let mut reply = work.reply("bulk", &data)?;
        reply.offers.push(Offer {
            label: "Do it",
            line: format!("bulk --yes {code}"),
            confirms: true,
        });
        Ok(reply)
    }

    /// The tickets that fit now, by id.
    async fn fitting(&self, work: &mut Work<'_>) -> Result<Vec<TicketId>, Failure> {
        let mut filter = self.filter.resolve(work).await?;
        filter.text = self.text.clone().filter(|text| !text.trim().is_empty());
        let tickets = query::ids(work.conn, work.desk(), &filter, MOST + 1).await?;
        if i64::try_from(tickets.len()).is_ok_and(|count| count > MOST) {
            return Err(UserError::refused(format!("More than {MOST} tickets fit."))
                .then("Narrow the filter, and do it in several steps.")
                .into());
        }
        Ok(tickets)
    }
}

/// Looks whether a line is a change that can be made to many tickets, and may be made by the caller at all.
fn check<'c>(work: &Work<'_>, change: &'c str) -> Result<Parsed<'c>, UserError> {
    let parsed = parse(change, true)?;
    let path = &parsed.path;
    if !parsed.about_ticket || NO_CHANGE.contains(&path.as_str()) {
        return Err(UserError::usage(format!("`{path}` is no change to many tickets at once."))
            .then("It may be any other command about a ticket, such as `priority high`, `team billing`, `tag +outage` or `close`.")
            .about("change"));
    }
    if let Some(number) = &parsed.ticket {
        return Err(parsed.located(
            UserError::usage(format!(
                "`{}` is one ticket, and the filter says which.",
                shown(number)
            ))
            .then(format!("Leave the number out: `bulk … {path} …`."))
            .about(super::grammar::TICKET),
        ));
    }
    let right = authorize::right(path);
    if !right.is_open_to(work.caller.role()) {
        return Err(
            UserError::forbidden(format!("`{path}` is for {}.", right.who())).about("change"),
        );
    }
    Ok(parsed)
}

/// The caller's own change of this code.
async fn own(work: &mut Work<'_>, argument: &'static str, code: &str) -> Result<Asked, Failure> {
    let found = store::by_code(work.conn, code.trim()).await?;
    let me = work.caller.person.map(|person| person.id);
    found.filter(|bulk| bulk.person_id == me).ok_or_else(|| {
        UserError::refused(format!("You were shown no change under `{}`.", shown(code)))
            .then("`bulk` with a filter and a change shows it and gives the code to confirm it by.")
            .about(argument)
            .into()
    })
}

/// Begins what was shown. Tickets that do not fit any more are left out, and others that fit by now are not taken in.
async fn confirm(work: &mut Work<'_>, mut bulk: Asked) -> Result<Reply, Failure> {
    if bulk.confirmed_at.is_some() {
        return say(work, &bulk, 0).await;
    }
    if work.scene.now - bulk.created_at > store::GOOD_FOR {
        return Err(UserError::refused("This was shown more than an hour ago.")
            .then(format!("Have it shown again: `{}`.", shown(&bulk.line)))
            .about("yes")
            .into());
    }
    let parsed = parse(&bulk.line, false)?;
    let super::Command::Bulk(asked) = &parsed.command else {
        return Err(anyhow::anyhow!("the line of bulk change {} is none", bulk.id).into());
    };
    let fit = asked.fitting(work).await?;
    let shown = store::tickets(work.conn, &bulk).await?;
    let new = fit.iter().filter(|id| !shown.contains(id)).count();
    let reason = "it does not fit any more";
    store::leave_out(work.conn, &bulk, Some(&fit), reason).await?;
    bulk.confirmed_at = Some(work.scene.now);
    store::mark(work.conn, &bulk).await?;
    carry::batch(work.conn, work.scene, work.caller, &mut bulk).await?;
    say(work, &bulk, new).await
}

/// Says what became of a change so far.
async fn say(work: &mut Work<'_>, bulk: &Asked, new: usize) -> Result<Reply, Failure> {
    let fates = store::fates(work.conn, bulk).await?;
    let mut reply = told(work, bulk, &fates, "done", new)?;
    if bulk.finished_at.is_some() && fates.iter().any(|fate| fate.state == "done") {
        reply.offers.push(Offer {
            label: "Undo",
            line: format!("bulk --undo {}", bulk.code),
            confirms: false,
        });
    }
    Ok(reply)
}

/// Takes back what was done within the undo time, ticket by ticket, and does nothing more of it.
async fn take_back(work: &mut Work<'_>, bulk: &Asked) -> Result<Reply, Failure> {
    let person = work.person()?;
    let mut bulk = bulk.clone();
    if bulk.confirmed_at.is_none() {
        return Err(UserError::refused("Nothing was done under this code yet.")
            .then("It is forgotten unless it is confirmed.")
            .about("undo")
            .into());
    }
    let now = work.scene.now;
    store::leave_out(work.conn, &bulk, None, "it was taken back before its turn").await?;
    bulk.finished_at = bulk.finished_at.or(Some(now));
    store::mark(work.conn, &bulk).await?;
    let seconds = work.scene.settings.notify.undo_seconds;
    let since = now - chrono::TimeDelta::seconds(i64::from(seconds));
    let done = store::done_since(work.conn, &bulk, since).await?;
    if done.is_empty() {
        return Err(UserError::refused(format!(
            "Nothing of it was done within the last {seconds} seconds, and what is older stays."
        ))
        .about("undo")
        .into());
    }
    for (ticket, at) in done {
        let last = undo::deeds(work.conn, ticket, person.id, since).await?;
        let (state, reason) = match last.first() {
            Some(deed) if deed.at == at => carry::one(work, ticket, "undo").await?,
            _ => ("done", Some("you changed it again since".to_owned())),
        };
        let state = if state == "done" && reason.is_none() {
            "undone"
        } else {
            "done"
        };
        store::settle(work.conn, &bulk, ticket, state, reason.as_deref(), at).await?;
    }
    let fates = store::fates(work.conn, &bulk).await?;
    told(work, &bulk, &fates, "undone", 0)
}

/// The answer about a change: counts, and which tickets it was not, or not yet, done to.
fn told(
    work: &Work<'_>,
    bulk: &Asked,
    fates: &[Fate],
    deed: &str,
    new: usize,
) -> Result<Reply, Failure> {
    let count = |state: &str| fates.iter().filter(|fate| fate.state == state).count();
    let spoken_of: Vec<&Fate> = fates.iter().filter(|fate| fate.reason.is_some()).collect();
    let trouble: Vec<Value> = spoken_of
        .iter()
        .map(|fate| json!({"number": fate.number, "state": fate.state, "reason": fate.reason}))
        .collect();
    let data = json!({
        "deed": deed,
        "code": bulk.code,
        "change": bulk.change,
        "count": fates.len(),
        "done": count("done"),
        "unchanged": count("unchanged"),
        "undone": count("undone"),
        "left_out": count("left_out"),
        "failed": count("failed"),
        "waiting": count("waiting"),
        "trouble": trouble.iter().take(TOLD).collect::<Vec<_>>(),
        "more": trouble.len().saturating_sub(TOLD),
        "new": new,
    });
    let mut reply = work.reply("bulk", &data)?;
    if trouble.len() > TOLD {
        let mut text = format!("{}\n\n", reply.plain());
        for fate in &spoken_of {
            let reason = fate.reason.as_deref().unwrap_or_default();
            text.push_str(&format!("{}: {reason}\n", fate.number));
        }
        reply.file = Some(super::ReplyFile {
            name: format!("bulk-{}.txt", bulk.code),
            content_type: "text/plain",
            content: text.into_bytes(),
        });
    }
    Ok(reply)
}
