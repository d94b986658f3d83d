//! `connect`: a chat account becomes a person's, by a code that is mailed to the person's address.

use clap::Args;
use serde_json::json;

use super::problem::UserError;
use super::work::Work;
use super::{Failure, Reply};
use crate::desk;
use crate::people::connect::{Account, Typed};

/// Arguments of `connect`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Connect {
    /// Your mail address, or the code that was mailed to it.
    #[arg(required = true)]
    address: String,
}

impl Connect {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let Some(account) = work.caller.account else {
            return Err(UserError::refused("Only a chat account can be connected.")
                .then("Type it on the chat platform, from the account that is yours.")
                .into());
        };
        let account = Account {
            platform: account.platform,
            user_id: account.user,
        };
        let ctx = work.context();
        let given = self.address.trim();
        if given.contains('@') {
            let shown = work
                .caller
                .person
                .map_or(account.user_id, |person| &person.name);
            desk::begin_connect(work.conn, &ctx, account, shown, given).await?;
            return work.reply("connect", &json!({"outcome": "mailed", "address": given}));
        }
        // A wrong code is no failure: it is counted, and a failure would take the count back.
        let data = match desk::confirm_connect(work.conn, &ctx, account, given).await? {
            (Typed::Connected(_), person) => json!({
                "outcome": "connected",
                "name": person.map(|person| person.name),
            }),
            (Typed::Wrong(left), _) => json!({"outcome": "wrong", "left": left}),
            (Typed::NoCode, _) => json!({"outcome": "no_code"}),
        };
        work.reply("connect", &data)
    }
}
