//! Searching tickets by words.
//!
//! All words must stand in one place: in the subject, in one comment, in the name or the address of the
//! requester; or the text is a number or its end. A word of three letters or more also finds longer words that
//! begin with it; `-word` excludes. Customers find what is public only.
//!
//! Where all words are excluded, it is the tickets that have none of them in their subject or in a comment.
//!
//! A word that stands everywhere is found millions of times. Of the places where a text was found the newest
//! thousand subjects and the newest thousand comments are looked at, after all other filters were applied.

use sqlx::{Postgres, QueryBuilder};

use super::query::{self, Sight, TicketFilter};

/// How many subjects, and how many comments, are looked at.
const LOOKED_AT: i64 = 1_000;
/// How many people whose names fit are looked at.
const PEOPLE: i64 = 200;
/// A word from this length on also finds longer ones that begin with it.
const PREFIX_CHARS: usize = 3;
/// How many words of a text count.
const WORDS: usize = 12;

/// The text, where it has words to look for.
fn sought(filter: &TicketFilter) -> Option<&str> {
    filter.text.as_deref().filter(|text| !only_excludes(text))
}

/// Whether the statement begins with `WITH hits`.
pub(super) fn has_hits(filter: &TicketFilter) -> bool {
    sought(filter).is_some()
}

/// Begins the statement with `WITH hits`, where a text is asked for.
pub(super) fn push_hits(query: &mut QueryBuilder<Postgres>, filter: &TicketFilter) {
    let Some(text) = sought(filter) else {
        return;
    };
    query.push("WITH hits AS MATERIALIZED ((SELECT ticket.id FROM ticket WHERE ticket.search @@ ");
    push_words(query, words(text));
    query.push(" AND ");
    query::push(query, filter);
    query
        .push(" ORDER BY ticket.id DESC LIMIT ")
        .push_bind(LOOKED_AT);
    // The tickets of the comments are looked up one by one: OFFSET 0 keeps the planner from reading all tickets.
    query.push(
        ") UNION (SELECT fits.id FROM comment CROSS JOIN LATERAL (
               SELECT ticket.id FROM ticket
               WHERE ticket.id = (SELECT coalesce(husk.merged_into_id, husk.id) FROM ticket AS husk
                                  WHERE husk.id = comment.ticket_id)
                 AND ",
    );
    query::push(query, filter);
    query.push(" OFFSET 0) AS fits WHERE comment.search @@ ");
    push_words(query, words(text));
    query.push(" AND comment.deleted_at IS NULL");
    if filter.sight != Sight::Staff {
        query.push(" AND comment.visibility = 'public'");
    }
    query
        .push(" ORDER BY comment.id DESC LIMIT ")
        .push_bind(LOOKED_AT);
    query.push(
        ") UNION (SELECT ticket.id FROM ticket WHERE ticket.requester_id = ANY(ARRAY(
               SELECT id FROM person WHERE to_tsvector('simple'::regconfig, name) @@ ",
    );
    push_words(query, words(text));
    query.push(
        " UNION SELECT person_id FROM person_address
               WHERE to_tsvector('simple'::regconfig, translate(address, '@.+-_', '     ')) @@ ",
    );
    push_words(query, address_words(text));
    query.push(" LIMIT ").push_bind(PEOPLE);
    query.push(")) AND ");
    query::push(query, filter);
    query
        .push(" ORDER BY ticket.id DESC LIMIT ")
        .push_bind(LOOKED_AT);
    query.push(") UNION (SELECT ticket.id FROM ticket WHERE upper(ticket.number) = upper(");
    query.push_bind(text.trim());
    query.push(
        ")) UNION (SELECT ticket.id FROM ticket
               WHERE ltrim(substring(upper(ticket.number) FROM '[^-_./]*$'), '0') = ltrim(upper(",
    );
    query.push_bind(text.trim());
    query
        .push("), '0') ORDER BY ticket.id DESC LIMIT ")
        .push_bind(LOOKED_AT);
    query.push(")) ");
}

/// The condition that a ticket was found, where a text is asked for.
pub(super) fn push_found(query: &mut QueryBuilder<Postgres>, filter: &TicketFilter) {
    match filter.text.as_deref() {
        None => {}
        Some(text) if only_excludes(text) => push_without(query, filter, text),
        Some(_) => {
            query.push(" AND ticket.id IN (SELECT id FROM hits)");
        }
    }
}

/// The condition that none of the excluded words stands in the subject or in a comment. It is looked at ticket by ticket:
/// an index of words knows where a word stands, and not where it does not.
fn push_without(query: &mut QueryBuilder<Postgres>, filter: &TicketFilter, text: &str) {
    let any: Vec<String> = words_of(text)
        .map(|(_, word)| quoted(false, word))
        .collect();
    let any = any.join(" | ");
    query.push(" AND NOT ticket.search @@ ");
    push_words(query, any.clone());
    query.push(
        " AND NOT EXISTS (SELECT FROM comment WHERE comment.ticket_id = ticket.id AND comment.deleted_at IS NULL",
    );
    if filter.sight != Sight::Staff {
        query.push(" AND comment.visibility = 'public'");
    }
    query.push(" AND comment.search @@ ");
    push_words(query, any);
    query.push(" OFFSET 0)");
}

/// Whether a text has words, all of which are excluded.
pub(super) fn only_excludes(text: &str) -> bool {
    let mut words = words_of(text).peekable();
    words.peek().is_some() && words.all(|(not, _)| not)
}

fn push_words(query: &mut QueryBuilder<Postgres>, words: String) {
    query.push("to_tsquery('simple'::regconfig, ");
    query.push_bind(words).push(")");
}

/// The text as it is looked for in addresses, which are kept word by word.
fn address_words(text: &str) -> String {
    let apart = |word: &str| word.replace(['@', '.', '+', '-', '_'], " ");
    let apart: Vec<String> = words_of(text)
        .map(|(not, word)| quoted(not, &apart(word)))
        .collect();
    apart.join(" & ")
}

/// The text as `to_tsquery` reads it. Every word is quoted, so that nothing in it is an operator.
fn words(text: &str) -> String {
    let words: Vec<String> = words_of(text)
        .map(|(not, word)| quoted(not, word))
        .collect();
    words.join(" & ")
}

/// The words, and whether each must not be there.
fn words_of(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split(|c: char| c.is_whitespace() || c == '\0')
        .map(|word| match word.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, word),
        })
        .filter(|(_, word)| word.chars().any(char::is_alphanumeric))
        .take(WORDS)
}

fn quoted(not: bool, word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('\'', "\'\'");
    let prefix = if word.chars().count() >= PREFIX_CHARS {
        ":*"
    } else {
        ""
    };
    format!("{}'{escaped}'{prefix}", if not { "!" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_quoted_and_long_ones_find_longer_ones() {
        assert_eq!(words("import of row"), "'import':* & 'of' & 'row':*");
        assert_eq!(
            words("bob's \\ a&b -spam"),
            "'bob''s':* & 'a&b':* & !'spam':*"
        );
        assert_eq!(words(" - !! "), "");
    }
}
