//! The log: readable sentences with stable fields, as text or as JSON lines. No bodies, no tokens, and
//! addresses only masked.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::service::Log;

/// Serenity writes what it sends and receives into its log below errors; usvg warns of each bar of a chart that stands for
/// nothing and so has no height. Who wants that anyway names it in the filter.
const QUIET: &str = "serenity=error,usvg=error";

/// Starts the log on standard error, once a process. From then on a panic is a line of the log too.
///
/// # Errors
/// The filter cannot be read, or a log was started before.
pub fn init(log: &Log) -> Result<()> {
    subscriber(log, io::stderr, io::stderr().is_terminal())?
        .try_init()
        .context("the log was started already")?;
    log_panics();
    Ok(())
}

/// What writes the log's lines.
fn subscriber<W>(log: &Log, writer: W, colours: bool) -> Result<Box<dyn Subscriber + Send + Sync>>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.filter))
        .with_context(|| format!("the log filter {:?} cannot be read", log.filter))?;
    let lines = fmt::layer().with_writer(writer);
    Ok(if log.json {
        let lines = lines.json().flatten_event(true).with_current_span(false);
        Box::new(tracing_subscriber::registry().with(filter).with(lines))
    } else {
        let lines = lines.with_ansi(colours).with_target(false);
        Box::new(tracing_subscriber::registry().with(filter).with(lines))
    })
}

/// Writes panics to the log, where an operator looks, instead of raw to standard error.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let words = panic.payload_as_str().unwrap_or("without words");
        tracing::error!(place, "A task panicked at {place}: {words}");
    }));
}

/// An address for the log: the first letter and the domain, as in `j***@example.com`. Anything that is
/// no address becomes `***`.
#[must_use]
pub fn mask_address(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return "***".to_owned();
    };
    let first: String = local
        .chars()
        .take(1)
        .filter(|first| !first.is_control())
        .collect();
    let domain: String = domain
        .chars()
        .filter(|char| !char.is_control())
        .take(255)
        .collect();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test may fail loudly"
    )]
    use std::{
        io::{Read, Seek},
        sync::Mutex,
    };

    use super::*;

    #[test]
    fn an_address_shows_its_first_letter_and_its_domain() {
        for (address, masked) in [
            ("jane@example.com", "j***@example.com"),
            ("j@example.com", "j***@example.com"),
            ("öle@example.com", "ö***@example.com"),
            ("@example.com", "***@example.com"),
            ("\"jane@home\"@example.com", "\"***@example.com"),
            ("jane", "***"),
            ("", "***"),
            ("jane@exa\nmple.com", "j***@example.com"),
        ] {
            assert_eq!(mask_address(address), masked, "{address:?}");
        }
    }

    /// What the log says of one line about a ticket.
    fn logged(json: bool) -> String {
        let file = tempfile::tempfile().unwrap();
        let log = Log {
            filter: "info".to_owned(),
            json,
        };
        let writer = Mutex::new(file.try_clone().unwrap());
        let subscriber = subscriber(&log, writer, false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(ticket.id = 7, duration_ms = 12, "Opened ticket TICK-7.");
            tracing::debug!("This is below the filter.");
        });
        let mut text = String::new();
        let mut file = file;
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_line_of_text_is_a_sentence_with_its_fields() {
        let text = logged(false);
        assert!(
            text.ends_with("INFO Opened ticket TICK-7. ticket.id=7 duration_ms=12\n"),
            "{text}"
        );
    }

    #[test]
    fn a_line_of_json_has_the_sentence_and_the_fields_at_the_top() {
        let line: serde_json::Value = serde_json::from_str(&logged(true)).unwrap();
        assert_eq!(line["message"], "Opened ticket TICK-7.");
        assert_eq!(line["ticket.id"], 7);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let log = Log {
            filter: "frontdesk=loud".to_owned(),
            json: false,
        };
        let error = init(&log).map_err(|error| format!("{error:#}"));
        assert!(error.is_err_and(|error| error.contains("frontdesk=loud")));
    }
}
