//! Connecting a chat account with a person.

use secrecy::ExposeSecret as _;
use sqlx::PgConnection;

use super::{Context, DeskError};
use crate::ids::PersonId;
use crate::notify;
use crate::people::connect::{self, Account, Typed};
use crate::people::{self, Person, chat_account};
use crate::ticket::part;

/// Mails a code to an address, for whoever has this account on a chat platform to type there. `shown` is the
/// account's name as people read it. Whether anybody has the address is not told, nor whether a code was mailed a
/// moment ago: the answer is the same in every case.
///
/// # Errors
/// If the desk has no key to make codes with, or the database does not answer.
pub async fn begin_connect(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    account: Account<'_>,
    shown: &str,
    address: &str,
) -> Result<(), DeskError> {
    let key = key(ctx)?;
    let person = people::store::by_address(conn, address.trim()).await?;
    let Some(person) = person.filter(|person| !person.disabled) else {
        return Ok(());
    };
    let code = connect::begin(conn, ctx.now, key, account, person.id).await?;
    if let Some(code) = code {
        let asked = notify::CodeAsked {
            account,
            shown,
            code: &code,
        };
        notify::mail_code(conn, ctx.settings, ctx.now, &person, &asked).await?;
    }
    Ok(())
}

/// Takes a code that was typed. The caller commits whatever the outcome is, since wrong ones are counted.
///
/// # Errors
/// If the desk has no key to make codes with, or the database does not answer.
pub async fn confirm_connect(
    conn: &mut PgConnection,
    ctx: &Context<'_>,
    account: Account<'_>,
    typed: &str,
) -> Result<(Typed, Option<Person>), DeskError> {
    let before = chat_account::person_of(conn, account.platform, account.user_id).await?;
    let outcome = connect::confirm(conn, ctx.now, key(ctx)?, account, typed).await?;
    let person = match outcome {
        Typed::Connected(id) => {
            if let Some(before) = before.filter(|before| *before != id) {
                take_over(conn, before, id).await?;
            }
            Some(people::store::get(conn, id).await?)
        }
        Typed::Wrong(_) | Typed::NoCode => None,
    };
    Ok((outcome, person))
}

/// Whoever was known by this account alone is this person: what they asked and wrote is theirs. Somebody who is known by
/// anything else stays who they are.
async fn take_over(
    conn: &mut PgConnection,
    from: PersonId,
    to: PersonId,
) -> Result<(), sqlx::Error> {
    let was = people::store::get(conn, from).await?;
    let others = chat_account::of(conn, from).await?;
    if was.address.is_none() && !was.role.is_staff() && others.is_empty() {
        part::take_over(conn, from, to).await?;
    }
    Ok(())
}

fn key<'a>(ctx: &Context<'a>) -> Result<&'a [u8], DeskError> {
    let first = ctx.settings.reply_keys.first();
    first
        .map(|key| key.secret.expose_secret().as_bytes())
        .ok_or_else(|| DeskError::Invalid("this desk has no [[reply_key]]".to_owned()))
}
