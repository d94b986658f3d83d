//! `away` and `back`: who is there to be given tickets.

use clap::Args;
use serde_json::json;

use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::config::problem::shown;
use crate::desk::reminder;
use crate::people::presence;
use crate::when::phrase::{self, When};

/// Arguments of `away`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Away {
    /// Until when: `tomorrow 9am`, `monday`, `in 2 weeks`; where it is left out, until you say `back`.
    #[arg(allow_hyphen_values = true)]
    until: Option<String>,
}

impl Away {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let me = work.person()?.id;
        let ctx = work.context();
        let zone = reminder::zone_of(work.conn, &ctx, me).await?;
        let no_time = |what: String| UserError::usage(what).then(phrase::TAKES).about("until");
        let given = self.until.as_deref().map(str::trim).unwrap_or_default();
        let given = given.strip_prefix("until ").unwrap_or(given);
        let until = match given {
            "" => None,
            given => match phrase::read(given, ctx.now, zone).map_err(no_time)? {
                (When::Once(at), "") => Some(at),
                (_, rest) => return Err(no_time(format!("`{}` is no time.", shown(rest))).into()),
            },
        };
        presence::leave(work.conn, ctx.now, me, until).await?;
        let until = until.map(|at| phrase::say(at, ctx.now, zone));
        work.reply(
            "presence",
            &json!({"away": true, "until": until, "was_away": false}),
        )
    }
}

/// The caller is there again.
pub(super) async fn back(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let me = work.person()?.id;
    let was_away = presence::come_back(work.conn, work.scene.now, me).await?;
    work.reply(
        "presence",
        &json!({"away": false, "until": null, "was_away": was_away}),
    )
}
