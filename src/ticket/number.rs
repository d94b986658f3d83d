//! Ticket numbers: read from a format, unique, never changed.
//!
//! `{seq}` counts within the text before it. The count is taken in a transaction of its own, which ends
//! before the ticket's begins, so that a hundred openings at once never wait for one another; an opening
//! that fails leaves a gap. `synchronous_commit` may be off for it: the ticket's own commit is later in
//! the same log and carries the count to the disk with it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rand::RngExt as _;
use sqlx::PgPool;

use crate::config::number::{NumberFault, NumberFormat, Piece};

/// Letters and digits that are not taken for one another when read aloud or copied by hand.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// How often a random number that is taken already is drawn again.
const DRAWS: usize = 16;

/// What a number is made of.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The moment of opening.
    pub now: DateTime<Utc>,
    /// The zone of `{date}`.
    pub zone: Tz,
    /// The custom fields that the format may name.
    pub fields: &'a BTreeMap<String, String>,
}

/// Why no number could be made.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// The database did not answer.
    #[error("the ticket number could not be reserved")]
    Database(#[from] sqlx::Error),
    /// The format cannot be read.
    #[error(transparent)]
    Format(#[from] NumberFault),
    /// All draws were taken.
    #[error(
        "no free ticket number was found for the format `{0}`; give its {{random}} more letters"
    )]
    Exhausted(String),
}

/// Reserves the next number of `format`. No other call ever gets the same one.
///
/// # Errors
/// If the database does not answer, or the format's random part has run out of numbers.
pub async fn reserve(
    numbers: &PgPool,
    format: &str,
    occasion: Occasion<'_>,
) -> Result<String, NumberError> {
    let mut reserved = reserve_several(numbers, format, occasion, 1).await?;
    reserved
        .pop()
        .ok_or_else(|| NumberError::Exhausted(format.to_owned()))
}

/// Reserves the next `many` numbers of `format`, in their order.
///
/// # Errors
/// As [`reserve`].
pub async fn reserve_several(
    numbers: &PgPool,
    format: &str,
    occasion: Occasion<'_>,
    many: usize,
) -> Result<Vec<String>, NumberError> {
    let pieces = NumberFormat::parse(format)?.pieces;
    let counted = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Seq { .. }));
    let mut reserved: Vec<String> = Vec::with_capacity(many);
    for _ in 0..DRAWS {
        for number in write(numbers, &pieces, occasion, many - reserved.len()).await? {
            if counted || !(reserved.contains(&number) || is_taken(numbers, &number).await?) {
                reserved.push(number);
            }
        }
        if reserved.len() >= many {
            return Ok(reserved);
        }
    }
    Err(NumberError::Exhausted(format.to_owned()))
}

async fn write(
    numbers: &PgPool,
    pieces: &[Piece],
    occasion: Occasion<'_>,
    many: usize,
) -> Result<Vec<String>, sqlx::Error> {
    let mut written = vec![String::new(); many];
    for piece in pieces {
        match piece {
            Piece::Seq { width } => count(numbers, &mut written, *width).await?,
            Piece::Random { length } => {
                for number in &mut written {
                    number.push_str(&random(*length));
                }
            }
            Piece::Text(text) => append(&mut written, text),
            Piece::Date => {
                let date = occasion.now.with_timezone(&occasion.zone).format("%Y%m%d");
                append(&mut written, &date.to_string());
            }
            Piece::Field(key) => append(&mut written, &field_text(occasion.fields.get(key))),
        }
    }
    Ok(written)
}

fn append(written: &mut [String], text: &str) {
    for number in written {
        number.push_str(text);
    }
}

/// Appends the next counts within the text that stands there; after a random part these texts differ.
async fn count(numbers: &PgPool, written: &mut [String], width: usize) -> Result<(), sqlx::Error> {
    for run in written.chunk_by_mut(|one, next| one == next) {
        let Some(prefix) = run.first().cloned() else {
            continue;
        };
        let many = i64::try_from(run.len()).unwrap_or(i64::MAX);
        let first = take_counts(numbers, &prefix, many).await? - many + 1;
        for (count, number) in (first..).zip(run) {
            number.push_str(&format!("{count:0width$}"));
        }
    }
    Ok(())
}

/// Takes the next `many` counts; gives the last of them.
async fn take_counts(numbers: &PgPool, prefix: &str, many: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO number_counter (prefix, last) VALUES ($1, $2)
         ON CONFLICT (prefix) DO UPDATE SET last = number_counter.last + $2
         RETURNING last",
        prefix,
        many
    )
    .fetch_one(numbers)
    .await
}

async fn is_taken(numbers: &PgPool, number: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM ticket WHERE upper(number) = upper($1)) AS "taken!""#,
        number
    )
    .fetch_one(numbers)
    .await
}

/// A field's value as it may stand in a number: letters, digits and hyphens, in upper case; `X` if nothing is left.
fn field_text(value: Option<&String>) -> String {
    let kept: String = value
        .into_iter()
        .flat_map(|value| value.chars())
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(20)
        .collect();
    if kept.is_empty() {
        "X".to_owned()
    } else {
        kept.to_ascii_uppercase()
    }
}

fn random(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())))
        .map(|letter| char::from(*letter))
        .collect()
}

/// Finds what looks like a number of any of `formats` in a subject: the candidates to be looked up.
///
/// A subject such as `Re: [TKT-20261120-0042] Invoice` gives `TKT-20261120-0042`. Only text in square
/// brackets counts, since that is how Frontdesk writes it; a bare number is too often somebody else's.
#[must_use]
pub fn in_subject(subject: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = subject;
    while let Some((_, after)) = rest.split_once('[') {
        let Some((inner, tail)) = after.split_once(']') else {
            break;
        };
        let candidate = inner.trim().trim_start_matches('#');
        let plausible = (1..=60).contains(&candidate.len())
            && candidate.chars().any(|c| c.is_ascii_alphanumeric())
            && candidate.chars().all(|c| c.is_ascii_graphic());
        if plausible && found.len() < 5 {
            found.push(candidate.to_owned());
        }
        rest = tail;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_part_has_its_length_and_no_letters_that_look_alike() {
        let text = random(400);
        assert_eq!(text.len(), 400);
        assert!(!text.contains(['0', 'O', '1', 'I']));
    }

    #[test]
    fn a_field_cannot_bring_anything_but_letters_digits_and_hyphens() {
        assert_eq!(field_text(Some(&"nova/§ 2]".to_owned())), "NOVA2");
        assert_eq!(field_text(None), "X");
    }

    #[test]
    fn numbers_are_found_in_brackets_only() {
        assert_eq!(
            in_subject("AW: [TKT-20261120-0042] Rechnung 4711 [#T-7]"),
            vec!["TKT-20261120-0042", "T-7"]
        );
        assert_eq!(in_subject("Invoice TKT-1 [see below"), Vec::<String>::new());
    }
}
