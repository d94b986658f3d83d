//! `due`: when a ticket should be done; and the times and spans that options name.

use chrono::{DateTime, Days, Utc};
use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::config::problem::shown;
use crate::desk::{self, reminder};
use crate::report::period::Period;
use crate::when::phrase::{self, When};

/// The words that take a due time away.
const NEVER: [&str; 4] = ["none", "never", "clear", "off"];

/// What `--due` of a list takes, for whoever typed something else.
const SPANS: &str = "It takes `today`, `tomorrow`, `week`, `next-week`, `month`, a day such as `2026-12-24`, two with two dots \
between them, `none`, or a time such as `\"friday 17:00\"`, which means before it.";

/// Arguments of `due`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Due {
    #[command(flatten)]
    on: OnTicket,
    /// When: `tomorrow 17:00`, `friday`, `in 3 days`, `2026-12-24 10:00`; `none` takes it away.
    #[arg(required = true, allow_hyphen_values = true)]
    when: String,
}

impl Due {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let due_at = moment(work, "when", &self.when).await?;
        let mut ticket = work.hold().await?;
        let ctx = work.context();
        let changed = desk::set_due(work.conn, &ctx, &mut ticket, due_at, None).await?;
        let due = match due_at {
            Some(at) => Some(said(work, at).await?),
            None => None,
        };
        let data = json!({
            "number": ticket.number,
            "due": due,
            "due_at": due_at,
            "changed": changed,
        });
        Ok(work.reply("due", &data)?.on(ticket.id))
    }
}

/// The moment that a text names, or that there is none.
pub(super) async fn moment(
    work: &mut Work<'_>,
    argument: &'static str,
    text: &str,
) -> Result<Option<DateTime<Utc>>, Failure> {
    if NEVER.contains(&text.trim().to_lowercase().as_str()) {
        return Ok(None);
    }
    let zone = zone(work).await?;
    // `due by friday` says no more than `due friday`.
    let bare = after_word(text, &["by", "on", "at"]);
    match phrase::read(bare, work.scene.now, zone) {
        Ok((When::Once(at), "")) => Ok(Some(at)),
        Ok((When::Once(_), rest)) => Err(no_time(
            argument,
            format!("`{}` does not belong to a time.", shown(rest)),
        )),
        Ok((When::Repeated(_), _)) => Err(no_time(
            argument,
            "A ticket is due once; `remind --every` comes again and again.".to_owned(),
        )),
        Err(what) => Err(no_time(argument, what)),
    }
}

fn no_time(argument: &'static str, what: String) -> Failure {
    UserError::usage(what)
        .then(phrase::TAKES)
        .about(argument)
        .into()
}

/// A moment as the caller's clocks show it.
pub(super) async fn said(work: &mut Work<'_>, at: DateTime<Utc>) -> Result<String, Failure> {
    Ok(phrase::say(at, work.scene.now, zone(work).await?))
}

/// By whose clocks times are read: the caller's, where they have any of their own.
async fn zone(work: &mut Work<'_>) -> Result<chrono_tz::Tz, Failure> {
    let ctx = work.context();
    Ok(match work.caller.person {
        Some(person) => reminder::zone_of(work.conn, &ctx, person.id).await?,
        None => work.desk().zone,
    })
}

/// What `--due` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// Due within these moments, the second of which is no longer part of it.
    Within(Option<DateTime<Utc>>, DateTime<Utc>),
    /// Never due.
    Never,
}

/// The span that `--due` names.
pub(super) async fn span(work: &mut Work<'_>, text: &str) -> Result<Span, Failure> {
    let word = text.trim().to_lowercase();
    if NEVER.contains(&word.as_str()) {
        return Ok(Span::Never);
    }
    let (zone, now) = (zone(work).await?, work.scene.now);
    let within = |period: Period| Span::Within(Some(period.from()), period.to());
    let today = now.with_timezone(&zone).date_naive();
    let ahead = |days| today.checked_add_days(Days::new(days)).unwrap_or(today);
    match word.as_str() {
        "tomorrow" => return Ok(within(Period::day(zone, ahead(1)))),
        "this week" | "this-week" => return Ok(within(Period::week(zone, today))),
        "next week" | "next-week" => return Ok(within(Period::week(zone, ahead(7)))),
        _ => {}
    }
    // A span back from now, such as `30d`, is a period as well, and nobody's due time.
    let back = word.ends_with(|c: char| c.is_ascii_alphabetic())
        && word.starts_with(|c: char| c.is_ascii_digit());
    if !back && let Ok(period) = Period::parse(&word, now, zone) {
        return Ok(within(period));
    }
    let bare = after_word(&word, &["before", "until", "by"]);
    if let Ok((When::Once(at), "")) = phrase::read(bare, now, zone) {
        return Ok(Span::Within(None, at));
    }
    Err(
        UserError::usage(format!("`{}` is no time.", shown(text.trim())))
            .then(SPANS)
            .about("due")
            .into(),
    )
}

/// The text without a word that may stand before it.
fn after_word<'t>(text: &'t str, words: &[&str]) -> &'t str {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((first, rest)) if words.contains(&first.to_lowercase().as_str()) => rest.trim(),
        _ => text,
    }
}
