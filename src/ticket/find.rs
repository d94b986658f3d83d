//! Finding a ticket by what people call it: its number, or the end of it.

use sqlx::PgConnection;

use super::query::Sight;
use super::store;
use crate::ids::{PersonId, TicketId};

/// How many tickets whose last piece fits are looked at, newest first. Only numbers that begin anew each day
/// have more than a few.
const LOOKED_AT: i64 = 1_000;
/// How many candidates are named.
const CANDIDATES: usize = 5;

/// What a number leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// One ticket.
    One(TicketId),
    /// Several; the numbers of the newest.
    Several(Vec<String>),
    /// None.
    Nothing,
}

/// The ticket with this number, or the only one whose number ends so: `42`, `0042` and `1120-42` all lead to
/// `TKT-20261120-0042`. A `#` before it does not matter. Customers find only tickets in which they take part.
///
/// # Errors
/// If the database does not answer.
pub async fn by_number(
    conn: &mut PgConnection,
    sight: Sight,
    given: &str,
) -> Result<Found, sqlx::Error> {
    let given = given.trim().trim_start_matches('#').to_uppercase();
    let pieces = pieces(&given);
    let Some(tail) = pieces.last() else {
        return Ok(Found::Nothing);
    };
    if let Some(id) = store::by_number(conn, &given).await? {
        return seen(conn, sight, id).await;
    }
    let rows = sqlx::query!(
        r#"SELECT id AS "id: TicketId", number FROM ticket
           WHERE ltrim(substring(upper(number) FROM '[^-_./]*$'), '0') = $1
             AND ($2::bigint IS NULL OR requester_id = $2
                  OR EXISTS (SELECT FROM ticket_person WHERE ticket_id = ticket.id AND person_id = $2
                                                         AND part = 'participant'))
           ORDER BY id DESC LIMIT $3"#,
        tail.trim_start_matches('0'),
        customer(sight).map(|id| id.0),
        LOOKED_AT
    )
    .fetch_all(conn)
    .await?;
    let mut fitting = rows.into_iter().filter(|row| ends_so(&row.number, &pieces));
    Ok(match (fitting.next(), fitting.next()) {
        (None, _) => Found::Nothing,
        (Some(one), None) => Found::One(one.id),
        (Some(one), Some(two)) => Found::Several(
            [one, two]
                .into_iter()
                .chain(fitting)
                .map(|row| row.number)
                .take(CANDIDATES)
                .collect(),
        ),
    })
}

/// A ticket that was found, for somebody who may not see it: nothing.
async fn seen(conn: &mut PgConnection, sight: Sight, id: TicketId) -> Result<Found, sqlx::Error> {
    let Some(person) = customer(sight) else {
        return Ok(Found::One(id));
    };
    let parties = store::parties(conn, id).await?;
    Ok(if parties.contains(&person) {
        Found::One(id)
    } else {
        Found::Nothing
    })
}

fn customer(sight: Sight) -> Option<PersonId> {
    match sight {
        Sight::Staff => None,
        Sight::Customer(person) => Some(person),
    }
}

/// The parts of a number between its hyphens, dots, slashes and underscores.
fn pieces(number: &str) -> Vec<&str> {
    number
        .split(['-', '_', '.', '/'])
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// Whether a number ends in these pieces: all of them whole but for leading zeros; the first of several may be
/// the end of a piece.
fn ends_so(number: &str, given: &[&str]) -> bool {
    let number = number.to_uppercase();
    let own = pieces(&number);
    if given.len() > own.len() {
        return false;
    }
    let bare = |piece: &str| piece.trim_start_matches('0').to_owned();
    own.iter()
        .rev()
        .zip(given.iter().rev())
        .enumerate()
        .all(|(at, (own, given_piece))| {
            let first_of_several = at > 0 && at + 1 == given.len();
            bare(own) == bare(given_piece) || (first_of_several && own.ends_with(given_piece))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_by_its_end() {
        let ends = |given: &str| ends_so("TKT-20261120-0042", &pieces(given));
        for given in ["42", "0042", "1120-42", "20261120-0042", "TKT-20261120-42"] {
            assert!(ends(given), "{given}");
        }
        for given in ["2", "142", "1121-42", "X-42", "A-TKT-20261120-0042"] {
            assert!(!ends(given), "{given}");
        }
        assert!(ends_so("TICK-APOLLO-7", &pieces("APOLLO-7")));
        assert!(ends_so("TKT-7K2QXZ", &pieces("7K2QXZ")));
    }
}
