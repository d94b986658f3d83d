//! `frontdesk digest`: who is sent which digest, and what stands in it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::Args;
use clap::Subcommand;
use sqlx::PgConnection;

use super::open::DeskArgument;
use super::page;
use crate::app::App;
use crate::mail;
use crate::notify::letter::Letter;
use crate::notify::render::Templates;
use crate::notify::{self, By};
use crate::outbox::NewRow;
use crate::people::{self, Person};
use crate::report::subscription::{DigestKind, NewSubscription};
use crate::report::{preview, store};

/// Arguments of `frontdesk digest`.
#[derive(Debug, Args)]
pub struct DigestArguments {
    #[command(flatten)]
    desk: DeskArgument,
    #[command(subcommand)]
    command: DigestCommand,
}

#[derive(Debug, Subcommand)]
enum DigestCommand {
    /// List the subscriptions. Managers and admins have the daily digest at eight unless they end it.
    List,
    /// Subscribe somebody, or change a subscription.
    Subscribe(SubscribeArguments),
    /// End a subscription.
    Unsubscribe(UnsubscribeArguments),
    /// Write the mail that a reader would get, without sending it.
    Preview(PreviewArguments),
}

#[derive(Debug, Args)]
struct SubscribeArguments {
    /// Who, by handle.
    handle: String,
    /// To which digest.
    digest: DigestKind,
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
    /// Post it in this place in chat, by its id, for everybody there to read; without it, it is written to the reader alone.
    #[arg(long, value_name = "ID")]
    place: Option<String>,
}

impl SubscribeArguments {
    /// The platform and the id of the place.
    fn place<'a>(&'a self, app: &'a App) -> anyhow::Result<Option<(&'a str, &'a str)>> {
        let Some(place) = self.place.as_deref() else {
            return Ok(None);
        };
        if !self.by.chat() {
            bail!("a place is one in chat; give --by chat or --by both with it");
        }
        let mut chats = app.settings.chats.iter();
        let chat = chats.find(|chat| chat.has_place(place));
        let chat =
            chat.with_context(|| format!("there is no place {place:?} in the configuration"))?;
        Ok(Some((chat.name.as_str(), place)))
    }
}

#[derive(Debug, Args)]
struct UnsubscribeArguments {
    /// Who, by handle.
    handle: String,
    /// From which digest.
    digest: DigestKind,
}

#[derive(Debug, Args)]
struct PreviewArguments {
    /// Which digest.
    digest: DigestKind,
    /// For whom, by handle: with the teams, the hour and the zone of their subscription. `mine` needs it.
    #[arg(long = "for", value_name = "HANDLE")]
    reader: Option<String>,
    /// The digest of this day, such as 2026-11-20. What needs a person is always as it stands now.
    #[arg(long, value_name = "DATE")]
    at: Option<NaiveDate>,
    /// Write to this file instead of the terminal: the message if it ends in .eml, the page with its images if it
    /// ends in .html, else the plain text.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs a digest command.
pub(super) async fn run(arguments: &DigestArguments) -> anyhow::Result<()> {
    let work = async |app: &App| match &arguments.command {
        DigestCommand::List => list(app).await,
        DigestCommand::Subscribe(arguments) => subscribe(app, arguments).await,
        DigestCommand::Unsubscribe(arguments) => unsubscribe(app, arguments).await,
        DigestCommand::Preview(arguments) => show(app, arguments).await,
    };
    arguments.desk.work(work).await
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut tx = app.pool.begin().await?;
    store::add_defaults(&mut tx, app.clock.now()).await?;
    let all = store::standing(&mut tx, None).await?;
    tx.commit().await?;
    if all.is_empty() {
        return page::print("Nobody is subscribed; `frontdesk digest subscribe` changes that.\n");
    }
    let mut table = page::Table::new(&["WHO", "DIGEST", "ABOUT", "AT", "ZONE", "BY", "LAST"]);
    let desk = app.settings.desk.zone;
    for one in &all {
        let teams = if one.teams.is_empty() {
            "the whole desk".to_owned()
        } else {
            one.teams.join(", ")
        };
        let last = one
            .last_slot_at
            .map_or_else(|| "never".to_owned(), |at| page::moment(at, one.zone(desk)));
        let hour = format!("{:02}:00", one.hour);
        let by = match &one.place {
            Some(place) => format!("{} in {place}", one.by.words()),
            None => one.by.words().to_owned(),
        };
        table.row([
            &one.handle,
            one.digest.key(),
            &teams,
            &hour,
            one.zone(desk).name(),
            &by,
            &last,
        ]);
    }
    page::print(&table.text())
}

async fn agent(conn: &mut PgConnection, handle: &str) -> anyhow::Result<Person> {
    let person = people::store::by_handle(conn, handle).await?;
    person.filter(Person::is_active_staff).with_context(|| {
        format!("there is no agent {handle:?}; `frontdesk agent list` shows those there are")
    })
}

async fn subscribe(app: &App, arguments: &SubscribeArguments) -> anyhow::Result<()> {
    let teams = &app.settings.desk.team;
    if let Some(wrong) = arguments
        .team
        .iter()
        .find(|key| teams.iter().all(|team| team.key != **key))
    {
        let there: Vec<&str> = teams.iter().map(|team| team.key.as_str()).collect();
        bail!(
            "there is no team {wrong:?}; there are: {}",
            there.join(", ")
        );
    }
    let mut conn = app.pool.acquire().await?;
    let person = agent(&mut conn, &arguments.handle).await?;
    let new = NewSubscription {
        person: person.id,
        digest: arguments.digest,
        teams: &arguments.team,
        hour: arguments.hour,
        zone: arguments.zone,
        even_if_empty: arguments.even_if_empty,
        unassigned_hours: arguments.unassigned_hours,
        by: arguments.by,
        place: arguments.place(app)?,
    };
    if new.by.chat() && new.place.is_none() {
        let reached = notify::reach(&mut conn, &app.settings, &[person.id]).await?;
        if !reached.values().any(notify::Reach::has_chat) {
            bail!(
                "no chat account of {} is known; `connect ADDRESS`, typed in chat, makes one known, and --place names a place for all to read",
                arguments.handle
            );
        }
    }
    store::subscribe(&mut conn, app.clock.now(), &new).await?;
    page::print(&format!(
        "{} gets the {} digest at {:02}:00 {}.\n",
        page::one_line(&person.name),
        arguments.digest.key(),
        arguments.hour,
        arguments.by.words()
    ))
}

async fn unsubscribe(app: &App, arguments: &UnsubscribeArguments) -> anyhow::Result<()> {
    let mut tx = app.pool.begin().await?;
    let now = app.clock.now();
    store::add_defaults(&mut tx, now).await?;
    let person = agent(&mut tx, &arguments.handle).await?;
    let digest = arguments.digest.key();
    if !store::unsubscribe(&mut tx, now, person.id, arguments.digest).await? {
        bail!(
            "{} is not subscribed to the {digest} digest; `frontdesk digest list` shows who is",
            arguments.handle
        );
    }
    tx.commit().await?;
    page::print(&format!(
        "{} gets the {digest} digest no more.\n",
        page::one_line(&person.name)
    ))
}

async fn show(app: &App, arguments: &PreviewArguments) -> anyhow::Result<()> {
    let templates = Templates::load(app.settings.notify.templates.as_deref())?;
    let row = row(app, arguments).await?;
    match &arguments.out {
        None => page::print(&plain(app, &letter(app, &templates, &row)?)),
        Some(file) => {
            let bytes = match file.extension().and_then(|ending| ending.to_str()) {
                Some("eml") => letter(app, &templates, &row)?.bytes,
                Some("html") => as_page(app, &letter(app, &templates, &row)?).into_bytes(),
                _ => plain(app, &letter(app, &templates, &row)?).into_bytes(),
            };
            write(file, &bytes)
        }
    }
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))
}

/// The row that the digest would become.
async fn row(app: &App, arguments: &PreviewArguments) -> anyhow::Result<NewRow> {
    let mut conn = app.pool.acquire().await?;
    let person = match &arguments.reader {
        Some(handle) => Some(agent(&mut conn, handle).await?),
        None if arguments.digest == DigestKind::Mine => {
            bail!("whose list? Give --for HANDLE; `frontdesk agent list` shows who works here")
        }
        None => None,
    };
    let row = preview::row(
        &mut conn,
        &app.settings,
        app.clock.now(),
        arguments.digest,
        person.as_ref(),
        arguments.at,
    );
    Ok(row.await?)
}

fn letter(app: &App, templates: &Templates, row: &NewRow) -> anyhow::Result<Letter> {
    preview::letter(&app.settings, templates, app.clock.now(), row)
}

fn plain(app: &App, letter: &Letter) -> String {
    preview::plain(&app.settings, letter)
}

/// The HTML of the mail, with each image within the page.
fn as_page(app: &App, letter: &Letter) -> String {
    let mail = mail::understand(&letter.bytes, &app.settings.limits).mail;
    let page = mail.html.unwrap_or_default();
    mail.attachments
        .iter()
        .fold(page, |page, file| match &file.content_id {
            Some(id) => {
                let image = format!(
                    "data:{};base64,{}",
                    file.content_type,
                    STANDARD.encode(&file.content)
                );
                page.replace(&format!("cid:{id}"), &image)
            }
            None => page,
        })
}
