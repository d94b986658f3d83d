//! `canned`: replies that are written once and used often.

use clap::{Args, Subcommand};
use serde_json::json;

use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply, comment};
use crate::desk;
use crate::ticket::{Visibility, canned};

/// What `canned` does.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Canned {
    /// List the canned replies.
    List,
    /// Show a canned reply as it is kept.
    Show(Name),
    /// Answer the customer with a canned reply, its variables filled in.
    Use(Use),
    /// Keep a text as a canned reply, in place of one of the same name.
    Save(Save),
    /// Take a canned reply away.
    Delete(Name),
}

/// A canned reply's name.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Name {
    /// Its name.
    #[arg(required = true)]
    name: String,
}

/// Arguments of `canned use`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Use {
    #[command(flatten)]
    on: OnTicket,
    /// Its name.
    #[arg(required = true)]
    name: String,
}

/// Arguments of `canned save`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Save {
    /// Its name: letters, digits, hyphens, dots and underscores.
    #[arg(required = true)]
    name: String,
    /// The text; `{{ requester }}`, `{{ number }}` and `{{ agent }}` are filled in when it is used.
    #[arg(required = true, allow_hyphen_values = true)]
    text: String,
}

impl Canned {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        match self {
            Self::List => list(work).await,
            Self::Show(Name { name }) => show(work, name).await,
            Self::Use(Use { name, .. }) => {
                let agent = work.person()?;
                let ticket = work.look().await?;
                let ctx = work.context();
                let text = desk::fill_canned(work.conn, &ctx, &ticket, name, agent)
                    .await
                    .map_err(|error| Failure::from(error).about("name"))?;
                comment::say(work, &text, Visibility::Public, true).await
            }
            Self::Save(Save { name, text }) => {
                let ctx = work.context();
                desk::save_canned(work.conn, &ctx, name, text)
                    .await
                    .map_err(|error| Failure::from(error).about("text"))?;
                work.reply("canned", &json!({"deed": "saved", "name": name}))
            }
            Self::Delete(Name { name }) => {
                if !canned::delete(work.conn, name.trim()).await? {
                    return Err(unknown(work, name).await?.into());
                }
                work.reply("canned", &json!({"deed": "deleted", "name": name}))
            }
        }
    }
}

async fn list(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let all: Vec<_> = canned::list(work.conn)
        .await?
        .into_iter()
        .map(|one| json!({"name": one.name, "body": one.body}))
        .collect();
    work.reply("canned", &json!({"deed": "listed", "all": all}))
}

async fn show(work: &mut Work<'_>, name: &str) -> Result<Reply, Failure> {
    match canned::get(work.conn, name.trim()).await? {
        Some(one) => {
            let data = json!({"deed": "shown", "name": one.name, "body": one.body});
            work.reply("canned", &data)
        }
        None => Err(unknown(work, name).await?.into()),
    }
}

async fn unknown(work: &mut Work<'_>, name: &str) -> Result<UserError, Failure> {
    let all = canned::list(work.conn).await?;
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    Ok(UserError::unknown("name", "canned reply", name, &names))
}
