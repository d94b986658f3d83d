//! The five desks of config/desks: each opens a ticket from a mail and walks its workflow.

use chrono::TimeDelta;
use frontdesk::config::desk::StatusKind;
use frontdesk::desk::{self, Context, DeskError};
use frontdesk::people::Person;
use frontdesk::ticket::{self, Actor, Ticket};

use crate::field::{reply, request};
use crate::harness::{Desk, to};

const CARLA: &str = "Carla Jones <carla@customer.test>";

fn context(desk: &Desk, actor: Actor) -> Context<'_> {
    Context {
        settings: &desk.app.settings,
        now: desk.now(),
        actor,
        answering: true,
    }
}

/// Moves a ticket as an agent does, and gives it back as it stands.
async fn step(
    desk: &Desk,
    ticket: &Ticket,
    to: &str,
    reason: Option<&str>,
) -> Result<Ticket, String> {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let mut held = ticket::store::lock(&mut tx, ticket.id).await.unwrap();
    match desk::change_status(
        &mut tx,
        &context(desk, Actor::System),
        &mut held,
        to,
        reason,
    )
    .await
    {
        Ok(_) => {
            let stored = ticket::store::get(&mut tx, ticket.id).await.unwrap();
            assert_eq!(stored, held, "what was changed is what is stored");
            tx.commit().await.unwrap();
            Ok(held)
        }
        Err(DeskError::Database(error)) => panic!("{error}"),
        Err(error) => Err(error.to_string()),
    }
}

async fn assign(desk: &Desk, ticket: &Ticket, person: &Person) -> Ticket {
    let mut tx = desk.app.pool.begin().await.unwrap();
    let mut held = ticket::store::lock(&mut tx, ticket.id).await.unwrap();
    desk::assign(
        &mut tx,
        &context(desk, Actor::System),
        &mut held,
        Some(person),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    held
}

/// From every status each other one is tried: exactly those in `allowed` succeed, and a refusal names them.
async fn only_these_steps(desk: &Desk, ticket: &Ticket, allowed: &[(&str, &[&str])]) {
    for (from, targets) in allowed {
        for (to, _) in allowed {
            let mut tx = desk.app.pool.begin().await.unwrap();
            let mut held = ticket::store::lock(&mut tx, ticket.id).await.unwrap();
            let status = desk.app.settings.desk.status(from).unwrap();
            held.status = status.key.clone();
            held.kind = status.kind;
            ticket::store::update(&mut tx, &held).await.unwrap();
            let ctx = context(desk, Actor::System);
            let changed = desk::change_status(&mut tx, &ctx, &mut held, to, Some("a reason")).await;
            if targets.contains(to) {
                assert!(changed.is_ok(), "{from} to {to}: {changed:?}");
            } else {
                let refused = changed.unwrap_err().to_string();
                if from != to {
                    for target in *targets {
                        assert!(refused.contains(target), "{from} to {to}: {refused}");
                    }
                }
            }
            tx.rollback().await.unwrap();
        }
    }
}

fn mailbox(name: &str, more: &str) -> String {
    format!(
        "[[mailbox]]\nname = \"{name}\"\naddress = \"{name}@desk.test\"\npipe = true\nplus_addressing = true\n{more}\n"
    )
}

#[tokio::test]
async fn post_production_numbers_by_project_and_walks_its_departments() {
    let apollo = mailbox(
        "apollo",
        "fields = { project = \"apollo\" }\nteam = \"vfx\"\nticket_type = \"file_request\"",
    );
    let desk = Desk::of("post-production", &apollo).await;
    let ann = desk.agent("ann", Some("vfx")).await;
    desk.agent("bob", Some("sound")).await;
    desk.store_in(
        "apollo",
        &request(CARLA, "a@customer.test", "Plates, please", "Shot 12"),
    )
    .await;
    desk.process().await;
    desk.receive(&request(CARLA, "b@customer.test", "A question", "Where?"))
        .await;
    let tickets = desk.tickets().await;
    let (apollo, general) = (&tickets[0], &tickets[1]);
    assert_eq!(
        (apollo.number.as_str(), general.number.as_str()),
        ("TICK-APOLLO-1", "TICK-GENERAL-1")
    );
    assert_eq!(apollo.ticket_type.as_deref(), Some("file_request"));
    assert_eq!(general.ticket_type.as_deref(), Some("question"));
    assert_eq!(
        (apollo.team.as_deref(), general.team.as_deref()),
        (Some("vfx"), None)
    );
    assert_eq!(
        apollo.fields.get("project").map(String::as_str),
        Some("apollo")
    );
    desk.take_mail().await;
    desk.store_in(
        "apollo",
        &request(CARLA, "c@customer.test", "More", "Shot 13"),
    )
    .await;
    desk.process().await;
    assert_eq!(desk.tickets().await[2].number, "TICK-APOLLO-2");
    desk.take_mail().await;

    let moved = assign(&desk, apollo, &ann).await;
    assert_eq!(moved.status, "in_progress");
    assert_eq!(
        to(&desk.take_mail().await, "carla@customer.test")
            .header("Auto-Submitted")
            .as_deref(),
        Some("auto-generated")
    );
    let mut tx = desk.app.pool.begin().await.unwrap();
    let mut held = ticket::store::lock(&mut tx, apollo.id).await.unwrap();
    let ctx = context(&desk, Actor::Person(ann.id));
    desk::route_to_team(&mut tx, &ctx, &mut held, "sound")
        .await
        .unwrap();
    let unknown = desk::route_to_team(&mut tx, &ctx, &mut held, "catering")
        .await
        .unwrap_err()
        .to_string();
    for team in ["vfx", "editing", "color", "sound", "production"] {
        assert!(unknown.contains(team), "{unknown}");
    }
    tx.commit().await.unwrap();
    assert_eq!(
        (
            held.source_team.as_deref(),
            held.team.as_deref(),
            held.assignee_id
        ),
        (Some("vfx"), Some("sound"), None)
    );
    desk.take_mail().await;

    let waiting = step(&desk, &held, "waiting_response", None).await.unwrap();
    assert_eq!(waiting.kind, StatusKind::Waiting);
    let asked = desk.take_mail().await;
    desk.receive(&reply(
        to(&asked, "carla@customer.test"),
        CARLA,
        "d@customer.test",
        "Here it is",
    ))
    .await;
    assert_eq!(desk.tickets().await[0].status, "in_progress");
    assert_eq!(desk.take_one().await.to, "bob@agents.test");
    only_these_steps(
        &desk,
        apollo,
        &[
            (
                "open",
                &["in_progress", "waiting_response", "resolved", "closed"],
            ),
            (
                "in_progress",
                &["open", "waiting_response", "resolved", "closed"],
            ),
            ("waiting_response", &["in_progress", "resolved", "closed"]),
            ("resolved", &["in_progress", "closed"]),
            ("closed", &["in_progress"]),
        ],
    )
    .await;
    desk.close().await;
}

#[tokio::test]
async fn admin_panel_goes_from_anywhere_back_to_open() {
    let redemption = mailbox("redeem", "category = \"redemption\"");
    let desk = Desk::of("admin-panel", &redemption).await;
    let ann = desk.agent("ann", None).await;
    desk.receive(&request(CARLA, "a@customer.test", "Login", "It fails"))
        .await;
    desk.store_in(
        "redeem",
        &request(CARLA, "b@customer.test", "Voucher", "It fails"),
    )
    .await;
    desk.process().await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets[0].category.as_deref(), Some("general"));
    assert_eq!(tickets[1].category.as_deref(), Some("redemption"));
    for ticket in &tickets {
        let random = ticket.number.strip_prefix("TKT-").unwrap();
        assert!(
            random.len() == 6
                && random
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
            "{random}"
        );
    }
    assert_ne!(tickets[0].number, tickets[1].number);
    let mails = desk.take_mail().await;
    assert_eq!(
        mails
            .iter()
            .filter(|mail| mail.to == "ann@agents.test")
            .count(),
        2,
        "without a team, all agents hear"
    );

    assert_eq!(assign(&desk, &tickets[0], &ann).await.status, "in_progress");
    let resolved = step(&desk, &tickets[0], "resolved", None).await.unwrap();
    assert_eq!(
        (resolved.resolved_at, resolved.closed_at),
        (Some(desk.now()), None)
    );
    let at = desk.now();
    desk.take_mail().await;
    let closed = step(&desk, &tickets[0], "closed", None).await.unwrap();
    assert_eq!(
        (closed.resolved_at, closed.closed_at),
        (Some(at), Some(desk.now()))
    );
    let open = step(&desk, &tickets[0], "open", None).await.unwrap();
    assert_eq!(
        (open.resolved_at, open.closed_at, open.reopened_count),
        (None, None, 1)
    );
    assert_eq!(open.number, tickets[0].number);
    desk.take_mail().await;
    only_these_steps(
        &desk,
        &tickets[0],
        &[
            ("open", &["in_progress", "resolved", "closed"]),
            ("in_progress", &["open", "resolved", "closed"]),
            ("resolved", &["open", "closed"]),
            ("closed", &["open"]),
        ],
    )
    .await;
    desk.close().await;
}

#[tokio::test]
async fn food_delivery_skips_no_step_and_wants_a_reason_for_each() {
    let order = mailbox(
        "orders",
        "category = \"delivery\"\nfields = { order = \"A-77\" }",
    );
    let desk = Desk::of("food-delivery", &order).await;
    desk.agent("ann", Some("orders")).await;
    desk.agent("cid", Some("couriers")).await;
    desk.receive(&request(
        CARLA,
        "a@customer.test",
        "Cold soup",
        "It came cold",
    ))
    .await;
    desk.store_in(
        "orders",
        &request(CARLA, "b@customer.test", "Where?", "It did not come"),
    )
    .await;
    desk.process().await;
    let tickets = desk.tickets().await;
    let numbers: Vec<_> = tickets
        .iter()
        .map(|ticket| ticket.number.as_str())
        .collect();
    assert_eq!(numbers, ["TKT20261120001", "TKT20261120002"]);
    assert_eq!(
        (tickets[0].team.as_deref(), tickets[1].team.as_deref()),
        (Some("orders"), Some("couriers"))
    );
    assert_eq!(
        tickets[1].fields.get("order").map(String::as_str),
        Some("A-77")
    );
    let mails = desk.take_mail().await;
    assert_eq!(
        mails
            .iter()
            .filter(|mail| mail.to == "ann@agents.test")
            .count(),
        1
    );
    assert_eq!(
        mails
            .iter()
            .filter(|mail| mail.to == "cid@agents.test")
            .count(),
        1
    );

    let soup = &tickets[0];
    let skipped = step(&desk, soup, "resolved", Some("done"))
        .await
        .unwrap_err();
    assert!(
        skipped.contains("`open`") && skipped.contains("in_progress"),
        "{skipped}"
    );
    let unknown = step(&desk, soup, "eaten", Some("done")).await.unwrap_err();
    assert!(
        unknown.contains("eaten") && unknown.contains("open, in_progress, resolved, closed"),
        "{unknown}"
    );
    for none in [None, Some(""), Some("  ")] {
        let wanted = step(&desk, soup, "in_progress", none).await.unwrap_err();
        assert!(wanted.contains("reason"), "{wanted}");
    }
    step(&desk, soup, "in_progress", Some("asked the kitchen"))
        .await
        .unwrap();
    let resolved = step(&desk, soup, "resolved", Some("refunded"))
        .await
        .unwrap();
    assert_eq!(resolved.resolved_at, Some(desk.now()));
    let back = step(&desk, soup, "in_progress", Some("again"))
        .await
        .unwrap_err();
    assert!(back.contains("closed"), "{back}");
    step(&desk, soup, "closed", Some("no answer"))
        .await
        .unwrap();
    let end = step(&desk, soup, "open", Some("again")).await.unwrap_err();
    assert!(end.contains("no other status"), "{end}");
    let events = desk.events(soup.id).await;
    assert!(
        events.contains(&"status_changed status=resolved (refunded)".to_owned()),
        "{events:?}"
    );
    let told = desk.take_mail().await;
    assert!(
        told.iter()
            .all(|mail| !mail.text().contains("asked the kitchen")),
        "reasons are for staff: {told:#?}"
    );

    // Only the customer takes it back, and only for three days.
    let last = told
        .iter()
        .rfind(|mail| mail.to == "carla@customer.test")
        .unwrap();
    desk.receive(&reply(last, CARLA, "c@customer.test", "No refund came"))
        .await;
    let soup = desk.tickets().await.remove(0);
    assert_eq!(
        (soup.status.as_str(), soup.reopened_count, soup.closed_at),
        ("in_progress", 1, None)
    );
    desk.take_mail().await;
    step(&desk, &soup, "resolved", Some("refunded"))
        .await
        .unwrap();
    step(&desk, &soup, "closed", Some("refunded"))
        .await
        .unwrap();
    desk.take_mail().await;
    desk.advance(TimeDelta::days(4));
    desk.receive(&reply(last, CARLA, "d@customer.test", "Another meal"))
        .await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 3);
    assert_eq!(
        tickets[2].number, "TKT20261124001",
        "the date of the desk on that day"
    );
    assert_eq!(desk.links(tickets[2].id).await, ["follows TKT20261120001"]);
    desk.take_mail().await;
    only_these_steps(
        &desk,
        &soup,
        &[
            ("open", &["in_progress"]),
            ("in_progress", &["resolved"]),
            ("resolved", &["closed"]),
            ("closed", &[]),
        ],
    )
    .await;
    assert_eq!(desk.app.settings.desk.comment_max_chars, Some(2_000));
    desk.close().await;
}

#[tokio::test]
async fn saas_moves_on_assignment_and_comes_back_on_a_reply() {
    let bugs = mailbox("bugs", "category = \"bug_report\"\npriority = \"urgent\"");
    let desk = Desk::of("saas", &bugs).await;
    let ann = desk.agent("ann", Some("support")).await;
    desk.agent("eli", Some("engineering")).await;
    desk.receive(&request(CARLA, "a@customer.test", "Login", "It fails"))
        .await;
    desk.store_in(
        "bugs",
        &request(CARLA, "b@customer.test", "Crash", "It falls"),
    )
    .await;
    desk.process().await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets[0].number, "TKT-20261120-0001");
    assert_eq!(
        (tickets[0].status.as_str(), tickets[0].category.as_deref()),
        ("open", Some("general_inquiry"))
    );
    assert_eq!(
        (tickets[0].team.as_deref(), tickets[1].team.as_deref()),
        (Some("support"), Some("engineering"))
    );
    assert_eq!(tickets[1].priority, "urgent");
    let opened = desk.now();
    let mails = desk.take_mail().await;
    let notification = mails
        .iter()
        .find(|mail| mail.to == "ann@agents.test")
        .unwrap();
    to(&mails, "eli@agents.test");

    let login = assign(&desk, &tickets[0], &ann).await;
    assert_eq!(
        (login.status.as_str(), login.assignee_id),
        ("in_progress", Some(ann.id))
    );
    desk.take_mail().await;
    desk.receive(&reply(
        notification,
        "ann@agents.test",
        "n@agents.test",
        "note: look at the log",
    ))
    .await;
    assert_eq!(
        desk.tickets().await[0].first_responded_at,
        None,
        "a note answers nobody"
    );
    desk.receive(&reply(
        notification,
        "ann@agents.test",
        "r@agents.test",
        "Which browser?",
    ))
    .await;
    let answered = desk.now();
    desk.take_mail().await;
    desk.advance(TimeDelta::hours(1));
    desk.receive(&reply(
        notification,
        "ann@agents.test",
        "s@agents.test",
        "And which version?",
    ))
    .await;
    let login = desk.tickets().await.remove(0);
    assert_eq!(
        (login.opened_at, login.first_responded_at),
        (opened, Some(answered)),
        "the first answer counts"
    );
    let asked = desk.take_one().await;

    step(&desk, &login, "waiting_on_customer", None)
        .await
        .unwrap();
    desk.take_mail().await;
    desk.receive(&reply(&asked, CARLA, "c@customer.test", "Firefox"))
        .await;
    assert_eq!(desk.tickets().await[0].status, "in_progress");
    let told = desk.take_one().await;
    assert_eq!(told.to, "ann@agents.test");
    assert!(
        told.text().contains("In progress"),
        "one mail tells the word and the status: {}",
        told.text()
    );

    let resolved = step(&desk, &login, "resolved", None).await.unwrap();
    let reopened = step(&desk, &login, "reopened", None).await.unwrap();
    assert_eq!(
        (
            resolved.resolved_at,
            reopened.resolved_at,
            reopened.reopened_count
        ),
        (Some(desk.now()), None, 1)
    );
    step(&desk, &login, "resolved", None).await.unwrap();
    desk.take_mail().await;
    desk.receive(&reply(&asked, CARLA, "d@customer.test", "It is back"))
        .await;
    let login = desk.tickets().await.remove(0);
    assert_eq!(
        (login.status.as_str(), login.reopened_count),
        ("reopened", 2)
    );
    desk.take_mail().await;
    step(&desk, &login, "closed", None).await.unwrap();
    desk.take_mail().await;
    desk.advance(TimeDelta::days(15));
    desk.receive(&reply(&asked, CARLA, "e@customer.test", "Something else"))
        .await;
    let tickets = desk.tickets().await;
    assert_eq!((tickets.len(), tickets[0].status.as_str()), (3, "closed"));
    assert_eq!(
        desk.links(tickets[2].id).await,
        ["follows TKT-20261120-0001"]
    );
    desk.take_mail().await;

    let already = step(&desk, &tickets[0], "closed", None).await.unwrap_err();
    assert!(already.contains("already"), "{already}");
    only_these_steps(
        &desk,
        &tickets[0],
        &[
            (
                "open",
                &["in_progress", "waiting_on_customer", "resolved", "closed"],
            ),
            (
                "in_progress",
                &["open", "waiting_on_customer", "resolved", "closed"],
            ),
            (
                "waiting_on_customer",
                &["in_progress", "resolved", "closed"],
            ),
            ("resolved", &["closed", "reopened"]),
            ("closed", &["reopened"]),
            (
                "reopened",
                &["in_progress", "waiting_on_customer", "resolved", "closed"],
            ),
        ],
    )
    .await;
    let settings = &desk.app.settings.desk;
    assert_eq!(settings.auto_close_hours, Some(48));
    let targets: Vec<_> = settings
        .sla
        .iter()
        .map(|sla| {
            (
                sla.priority.as_deref().unwrap_or_default(),
                sla.first_response_minutes,
                sla.resolution_minutes,
            )
        })
        .collect();
    let hours = |hours: u32| Some(hours * 60);
    assert_eq!(
        targets,
        [
            ("urgent", Some(15), hours(4)),
            ("high", hours(1), hours(8)),
            ("medium", hours(4), hours(24)),
            ("low", hours(8), hours(48)),
        ]
    );
    desk.close().await;
}

#[tokio::test]
async fn crm_routes_by_category_and_knows_organizations_by_their_domain() {
    let categories = [
        "technical",
        "billing",
        "zone_config",
        "account",
        "feature_request",
        "general",
    ];
    let teams = [
        Some("tech"),
        Some("finance"),
        Some("music"),
        Some("sales"),
        None,
        None,
    ];
    let mailboxes: String = categories
        .iter()
        .map(|category| {
            mailbox(
                &category.replace('_', "-"),
                &format!("category = \"{category}\""),
            )
        })
        .collect();
    let desk = Desk::of("crm", &mailboxes).await;
    let tia = desk.agent("tia", Some("tech")).await;
    desk.agent("fin", Some("finance")).await;
    for (n, category) in categories.iter().enumerate() {
        let mail = request(
            &format!("p{n}@Gyms.Example"),
            &format!("{n}@gyms.test"),
            category,
            "Text",
        );
        desk.store_in(&category.replace('_', "-"), &mail).await;
        desk.process().await;
    }
    desk.receive(&request(
        "x@sub.gyms.example",
        "x@gyms.test",
        "Elsewhere",
        "Text",
    ))
    .await;
    desk.receive(&request(
        "y@fitness.example",
        "y@gyms.test",
        "Second domain",
        "Text",
    ))
    .await;
    let tickets = desk.tickets().await;
    for (n, team) in teams.iter().enumerate() {
        assert_eq!(tickets[n].category.as_deref(), Some(categories[n]));
        assert_eq!(tickets[n].team.as_deref(), *team, "{}", categories[n]);
        assert_eq!(
            (tickets[n].status.as_str(), tickets[n].kind),
            ("new", StatusKind::New)
        );
        assert_eq!(tickets[n].number, format!("T-20261120-{:04}", n + 1));
    }
    let names: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT organization.name FROM ticket LEFT JOIN organization ON organization.id = organization_id ORDER BY ticket.id",
    )
    .fetch_all(&desk.app.pool)
    .await
    .unwrap();
    let gyms = Some("Example Gyms".to_owned());
    assert_eq!(names[..6], vec![gyms.clone(); 6]);
    assert_eq!(names[6..], [None, gyms], "a subdomain is somebody else");
    let mails = desk.take_mail().await;
    let told = |to: &str, subject: &str| {
        mails
            .iter()
            .any(|mail| mail.to == to && mail.subject().contains(subject))
    };
    assert!(told("tia@agents.test", "technical") && !told("tia@agents.test", "billing"));
    assert!(told("fin@agents.test", "billing") && !told("fin@agents.test", "technical"));
    assert!(
        told("tia@agents.test", "feature_request"),
        "what is routed to nobody is told to all"
    );

    let held = assign(&desk, &tickets[0], &tia).await;
    assert_eq!(held.status, "assigned");
    let pending = step(&desk, &held, "pending", None).await.unwrap();
    assert_eq!(pending.kind, StatusKind::Waiting);
    let asked = desk.take_mail().await;
    let last = asked
        .iter()
        .rfind(|mail| mail.to == "p0@gyms.example")
        .unwrap();
    desk.receive(&reply(last, "p0@gyms.example", "again@gyms.test", "Here"))
        .await;
    assert_eq!(desk.tickets().await[0].status, "in_progress");
    desk.take_mail().await;
    only_these_steps(
        &desk,
        &tickets[0],
        &[
            (
                "new",
                &["assigned", "in_progress", "pending", "resolved", "closed"],
            ),
            (
                "assigned",
                &["in_progress", "pending", "resolved", "closed"],
            ),
            (
                "in_progress",
                &["assigned", "pending", "resolved", "closed"],
            ),
            ("pending", &["in_progress", "resolved", "closed"]),
            ("resolved", &["in_progress", "closed"]),
            ("closed", &["in_progress"]),
        ],
    )
    .await;
    desk.close().await;
}
