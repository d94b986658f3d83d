//! `frontdesk schedule`: what runs by the clock.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::config::schedule::ScheduleSettings;
use crate::schedule::Run;
use crate::schedule::store::{self, Slot, Standing};
use crate::wake::{self, Topic};

/// How many slots to come are shown.
const NEXT: usize = 3;

/// Arguments of `frontdesk schedule`.
#[derive(Debug, Args)]
pub struct ScheduleArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// List the schedules: the last run, the next slots, the last error.
    List,
    /// Run a schedule's job now.
    Run(RunArguments),
}

#[derive(Debug, Args)]
struct RunArguments {
    /// Its name, as `frontdesk schedule list` shows it.
    name: String,
    /// As if it were this time, such as 2026-11-24T08:00:00Z; with --dry-run it may be one to come.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// Only say what it would do.
    #[arg(long)]
    dry_run: bool,
}

/// Runs a schedule command.
pub(super) async fn run(arguments: &ScheduleArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        ScheduleCommand::List => list(app).await,
        ScheduleCommand::Run(arguments) => run_one(app, arguments).await,
    };
    arguments.desk.work(work).await
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let now = app.clock.now();
    let standings = store::standings(&mut conn, now).await?;
    let slots = store::newest_slots(&mut conn).await?;
    let mut text = String::new();
    for schedule in &app.settings.schedules {
        let standing = standings.iter().find(|one| one.name == schedule.name);
        let slot = slots.iter().find(|one| one.schedule == schedule.name);
        text.push_str(&entry(schedule, standing, slot, now));
    }
    page::print(&text)
}

fn entry(
    schedule: &ScheduleSettings,
    standing: Option<&Standing>,
    slot: Option<&Slot>,
    now: DateTime<Utc>,
) -> String {
    let zone = schedule.zone;
    let mut text = format!("{}: {} ({zone})\n", schedule.name, schedule.recurrence);
    let last = match slot {
        Some(slot) => format!("{}, {}", page::moment(slot.slot_at, zone), fate(slot)),
        None => "never".to_owned(),
    };
    let next = schedule.next(now).take(NEXT);
    let next: Vec<String> = next.map(|at| page::moment(at, zone)).collect();
    let _ = writeln!(text, "    last   {last}\n    next   {}", next.join(", "));
    if let Some((error, at)) =
        standing.and_then(|one| Some((one.last_error.as_ref()?, one.last_error_at?)))
    {
        let at = page::moment(at, zone);
        let _ = writeln!(text, "    error  {at}, {}", page::one_line(error));
    }
    text
}

/// What became of a slot.
fn fate(slot: &Slot) -> String {
    let mut text = match slot.outcome.as_deref() {
        Some("ran") => format!("ran, {} done", slot.done),
        Some("skipped") => "passed over".to_owned(),
        Some(_) => "failed".to_owned(),
        None => format!("goes on, {} done so far", slot.done),
    };
    if slot.missed > 0 {
        let missed = usize::try_from(slot.missed).unwrap_or(usize::MAX);
        let missed = page::count(missed, "missed slot", "missed slots");
        let _ = write!(text, ", standing for {missed} before it");
    }
    text
}

async fn run_one(app: &App, arguments: &RunArguments) -> anyhow::Result<()> {
    let schedules = &app.settings.schedules;
    let schedule = schedules.iter().find(|one| one.name == arguments.name);
    let schedule = schedule.with_context(|| {
        let known: Vec<&str> = schedules.iter().map(|one| one.name.as_str()).collect();
        let name = page::one_line(&arguments.name);
        format!(
            "there is no schedule {name}; there are {}",
            known.join(", ")
        )
    })?;
    let now = app.clock.now();
    let at = arguments.at.unwrap_or(now);
    // What is taken ahead of its time is never run when its time comes.
    if at > now && !arguments.dry_run {
        bail!(
            "{} is to come, and a schedule that was run ahead rests until then; --dry-run shows what it would do",
            page::moment(at, schedule.zone)
        );
    }
    let run = if arguments.dry_run {
        Run::Dry
    } else {
        Run::Real
    };
    let done = app.ticker().run_by_hand(schedule, at, run).await?;
    let done = done.with_context(|| {
        let at = page::moment(at, schedule.zone);
        format!("the slot of {at} ran already; `frontdesk schedule list` shows what became of it")
    })?;
    wake::tell(&app.pool, Topic::Outbox).await?;
    let mut text = match (done.deeds.len(), run) {
        (0, _) => "Nothing is due.\n".to_owned(),
        (_, Run::Dry) => "It would have done this, and nothing was changed:\n".to_owned(),
        (_, Run::Real) => "Done:\n".to_owned(),
    };
    for deed in &done.deeds {
        let _ = writeln!(text, "    {}", page::one_line(deed));
    }
    if done.more {
        text.push_str("More is due, and goes on within the next minutes.\n");
    }
    page::print(&text)
}
