//! `attach`: files on a ticket.

use clap::Args;

use super::comment;
use super::grammar::OnTicket;
use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::ticket::Visibility;

/// Arguments of `attach`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Attach {
    #[command(flatten)]
    on: OnTicket,
    /// Send them to the customer; otherwise only staff sees them.
    #[arg(long)]
    public: bool,
    /// A word about them; their names, where none is given.
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
}

impl Attach {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let names: Vec<&str> = work.caller.files.iter().map(|file| file.name).collect();
        if names.is_empty() {
            return Err(UserError::usage("There is no file.")
                .then("In chat the file goes with the command, in a mail with the mail; on the machine `--file PATH` adds one.")
                .into());
        }
        let names = names.join(", ");
        let text = self.text.as_deref().filter(|text| !text.trim().is_empty());
        let visibility = match self.public {
            true => Visibility::Public,
            false => Visibility::Internal,
        };
        comment::say(work, text.unwrap_or(&names), visibility, true).await
    }
}
