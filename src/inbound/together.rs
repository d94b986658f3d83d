//! Opening the tickets of several mails in one transaction and in the statements of one: most of what a mail costs
//! PostgreSQL is paid for each statement, and most mails of a burst are first mails of customers who have nothing to do
//! with each other.
//!
//! Only those are taken that call for nothing else. All others, and all of a group of which one fails, are left to a
//! transaction of their own each, so that a bad mail fails alone.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sqlx::PgConnection;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::act::{self, Deed, Scene};
use super::process::{self, InHand, Processor};
use super::route::{self, Facts, Route};
use super::store::{self, Author, Settlement};
use super::{facts, parties, words};
use crate::config::service::MailboxSettings;
use crate::desk::{self, Chosen, Opening};
use crate::ids::InboundId;
use crate::mail::html;
use crate::mail::message::UnderstoodMail;
use crate::ticket::Actor;
use crate::ticket::number::{self, Occasion};

/// How many mails share a transaction at the most.
const GROUP: usize = 16;

/// Larger mails are read one by one, so that not too many of them are in memory at once.
const LARGEST: usize = 256 * 1024;

/// A mail that calls for a ticket and nothing else.
struct Request<'a> {
    mail: &'a InHand,
    said: &'a UnderstoodMail,
    facts: Facts,
    acknowledge: bool,
}

impl Processor {
    /// Opens the tickets of those among these mails that are the first ones of customers. Gives the others back.
    pub(super) async fn open_together(&self, mails: Vec<InHand>, lease: Uuid) -> Vec<InHand> {
        let mut rest = Vec::new();
        let mut running = JoinSet::new();
        for group in self.groups(self.read(mails).await, &mut rest) {
            let this = self.clone();
            running.spawn(async move { this.settle_group(group, lease).await });
        }
        while let Some(left) = running.join_next().await {
            // A task that panics leaves its mails to their lease.
            rest.extend(left.unwrap_or_default());
        }
        rest
    }

    /// Reads the mails side by side. One that cannot be read in time is read again when it is settled by itself.
    async fn read(&self, mails: Vec<InHand>) -> Vec<InHand> {
        let mut reading = JoinSet::new();
        for mut mail in mails {
            let this = self.clone();
            reading.spawn(async move {
                let first = mail.claimed.attempt == 1 && mail.claimed.raw.len() <= LARGEST;
                if first && let Ok(read) = this.understand(&mail.claimed).await {
                    mail.mail = read;
                }
                mail
            });
        }
        let mut read: Vec<InHand> = reading.join_all().await;
        read.sort_by_key(|mail| mail.claimed.id);
        read
    }

    /// Groups first mails by their mailbox, no two of one author in a group: the caps count what stands in the database.
    fn groups(&self, mails: Vec<InHand>, rest: &mut Vec<InHand>) -> Vec<Vec<InHand>> {
        let mut groups: Vec<Vec<InHand>> = Vec::new();
        let mut open: BTreeMap<String, (Vec<InHand>, HashSet<String>)> = BTreeMap::new();
        for mail in mails {
            let Some(sender) = self.sender_of_first_mail(&mail) else {
                rest.push(mail);
                continue;
            };
            let (group, senders) = open.entry(mail.claimed.mailbox.clone()).or_default();
            if !senders.insert(sender) {
                rest.push(mail);
                continue;
            }
            group.push(mail);
            if group.len() == GROUP {
                groups.push(std::mem::take(group));
            }
        }
        groups.extend(open.into_values().map(|(group, _)| group));
        groups.retain(|group| !group.is_empty());
        groups
    }

    fn sender_of_first_mail(&self, mail: &InHand) -> Option<String> {
        let said = mail.mail.as_ref()?;
        let plain = mail.claimed.answering
            && said.mail.notices.is_empty()
            && facts::is_first_mail(&self.settings, said)
            && parties::is_between_us(&self.settings, said);
        said.sender().filter(|_| plain)
    }

    /// Settles what can be settled together, and gives the others back; all of them if it fails.
    async fn settle_group(self, group: Vec<InHand>, lease: Uuid) -> Vec<InHand> {
        let group = Arc::new(group);
        let (this, own) = (self.clone(), group.clone());
        // A task of its own, so that a panic ends nothing else.
        let settled = tokio::spawn(async move { this.open_group(&own, lease).await }).await;
        let settled = match settled {
            Ok(Ok(settled)) => settled,
            Ok(Err(error)) => {
                tracing::warn!(%error, "Mails are settled one by one, since one of them failed");
                HashSet::new()
            }
            Err(_panic) => HashSet::new(),
        };
        let mut left = Arc::unwrap_or_clone(group);
        left.retain(|mail| !settled.contains(&mail.claimed.id));
        left
    }

    async fn open_group(
        &self,
        group: &[InHand],
        lease: Uuid,
    ) -> anyhow::Result<HashSet<InboundId>> {
        let Some(first) = group.first() else {
            return Ok(HashSet::new());
        };
        let mailbox = self.mailbox(&first.claimed)?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let senders: Vec<&str> = group
            .iter()
            .filter_map(|mail| Some(mail.mail.as_ref()?.mail.from.as_ref()?.address.as_str()))
            .collect();
        let authors = facts::authors(&mut tx, &senders, now).await?;
        let requests: Vec<Request<'_>> = group
            .iter()
            .zip(authors)
            .filter_map(|(mail, author)| self.request(mailbox, mail, author))
            .collect();
        let scenes: Vec<Scene<'_>> = requests
            .iter()
            .map(|request| Scene {
                settings: &self.settings,
                numbers: &self.numbers,
                mailbox,
                claimed: &request.mail.claimed,
                mail: request.said,
                facts: &request.facts,
                now,
            })
            .collect();
        let acknowledge: Vec<bool> = requests.iter().map(|request| request.acknowledge).collect();
        let deeds = open(&mut tx, &scenes, &acknowledge).await?;
        let settled: Vec<(InboundId, Settlement<'_>)> = scenes
            .iter()
            .zip(&deeds)
            .map(|(scene, deed)| (scene.claimed.id, deed.settlement()))
            .collect();
        if !store::settle_all(&mut tx, lease, now, &settled).await? {
            // Another worker has one of them.
            tx.rollback().await?;
            return Ok(HashSet::new());
        }
        tx.commit().await?;
        for (scene, deed) in scenes.iter().zip(&deeds) {
            process::log(scene.claimed.id, deed);
        }
        Ok(scenes.iter().map(|scene| scene.claimed.id).collect())
    }

    /// What the mail calls for, if that is a ticket of a customer and nothing else.
    fn request<'a>(
        &self,
        mailbox: &MailboxSettings,
        mail: &'a InHand,
        author: Author,
    ) -> Option<Request<'a>> {
        let said = mail.mail.as_ref()?;
        let facts = facts::of_first_mail(
            &self.settings,
            mailbox,
            (&mail.claimed).into(),
            said,
            author,
        );
        let staff = facts
            .sender
            .as_ref()
            .is_some_and(|sender| sender.role.is_staff());
        match route::route(said, &facts, &self.settings.desk, self.clock.now()) {
            Route::NewTicket {
                links_to: None,
                on_behalf_of: None,
                acknowledge,
            } if !staff => Some(Request {
                mail,
                said,
                facts,
                acknowledge,
            }),
            _ => None,
        }
    }
}

/// Opens a ticket for each of these mails, which came to one mailbox.
async fn open(
    conn: &mut PgConnection,
    scenes: &[Scene<'_>],
    acknowledge: &[bool],
) -> anyhow::Result<Vec<Deed>> {
    let Some(first) = scenes.first() else {
        return Ok(Vec::new());
    };
    let requesters = parties::authors(conn, scenes).await?;
    let desk = &first.settings.desk;
    let chosen = BTreeMap::new();
    let fields = desk::starting_fields(desk, Some(first.mailbox), &chosen);
    let occasion = Occasion {
        now: first.now,
        zone: desk.zone,
        fields: &fields,
    };
    let format = desk::number_format(desk, Some(first.mailbox));
    let numbers = number::reserve_several(first.numbers, format, occasion, scenes.len()).await?;
    let files: Vec<_> = scenes
        .iter()
        .map(|scene| words::files(&scene.mail.mail.attachments))
        .collect();
    let htmls: Vec<Option<String>> = scenes
        .iter()
        .map(|scene| scene.mail.mail.html.as_deref().map(html::sanitise))
        .collect();
    let ids: Vec<Vec<String>> = scenes.iter().map(words::own_id).collect();
    let mut openings = Vec::with_capacity(scenes.len());
    let parts = files.iter().zip(&htmls).zip(&ids);
    let who = requesters.iter().zip(&numbers).zip(acknowledge);
    for ((scene, ((files, html), ids)), ((requester, number), acknowledge)) in
        scenes.iter().zip(parts).zip(who)
    {
        let body = words::of_customer(scene.mail);
        let opening = Opening {
            number,
            subject: &scene.mail.mail.subject,
            requester,
            words: words::words(scene, body, html.as_deref(), files, ids),
            mailbox: Some(scene.mailbox),
            category: None,
            fields: &chosen,
            chosen: Chosen::default(),
            participants: &[],
            linked: None,
            acknowledge: *acknowledge,
            tell_actor: false,
        };
        openings.push((Actor::Person(requester.id), opening));
    }
    let ctx = act::context(first, Actor::System);
    let opened = desk::open_all(conn, &ctx, &openings).await?;
    Ok(opened
        .iter()
        .zip(scenes)
        .map(|(opened, scene)| Deed {
            sender: scene.mail.sender(),
            ..Deed::on(opened.ticket.id, Some(opened.comment.id))
        })
        .collect())
}
