//! The panel's forms, and the tickets that customers open by them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::TimeDelta;

use super::forms::MOST;
use super::say::{Deed, Scene};
use super::store;
use super::who::Known;
use crate::chat::{Form, FormField, Message, PostRef, text};
use crate::config::desk::{Field, FieldKind};
use crate::config::{DeskSettings, Settings};
use crate::desk::{self, Chosen, Context, DeskError, NewWords, Opening};
use crate::notify::posts;
use crate::people::chat_account::{self, ChatAccount};
use crate::ticket::number::{self, Occasion};
use crate::ticket::{Actor, Source, customer_thread};

/// The longest subject that a form takes, in characters.
const SUBJECT_CHARS: u16 = 120;
/// The longest value of a custom field that a form takes, in characters.
const FIELD_CHARS: u16 = 200;
/// The longest title of a form, in characters.
const TITLE_CHARS: usize = 24;
/// The longest label of a form's field, in characters.
const LABEL_CHARS: usize = 45;
/// What begins the key of a custom field in a form.
const FIELD: &str = "field:";

/// The forms behind the buttons of a chat's panel, by their actions.
pub(super) fn forms(settings: &Settings, chat: &str) -> BTreeMap<String, Form> {
    let categories = settings.desk.category.iter();
    let keys = categories.map(|category| category.key.as_str());
    keys.chain([""])
        .filter_map(|key| {
            let action = format!("panel:{key}");
            let form = form(settings, chat, &action, key)?;
            Some((action, form))
        })
        .collect()
}

fn form(settings: &Settings, chat: &str, action: &str, category: &str) -> Option<Form> {
    let desk = &settings.desk;
    let chat = settings
        .chats
        .iter()
        .find(|settings| settings.name == chat)?;
    let customers = chat.customers.as_ref()?;
    let category = desk.category(category);
    let title = category.map_or("Open a ticket", |category| &category.name);
    let field = |key: String, label: &str, most, long| FormField {
        key,
        label: text::shortened(label, LABEL_CHARS),
        long,
        required: true,
        value: String::new(),
        most,
    };
    let mut fields = vec![
        field("subject".to_owned(), "In one line", SUBJECT_CHARS, false),
        field("text".to_owned(), "What do you need?", MOST, true),
    ];
    let custom = customers.fields.iter().filter_map(|key| desk.field(key));
    fields.extend(custom.map(|custom| FormField {
        required: false,
        value: custom.default.clone().unwrap_or_default(),
        ..field(
            format!("{FIELD}{}", custom.key),
            &label(custom),
            FIELD_CHARS,
            false,
        )
    }));
    Some(Form {
        action: action.to_owned(),
        title: text::shortened(title, TITLE_CHARS),
        fields,
    })
}

/// The field's name, with what may stand in it.
fn label(field: &Field) -> String {
    match field.kind {
        FieldKind::Choice => format!("{} ({})", field.name, field.choices.join(", ")),
        FieldKind::Date => format!("{} (YYYY-MM-DD)", field.name),
        _ => field.name.clone(),
    }
}

/// A form of the panel was sent in: it becomes a ticket, whose requester is whoever sent it.
pub(super) async fn submitted(
    scene: &mut Scene<'_>,
    known: &Known,
    category: Option<&str>,
    values: &[(String, String)],
) -> anyhow::Result<Deed> {
    let desk = &scene.settings.desk;
    let Some(customers) = &scene.chat.customers else {
        return Ok(Deed::refused("customers open no tickets here any more")
            .saying(Message::text("Tickets cannot be opened here any more.")));
    };
    let value = |wanted: &str| {
        let found = values.iter().find(|(key, _)| key == wanted);
        found.map_or("", |(_, value)| value.trim())
    };
    let (subject, words) = (value("subject"), value("text"));
    let category = category.filter(|key| desk.category(key).is_some());
    let chosen = match chosen_fields(desk, values) {
        Ok(chosen) => chosen,
        Err(why) => return Ok(refused(&why, words)),
    };
    if words.is_empty() {
        return Ok(refused("There are no words.", words));
    }
    let (name, who) = (&scene.chat.name, &scene.event.who);
    let person = match &known.person {
        Some(person) => person.clone(),
        None => chat_account::adopt(scene.conn, scene.now, name, &who.id, &who.name).await?,
    };
    if person.disabled {
        return Ok(refused("You cannot open tickets here.", words));
    }
    let since = scene.now - TimeDelta::hours(1);
    let opened = customer_thread::asked_since(scene.conn, person.id, since).await?;
    let all = store::done_by(scene.conn, person.id, since).await?;
    if opened >= i64::from(customers.tickets_per_hour)
        || all >= i64::from(customers.messages_per_hour)
    {
        let why = "You have opened as many tickets as one may in an hour. Write in one of their threads, or come back later.";
        return Ok(refused(why, words));
    }
    chat_account::wrote(scene.conn, scene.now, name, &who.id).await?;
    let fields = desk::starting_fields(desk, None, &chosen);
    let occasion = Occasion {
        now: scene.now,
        zone: desk.zone,
        fields: &fields,
    };
    let format = desk::number_format(desk, None);
    let number = number::reserve(scene.numbers, format, occasion).await?;
    let ctx = Context {
        settings: scene.settings,
        now: scene.now,
        actor: Actor::Person(person.id),
        answering: true,
    };
    let opening = Opening {
        number: &number,
        subject,
        requester: &person,
        words: NewWords {
            body: words,
            full_text: None,
            html: None,
            files: &[],
            message_ids: &[],
            source: Source::Chat,
            inbound_id: None,
        },
        mailbox: None,
        category,
        chosen: Chosen::default(),
        fields: &chosen,
        participants: &[],
        linked: None,
        acknowledge: true,
        tell_actor: false,
    };
    let ticket = match desk::open(scene.conn, &ctx, &opening).await {
        Ok(opened) => opened.ticket,
        Err(DeskError::Database(error)) => return Err(error.into()),
        Err(error) => return Err(error).context("a customer's ticket could not be opened"),
    };
    let account = ChatAccount {
        platform: name.clone(),
        user_id: who.id.clone(),
        person_id: person.id,
    };
    posts::open_thread(scene.conn, scene.now, &customers.place, &ticket, &account).await?;
    let told = format!(
        "**{}** is open. A thread opens for it, where you and the team talk.",
        text::escape(&ticket.number)
    );
    let mut deed = Deed::done().on(Some(ticket.id)).saying(Message::text(told));
    deed.settlement.person = Some(person.id);
    Ok(deed)
}

/// The custom fields that were filled in, or what is wrong with one.
fn chosen_fields(
    desk: &DeskSettings,
    values: &[(String, String)],
) -> Result<BTreeMap<String, String>, String> {
    let mut chosen = BTreeMap::new();
    for (key, value) in values {
        let (Some(key), value) = (key.strip_prefix(FIELD), value.trim()) else {
            continue;
        };
        if !value.is_empty() {
            desk.check_field(key, value)?;
            chosen.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(chosen)
}

/// What was written is given back: a form that was sent in is gone.
fn refused(why: &str, words: &str) -> Deed {
    let mut told = text::escape(why);
    if !words.is_empty() {
        told.push_str(&format!("\n\nYou wrote:\n\n{}", text::escape(words)));
    }
    Deed::refused(why).saying(Message::text(told))
}

/// Somebody took a post away: if it was the panel, another one is posted.
pub(super) async fn taken_away(scene: &mut Scene<'_>, post: &str) -> anyhow::Result<Option<Deed>> {
    let name = &scene.chat.name;
    let gone = PostRef {
        place: scene.event.place.clone(),
        id: post.to_owned(),
    };
    if customer_thread::panel(scene.conn, name).await?.as_ref() != Some(&gone) {
        return Ok(None);
    }
    customer_thread::set_panel(scene.conn, scene.now, name, None).await?;
    posts::show_panel(scene.conn, scene.now, scene.chat).await?;
    Ok(Some(Deed::done()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_says_what_may_stand_in_it() {
        let field = |kind, choices: &[&str]| Field {
            key: "stage".to_owned(),
            name: "Stage".to_owned(),
            kind,
            choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
            default: None,
        };
        assert_eq!(label(&field(FieldKind::Text, &[])), "Stage");
        assert_eq!(label(&field(FieldKind::Date, &[])), "Stage (YYYY-MM-DD)");
        assert_eq!(
            label(&field(FieldKind::Choice, &["trial", "live"])),
            "Stage (trial, live)"
        );
    }
}
