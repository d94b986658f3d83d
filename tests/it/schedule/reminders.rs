//! Reminders: set by a word to the desk, said back, and sent when their time has come.

use std::sync::Arc;

use frontdesk::people::Person;

use super::{number, question, time};
use crate::harness::Desk;

/// A desk with Ann and one ticket of Carla's; it is Friday, 09:02 UTC.
async fn desk() -> (Desk, Person, String) {
    let desk = Desk::open().await;
    let ann = desk.agent("ann", Some("support")).await;
    desk.receive(&question("carla@customer.test", "Export"))
        .await;
    desk.take_mail().await;
    let number = desk.ticket().await.number;
    // The watch over service levels is another matter.
    let mut desk = desk;
    Arc::make_mut(&mut desk.app.settings).desk.sla.clear();
    (desk, ann, number)
}

async fn say(desk: &Desk, who: &Person, line: &str) -> String {
    match desk.command(who, line).await {
        Ok(reply) => reply.plain(),
        Err(error) => panic!("{line}: {error}"),
    }
}

async fn refused(desk: &Desk, who: &Person, line: &str) -> String {
    match desk.command(who, line).await {
        Ok(reply) => panic!("{line}: {}", reply.plain()),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_reminder_is_said_back_sent_and_done() {
    let (desk, ann, number) = desk().await;
    let said = say(
        &desk,
        &ann,
        &format!("remind {number} tomorrow 9am call Carla"),
    )
    .await;
    assert_eq!(
        said,
        format!(
            "Reminder 1 comes Sat 21 Nov 2026, 09:00 UTC, in 23 hours, on {number}: call Carla"
        )
    );
    let listed = say(&desk, &ann, "reminders").await;
    assert!(
        listed.contains("call Carla") && listed.contains(&number),
        "{listed}"
    );

    desk.tick_at(time("2026-11-21T08:59:59Z")).await;
    assert!(desk.take_mail().await.is_empty());
    desk.tick_at(time("2026-11-21T09:02:00Z")).await;
    let mail = desk.take_one().await;
    assert_eq!(mail.to, "ann@agents.test");
    assert_eq!(mail.subject(), format!("Reminder: [{number}] call Carla"));
    assert!(mail.text().contains("1. call Carla"), "{}", mail.text());

    let said = say(&desk, &ann, "reminder done 1").await;
    assert_eq!(said, "Reminder 1 is done.");
    assert_eq!(
        say(&desk, &ann, "reminders").await,
        "You have no reminders."
    );
    let again = refused(&desk, &ann, "reminder done 1").await;
    assert!(
        again.contains("reminder 1 is done already")
            || again.contains("Reminder 1 is done already"),
        "{again}"
    );
    let events = desk.events(desk.ticket().await.id).await;
    for kind in ["reminder_set", "reminded", "reminder_done"] {
        assert!(
            events.iter().any(|event| event.starts_with(kind)),
            "{kind}: {events:?}"
        );
    }
    desk.tick_at(time("2026-11-23T09:00:00Z")).await;
    assert!(desk.take_mail().await.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn what_is_due_together_is_one_message_and_two_copies_send_it_once() {
    let (desk, ann, ticket) = desk().await;
    say(&desk, &ann, &format!("remind {ticket} in 2 hours")).await;
    say(&desk, &ann, "remind in 2 hours water the plants").await;
    say(&desk, &ann, "remind --to ann in 3 hours later").await;
    let bob = desk.agent("bob", Some("billing")).await;
    say(&desk, &bob, "remind --to ann in 2 hours the invoices").await;
    say(&desk, &ann, "remind --to bob in 2 hours the books").await;
    desk.advance(chrono::TimeDelta::hours(2));
    let (one, two) = (desk.app.ticker(), desk.app.ticker());
    let (first, second) = tokio::join!(one.step(), two.step());
    first.unwrap();
    second.unwrap();
    // A copy leaves what another has in hand; one more tick finds nothing.
    one.step().await.unwrap();
    let sent = number(&desk, "SELECT count(*) FROM reminder WHERE sent_count = 1").await;
    assert_eq!(sent, 4);
    let mails = desk.take_mail().await;
    let to_ann: Vec<_> = mails
        .iter()
        .filter(|mail| mail.to == "ann@agents.test")
        .collect();
    let words: Vec<&str> = to_ann.iter().map(|mail| mail.text()).collect();
    for text in [
        "Have a look at this ticket",
        "water the plants",
        "the invoices",
    ] {
        let count: usize = words.iter().map(|words| words.matches(text).count()).sum();
        assert_eq!(count, 1, "{text}: {words:#?}");
    }
    desk.tick_at(time("2026-11-20T13:00:00Z")).await;
    desk.take_one().await;
    desk.close().await;
}

#[tokio::test]
async fn all_that_is_due_for_one_person_is_one_message() {
    let (desk, ann, _) = desk().await;
    for text in ["one", "two", "three"] {
        say(&desk, &ann, &format!("remind 17:00 {text}")).await;
    }
    desk.tick_at(time("2026-11-20T17:00:00Z")).await;
    let mail = desk.take_one().await;
    assert_eq!(mail.subject(), "3 reminders");
    desk.close().await;
}

#[tokio::test]
async fn a_recurring_reminder_comes_again_until_it_is_cancelled() {
    let (desk, ann, _) = desk().await;
    let said = say(
        &desk,
        &ann,
        "remind --every \"weekday 9:00\" look at the queue",
    )
    .await;
    assert!(said.contains("Mon 23 Nov 2026, 09:00"), "{said}");
    for day in ["21", "22", "23", "24"] {
        desk.tick_at(time(&format!("2026-11-{day}T09:00:00Z")))
            .await;
        let mails = desk.take_mail().await;
        assert_eq!(mails.len(), usize::from(day > "22"), "{day}");
    }
    let said = say(&desk, &ann, "reminder done 1").await;
    assert!(said.contains("Wed 25 Nov 2026, 09:00"), "{said}");
    say(&desk, &ann, "reminder cancel 1").await;
    desk.tick_at(time("2026-11-26T09:00:00Z")).await;
    assert!(desk.take_mail().await.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn a_reminder_waits_for_the_hours_that_a_person_chose() {
    let (mut desk, ann, _) = desk().await;
    let settings = Arc::make_mut(&mut desk.app.settings);
    settings
        .desk
        .calendar
        .push(frontdesk::config::desk::Calendar {
            key: "office".to_owned(),
            zone: chrono_tz::Tz::Europe__Berlin,
            hours: vec!["mon-fri 09:00-17:00".to_owned()],
            holidays: Vec::new(),
        });
    let unknown = refused(&desk, &ann, "reminder hours offce").await;
    assert!(unknown.contains("Did you mean `office`?"), "{unknown}");
    say(&desk, &ann, "reminder hours office").await;
    say(&desk, &ann, "remind tomorrow 9am buy coffee").await;
    desk.tick_at(time("2026-11-21T09:00:00Z")).await;
    desk.tick_at(time("2026-11-23T07:59:59Z")).await;
    assert!(desk.take_mail().await.is_empty());
    desk.tick_at(time("2026-11-23T08:02:00Z")).await;
    assert!(desk.take_one().await.text().contains("buy coffee"));
    desk.close().await;
}

#[tokio::test]
async fn a_reminder_is_put_off_reworded_and_is_nobody_elses() {
    let (desk, ann, _) = desk().await;
    say(&desk, &ann, "remind in 1 hour call").await;
    let said = say(&desk, &ann, "reminder later 1 next monday 10:00").await;
    assert!(said.contains("Mon 23 Nov 2026, 10:00"), "{said}");
    say(&desk, &ann, "reminder text 1 call Carla, not Carl").await;
    let bob = desk.agent("bob", Some("billing")).await;
    let foreign = refused(&desk, &bob, "reminder cancel 1").await;
    assert!(foreign.contains("ou have no reminder 1"), "{foreign}");
    desk.tick_at(time("2026-11-23T10:00:00Z")).await;
    assert!(
        desk.take_one()
            .await
            .text()
            .contains("1. call Carla, not Carl")
    );
    desk.close().await;
}

#[tokio::test]
async fn what_is_no_time_is_refused_with_what_it_takes() {
    let (desk, ann, number) = desk().await;
    for line in [
        "remind tomorow 9am call",
        "remind",
        "remind tomorrow 9 call",
        "remind today 8:00 call",
    ] {
        let error = refused(&desk, &ann, line).await;
        assert!(!error.is_empty(), "{line}");
    }
    let error = refused(&desk, &ann, &format!("remind {number} soon")).await;
    assert!(
        error.contains("`soon` is no time.") && error.contains("tomorrow 9am"),
        "{error}"
    );
    let nothing = refused(&desk, &ann, "remind in 2 hours").await;
    assert!(nothing.contains("nothing to be reminded of"), "{nothing}");
    let carla = desk.person("carla@customer.test").await;
    let forbidden = refused(&desk, &carla, "remind in 2 hours call").await;
    assert!(forbidden.contains("agents"), "{forbidden}");
    assert_eq!(
        self::number(&desk, "SELECT count(*) FROM reminder").await,
        0
    );
    desk.close().await;
}

#[tokio::test]
async fn ending_a_ticket_names_its_open_reminders() {
    let (desk, ann, number) = desk().await;
    say(&desk, &ann, &format!("remind {number} tomorrow check")).await;
    let said = say(&desk, &ann, &format!("resolve {number}")).await;
    assert!(
        said.ends_with("`reminder done` and the number ends one:\n1 yours: check"),
        "{said}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn ending_a_ticket_offers_done_for_ones_own_reminders_and_says_whose_the_others_are() {
    let (desk, ann, number) = desk().await;
    let bob = desk.agent("bob", Some("support")).await;
    say(&desk, &ann, &format!("remind {number} tomorrow check")).await;
    say(&desk, &bob, &format!("remind {number} tomorrow secret")).await;
    say(&desk, &ann, &format!("remind --to bob {number} monday ask")).await;
    let line = format!("close {number}");
    let reply = desk.command(&ann, &line).await.unwrap();
    let said = reply.plain();
    for line in ["1 yours: check", "2 of bob", "3 of bob: ask"] {
        assert!(said.lines().any(|one| one == line), "{line}: {said}");
    }
    assert!(!said.contains("secret"), "{said}");
    let offers: Vec<_> = reply.offers.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(offers, ["reminder done 1"]);
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn what_one_set_for_others_is_listed_with_whom_it_is_for() {
    let (desk, ann, _) = desk().await;
    let bob = desk.agent("bob", Some("support")).await;
    say(&desk, &ann, "remind --to bob tomorrow ask Carla").await;
    let listed = say(&desk, &ann, "reminders").await;
    assert!(listed.starts_with("1 for bob, Sat 21 Nov"), "{listed}");
    let listed = say(&desk, &bob, "reminders").await;
    assert!(listed.starts_with("1 Sat 21 Nov"), "{listed}");
    say(&desk, &ann, "reminder cancel 1").await;
    let listed = say(&desk, &ann, "reminders").await;
    assert_eq!(listed, "You have no reminders.");
    desk.close().await;
}

#[tokio::test]
async fn a_person_chooses_a_zone_and_reminders_go_by_it() {
    let (desk, ann, _) = desk().await;
    let said = say(&desk, &ann, "zone").await;
    assert!(
        said.starts_with("Your clocks are the desk's, of UTC,"),
        "{said}"
    );
    let wrong = desk.command(&ann, "zone berlin").await.unwrap_err();
    assert_eq!(wrong.nearest.as_deref(), Some("Europe/Berlin"));
    let said = say(&desk, &ann, "zone europe/berlin").await;
    assert_eq!(
        said,
        "From now on your clocks are those of Europe/Berlin, where it is 10:02."
    );
    let said = say(&desk, &ann, "remind tomorrow 9am call Carla").await;
    assert!(said.contains("Sat 21 Nov 2026, 09:00 CET"), "{said}");
    desk.tick_at(time("2026-11-21T08:00:00Z")).await;
    let mail = desk.take_one().await;
    assert!(
        mail.text().contains("21 Nov 2026, 09:00 CET"),
        "{}",
        mail.text()
    );
    let said = say(&desk, &ann, "zone desk").await;
    assert!(
        said.starts_with("From now on your clocks are the desk's"),
        "{said}"
    );
    let said = say(&desk, &ann, "remind monday 9am call Carla").await;
    assert!(said.contains("09:00 UTC"), "{said}");
    desk.close().await;
}

#[tokio::test]
async fn the_timeline_says_what_became_of_a_reminder() {
    let (desk, ann, number) = desk().await;
    say(&desk, &ann, &format!("remind {number} tomorrow check")).await;
    desk.tick_at(time("2026-11-21T09:00:00Z")).await;
    let history = format!("history {number}");
    let ends = async |end: &str| {
        let said = say(&desk, &ann, &history).await;
        assert!(said.ends_with(end), "{end}: {said}");
    };
    ends("reminded ann (on its way)").await;
    assert_eq!(desk.take_mail().await.len(), 1);
    ends("reminded ann (sent)").await;
    sqlx::query("UPDATE outbox SET state = 'dead' WHERE template = 'reminder'")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    ends("reminded ann (could not be delivered)").await;
    let line = format!("transcript {number}");
    let file = desk.command(&ann, &line).await.unwrap().file.unwrap();
    let text = String::from_utf8(file.content).unwrap();
    assert!(
        text.contains("reminded (ann), could not be delivered"),
        "{text}"
    );
    sqlx::query("UPDATE outbox SET state = 'sent' WHERE template = 'reminder'")
        .execute(&desk.app.pool)
        .await
        .unwrap();
    desk.close().await;
}
