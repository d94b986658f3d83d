//! `stats`: how the desk stood over a period, in short.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::problem::UserError;
use super::work::{Work, known, pair};
use super::{Failure, Reply, ReplyFile};
use crate::config::Settings;
use crate::config::problem::{listed, shown};
use crate::ids::{OrganizationId, PersonId};
use crate::people;
use crate::plot;
use crate::report::figures::Spread;
use crate::report::period::Period;
use crate::report::stats::{self, Stats as Figures};
use crate::report::{Dimension, Filter, words};

/// Which figures.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Stats {
    /// The period: today, yesterday, week, last-week, month, last-month, year, last-year, 30d, 2026-11-20, 2026-11,
    /// 2026, or 2026-11-01..2026-11-20.
    #[arg(default_value = "30d")]
    period: String,
    /// Break the figures down.
    #[arg(long, value_enum)]
    by: Option<Dimension>,
    /// Only tickets of this team; may be given more than once, as the others below.
    #[arg(long)]
    team: Vec<String>,
    /// Only tickets of this category.
    #[arg(long)]
    category: Vec<String>,
    /// Only tickets of this type.
    #[arg(long = "type", id = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only tickets of this priority.
    #[arg(long)]
    priority: Vec<String>,
    /// Only tickets that this agent has, by handle.
    #[arg(long, value_name = "HANDLE")]
    agent: Vec<String>,
    /// Only tickets of this organization, by name.
    #[arg(long, value_name = "NAME")]
    organization: Vec<String>,
    /// Only tickets that this mailbox answers for.
    #[arg(long)]
    mailbox: Vec<String>,
    /// The zone whose days count, such as Europe/Berlin; the desk's if it is not given.
    #[arg(long)]
    zone: Option<Tz>,
    /// The form; all but text come as a file.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

/// The form of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For reading.
    Text,
    /// A line a day, or a line a group with --by, and one for all.
    Csv,
    /// Everything.
    Json,
    /// New and resolved by day, as a drawing.
    Svg,
    /// The same as an image.
    Png,
}

impl Form {
    /// The file of the figures; nothing where they are read as text.
    ///
    /// # Errors
    /// If they cannot be drawn.
    pub fn file(self, figures: &Figures) -> anyhow::Result<Option<ReplyFile>> {
        let (ending, content_type, content) = match self {
            Self::Text => return Ok(None),
            Self::Csv => ("csv", "text/csv", figures.csv().into_bytes()),
            Self::Json => {
                let json = serde_json::to_string_pretty(figures)?;
                ("json", "application/json", format!("{json}\n").into_bytes())
            }
            Self::Svg => {
                let svg = plot::svg(&figures.chart())?;
                ("svg", "image/svg+xml", svg.into_bytes())
            }
            Self::Png => ("png", "image/png", plot::png(&figures.chart())?),
        };
        Ok(Some(ReplyFile {
            name: format!("stats.{ending}"),
            content_type,
            content,
        }))
    }
}

impl Stats {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let figures = self
            .compute(work.conn, work.scene.settings, work.scene.now)
            .await?;
        let lines: Vec<Value> = figures
            .lines()
            .into_iter()
            .map(|line| json!({"name": line.name, "value": line.value, "change": line.change}))
            .collect();
        let median = |spread: Option<Spread>| {
            spread.map_or_else(
                || words::NONE.to_owned(),
                |spread| words::duration(spread.median_seconds),
            )
        };
        let groups: Vec<Value> = figures
            .groups
            .iter()
            .map(|group| {
                json!({
                    "name": group.name,
                    "new": words::count(group.flow.new),
                    "resolved": words::count(group.flow.resolved),
                    "backlog": words::count(group.backlog.all),
                    "answered_in": median(group.flow.first_response),
                    "resolved_in": median(group.flow.resolution),
                })
            })
            .collect();
        let data = json!({
            "period": figures.period,
            "lines": lines,
            "by": figures.by.map(Dimension::name),
            "groups": groups,
        });
        let mut reply = work.reply("stats", &data)?;
        reply.file = self.format.file(&figures)?;
        Ok(reply)
    }

    /// The figures, wherever they are asked for.
    ///
    /// # Errors
    /// If it names a period or something of the desk's that there is not, or the database does not answer.
    pub async fn compute(
        &self,
        conn: &mut PgConnection,
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<Figures, Failure> {
        let desk = &settings.desk;
        let zone = self.zone.unwrap_or(desk.zone);
        let period = Period::parse(&self.period, now, zone)
            .map_err(|what| UserError::usage(format!("{what}.")).about("period"))?;
        let filter = self.filter(conn, settings).await?;
        Ok(stats::compute(conn, desk, &period, &filter, self.by, now).await?)
    }

    async fn filter(
        &self,
        conn: &mut PgConnection,
        settings: &Settings,
    ) -> Result<Filter, Failure> {
        let desk = &settings.desk;
        let teams = desk.team.iter().map(|one| pair(&one.key, &one.name));
        let categories = desk.category.iter().map(|one| pair(&one.key, &one.name));
        let types = desk.types.iter().map(|one| pair(&one.key, &one.name));
        let priorities = desk.priority.iter().map(|one| pair(&one.key, &one.name));
        let mailboxes = settings.mailboxes.iter();
        let mailboxes = mailboxes.map(|one| pair(&one.name, &one.address));
        Ok(Filter {
            teams: all_known("team", &self.team, teams)?,
            categories: all_known("category", &self.category, categories)?,
            types: all_known("type", &self.types, types)?,
            priorities: all_known("priority", &self.priority, priorities)?,
            agents: self.agents(conn).await?,
            organizations: self.organizations(conn).await?,
            mailboxes: all_known("mailbox", &self.mailbox, mailboxes)?,
        })
    }

    async fn agents(&self, conn: &mut PgConnection) -> Result<Vec<PersonId>, Failure> {
        let mut agents = Vec::new();
        for handle in &self.agent {
            let found =
                people::store::by_handle(&mut *conn, handle.trim_start_matches('@')).await?;
            match found {
                Some(person) => agents.push(person.id),
                None => {
                    let staff = people::store::staff(conn).await?;
                    let handles: Vec<String> =
                        staff.into_iter().filter_map(|one| one.handle).collect();
                    return Err(UserError::unknown("agent", "agent", handle, &handles).into());
                }
            }
        }
        Ok(agents)
    }

    async fn organizations(&self, conn: &mut PgConnection) -> Result<Vec<OrganizationId>, Failure> {
        let mut organizations = Vec::new();
        for name in &self.organization {
            organizations.push(organization(conn, name).await?);
        }
        Ok(organizations)
    }
}

/// The organization of a name.
pub(super) async fn organization(
    conn: &mut PgConnection,
    name: &str,
) -> Result<OrganizationId, Failure> {
    if let Some(id) = people::organization::by_name(conn, name).await? {
        return Ok(id);
    }
    let like = people::organization::like(conn, name).await?;
    let what = format!("There is no organization `{}`.", shown(name.trim()));
    let mut error = UserError::refused(what).about("organization");
    if !like.is_empty() {
        error = error.then(format!("There are {}.", listed(&like)));
    }
    Err(error.into())
}

/// The keys of words of the desk.
pub(super) fn all_known<'d>(
    thing: &'static str,
    given: &[String],
    all: impl Iterator<Item = (&'d str, &'d str)> + Clone,
) -> Result<Vec<String>, UserError> {
    given
        .iter()
        .map(|word| known(thing, thing, word, all.clone()).map(str::to_owned))
        .collect()
}
