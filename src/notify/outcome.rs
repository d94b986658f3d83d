//! What came of a happening: who is told, who is not, and why.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::{OutboxId, PersonId};
use crate::outbox::enqueue::enqueue;
use crate::outbox::{Audience, NewRow};

/// What came of a happening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Who is told.
    pub told: Vec<Told>,
    /// Who is not, though the rules name them, and why.
    pub withheld: Vec<Withheld>,
    /// Whether this happening opened the breaker. The operators have been told.
    pub breaker_opened: bool,
}

impl Published {
    /// Writes rows, and takes note of whom they tell.
    pub(super) async fn write(
        &mut self,
        conn: &mut PgConnection,
        now: DateTime<Utc>,
        rows: Vec<NewRow>,
    ) -> Result<(), sqlx::Error> {
        write_all(conn, now, vec![rows], std::slice::from_mut(self)).await
    }
}

/// Writes the rows of several happenings, and takes note with each of whom they tell.
pub(super) async fn write_all(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    rows: Vec<Vec<NewRow>>,
    published: &mut [Published],
) -> Result<(), sqlx::Error> {
    let mut about = Vec::new();
    for (place, own) in rows.iter().enumerate() {
        for row in own {
            let who = (
                row.recipient_id,
                row.address.clone(),
                row.audience,
                row.template,
            );
            about.push((place, row.conversation.clone(), who));
        }
    }
    let rows = rows.into_iter().flatten().collect();
    for written in enqueue(conn, now, rows).await? {
        let row = about
            .iter()
            .find(|(_, conversation, _)| *conversation == written.conversation);
        let Some((place, _, (person, address, audience, template))) = row else {
            continue;
        };
        if let Some(published) = published.get_mut(*place) {
            published.told.push(Told {
                outbox: written.id,
                person: *person,
                address: address.clone(),
                audience: *audience,
                template,
                joined: written.joined,
            });
        }
    }
    Ok(())
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The row.
    pub outbox: OutboxId,
    /// The person; operators and rejected senders are addresses only.
    pub person: Option<PersonId>,
    /// The address.
    pub address: String,
    /// For whose eyes it is.
    pub audience: Audience,
    /// The template it was written for.
    pub template: &'static str,
    /// Whether it joined a mail that was waiting already.
    pub joined: bool,
}

/// Somebody who is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The person; absent where only an address is known, or nobody at all.
    pub person: Option<PersonId>,
    /// The address, where there is one.
    pub address: Option<String>,
    /// Why.
    pub reason: Why,
}

/// Why somebody is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The person has no address.
    NoAddress,
    /// The address is one of the desk's own.
    OwnAddress,
    /// The address says that nobody reads it.
    NoReplyAddress,
    /// A hard bounce suppressed the address.
    Suppressed,
    /// The person was disabled.
    Disabled,
    /// The person is not staff, and the matter is for staff.
    NotStaff,
    /// The address had as many automatic answers in the past hour as it may have.
    SenderCap,
    /// The ticket had as many automatic answers in the past hour as it may have.
    TicketCap,
    /// Too many automatic answers go out: the breaker is open.
    BreakerOpen,
    /// There is nobody who could be told.
    NobodyThere,
}

impl Why {
    /// The reason as a sentence for the timeline and the log.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoAddress => "has no mail address",
            Self::OwnAddress => "the address is one of this desk's own",
            Self::NoReplyAddress => "nobody reads mail at this address",
            Self::Suppressed => "mail to this address came back for good; an agent has to lift it",
            Self::Disabled => "the person is disabled",
            Self::NotStaff => "the person is not staff",
            Self::SenderCap => "the address had its share of automatic answers in the past hour",
            Self::TicketCap => "the ticket had its share of automatic answers in the past hour",
            Self::BreakerOpen => "automatic answers are stopped: too many went out in one minute",
            Self::NobodyThere => "there is nobody to tell",
        }
    }
}
