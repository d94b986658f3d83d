//! The mail wires against real servers.

mod acknowledge;
mod imap;
mod login;
mod smtp;
mod smtp_login;
mod waiting;

use frontdesk::{
    config::service::{AfterFetch, ImapSettings, MailLimits},
    mail::{
        imap::ImapSource,
        source::{Batch, Cursor, FetchedMail, MailSource, Position},
    },
};

const SUPPORT: &str = "support@example.org";

fn source(settings: ImapSettings) -> ImapSource {
    ImapSource::new(settings, AfterFetch::Keep, MailLimits::default())
}

/// A mail that can be told from others by its number.
fn mail(number: u32) -> Vec<u8> {
    format!(
        "From: Ada <ada@example.net>\r\nTo: {SUPPORT}\r\nSubject: Mail {number}\r\nMessage-ID: <{number}@example.net>\r\n\r\nThis is number {number}.\r\n"
    )
    .into_bytes()
}

fn subject(mail: &FetchedMail) -> String {
    let text = String::from_utf8_lossy(&mail.raw);
    let line = text.lines().find(|line| line.starts_with("Subject: "));
    line.unwrap().trim_start_matches("Subject: ").to_owned()
}

fn subjects(batch: &Batch) -> Vec<String> {
    batch.mails.iter().map(subject).collect()
}

fn positions(batch: &Batch) -> Vec<Position> {
    let mails = batch.mails.iter();
    mails.map(|mail| mail.position.clone()).collect()
}

/// Everything behind the cursor, in batches of `max`.
async fn drain(source: &mut ImapSource, mut cursor: Cursor, max: usize) -> (Vec<String>, Cursor) {
    let mut all = Vec::new();
    loop {
        let batch = source.fetch(&cursor, max).await.unwrap();
        assert!(batch.mails.len() <= max);
        assert!(batch.unreadable.is_empty(), "{:?}", batch.unreadable);
        all.extend(subjects(&batch));
        cursor = batch.cursor;
        if !batch.more {
            return (all, cursor);
        }
    }
}
