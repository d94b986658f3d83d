//! What becomes of a ticket at once: rules, and sharing among those who are present.

use std::sync::Arc;

use frontdesk::config::desk::{Assign, Calendar};
use frontdesk::config::rule::Rule;
use frontdesk::people::Person;

use crate::field::request;
use crate::harness::Desk;

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

/// A desk whose service levels say nothing.
async fn desk_with(rules: Vec<Rule>, assign: Option<Assign>) -> Desk {
    let mut desk = Desk::open().await;
    let settings = &mut Arc::make_mut(&mut desk.app.settings).desk;
    settings.sla.clear();
    settings.rule = rules;
    for team in &mut settings.team {
        team.assign = assign;
    }
    desk
}

async fn ask(desk: &Desk, id: &str, from: &str, subject: &str, body: &str) {
    let mail = request(from, &format!("{id}@customer.test"), subject, body);
    desk.receive(&mail).await;
}

async fn say(desk: &Desk, who: &Person, line: &str) -> String {
    match desk.command(who, line).await {
        Ok(reply) => reply.plain(),
        Err(error) => panic!("{line}: {error}"),
    }
}

/// Who has each ticket, in the order in which they were opened.
async fn holders(desk: &Desk) -> Vec<Option<String>> {
    sqlx::query_scalar(
        "SELECT handle FROM ticket LEFT JOIN person ON person.id = assignee_id ORDER BY ticket.id",
    )
    .fetch_all(&desk.app.pool)
    .await
    .unwrap()
}

fn had(handles: &[&str]) -> Vec<Option<String>> {
    let some = |one: &&str| (!one.is_empty()).then(|| (*one).to_owned());
    handles.iter().map(some).collect()
}

#[tokio::test]
async fn rules_are_tried_in_order_and_the_timeline_says_which_did_what() {
    let rules = vec![
        Rule {
            name: "Invoices".to_owned(),
            if_subject: texts(&["invoice", "bill"]),
            category: Some("billing".to_owned()),
            tags: texts(&["Money"]),
            ..Rule::default()
        },
        Rule {
            name: "The bank".to_owned(),
            if_sender: texts(&["bank.test"]),
            if_category: texts(&["billing"]),
            priority: Some("urgent".to_owned()),
            assignee: Some("ann".to_owned()),
            last: true,
            ..Rule::default()
        },
        Rule {
            name: "Never".to_owned(),
            if_words: texts(&["invoice"]),
            priority: Some("low".to_owned()),
            ..Rule::default()
        },
    ];
    let desk = desk_with(rules, None).await;
    desk.agent("ann", Some("billing")).await;
    desk.agent("bob", Some("billing")).await;
    ask(
        &desk,
        "1",
        "Jane <jane@bank.test>",
        "Your INVOICE of May",
        "It is wrong.",
    )
    .await;
    let ticket = desk.ticket().await;
    assert_eq!(ticket.category.as_deref(), Some("billing"));
    assert_eq!(ticket.team.as_deref(), Some("billing"));
    assert_eq!(ticket.priority, "urgent");
    assert_eq!(ticket.tags, ["money"]);
    assert_eq!(holders(&desk).await, had(&["ann"]));
    let events = desk.events(ticket.id).await;
    for line in [
        "rule_matched rule=Invoices (the subject has “invoice”: category billing, tags Money)",
        "rule_matched rule=The bank (the sender is “bank.test” and the category is “billing”: priority urgent, assignee ann, \
         no rule below is tried)",
        "assigned assignee=ann (the rule “The bank”)",
    ] {
        assert!(
            events.iter().any(|event| event == line),
            "{line}: {events:#?}"
        );
    }
    // Ann hears of it, and nobody else of the team.
    let mails = desk.take_mail().await;
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ann@agents.test", "jane@bank.test"]);
    desk.close().await;
}

#[tokio::test]
async fn a_rule_that_names_nobody_says_so_and_others_are_untouched() {
    let rules = vec![Rule {
        name: "Gone".to_owned(),
        if_words: texts(&["export"]),
        assignee: Some("zoe".to_owned()),
        ..Rule::default()
    }];
    let desk = desk_with(rules, None).await;
    ask(
        &desk,
        "1",
        "carla@customer.test",
        "Hello",
        "The export is empty.",
    )
    .await;
    ask(
        &desk,
        "2",
        "carla@customer.test",
        "Hello",
        "The exports are empty.",
    )
    .await;
    assert_eq!(holders(&desk).await, had(&["", ""]));
    let tickets = desk.tickets().await;
    let events = desk.events(tickets[0].id).await;
    assert!(
        events
            .iter()
            .any(|event| event == "rule_failed assignee=zoe (there is no such agent)"),
        "{events:#?}"
    );
    let events = desk.events(tickets[1].id).await;
    assert!(
        events.iter().all(|event| !event.starts_with("rule")),
        "{events:#?}"
    );
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn turns_go_round_among_those_who_are_present() {
    let desk = desk_with(Vec::new(), Some(Assign::RoundRobin)).await;
    let ann = desk.agent("ann", Some("support")).await;
    let bob = desk.agent("bob", Some("support")).await;
    desk.agent("cleo", Some("support")).await;
    desk.agent("zoe", Some("billing")).await;
    for id in ["1", "2", "3", "4"] {
        ask(&desk, id, "carla@customer.test", "Hello", "Hi").await;
    }
    assert_eq!(holders(&desk).await, had(&["ann", "bob", "cleo", "ann"]));
    say(&desk, &bob, "away until monday").await;
    ask(&desk, "5", "carla@customer.test", "Hello", "Hi").await;
    assert_eq!(holders(&desk).await[4].as_deref(), Some("cleo"));
    say(&desk, &bob, "back").await;
    ask(&desk, "6", "carla@customer.test", "Hello", "Hi").await;
    ask(&desk, "7", "carla@customer.test", "Hello", "Hi").await;
    assert_eq!(holders(&desk).await[5..], had(&["ann", "bob"])[..]);
    // Nobody works on a ticket by being given it.
    assert!(
        desk.tickets()
            .await
            .iter()
            .all(|ticket| ticket.status == "open")
    );
    desk.take_mail().await;
    drop(ann);
    desk.close().await;
}

#[tokio::test]
async fn tickets_wait_for_the_hours_in_which_a_team_shares_them() {
    let mut desk = desk_with(Vec::new(), Some(Assign::RoundRobin)).await;
    let settings = &mut Arc::make_mut(&mut desk.app.settings).desk;
    settings.calendar = vec![Calendar {
        key: "early".to_owned(),
        zone: chrono_tz::Tz::UTC,
        hours: vec!["mon-fri 06:00-09:00".to_owned()],
        holidays: Vec::new(),
    }];
    for team in &mut settings.team {
        team.assign_calendar = Some("early".to_owned());
    }
    desk.agent("ann", Some("support")).await;
    // It is Friday at nine.
    ask(&desk, "1", "carla@customer.test", "Hello", "Hi").await;
    desk.tick_at("2026-11-23T05:59:59Z".parse().unwrap()).await;
    assert_eq!(holders(&desk).await, had(&[""]));
    desk.tick_at("2026-11-23T06:00:00Z".parse().unwrap()).await;
    assert_eq!(holders(&desk).await, had(&["ann"]));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn whoever_has_the_fewest_gets_the_next() {
    let desk = desk_with(Vec::new(), Some(Assign::LeastLoaded)).await;
    let ann = desk.agent("ann", Some("support")).await;
    desk.agent("bob", Some("support")).await;
    for id in ["1", "2", "3"] {
        ask(&desk, id, "carla@customer.test", "Hello", "Hi").await;
    }
    assert_eq!(holders(&desk).await, had(&["ann", "bob", "ann"]));
    // What is done or put off is no load.
    let numbers: Vec<String> = desk
        .tickets()
        .await
        .into_iter()
        .map(|one| one.number)
        .collect();
    say(&desk, &ann, &format!("snooze {} monday", numbers[0])).await;
    say(&desk, &ann, &format!("close {}", numbers[2])).await;
    ask(&desk, "4", "carla@customer.test", "Hello", "Hi").await;
    assert_eq!(holders(&desk).await[3].as_deref(), Some("ann"));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn where_nobody_is_present_tickets_wait_for_whoever_comes_back_first() {
    let desk = desk_with(Vec::new(), Some(Assign::RoundRobin)).await;
    let ann = desk.agent("ann", Some("support")).await;
    say(&desk, &ann, "away").await;
    ask(&desk, "1", "carla@customer.test", "Hello", "Hi").await;
    ask(&desk, "2", "carla@customer.test", "Hello", "Hi").await;
    desk.app.ticker().step().await.unwrap();
    assert_eq!(holders(&desk).await, had(&["", ""]));
    desk.take_mail().await;
    say(&desk, &ann, "back").await;
    // Two copies at once give each away once.
    let (one, two) = (desk.app.ticker(), desk.app.ticker());
    let (first, second) = tokio::join!(one.step(), two.step());
    first.unwrap();
    second.unwrap();
    assert_eq!(holders(&desk).await, had(&["ann", "ann"]));
    let tickets = desk.tickets().await;
    for ticket in &tickets {
        let events = desk.events(ticket.id).await;
        let given = events
            .iter()
            .filter(|event| event.starts_with("assigned"))
            .count();
        assert_eq!(given, 1, "{events:#?}");
    }
    let mails = desk.take_mail().await;
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert!(mails.iter().all(|mail| mail.to == "ann@agents.test"));
    // What somebody was taken off by hand stays with nobody.
    say(&desk, &ann, &format!("unassign {}", tickets[0].number)).await;
    desk.app.ticker().step().await.unwrap();
    assert_eq!(holders(&desk).await, had(&["", "ann"]));
    desk.take_mail().await;
    desk.close().await;
}
