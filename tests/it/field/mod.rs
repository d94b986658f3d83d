//! What other systems got wrong in the field, each as a test of the whole walk. Mails are written as real
//! clients write them.

mod content;
mod ingest;
mod loops;
mod mailbox;
mod race;
mod secrecy;
mod server;
mod threading;

use frontdesk::ids::TicketId;

use crate::harness::{Desk, Sent};

/// A mail by a person who writes for the first time.
pub fn request(from: &str, id: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\nTo: support@desk.test\nSubject: {subject}\nMessage-ID: <{id}>\n\
         Date: Fri, 20 Nov 2026 08:59:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n{body}\n"
    )
}

/// A reply to a mail that we sent, as a mail client writes it: to the Reply-To address, with the whole chain
/// of References.
pub fn reply(to: &Sent, from: &str, id: &str, body: &str) -> String {
    reply_at(to, to.reply_to(), from, id, body)
}

/// A reply by a client that loses the Reply-To address: it goes to the plain address.
pub fn reply_without_token(to: &Sent, from: &str, id: &str, body: &str) -> String {
    reply_at(to, "support@desk.test", from, id, body)
}

fn reply_at(to: &Sent, address: &str, from: &str, id: &str, body: &str) -> String {
    let chain: Vec<String> = to
        .mail
        .mail
        .references
        .iter()
        .map(String::as_str)
        .chain([to.message_id()])
        .map(|id| format!("<{id}>"))
        .collect();
    format!(
        "From: {from}\nTo: {address}\nSubject: Re: {}\nMessage-ID: <{id}>\nIn-Reply-To: <{}>\n\
         References: {}\nDate: Fri, 20 Nov 2026 09:30:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n{body}\n",
        to.subject(),
        to.message_id(),
        chain.join("\n "),
    )
}

/// A status report (RFC 3464) on a mail that we sent, as Postfix writes it.
pub fn bounce(of: &Sent, to: &str, action: &str, status: &str, said: &str) -> String {
    bounce_of(of.message_id(), &of.to, to, action, status, said)
}

/// The same for any Message-ID.
pub fn bounce_of(
    message_id: &str,
    recipient: &str,
    to: &str,
    action: &str,
    status: &str,
    said: &str,
) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.customer.test (Mail Delivery System)\nTo: {to}\n\
         Subject: Undelivered Mail Returned to Sender\nMessage-ID: <{message_id}.{action}@mx.customer.test>\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\n\n\
         --b1\nContent-Type: text/plain; charset=us-ascii\n\n\
         I'm sorry to have to inform you that your message could not be delivered.\n\n<{recipient}>: {said}\n\n\
         --b1\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.customer.test\n\n\
         Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n\
         Diagnostic-Code: smtp; {said}\n\n\
         --b1\nContent-Type: text/rfc822-headers\n\n\
         From: Example Support <support@desk.test>\nTo: {recipient}\nMessage-ID: <{message_id}>\n\
         Subject: returned\n\n--b1--\n"
    )
}

impl Desk {
    /// The tickets that this one is linked to, as `follows NUMBER` or `relates NUMBER`.
    pub async fn links(&self, ticket: TicketId) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT kind || ' ' || number FROM ticket_link JOIN ticket ON ticket.id = other_id
             WHERE ticket_id = $1 ORDER BY other_id",
        )
        .bind(ticket.0)
        .fetch_all(&self.app.pool)
        .await
        .unwrap()
    }

    /// The names of a ticket's participants.
    pub async fn participants(&self, ticket: TicketId) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT address FROM ticket_person JOIN person_address USING (person_id)
             WHERE ticket_id = $1 AND part = 'participant' ORDER BY address",
        )
        .bind(ticket.0)
        .fetch_all(&self.app.pool)
        .await
        .unwrap()
    }

    /// The address of a ticket's requester.
    pub async fn requester(&self, ticket: TicketId) -> String {
        sqlx::query_scalar(
            "SELECT address FROM ticket JOIN person_address ON person_id = requester_id
             WHERE ticket.id = $1 AND is_primary",
        )
        .bind(ticket.0)
        .fetch_one(&self.app.pool)
        .await
        .unwrap()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&self.app.pool)
            .await
            .unwrap()
    }
}
