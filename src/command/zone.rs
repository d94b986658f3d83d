//! `zone`: by whose clocks one lives.

use chrono_tz::{TZ_VARIANTS, Tz};
use clap::Args;
use serde_json::json;

use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::config::problem::{nearest, shown};
use crate::people;

/// What stands for the desk's own zone.
const DESK: &str = "desk";

/// Arguments of `zone`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Zone {
    /// The zone, such as Europe/Berlin; `desk` for the desk's. Where it is left out, yours is said.
    zone: Option<String>,
}

impl Zone {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let me = work.person()?.id;
        let desk = work.desk().zone;
        let own = match self.zone.as_deref().map(str::trim) {
            None => people::zone::chosen(work.conn, me).await?,
            Some(given) => {
                let own = match given.eq_ignore_ascii_case(DESK) {
                    true => None,
                    false => Some(of_name("zone", given)?),
                };
                people::zone::choose(work.conn, me, own).await?;
                own
            }
        };
        let zone = own.unwrap_or(desk);
        let data = json!({
            "clocks": zone.name(),
            "own": own.is_some(),
            "changed": self.zone.is_some(),
            "time": work.scene.now.with_timezone(&zone).format("%H:%M").to_string(),
        });
        work.reply("zone", &data)
    }
}

/// The zone of a name, however it is capitalized.
///
/// # Errors
/// If there is none; it names the one that was probably meant, also where only a city is given.
pub(super) fn of_name(argument: &'static str, given: &str) -> Result<Tz, UserError> {
    let same = |zone: &&Tz| zone.name().eq_ignore_ascii_case(given);
    if let Some(zone) = TZ_VARIANTS.iter().find(same) {
        return Ok(*zone);
    }
    let city = |zone: &&Tz| {
        let last = zone.name().rsplit('/').next().unwrap_or_default();
        last.eq_ignore_ascii_case(&given.replace(' ', "_"))
    };
    let names: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    let meant = TZ_VARIANTS.iter().find(city).map(|zone| zone.name());
    let mut error = UserError::refused(format!("There is no zone `{}`.", shown(given)))
        .about(argument)
        .then("It takes names such as Europe/Berlin, America/New_York or UTC.");
    error.nearest = meant.or_else(|| nearest(given, &names)).map(str::to_owned);
    Err(error)
}
