//! `digest`: who is sent which digest, and what would stand in it.

use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::problem::UserError;
use super::reply::ReplyFile;
use super::stats::all_known;
use super::work::{Work, pair};
use super::{Failure, Reply};
use crate::notify::By;
use crate::notify::render::Templates;
use crate::people::{Person, Role};
use crate::report::subscription::{DigestKind, NewSubscription};
use crate::report::{preview, store};

/// What `digest` does.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Digest {
    /// List your subscriptions; `--all` lists everybody's.
    List(List),
    /// Have a digest sent to you, or change when and about what.
    Subscribe(Subscribe),
    /// Do without a digest from now on.
    Unsubscribe(Unsubscribe),
    /// See a digest as it would be sent, as a file.
    Preview(Preview),
}

/// Arguments of `digest list`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct List {
    /// Everybody's. For managers and admins.
    #[arg(long)]
    all: bool,
}

/// Arguments of `digest subscribe`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Subscribe {
    /// Which digest. What waits for oneself (`mine`) is for all staff, the others for managers and admins.
    #[arg(required = true, value_enum)]
    digest: DigestKind,
    /// For whom, by handle; you, where nobody is named. For managers and admins.
    #[arg(long = "for", id = "for", value_name = "HANDLE")]
    reader: Option<String>,
    /// Only what this team has; may be given more than once. Without it: the whole desk.
    #[arg(long)]
    team: Vec<String>,
    /// The hour of the day at which it comes.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(0..24))]
    hour: u8,
    /// The zone of that hour, such as Europe/Berlin; the reader's if it is not given, else the desk's.
    #[arg(long)]
    zone: Option<Tz>,
    /// Send it when there is nothing to say, too.
    #[arg(long)]
    even_if_empty: bool,
    /// List a ticket that nobody has after so many hours.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(i32).range(0..100_000))]
    unassigned_hours: i32,
    /// By mail, by chat, or both. In chat it is a short card with the charts as one image.
    #[arg(long, value_enum, default_value_t = By::Mail)]
    by: By,
}

/// Arguments of `digest unsubscribe`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Unsubscribe {
    /// Which digest.
    #[arg(required = true, value_enum)]
    digest: DigestKind,
    /// Whose, by handle; yours, where nobody is named. For managers and admins.
    #[arg(long = "for", id = "for", value_name = "HANDLE")]
    reader: Option<String>,
}

/// Arguments of `digest preview`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Preview {
    /// Which digest.
    #[arg(required = true, value_enum)]
    digest: DigestKind,
    /// For whom, by handle; you, where nobody is named. For managers and admins.
    #[arg(long = "for", id = "for", value_name = "HANDLE")]
    reader: Option<String>,
    /// The digest of this day, such as 2026-11-20. What needs a person is always as it stands now.
    #[arg(long, value_name = "DATE")]
    at: Option<NaiveDate>,
}

impl Digest {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        match self {
            Self::List(list) => list.run(work).await,
            Self::Subscribe(subscribe) => subscribe.run(work).await,
            Self::Unsubscribe(unsubscribe) => unsubscribe.run(work).await,
            Self::Preview(preview) => preview.run(work).await,
        }
    }
}

impl List {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let whose = match self.all {
            true => {
                for_managers(work, "all", "`--all`")?;
                None
            }
            false => Some(work.person()?.id),
        };
        store::add_defaults(work.conn, work.scene.now).await?;
        let desk = work.desk().zone;
        let all: Vec<Value> = store::standing(work.conn, whose)
            .await?
            .iter()
            .map(|one| {
                json!({
                    "handle": one.handle,
                    "digest": one.digest.key(),
                    "teams": one.teams,
                    "hour": format!("{:02}:00", one.hour),
                    "zone": one.zone(desk).name(),
                    "last_at": one.last_slot_at,
                })
            })
            .collect();
        let data = json!({"deed": "listed", "all": all, "whose": whose.is_none()});
        work.reply("digests", &data)
    }
}

impl Subscribe {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = reader(work, self.digest, self.reader.as_deref()).await?;
        let teams = work.desk().team.iter();
        let teams = all_known(
            "team",
            &self.team,
            teams.map(|one| pair(&one.key, &one.name)),
        )?;
        let new = NewSubscription {
            person: person.id,
            digest: self.digest,
            teams: &teams,
            hour: self.hour,
            zone: self.zone,
            even_if_empty: self.even_if_empty,
            unassigned_hours: self.unassigned_hours,
            by: self.by,
            place: None,
        };
        store::subscribe(work.conn, work.scene.now, &new).await?;
        let data = json!({
            "deed": "subscribed",
            "who": called(work, &person),
            "digest": self.digest.key(),
            "hour": format!("{:02}:00", self.hour),
            "teams": teams,
        });
        work.reply("digests", &data)
    }
}

impl Unsubscribe {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        // What one may not order one may well do without.
        let person = match &self.reader {
            None => work.person()?.clone(),
            Some(_) => reader(work, self.digest, self.reader.as_deref()).await?,
        };
        let now = work.scene.now;
        store::add_defaults(work.conn, now).await?;
        let changed = store::unsubscribe(work.conn, now, person.id, self.digest).await?;
        let data = json!({
            "deed": "unsubscribed",
            "who": called(work, &person),
            "digest": self.digest.key(),
            "changed": changed,
        });
        work.reply("digests", &data)
    }
}

impl Preview {
    async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let person = reader(work, self.digest, self.reader.as_deref()).await?;
        let (settings, now) = (work.scene.settings, work.scene.now);
        let templates =
            Templates::load(settings.notify.templates.as_deref()).map_err(anyhow::Error::new)?;
        let row = preview::row(
            work.conn,
            settings,
            now,
            self.digest,
            Some(&person),
            self.at,
        )
        .await?;
        let letter = preview::letter(settings, &templates, now, &row)?;
        let data = json!({
            "deed": "previewed",
            "who": called(work, &person),
            "digest": self.digest.key(),
        });
        let mut reply = work.reply("digests", &data)?;
        reply.file = Some(ReplyFile {
            name: format!("{}-digest.txt", self.digest.key()),
            content_type: "text/plain",
            content: preview::plain(settings, &letter).into_bytes(),
        });
        Ok(reply)
    }
}

/// Who reads a digest. What waits for oneself is everybody's own; how the desk stands, and what others are sent, is for
/// managers and admins.
async fn reader(
    work: &mut Work<'_>,
    digest: DigestKind,
    handle: Option<&str>,
) -> Result<Person, Failure> {
    if digest != DigestKind::Mine {
        for_managers(work, "digest", &format!("The {} digest", digest.key()))?;
    }
    match handle {
        None => Ok(work.person()?.clone()),
        Some(handle) => {
            let person = work.agent("for", handle).await?;
            if work.caller.person.is_none_or(|me| me.id != person.id) {
                for_managers(work, "for", "What others are sent")?;
            }
            Ok(person)
        }
    }
}

fn for_managers(work: &Work<'_>, argument: &'static str, what: &str) -> Result<(), UserError> {
    if work.caller.role() >= Role::Manager {
        return Ok(());
    }
    Err(
        UserError::forbidden(format!("{what} is for managers and admins."))
            .about(argument)
            .then("`digest subscribe mine` sends you what waits for you."),
    )
}

/// What the caller calls somebody: nothing where it is the caller.
fn called<'p>(work: &Work<'_>, person: &'p Person) -> Option<&'p str> {
    let me = work.caller.person.is_some_and(|me| me.id == person.id);
    (!me).then(|| person.handle.as_deref().unwrap_or(&person.name))
}
