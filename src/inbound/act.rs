//! Carrying a route out: what the second transaction does to the desk.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::orders::{self, Orders};
use super::route::{Facts, Link, Rejection, Route};
use super::store::{Claimed, Settlement};
use super::{comment, parties, unsubscribe, words};
use crate::config::Settings;
use crate::config::service::MailboxSettings;
use crate::desk::{self, Chosen, Context, Opening, Said};
use crate::ids::{CommentId, OutboxId, TicketId};
use crate::mail::html;
use crate::mail::message::{Mailbox, Origin, UnderstoodMail};
use crate::notify::{self, Happening};
use crate::outbox;
use crate::people::Person;
use crate::ticket::number::{self, Occasion};
use crate::ticket::{self, Actor, Visibility};

/// Everything a route is carried out with.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// The pool on which ticket numbers are reserved.
    pub numbers: &'a PgPool,
    /// The mailbox it came to.
    pub mailbox: &'a MailboxSettings,
    /// The stored mail.
    pub claimed: &'a Claimed,
    /// What it says.
    pub mail: &'a UnderstoodMail,
    /// What the database knows about it.
    pub facts: &'a Facts,
    /// The moment at which it happens.
    pub now: DateTime<Utc>,
}

/// What was done, for the mail's row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deed {
    /// `processed`, `ignored`, `rejected` or `quarantined`.
    pub state: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// The author's address, lower-cased.
    pub sender: Option<String>,
    /// The ticket it became or joined.
    pub ticket_id: Option<TicketId>,
    /// The comment it became.
    pub comment_id: Option<CommentId>,
    /// The row it returns, or the notice that answers it.
    pub outbox_id: Option<OutboxId>,
}

impl Deed {
    pub(super) fn settled(state: &'static str, reason: impl Into<String>) -> Self {
        Self {
            state,
            reason: Some(reason.into()),
            ..Self::default()
        }
    }

    /// A mail that a person should look at.
    #[must_use]
    pub fn quarantined(reason: impl Into<String>) -> Self {
        Self::settled("quarantined", reason)
    }

    /// How the mail's row is settled with it.
    #[must_use]
    pub fn settlement(&self) -> Settlement<'_> {
        Settlement {
            state: self.state,
            reason: self.reason.as_deref(),
            sender: self.sender.as_deref(),
            ticket_id: self.ticket_id,
            comment_id: self.comment_id,
            outbox_id: self.outbox_id,
        }
    }

    pub(super) fn on(ticket: TicketId, comment: Option<CommentId>) -> Self {
        Self {
            state: "processed",
            ticket_id: Some(ticket),
            comment_id: comment,
            ..Self::default()
        }
    }
}

/// Does what the route says.
///
/// # Errors
/// If the database does not answer, or the desk's settings contradict themselves.
pub async fn carry_out(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    route: Route,
) -> anyhow::Result<Deed> {
    match route {
        Route::NewTicket {
            links_to,
            on_behalf_of,
            acknowledge,
        } => open(conn, scene, links_to, on_behalf_of, acknowledge).await,
        Route::Comment { ticket, as_staff } => {
            comment::comment(conn, scene, ticket, as_staff).await
        }
        Route::SilentEntry { ticket, because } => silent(conn, scene, ticket, &because).await,
        Route::BounceOf(outbox) => bounce(conn, scene, outbox).await,
        Route::Unsubscribe(subscription) => unsubscribe::end(conn, scene, subscription).await,
        Route::Ignore(reason) => Ok(Deed::settled("ignored", reason)),
        Route::Quarantine(reason) => Ok(Deed::quarantined(reason)),
        Route::Reject(rejection) => reject(conn, scene, rejection).await,
    }
}

pub(super) fn context<'a>(scene: &Scene<'a>, actor: Actor) -> Context<'a> {
    Context {
        settings: scene.settings,
        now: scene.now,
        actor,
        answering: scene.claimed.answering,
    }
}

async fn open(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    links_to: Option<Link>,
    on_behalf_of: Option<Mailbox>,
    acknowledge: bool,
) -> anyhow::Result<Deed> {
    let on_behalf_of =
        on_behalf_of.filter(|original| parties::may_be_somebody(scene.settings, original));
    parties::meet(conn, scene, on_behalf_of.as_ref()).await?;
    let sender = parties::author(conn, scene).await?;
    let forwarded = scene
        .mail
        .forwarded
        .as_ref()
        .filter(|_| on_behalf_of.is_some());
    let requester = match &on_behalf_of {
        Some(original) => parties::person(conn, scene.now, original).await?,
        None => sender.clone(),
    };
    let orders = match scene.claimed.answering {
        true => {
            let passed_on = forwarded.is_some();
            orders_of_proven_staff(scene.mail, scene.facts, Some(&sender), passed_on)
        }
        false => Orders::none(words::of_customer(scene.mail)),
    };
    if !orders.commands.is_empty() && orders.words.is_empty() {
        let files = words::files(&scene.mail.mail.attachments);
        orders::give(conn, scene, &sender, None, &files, &orders.commands).await?;
        return Ok(Deed::settled("processed", "commands of an agent"));
    }
    let files = words::files(&scene.mail.mail.attachments);
    let html = scene.mail.mail.html.as_deref().map(html::sanitise);
    let ids = words::own_id(scene);
    let mut words = words::words(scene, orders.words, html.as_deref(), &files, &ids);
    if !orders.commands.is_empty() {
        words = words::alone(words);
    }
    let mut subject = scene.mail.mail.subject.as_str();
    if let Some(forwarded) = forwarded {
        words.body = &forwarded.body;
        // They hold what the agent wrote above it, which is for staff only.
        words = words::alone(words);
        subject = forwarded.subject.as_deref().unwrap_or(subject);
    }
    let participants = parties::participants(conn, scene, &requester).await?;
    let chosen = BTreeMap::new();
    let fields = desk::starting_fields(&scene.settings.desk, Some(scene.mailbox), &chosen);
    let format = desk::number_format(&scene.settings.desk, Some(scene.mailbox));
    let occasion = Occasion {
        now: scene.now,
        zone: scene.settings.desk.zone,
        fields: &fields,
    };
    let number = number::reserve(scene.numbers, format, occasion).await?;
    let ctx = context(scene, Actor::Person(sender.id));
    let opening = Opening {
        number: &number,
        subject,
        requester: &requester,
        words,
        mailbox: Some(scene.mailbox),
        category: None,
        chosen: Chosen::default(),
        fields: &chosen,
        participants: &participants,
        linked: links_to.map(|link| {
            (
                link.ticket,
                if link.follows { "follows" } else { "relates" },
            )
        }),
        acknowledge,
        tell_actor: forwarded.is_some(),
    };
    let mut opened = desk::open(conn, &ctx, &opening).await?;
    if forwarded.is_some() && !scene.mail.reply.trim().is_empty() {
        let mut own_words = words;
        own_words.body = &scene.mail.reply;
        own_words.files = &[];
        own_words.full_text = Some(&scene.mail.mail.text);
        let said = Said {
            author: &sender,
            as_staff: true,
            visibility: Visibility::Internal,
            words: own_words,
        };
        desk::comment(conn, &ctx, &mut opened.ticket, &said).await?;
    }
    words::note_limits(conn, scene, opened.ticket.id, opened.comment.id).await?;
    if !orders.commands.is_empty() {
        let on = Some(opened.ticket.id);
        orders::give(conn, scene, &sender, on, &[], &orders.commands).await?;
    }
    Ok(Deed::on(opened.ticket.id, Some(opened.comment.id)))
}

/// What a new mail orders and what it says. Only proven staff orders anything, and nothing by a mail passed on.
pub(super) fn orders_of_proven_staff<'a>(
    mail: &'a UnderstoodMail,
    facts: &Facts,
    sender: Option<&Person>,
    forwarded: bool,
) -> Orders<'a> {
    let text = words::of_customer(mail);
    let by_staff = sender.is_some_and(Person::is_active_staff);
    if by_staff && facts.vouched && !forwarded {
        return orders::orders(text);
    }
    Orders::none(text)
}

async fn silent(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    ticket: TicketId,
    because: &str,
) -> anyhow::Result<Deed> {
    let ticket = ticket::store::get(conn, ticket).await?;
    let from = scene
        .mail
        .mail
        .from
        .as_ref()
        .map_or("an unknown address", |from| from.address.as_str());
    let ctx = context(scene, Actor::System);
    desk::record_automatic_reply(conn, &ctx, &ticket, from, because, scene.claimed.id).await?;
    Ok(Deed {
        reason: Some(format!("an automatic reply: {because}")),
        ..Deed::on(ticket.id, None)
    })
}

async fn bounce(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    outbox: OutboxId,
) -> anyhow::Result<Deed> {
    let row = outbox::store::get(conn, outbox).await?;
    let (Some(row), Origin::Bounce(reports)) = (row, &scene.mail.origin) else {
        return Ok(Deed::settled(
            "ignored",
            "a delivery report that matches no message we sent",
        ));
    };
    let ctx = context(scene, Actor::System);
    // One recipient a message: of several reports the gravest counts.
    let gravest = reports
        .iter()
        .max_by_key(|report| (report.is_final(), report.is_hard()));
    if let Some(report) = gravest.filter(|report| report.is_trouble()) {
        desk::bounced(conn, &ctx, &row, report, scene.claimed.id).await?;
    }
    let what = gravest.map_or("report", |report| report.action.as_str());
    Ok(Deed {
        outbox_id: Some(row.id),
        ticket_id: row.ticket_id,
        ..Deed::settled(
            "processed",
            format!("a delivery report ({what}) on a message of ours"),
        )
    })
}

pub(super) async fn reject(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    rejection: Rejection,
) -> anyhow::Result<Deed> {
    let Some(from) = &scene.mail.mail.from else {
        return Ok(Deed::quarantined("it has no author's address"));
    };
    let mut deed = Deed::settled("rejected", rejection.summary());
    deed.ticket_id = Some(rejection.ticket());
    if scene.claimed.answering {
        let happening = Happening::MailRejected(notify::Rejection {
            inbound: scene.claimed.id,
            mailbox: &scene.mailbox.name,
            to: &from.address,
            name: &from.name,
            subject: &scene.mail.mail.subject,
            message_id: scene.mail.mail.message_id.as_deref(),
            reason: rejection.reason(),
            remedy: rejection.remedy(),
        });
        let published = notify::publish(conn, scene.settings, scene.now, &happening).await?;
        deed.outbox_id = published.told.first().map(|told| told.outbox);
    }
    Ok(deed)
}
