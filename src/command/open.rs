//! `open`: a new ticket.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::due;
use super::problem::UserError;
use super::work::{Work, known};
use super::{Failure, Reply};
use crate::desk::{self, Chosen, NewWords, Opening};
use crate::people::store::NewPerson;
use crate::people::{self, Person, Role};
use crate::ticket::number::{self, Occasion};

/// Arguments of `open`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Open {
    /// The subject: the rest of the first line.
    #[arg(required = true)]
    subject: Vec<String>,
    /// The category's key or name; it says which team gets the ticket.
    #[arg(long)]
    category: Option<String>,
    /// The type, such as `bug`.
    #[arg(long = "type", id = "type", value_name = "TYPE")]
    ticket_type: Option<String>,
    /// The priority, such as `high`. For staff only, as what follows.
    #[arg(long)]
    priority: Option<String>,
    /// The team that gets it, whatever its category says.
    #[arg(long)]
    team: Option<String>,
    /// When it is due: `tomorrow`, `"friday 17:00"`, `2026-12-24`.
    #[arg(long, value_name = "WHEN")]
    due: Option<String>,
    /// A tag; may be given several times.
    #[arg(long)]
    tag: Vec<String>,
    /// Who asks: a mail address, or an agent's handle. You, where nobody is named. For staff only.
    #[arg(long, value_name = "ADDRESS")]
    requester: Option<String>,
    /// A custom field, such as `project=apollo`; may be given several times.
    #[arg(long = "field", value_name = "KEY=VALUE")]
    field: Vec<String>,
    /// What it is about: the lines below the first.
    #[arg(allow_hyphen_values = true)]
    description: Option<String>,
}

impl Open {
    pub(super) async fn run(&self, work: &mut Work<'_>) -> Result<Reply, Failure> {
        let subject = self.subject.join(" ");
        if subject.trim().is_empty() {
            return Err(UserError::usage("The subject is empty.")
                .about("subject")
                .into());
        }
        self.check(work)?;
        let desk = work.desk();
        let category = named(
            "category",
            &self.category,
            keys(&desk.category, |one| (&one.key, &one.name)),
        )?;
        let ticket_type = named(
            "type",
            &self.ticket_type,
            keys(&desk.types, |one| (&one.key, &one.name)),
        )?;
        let priority = named(
            "priority",
            &self.priority,
            keys(&desk.priority, |one| (&one.key, &one.name)),
        )?;
        let team = named(
            "team",
            &self.team,
            keys(&desk.team, |one| (&one.key, &one.name)),
        )?;
        let due_at = match &self.due {
            Some(text) => due::moment(work, "due", text).await?,
            None => None,
        };
        let tags: Vec<String> =
            desk::tags(&self.tag).map_err(|error| Failure::from(error).about("tag"))?;
        let fields = fields(work, &self.field)?;
        let requester = self.requester(work).await?;
        let number = number(work, &fields).await?;
        let body = self.description.as_deref().unwrap_or(&subject);
        let opening = Opening {
            number: &number,
            subject: &subject,
            requester: &requester,
            words: NewWords {
                body,
                full_text: None,
                html: None,
                files: work.caller.files,
                message_ids: &[],
                source: work.caller.source,
                inbound_id: None,
            },
            mailbox: None,
            category,
            chosen: Chosen {
                ticket_type,
                priority,
                team,
                due_at,
                tags: &tags,
            },
            fields: &fields,
            participants: &[],
            linked: None,
            acknowledge: true,
            tell_actor: false,
        };
        let ctx = work.context();
        let opened = desk::open(work.conn, &ctx, &opening).await?;
        let due = match opened.ticket.due_at {
            Some(at) => Some(due::said(work, at).await?),
            None => None,
        };
        let data = json!({
            "number": opened.ticket.number,
            "subject": opened.ticket.subject,
            "requester": requester.name,
            "team": opened.ticket.team.filter(|_| work.is_staff()),
            "priority": priority,
            "due": due,
        });
        let mut reply = work.reply("opened", &data)?.on(opened.ticket.id);
        reply.comment = Some(opened.comment.id);
        Ok(reply)
    }

    /// What is urgent and who works on it is the team's to say.
    fn check(&self, work: &Work<'_>) -> Result<(), UserError> {
        let for_staff = [
            ("priority", self.priority.is_some()),
            ("team", self.team.is_some()),
            ("due", self.due.is_some()),
            ("tag", !self.tag.is_empty()),
        ];
        match for_staff.into_iter().find(|(_, given)| *given) {
            Some((option, _)) if !work.is_staff() => Err(UserError::forbidden(format!(
                "`--{option}` is for agents, managers and admins."
            ))
            .about(option)),
            _ => Ok(()),
        }
    }

    /// Who asks. Only staff open tickets for somebody else.
    async fn requester(&self, work: &mut Work<'_>) -> Result<Person, Failure> {
        let Some(given) = &self.requester else {
            return Ok(work.person()?.clone());
        };
        if !work.is_staff() {
            return Err(
                UserError::forbidden("Only staff open tickets for somebody else.")
                    .about("requester")
                    .into(),
            );
        }
        if !given.contains('@') || given.starts_with('@') {
            return work.agent("requester", given).await;
        }
        by_address(work, "requester", given).await
    }
}

/// The keys and names of the desk's words.
fn keys<T>(all: &[T], of: impl Fn(&T) -> (&String, &String)) -> Vec<(&str, &str)> {
    all.iter()
        .map(|one| {
            let (key, name) = of(one);
            (key.as_str(), name.as_str())
        })
        .collect()
}

/// The key of a word of the desk, where one is given.
fn named<'d>(
    thing: &'static str,
    given: &Option<String>,
    all: Vec<(&'d str, &'d str)>,
) -> Result<Option<&'d str>, UserError> {
    given
        .as_deref()
        .map(|given| known(thing, thing, given, all.into_iter()))
        .transpose()
}

/// Reserves the number of a new ticket with these custom fields.
pub(super) async fn number(
    work: &Work<'_>,
    chosen: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    let desk = work.desk();
    let fields = desk::starting_fields(desk, None, chosen);
    let occasion = Occasion {
        now: work.scene.now,
        zone: desk.zone,
        fields: &fields,
    };
    let format = desk::number_format(desk, None);
    let number = number::reserve(work.scene.numbers, format, occasion).await;
    Ok(number.map_err(anyhow::Error::new)?)
}

/// The person of an address; a new one is written down.
pub(super) async fn by_address(
    work: &mut Work<'_>,
    argument: &'static str,
    given: &str,
) -> Result<Person, Failure> {
    let address = given.trim().to_lowercase();
    let whole = address.split_once('@').filter(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;\"()".contains(c);
    let Some((local, _)) = whole.filter(|_| !address.contains(odd)) else {
        return Err(
            UserError::refused(format!("`{address}` is no mail address."))
                .about(argument)
                .into(),
        );
    };
    if crate::notify::is_own(work.scene.settings, &address) {
        return Err(
            UserError::refused(format!("{address} is an address of the desk itself."))
                .about(argument)
                .into(),
        );
    }
    if let Some(person) = people::store::by_address(work.conn, &address).await? {
        return Ok(person);
    }
    let new = NewPerson {
        name: local,
        address: &address,
        role: Role::Customer,
        handle: None,
    };
    Ok(people::store::find_or_create(work.conn, work.scene.now, new).await?)
}

/// Custom fields from `key=value`, each checked against the desk.
pub(super) fn fields(
    work: &Work<'_>,
    given: &[String],
) -> Result<BTreeMap<String, String>, UserError> {
    let mut fields = BTreeMap::new();
    for pair in given {
        let Some((key, value)) = pair.split_once('=') else {
            let what = format!("`{pair}` is no field with a value.");
            return Err(UserError::usage(what)
                .about("field")
                .then("Write `key=value`."));
        };
        let (key, value) = (key.trim(), value.trim());
        work.desk()
            .check_field(key, value)
            .map_err(|what| UserError::refused(what).about("field"))?;
        fields.insert(key.to_owned(), value.to_owned());
    }
    Ok(fields)
}
