//! Commands on a whole desk.

mod bulk;
mod due;
mod errors;
mod fields;
mod lists;
mod mail;
mod promise;
mod rights;
mod sight;
mod staff;
mod ties;
mod words;
mod work;

use frontdesk::people::Person;
use frontdesk::ticket::Ticket;

use crate::harness::Desk;

/// A desk with agents `ann` (support) and `bob` (billing), a ticket of Carla's, and all mail so far taken.
pub struct Bench {
    pub desk: Desk,
    pub ann: Person,
    pub bob: Person,
    pub carla: Person,
    pub ticket: Ticket,
}

impl Bench {
    pub async fn new() -> Self {
        let desk = Desk::open().await;
        let ann = desk.agent("ann", Some("support")).await;
        let bob = desk.agent("bob", Some("billing")).await;
        desk.receive(&request("Carla", "The export is empty")).await;
        desk.take_mail().await;
        let ticket = desk.ticket().await;
        let carla = desk.person("carla@customer.test").await;
        Self {
            desk,
            ann,
            bob,
            carla,
            ticket,
        }
    }

    /// The number of Carla's ticket.
    pub fn number(&self) -> &str {
        &self.ticket.number
    }

    /// Ann gives a command with `#` standing for the ticket's number; gives the answer as plain text.
    pub async fn ann(&self, line: &str) -> String {
        let line = line.replace('#', self.number());
        match self.desk.command(&self.ann, &line).await {
            Ok(reply) => reply.plain(),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    /// Ends the test with all mail thrown away.
    pub async fn close(self) {
        self.desk.take_mail().await;
        self.desk.close().await;
    }
}

/// A first mail of somebody.
pub fn request(name: &str, subject: &str) -> String {
    let local = name.to_lowercase();
    let id = subject.replace(' ', "-");
    format!(
        "From: {name} <{local}@customer.test>\nTo: support@desk.test\nSubject: {subject}\n\
         Message-ID: <{id}@customer.test>\nDate: Fri, 20 Nov 2026 08:59:00 +0000\n\nPlease help.\n"
    )
}
