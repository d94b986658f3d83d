//! What a customer's mail answers to the news of an ending: how it was, in a number from 1 to 5; or that the matter is settled.
//!
//! A rating is a first line that holds a number from 1 to 5 and nothing else: `4`, `4/5`, `4 of 5`, `4 stars`, `★★★★`. Of a
//! ticket that is done it is taken as one, and the ticket stays done; what follows is the word about it. Everything else
//! (`6`, `4.5`, `5 printers are broken`) is what a customer says, as before.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sqlx::PgConnection;

use super::act::{self, Deed, Scene};
use crate::desk::{self, DeskError, Said};
use crate::outbox;
use crate::people::Person;
use crate::ticket::{Actor, Ticket, close_request, workflow};

/// The words by which a customer agrees that the matter is settled.
static ACCEPTS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| words_of(include_str!("../../templates/words/accept.txt")));
/// What may stand behind them.
static THANKS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| words_of(include_str!("../../templates/words/thanks.txt")));

/// The longest word about a rating, in characters; whatever is longer is a comment.
const WORD_CHARS: usize = 1_000;

fn words_of(file: &str) -> BTreeSet<String> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.map(plain).filter(|line| !line.is_empty()).collect()
}

/// Text in lower case, without punctuation, its words one blank apart.
fn plain(text: &str) -> String {
    let letters = text.chars().map(|c| match c {
        c if c.is_alphanumeric() => c,
        _ => ' ',
    });
    let lower: String = letters.flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first line that says something, and what follows.
fn first_line(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    (first.trim(), rest.trim())
}

/// The rating that a text is, with the word about it.
pub(super) fn rating(text: &str) -> Option<(i16, &str)> {
    let (first, rest) = first_line(text);
    Some((score(first)?, rest))
}

fn score(line: &str) -> Option<i16> {
    let line = line.trim_end_matches(['.', '!', ' ']).to_lowercase();
    let stars = line
        .chars()
        .filter(|c| matches!(c, '★' | '⭐' | '☆'))
        .count();
    if stars > 0
        && line
            .chars()
            .all(|c| matches!(c, '★' | '⭐' | '☆' | '\u{fe0f}' | ' '))
    {
        let full = line
            .chars()
            .filter(|c| *c != '☆' && *c != '\u{fe0f}' && *c != ' ')
            .count();
        return i16::try_from(full)
            .ok()
            .filter(|_| stars <= 5)
            .and_then(in_range);
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = line.split_at_checked(digits)?;
    let unit = unit.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = [
        "", "/5", "/ 5", "of 5", "out of 5", "star", "stars", "von 5", "sterne", "points",
    ];
    let alone = fits.contains(&unit.as_str());
    number.parse().ok().filter(|_| alone).and_then(in_range)
}

fn in_range(score: i16) -> Option<i16> {
    (1..=5).contains(&score).then_some(score)
}

/// Whether a text agrees that the matter is settled.
pub(super) fn accepts(text: &str) -> bool {
    let (first, _) = first_line(text);
    if first.contains('?') {
        return false;
    }
    let first = plain(first);
    let thanked = THANKS
        .iter()
        .find_map(|thanks| first.strip_suffix(thanks.as_str()));
    ACCEPTS.contains(&first) || thanked.is_some_and(|first| ACCEPTS.contains(first.trim()))
}

/// Takes a customer's mail on a ticket, which the caller holds, for a rating, if it is one. Nothing of it is lost: with files,
/// or with more to say than a word, it goes on as what the customer says.
pub(super) async fn rated(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    ticket: &mut Ticket,
    author: &Person,
    body: &str,
) -> anyhow::Result<Option<Deed>> {
    let Some((score, words)) = rating(body) else {
        return Ok(None);
    };
    let answering = scene.claimed.answering && workflow::is_done(ticket.kind);
    if !answering || author.role.is_staff() || !answers_the_question(conn, scene).await? {
        return Ok(None);
    }
    let ctx = act::context(scene, Actor::Person(author.id));
    match desk::rate(conn, &ctx, ticket, author, score, Some(words)).await {
        Ok(()) => {}
        Err(DeskError::Database(error)) => return Err(error.into()),
        // It is said to people, and a person reads it.
        Err(_) => return Ok(None),
    }
    let more = words.chars().count() > WORD_CHARS;
    let files = scene.mail.mail.attachments.iter().any(|file| !file.inline);
    Ok((!more && !files).then(|| Deed {
        reason: Some(format!("a rating: {score} of 5")),
        ..Deed::on(ticket.id, None)
    }))
}

/// Whether the mail answers one of ours that asked how it was. A mail that answers none that is known (some servers put ids
/// of their own in place of ours) may do so.
async fn answers_the_question(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
) -> Result<bool, sqlx::Error> {
    let asked = outbox::store::asked_for_rating(conn, &scene.mail.mail.in_reply_to).await?;
    Ok(asked.unwrap_or(true))
}

/// What a customer wrote stands on the ticket. If it agrees that the matter is settled, and that was asked, it is.
pub(super) async fn accepted(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    ticket: &mut Ticket,
    said: &Said<'_>,
    asked: bool,
) -> anyhow::Result<()> {
    if !asked || !accepts(said.words.body) {
        return Ok(());
    }
    let ctx = act::context(scene, Actor::Person(said.author.id));
    match desk::accept_close(conn, &ctx, ticket, said.author, asked).await {
        Ok(_) | Err(DeskError::Invalid(_) | DeskError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether the customer was asked whether the matter is settled, and the question stands.
pub(super) async fn was_asked(
    conn: &mut PgConnection,
    ticket: &Ticket,
) -> Result<bool, sqlx::Error> {
    let standing = close_request::standing(conn, ticket.id, None).await?;
    Ok(standing.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_from_one_to_five_alone_in_the_first_line_is_a_rating() {
        for (text, score) in [
            ("5", 5),
            ("\n 4 \n", 4),
            ("3.", 3),
            ("1!", 1),
            ("2/5", 2),
            ("2 / 5", 2),
            ("4 of 5", 4),
            ("4 out of 5", 4),
            ("5 stars", 5),
            ("5 Stars!", 5),
            ("1 star", 1),
            ("★★★★", 4),
            ("★★★☆☆", 3),
            ("⭐⭐⭐⭐⭐", 5),
        ] {
            assert_eq!(rating(text).map(|(score, _)| score), Some(score), "{text}");
        }
        assert_eq!(
            rating("4\nQuick, and friendly.\n"),
            Some((4, "Quick, and friendly."))
        );
    }

    #[test]
    fn whatever_else_holds_a_number_is_something_that_is_said() {
        for text in [
            "0",
            "6",
            "10",
            "-3",
            "4.5",
            "4,5",
            "4-5",
            "5 printers are broken",
            "5 it still fails",
            "1. First, the printer",
            "five",
            "",
            "stars",
            "★★★★★★",
            "★ is shown in place of my name",
            "99999999999999999999",
            "It is a 5",
            "2/3",
        ] {
            assert_eq!(rating(text), None, "{text}");
        }
    }

    #[test]
    fn a_yes_is_one_whatever_it_is_wrapped_in() {
        for text in [
            "yes",
            "Yes!",
            "YES, thanks!",
            "Yes.\n\nBest\nCarla",
            "please close it",
            "Close",
            "Ja, bitte schließen. Danke!",
            "Solved, thank you very much",
        ] {
            assert!(accepts(text), "{text}");
        }
        for text in [
            "no",
            "yes but the second page is still empty",
            "yes?",
            "not yet",
            "",
            "I said yes",
            "close to it",
        ] {
            assert!(!accepts(text), "{text}");
        }
    }
}
