//! What the chat platforms let Frontdesk do, asked of them.

use std::time::Duration;

use crate::app::platforms;
use crate::chat::{ChatFailure, Missing};
use crate::cli::exit::Exit;
use crate::cli::page;
use crate::clock::Clock;
use crate::config::Settings;

/// How long a platform may take to answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// Asks every platform and prints what is missing, by the platform's own names, each with what it costs.
///
/// # Errors
/// If anything is missing, or a platform does not answer; the program ends with status 1.
pub(super) async fn look(settings: &Settings) -> anyhow::Result<()> {
    if settings.chats.is_empty() {
        return page::print("\nThere is no chat to ask.\n");
    }
    let platforms = platforms::unconnected(settings, &Clock::default())?;
    let mut well = true;
    for chat in &settings.chats {
        let Some(platform) = platforms.get(&chat.name) else {
            continue;
        };
        let places = chat.all_places();
        let told = match tokio::time::timeout(DEADLINE, platform.check(&places)).await {
            Ok(told) => told,
            Err(_) => Err(ChatFailure::Unreachable("no answer in time".to_owned())),
        };
        well &= told.as_ref().is_ok_and(Vec::is_empty);
        page::print(&format!("\n{}", report(&chat.name, &told)))?;
    }
    match well {
        true => Ok(()),
        false => Err(Exit::new(1, "Something is missing in chat.".to_owned()).into()),
    }
}

fn report(name: &str, told: &Result<Vec<Missing>, ChatFailure>) -> String {
    let missing = match told {
        Ok(missing) if missing.is_empty() => {
            return format!("{name}: the login is accepted, and nothing is missing.\n");
        }
        Ok(missing) => missing,
        Err(failure) => return format!("{name}: {}.\n", page::one_line(&failure.to_string())),
    };
    let mut report = format!("{name}: the login is accepted, but there are missing:\n");
    for one in missing {
        let place = match &one.place {
            Some(place) => format!(" in {place}"),
            None => String::new(),
        };
        let line = page::one_line(&format!("{}{place}: {}", one.what, one.costs));
        report.push_str(&format!("  {line}\n"));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_place_and_its_price() {
        let missing = vec![
            Missing {
                what: "Create Public Threads".to_owned(),
                place: Some("1234".to_owned()),
                costs: "tickets get no thread".to_owned(),
            },
            Missing {
                what: "MESSAGE_CONTENT".to_owned(),
                place: None,
                costs: "plain text is not read".to_owned(),
            },
        ];
        assert_eq!(
            report("team", &Ok(missing)),
            "team: the login is accepted, but there are missing:\n  \
             Create Public Threads in 1234: tickets get no thread\n  \
             MESSAGE_CONTENT: plain text is not read\n"
        );
        assert_eq!(
            report("team", &Ok(Vec::new())),
            "team: the login is accepted, and nothing is missing.\n"
        );
        let refused = Err(ChatFailure::Credential("401: Unauthorized".to_owned()));
        assert_eq!(
            report("team", &refused),
            "team: the login was refused: 401: Unauthorized.\n"
        );
    }
}
