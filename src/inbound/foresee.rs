//! What would become of a mail if it came now: by the facts and the decision of its processing, and without doing
//! anything.

mod words;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::facts::{self, Leave};
use super::orders::{self, Orders};
use super::route::{self, Facts, Rejection, Route};
use super::spoken::{self, Spoken};
use super::{accept, act, bounds, parties};
use crate::config::Settings;
use crate::config::service::MailboxSettings;
use crate::desk;
use crate::ids::{InboundId, TicketId};
use crate::mail::message::UnderstoodMail;
use crate::notify;
use crate::ticket::{self, Ticket, timeline};

/// What would become of a mail, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreseen {
    /// The mailbox that it would have come to.
    pub mailbox: String,
    /// The state that its row would end in.
    pub state: &'static str,
    /// What would be done.
    pub outcome: String,
    /// The number of the ticket that it would join.
    pub ticket: Option<String>,
    /// What that follows from, what decides first.
    pub because: Vec<String>,
}

/// Everything that the sentences are made of.
struct Outlook<'a> {
    settings: &'a Settings,
    mailbox: &'a MailboxSettings,
    mail: &'a UnderstoodMail,
    facts: Facts,
    now: DateTime<Utc>,
    /// The row of the same message, and its state.
    known: Option<(InboundId, String)>,
    /// The ticket that the route names.
    ticket: Option<Ticket>,
    /// What staff would say and order by it.
    speech: Option<Speech<'a>>,
}

/// What proven staff would say and order.
struct Speech<'a> {
    orders: Orders<'a>,
    /// To whom; nothing in a mail that opens a ticket or says nothing.
    spoken: Option<Spoken<'a>>,
}

/// Says what would become of a message that is `understood` so far, in the mailbox of that name or in the one that it
/// is addressed to. The caller's transaction may be one that can only read.
///
/// # Errors
/// If there is no such mailbox, or the database does not answer.
pub async fn foresee(
    conn: &mut PgConnection,
    settings: &Settings,
    mailbox: Option<&str>,
    raw: &[u8],
    understood: &UnderstoodMail,
    now: DateTime<Utc>,
) -> anyhow::Result<Foreseen> {
    let mut mail = understood.clone();
    bounds::keep(&mut mail);
    let mailbox = choose(settings, mailbox, &mail)?;
    let leave = Leave {
        answering: true,
        accepted: false,
    };
    let facts = facts::load(conn, settings, mailbox, leave, &mail, now).await?;
    let route = route::route(&mail, &facts, &settings.desk, now);
    let ticket = match ticket_of(&route) {
        Some(ticket) => Some(ticket::store::get(conn, ticket).await?),
        None => None,
    };
    let outlook = Outlook {
        speech: speech(conn, settings, &mail, &facts, &route).await?,
        known: accept::known(conn, raw).await?,
        settings,
        mailbox,
        mail: &mail,
        facts,
        now,
        ticket,
    };
    let (state, outcome) = words::outcome(&outlook, &route);
    Ok(Foreseen {
        mailbox: mailbox.name.clone(),
        state,
        outcome,
        because: words::because(&outlook),
        ticket: outlook.ticket.map(|ticket| ticket.number),
    })
}

/// The mailbox of that name, else the one that the mail is addressed to, else the first.
fn choose<'s>(
    settings: &'s Settings,
    named: Option<&str>,
    mail: &UnderstoodMail,
) -> anyhow::Result<&'s MailboxSettings> {
    let all = &settings.mailboxes;
    if let Some(name) = named {
        return all
            .iter()
            .find(|mailbox| mailbox.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = all.iter().map(|mailbox| mailbox.name.as_str()).collect();
                anyhow::anyhow!(
                    "there is no mailbox `{name}`; there is {}",
                    names.join(", ")
                )
            });
    }
    let addressed = facts::recipients(mail)
        .find_map(|address| all.iter().find(|mailbox| notify::is_of(mailbox, address)));
    addressed
        .or(all.first())
        .ok_or_else(|| anyhow::anyhow!("no mailbox is configured"))
}

fn ticket_of(route: &Route) -> Option<TicketId> {
    match route {
        Route::Comment { ticket, .. } | Route::SilentEntry { ticket, .. } => Some(*ticket),
        Route::NewTicket { links_to, .. } => links_to.map(|link| link.ticket),
        Route::Reject(rejection) => Some(rejection.ticket()),
        Route::BounceOf(_) | Route::Unsubscribe(_) | Route::Ignore(_) | Route::Quarantine(_) => {
            None
        }
    }
}

/// What staff would say and order; nothing where the mail is not proven to be of staff.
async fn speech<'a>(
    conn: &mut PgConnection,
    settings: &Settings,
    mail: &'a UnderstoodMail,
    facts: &Facts,
    route: &Route,
) -> Result<Option<Speech<'a>>, sqlx::Error> {
    match route {
        Route::Comment {
            ticket,
            as_staff: true,
        } => {
            let mut internal = timeline::internal_texts(conn, *ticket).await?;
            internal.retain(|text| !desk::is_own_reason(text));
            let orders = orders::orders(&mail.reply);
            let silent = !orders.commands.is_empty() && orders.words.is_empty();
            let spoken = (!silent).then(|| spoken::spoken(mail, &orders, *ticket, &internal));
            Ok(Some(Speech { orders, spoken }))
        }
        Route::NewTicket { on_behalf_of, .. } => {
            let forwarded = on_behalf_of
                .as_ref()
                .is_some_and(|original| parties::may_be_somebody(settings, original));
            let orders = act::orders_of_proven_staff(mail, facts, facts.sender.as_ref(), forwarded);
            let spoken = None;
            Ok((!orders.commands.is_empty()).then_some(Speech { orders, spoken }))
        }
        _ => Ok(None),
    }
}

impl Speech<'_> {
    /// Why it would be refused.
    fn refused(&self) -> Option<Rejection> {
        match self.spoken {
            Some(Spoken::Refused(rejection)) => Some(rejection),
            _ => None,
        }
    }
}
