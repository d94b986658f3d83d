//! What the commands share while they run: the ticket, the author, and words that the desk must know.

use sqlx::PgConnection;

use super::problem::UserError;
use super::{Caller, Failure, Reply, Scene};
use crate::config::DeskSettings;
use crate::desk::Context;
use crate::ids::TicketId;
use crate::people::{self, Person};
use crate::ticket::{self, Actor, Ticket};

/// A command while it runs.
#[derive(Debug)]
pub(super) struct Work<'a> {
    /// The caller's transaction.
    pub(super) conn: &'a mut PgConnection,
    /// Around it.
    pub(super) scene: &'a Scene<'a>,
    /// Who gave it.
    pub(super) caller: &'a Caller<'a>,
    /// The ticket it is about, which the caller may see.
    pub(super) ticket: Option<TicketId>,
}

impl<'a> Work<'a> {
    /// The desk's settings.
    pub(super) fn desk(&self) -> &'a DeskSettings {
        &self.scene.settings.desk
    }

    /// The context of a use case.
    pub(super) fn context(&self) -> Context<'a> {
        Context {
            settings: self.scene.settings,
            now: self.scene.now,
            actor: match self.caller.person {
                Some(person) => Actor::Person(person.id),
                None => Actor::System,
            },
            answering: true,
        }
    }

    /// Whether the caller sees what is internal.
    pub(super) fn is_staff(&self) -> bool {
        self.caller.role().is_staff()
    }

    /// The person behind the command.
    pub(super) fn person(&self) -> Result<&'a Person, UserError> {
        self.caller.person.ok_or_else(|| {
            UserError::forbidden("The desk does not know who you are, and this needs a person.")
                .then("In chat, `connect ADDRESS` makes you known; on the machine, `--as HANDLE` says who you are.")
        })
    }

    /// The ticket as it stands.
    pub(super) async fn look(&mut self) -> Result<Ticket, Failure> {
        let id = self.ticket_id()?;
        Ok(ticket::store::get(self.conn, id).await?)
    }

    /// The ticket, held against changes by others. A merged one leads to the one that took it in.
    pub(super) async fn hold(&mut self) -> Result<Ticket, Failure> {
        let id = self.ticket_id()?;
        Ok(ticket::store::lock(self.conn, id).await?)
    }

    fn ticket_id(&self) -> Result<TicketId, Failure> {
        let id = self
            .ticket
            .ok_or_else(|| anyhow::anyhow!("a command about a ticket has none"))?;
        Ok(id)
    }

    /// The agent with this handle, given as `ann`, `@ann` or `me`.
    pub(super) async fn agent(
        &mut self,
        argument: &'static str,
        given: &str,
    ) -> Result<Person, Failure> {
        let handle = given.trim().trim_start_matches('@').to_lowercase();
        if handle == "me" {
            return Ok(self.person()?.clone());
        }
        let found = people::store::by_handle(self.conn, &handle).await?;
        match found.filter(Person::is_active_staff) {
            Some(person) => Ok(person),
            None => {
                let staff = people::store::staff(self.conn).await?;
                let handles: Vec<String> = staff
                    .into_iter()
                    .filter(Person::is_active_staff)
                    .filter_map(|person| person.handle)
                    .collect();
                Err(UserError::unknown(argument, "agent", given, &handles).into())
            }
        }
    }

    /// An answer from a template.
    pub(super) fn reply(
        &self,
        template: &str,
        data: &impl serde::Serialize,
    ) -> Result<Reply, Failure> {
        Ok(Reply::of(template, self.desk().zone, data)?)
    }
}

/// The key of a word that the desk knows by key or by name, in any case.
pub(super) fn known<'d>(
    argument: &'static str,
    thing: &str,
    given: &str,
    all: impl Iterator<Item = (&'d str, &'d str)>,
) -> Result<&'d str, UserError> {
    let all: Vec<(&str, &str)> = all.collect();
    let word = given.trim();
    let found = all.iter().find(|(key, name)| {
        key.eq_ignore_ascii_case(word) || name.to_lowercase() == word.to_lowercase()
    });
    match found {
        Some((key, _)) => Ok(key),
        None => {
            let keys: Vec<&str> = all.iter().map(|(key, _)| *key).collect();
            let mut error = UserError::unknown(argument, thing, given, &keys);
            let alike = || begins_alike(word, &keys).map(str::to_owned);
            error.nearest = error.nearest.take().or_else(alike);
            Err(error)
        }
    }
}

/// The key that begins as the word does, where one does so longer than all others: `in` means `in_progress`.
fn begins_alike<'k>(word: &str, keys: &[&'k str]) -> Option<&'k str> {
    let word = word.to_lowercase();
    let common = |key: &str| {
        let pairs = word.chars().zip(key.chars());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let longest = keys.iter().map(|key| common(key)).max()?;
    let mut best = keys.iter().filter(|key| common(key) == longest);
    match (best.next(), best.next()) {
        (Some(key), None) if longest >= 2 => Some(key),
        _ => None,
    }
}

/// A key and a name of the desk's.
pub(super) fn pair<'d>(key: &'d str, name: &'d str) -> (&'d str, &'d str) {
    (key, name)
}

/// A name where the desk has one for the key, else the key.
pub(super) fn status_name<'d>(desk: &'d DeskSettings, key: &'d str) -> &'d str {
    desk.status(key).map_or(key, |status| status.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::begins_alike;

    #[test]
    fn a_word_that_begins_like_one_key_alone_means_it() {
        let keys = [
            "open",
            "in_progress",
            "waiting_on_customer",
            "resolved",
            "reopened",
        ];
        assert_eq!(begins_alike("in", &keys), Some("in_progress"));
        assert_eq!(begins_alike("Wating", &keys), Some("waiting_on_customer"));
        assert_eq!(begins_alike("re", &keys), None);
        assert_eq!(begins_alike("x", &keys), None);
    }
}
