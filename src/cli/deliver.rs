//! `frontdesk deliver`: a mail server hands one mail over by standard input.
//!
//! The statuses are those of sysexits.h, by which a mail server knows what to do: 0 when the mail is safe in
//! the database, 75 when it should try again, anything else when trying again is no use.

use std::io::{Read, copy, sink};

use clap::Args;

use super::exit::{self, Exit};
use super::open::{self, DeskArgument};
use crate::config::Settings;
use crate::config::service::Source;
use crate::inbound::accept::{self, Handed};
use crate::wake::{self, Topic};

/// Arguments of `frontdesk deliver`.
#[derive(Debug, Args)]
pub struct DeliverArguments {
    #[command(flatten)]
    desk: DeskArgument,
    /// The mailbox it is for; may be left out where only one has `pipe = true`, or there is only one.
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
}

/// Stores the mail and wakes the running copies, which make of it what it is.
pub(super) async fn run(arguments: &DeliverArguments) -> anyhow::Result<()> {
    let settings = arguments.desk.load()?;
    let mailbox = mailbox(&settings, arguments.mailbox.as_deref())?;
    let (raw, size) = read(std::io::stdin().lock(), settings.limits.message_bytes)?;
    if raw.trim_ascii().is_empty() {
        return Err(Exit::new(exit::DATA, "there is no mail on standard input").into());
    }
    store(settings, &mailbox, raw, size).await.map_err(|error| {
        let words = format!("the mail was not stored; try again later: {error:#}");
        Exit::new(exit::LATER, words).into()
    })
}

/// The mailbox that the mail is for.
fn mailbox(settings: &Settings, named: Option<&str>) -> Result<String, Exit> {
    let all = &settings.mailboxes;
    let names = || {
        let names: Vec<&str> = all.iter().map(|mailbox| mailbox.name.as_str()).collect();
        names.join(", ")
    };
    if let Some(name) = named {
        return match all.iter().find(|mailbox| mailbox.name == name) {
            Some(mailbox) => Ok(mailbox.name.clone()),
            None => Err(Exit::new(
                exit::NO_USER,
                format!("there is no mailbox `{name}`; there is {}", names()),
            )),
        };
    }
    let piped: Vec<_> = all
        .iter()
        .filter(|mailbox| matches!(mailbox.source, Source::Pipe))
        .collect();
    match (piped.as_slice(), all.as_slice()) {
        ([only], _) => Ok(only.name.clone()),
        ([], [only]) => Ok(only.name.clone()),
        _ => Err(Exit::new(
            exit::USAGE,
            format!("for which mailbox? Give --mailbox with one of {}", names()),
        )),
    }
}

/// Reads a mail, at most `limit` bytes of it. Gives its whole size as well.
fn read(mut from: impl Read, limit: u64) -> Result<(Vec<u8>, u64), Exit> {
    let mut raw = Vec::new();
    let rest = (&mut from)
        .take(limit)
        .read_to_end(&mut raw)
        .and_then(|_| copy(&mut from, &mut sink()));
    let rest = rest.map_err(|error| {
        Exit::new(
            exit::LATER,
            format!("the mail could not be read to its end: {error}"),
        )
    })?;
    let kept = u64::try_from(raw.len()).unwrap_or(u64::MAX);
    Ok((raw, kept.saturating_add(rest)))
}

async fn store(settings: Settings, mailbox: &str, raw: Vec<u8>, size: u64) -> anyhow::Result<()> {
    open::on(settings, async |app| {
        let now = app.clock.now();
        let mail = Handed {
            raw,
            size,
            received_at: now,
        };
        let mut tx = app.pool.begin().await?;
        accept::all_handed_in(&mut tx, now, mailbox, vec![mail], true).await?;
        tx.commit().await?;
        // The mail is safe. A word that is lost costs a copy's poll interval.
        wake::tell(&app.pool, Topic::Inbound).await.ok();
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn a_mail_over_the_limit_is_kept_in_part_with_its_whole_size() {
        let (raw, size) = read(&b"0123456789"[..], 4).unwrap();
        assert_eq!((raw.as_slice(), size), (&b"0123"[..], 10));
        let (raw, size) = read(&b"0123"[..], 4).unwrap();
        assert_eq!((raw.as_slice(), size), (&b"0123"[..], 4));
    }

    #[test]
    fn a_mail_server_that_dies_half_way_is_told_to_try_again() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::ConnectionReset.into())
            }
        }
        assert_eq!(read(Broken, 4).unwrap_err().status, exit::LATER);
    }
}
