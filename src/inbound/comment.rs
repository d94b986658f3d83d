//! A mail that belongs to a ticket: a customer's word, or what an agent says and orders.

use sqlx::PgConnection;

use super::act::{self, Deed, Scene};
use super::orders::Orders;
use super::spoken::{self, Spoken};
use super::{answer, orders, parties, words};
use crate::command;
use crate::desk::{self, NewWords, Said};
use crate::ids::TicketId;
use crate::mail::html;
use crate::people::Person;
use crate::ticket::{self, Actor, Visibility, timeline};

pub(super) async fn comment(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    ticket: TicketId,
    as_staff: bool,
) -> anyhow::Result<Deed> {
    parties::meet(conn, scene, None).await?;
    let author = parties::author(conn, scene).await?;
    let files = words::files(&scene.mail.mail.attachments);
    let html = scene.mail.mail.html.as_deref().map(html::sanitise);
    let ids = words::own_id(scene);
    if as_staff {
        let words = words::words(scene, &scene.mail.reply, html.as_deref(), &files, &ids);
        return by_staff(conn, scene, &author, ticket, words).await;
    }
    let mut ticket = ticket::store::lock(conn, ticket).await?;
    let body = words::of_customer(scene.mail);
    if let Some(deed) = answer::rated(conn, scene, &mut ticket, &author, body).await? {
        return Ok(deed);
    }
    let others = parties::participants(conn, scene, &author).await?;
    ticket::store::add_participants(conn, scene.now, ticket.id, &others).await?;
    let said = Said {
        author: &author,
        as_staff: false,
        visibility: Visibility::Public,
        words: words::words(scene, body, html.as_deref(), &files, &ids),
    };
    let asked = answer::was_asked(conn, &ticket).await?;
    let deed = say(conn, scene, &mut ticket, &said).await?;
    answer::accepted(conn, scene, &mut ticket, &said, asked).await?;
    Ok(deed)
}

/// What an agent orders is done first, and what the agent says is said in any case.
async fn by_staff(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    author: &Person,
    ticket: TicketId,
    mut words: NewWords<'_>,
) -> anyhow::Result<Deed> {
    // What an archive holds was done long ago.
    let orders = match scene.claimed.answering {
        true => orders::orders(&scene.mail.reply),
        false => Orders::none(&scene.mail.reply),
    };
    if !orders.commands.is_empty() {
        // Files belong to the words; where there are none, or they are to be attached, they go with what is ordered.
        let silent = orders.words.is_empty();
        let ordered = silent || command::takes_files_away(&orders.commands, true);
        let files = if ordered { words.files } else { &[] };
        orders::give(conn, scene, author, Some(ticket), files, &orders.commands).await?;
        if silent {
            return Ok(Deed {
                reason: Some("commands of an agent".to_owned()),
                ..Deed::on(ticket, None)
            });
        }
        words = words::alone(words);
        if ordered {
            words.files = &[];
        }
    }
    let mut ticket = ticket::store::lock(conn, ticket).await?;
    let mut internal = timeline::internal_texts(conn, ticket.id).await?;
    internal.retain(|text| !desk::is_own_reason(text));
    let (visibility, body) = match spoken::spoken(scene.mail, &orders, ticket.id, &internal) {
        Spoken::Note(note) => (Visibility::Internal, note),
        Spoken::Reply(reply) => (Visibility::Public, reply),
        Spoken::Refused(rejection) => return act::reject(conn, scene, rejection).await,
    };
    let said = Said {
        author,
        as_staff: true,
        visibility,
        words: NewWords { body, ..words },
    };
    say(conn, scene, &mut ticket, &said).await
}

async fn say(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    ticket: &mut ticket::Ticket,
    said: &Said<'_>,
) -> anyhow::Result<Deed> {
    let ctx = act::context(scene, Actor::Person(said.author.id));
    let comment = desk::comment(conn, &ctx, ticket, said).await?;
    words::note_limits(conn, scene, ticket.id, comment.id).await?;
    Ok(Deed::on(ticket.id, Some(comment.id)))
}
