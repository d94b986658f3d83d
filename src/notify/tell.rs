//! From happenings to rows of the outbox that go out by mail: asks who is concerned, has it decided, and writes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::question::Question;
use super::{
    CommandsGiven, Happening, Published, Rejection, Why, Withheld, address, audience, breaker,
    closing, facts, notices, outcome, posts, reach, rows,
};
use crate::config::Settings;
use crate::outbox::{Audience, NewRow};

/// Writes the rows that go out by mail.
pub(super) async fn tell(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    happening: &Happening<'_>,
) -> Result<Published, sqlx::Error> {
    match happening {
        Happening::MailRejected(rejection) => reject(conn, settings, now, rejection).await,
        Happening::CommandsGiven(given) => answer(conn, settings, now, given).await,
        Happening::Alarm { key, text } => alarm(conn, settings, now, key, text).await,
        _ => {
            let reply = match happening {
                Happening::DeliveryFailed { comment_id, .. } => {
                    facts::reply(conn, *comment_id).await?
                }
                _ => None,
            };
            let question = Question::of(happening, reply.as_ref(), settings);
            let mut published = on_tickets(conn, settings, now, question.as_slice()).await?;
            Ok(published.pop().unwrap_or_default())
        }
    }
}

/// As [`tell`], for several happenings on tickets.
pub(super) async fn of_tickets(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    happenings: &[Happening<'_>],
) -> Result<Vec<Published>, sqlx::Error> {
    let questions: Vec<Question<'_>> = happenings
        .iter()
        .filter_map(|happening| Question::of(happening, None, settings))
        .collect();
    on_tickets(conn, settings, now, &questions).await
}

/// Happenings on tickets.
async fn on_tickets(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    questions: &[Question<'_>],
) -> Result<Vec<Published>, sqlx::Error> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let loaded = facts::load(conn, settings, now, questions).await?;
    let mut published = Vec::with_capacity(questions.len());
    let mut rows = Vec::with_capacity(questions.len());
    let mut granted = 0;
    for (question, mut facts) in questions.iter().zip(loaded) {
        facts.guard.count(granted, &settings.caps);
        reach::load(conn, settings, question.ticket.id, &mut facts).await?;
        let mut decided = audience::decide(&facts, question, settings);
        if decided.needs_all_staff {
            facts.add(facts::all_staff(conn).await?);
            decided = audience::decide(&facts, question, settings);
        }
        let mut outcome = Published {
            withheld: std::mem::take(&mut decided.withheld),
            ..Published::default()
        };
        if decided.flooded {
            trip(conn, settings, now, &mut outcome).await?;
        }
        let threads = reach::threads(conn, settings, now, question, &decided).await?;
        let closing = closing::load(conn, settings, now, question).await?;
        let with = (&threads, closing);
        let own = rows::of_ticket(settings, now, question, &facts, &decided, with);
        let answers = own.iter().filter(|row| is_answer(row)).count();
        granted += i64::try_from(answers).unwrap_or(i64::MAX);
        rows.push(own);
        published.push(outcome);
    }
    outcome::write_all(conn, now, rows, &mut published).await?;
    Ok(published)
}

/// Whether the breaker counts it.
fn is_answer(row: &NewRow) -> bool {
    row.automatic && row.audience == Audience::Customer
}

/// Tells the sender of a refused mail, within the caps.
async fn reject(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    rejection: &Rejection<'_>,
) -> Result<Published, sqlx::Error> {
    let address = rejection.to.trim().to_lowercase();
    let mut published = Published::default();
    let facts = facts::load_address(conn, settings, now, &address).await?;
    let why = address::unwritable(settings, &address)
        .or(facts.suppressed.then_some(Why::Suppressed))
        .or_else(|| facts.guard.refuses(facts.answers, 0, &settings.caps));
    match why {
        None => {
            let row = notices::of_rejection(settings, now, rejection, address);
            published.write(conn, now, vec![row]).await?;
        }
        Some(reason) => {
            published.withheld.push(Withheld {
                person: None,
                address: Some(address),
                reason,
            });
            if facts.guard.flooded {
                trip(conn, settings, now, &mut published).await?;
            }
        }
    }
    Ok(published)
}

/// Tells an agent what became of the commands in a mail. It answers a mail of a proven agent, once each, so no cap
/// withholds it.
async fn answer(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    given: &CommandsGiven<'_>,
) -> Result<Published, sqlx::Error> {
    let mut published = Published::default();
    let address = given.to.trim().to_lowercase();
    let facts = facts::load_address(conn, settings, now, &address).await?;
    match address::unwritable(settings, &address).or(facts.suppressed.then_some(Why::Suppressed)) {
        None => {
            let row = notices::of_commands(settings, now, given, address);
            published.write(conn, now, vec![row]).await?;
        }
        Some(reason) => published.withheld.push(Withheld {
            person: None,
            address: Some(address),
            reason,
        }),
    }
    Ok(published)
}

/// Tells the operators.
async fn alarm(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    key: &str,
    text: &str,
) -> Result<Published, sqlx::Error> {
    let mut published = Published::default();
    let addresses = facts::writable(conn, &settings.notify.operators).await?;
    let places = settings.chats.iter().filter_map(|chat| {
        let place = chat.operators.as_deref()?;
        let mail = notices::of_alarm(settings, now, key, text, String::new());
        Some(posts::to_place(mail, &chat.name, place))
    });
    let rows: Vec<_> = addresses
        .into_iter()
        .filter(|address| address::unwritable(settings, address).is_none())
        .map(|address| notices::of_alarm(settings, now, key, text, address))
        .chain(places)
        .collect();
    if rows.is_empty() {
        published.withheld.push(Withheld {
            person: None,
            address: None,
            reason: Why::NobodyThere,
        });
    }
    published.write(conn, now, rows).await?;
    Ok(published)
}

/// Opens the breaker; whoever opened it tells the operators.
async fn trip(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    published: &mut Published,
) -> Result<(), sqlx::Error> {
    let Some(opened) = breaker::open(conn, &settings.caps, now).await? else {
        return Ok(());
    };
    published.breaker_opened = true;
    let told = alarm(conn, settings, now, &opened.key, &opened.text).await?;
    published.told.extend(told.told);
    published.withheld.extend(told.withheld);
    Ok(())
}
