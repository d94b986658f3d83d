//! `snooze` and `unsnooze`: out of sight for a while.

use clap::Args;
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Offer, Reply};
use crate::config::problem::shown;
use crate::desk::{self, reminder};
use crate::when::phrase::{self, When};

/// Arguments of `snooze`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Snooze {
    #[command(flatten)]
    on: OnTicket,
    /// Until when: `in 3 hours`, `tomorrow 9am`, `monday`. The customer's next word brings it back before that.
    #[arg(required = true, allow_hyphen_values = true)]
    until: String,
}

/// Arguments of `unsnooze`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Unsnooze {
    #[command(flatten)]
    on: OnTicket,
}

impl Snooze {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let me = work.person()?.id;
        let ctx = work.context();
        let zone = reminder::zone_of(work.conn, &ctx, me).await?;
        let given = self.until.trim();
        let given = given.strip_prefix("until ").unwrap_or(given);
        let no_time = |what: String| UserError::usage(what).then(phrase::TAKES).about("until");
        let until = match phrase::read(given, ctx.now, zone).map_err(no_time)? {
            (When::Once(at), "") => at,
            (_, rest) => return Err(no_time(format!("`{}` is no time.", shown(rest))).into()),
        };
        let mut ticket = work.hold().await?;
        desk::snooze(work.conn, &ctx, &mut ticket, until).await?;
        let data = json!({
            "number": ticket.number,
            "until": phrase::say(until, ctx.now, zone),
        });
        let mut reply = work.reply("snoozed", &data)?.on(ticket.id);
        reply.offers.push(Offer {
            label: "Bring it back",
            line: format!("unsnooze {}", ticket.number),
            confirms: false,
        });
        Ok(reply)
    }
}

pub(super) async fn unsnooze(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let ctx = work.context();
    let mut ticket = work.hold().await?;
    desk::wake(work.conn, &ctx, &mut ticket, None).await?;
    let data = json!({"number": ticket.number, "until": null});
    Ok(work.reply("snoozed", &data)?.on(ticket.id))
}
