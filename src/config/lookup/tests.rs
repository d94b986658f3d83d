#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use super::super::desk::FieldKind;
use super::*;

fn desk(name: &str) -> DeskSettings {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desks");
    super::super::load_desk(&folder.join(format!("{name}.toml"))).unwrap()
}

fn statuses(desk: &DeskSettings) -> Vec<&str> {
    desk.status.iter().map(|one| one.key.as_str()).collect()
}

fn categories(desk: &DeskSettings) -> Vec<(&str, Option<&str>)> {
    let all = desk.category.iter();
    all.map(|one| (one.key.as_str(), one.team.as_deref()))
        .collect()
}

/// A desk's customers are told what each status means for them.
#[test]
fn every_status_of_the_desks_has_a_meaning() {
    for name in [
        "saas",
        "crm",
        "admin-panel",
        "food-delivery",
        "post-production",
    ] {
        let desk = desk(name);
        assert!(
            desk.status.iter().all(|one| one.meaning.is_some()),
            "{name}"
        );
    }
}

#[test]
fn post_production_has_departments_and_projects() {
    let desk = desk("post-production");
    let types: Vec<&str> = desk.types.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(
        types,
        [
            "file_request",
            "feedback",
            "issue",
            "question",
            "asset_delivery"
        ]
    );
    let teams: Vec<&str> = desk.team.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(teams, ["vfx", "editing", "color", "sound", "production"]);
    assert_eq!(
        statuses(&desk),
        [
            "open",
            "in_progress",
            "waiting_response",
            "resolved",
            "closed"
        ]
    );
    assert_eq!(desk.kind_of("waiting_response"), Some(StatusKind::Waiting));
    assert_eq!(desk.number, "TICK-{project}-{seq}");
    assert!(desk.field("project").unwrap().default.is_some());
    assert!(desk.field("task").is_some() && desk.field("stage").is_some());
}

#[test]
fn in_the_admin_panel_any_status_leads_back_to_open() {
    let desk = desk("admin-panel");
    assert_eq!(
        statuses(&desk),
        ["open", "in_progress", "resolved", "closed"]
    );
    for from in ["in_progress", "resolved", "closed"] {
        assert!(desk.may_follow(from, "open"), "{from}");
    }
    let keys: Vec<&str> = desk.category.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(
        keys,
        ["technical", "billing", "account", "redemption", "general"]
    );
    assert_eq!(desk.number, "TKT-{random:6}");
}

#[test]
fn in_food_delivery_no_step_is_skipped() {
    let desk = desk("food-delivery");
    let line = statuses(&desk);
    for (at, from) in line.iter().enumerate() {
        for (to_at, to) in line.iter().enumerate() {
            assert_eq!(desk.may_follow(from, to), to_at == at + 1, "{from} to {to}");
        }
    }
    assert!(desk.status.iter().skip(1).all(|one| one.needs_reason));
    assert_eq!(desk.comment_max_chars, Some(2_000));
    assert_eq!(desk.number, "TKT{date}{seq:3}");
    assert!(desk.field("order").is_some());
}

#[test]
fn saas_has_targets_and_closes_by_itself() {
    let desk = desk("saas");
    assert_eq!(
        statuses(&desk),
        [
            "open",
            "in_progress",
            "waiting_on_customer",
            "resolved",
            "closed",
            "reopened"
        ]
    );
    assert_eq!(
        desk.kind_of("waiting_on_customer"),
        Some(StatusKind::Waiting)
    );
    assert_eq!(desk.kind_of("reopened"), Some(StatusKind::Open));
    assert_eq!(desk.reopened_status, "reopened");
    assert_eq!(desk.initial_status, "open");
    assert_eq!(desk.assigned_status.as_deref(), Some("in_progress"));
    let targets: Vec<_> = (desk.sla.iter())
        .map(|one| {
            (
                one.priority.as_deref().unwrap_or_default(),
                one.first_response_minutes,
                one.resolution_minutes,
            )
        })
        .collect();
    assert_eq!(
        targets,
        [
            ("urgent", Some(15), Some(4 * 60)),
            ("high", Some(60), Some(8 * 60)),
            ("medium", Some(4 * 60), Some(24 * 60)),
            ("low", Some(8 * 60), Some(48 * 60)),
        ]
    );
    assert_eq!(desk.auto_close_hours, Some(48));
    assert_eq!(desk.number, "TKT-{date}-{seq:4}");
    let keys: Vec<&str> = desk.category.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "technical_support",
            "billing",
            "account",
            "feature_request",
            "bug_report",
            "general_inquiry",
            "other"
        ]
    );
}

#[test]
fn crm_routes_by_category() {
    let desk = desk("crm");
    assert_eq!(
        statuses(&desk),
        [
            "new",
            "assigned",
            "in_progress",
            "pending",
            "resolved",
            "closed"
        ]
    );
    assert_eq!(
        categories(&desk),
        [
            ("technical", Some("tech")),
            ("billing", Some("finance")),
            ("zone_config", Some("music")),
            ("account", Some("sales")),
            ("feature_request", None),
            ("general", None),
        ]
    );
    let team = |category| {
        desk.team_for_category(category)
            .map(|team| team.name.as_str())
    };
    assert_eq!(team("zone_config"), Some("Music"));
    assert_eq!(team("general"), None);
    assert_eq!(team("unknown"), None);
    assert_eq!(desk.number, "T-{date}-{seq:4}");
    assert!(!desk.organization.is_empty());
}

#[test]
fn things_are_found_by_their_keys() {
    let desk = desk("saas");
    assert_eq!(
        desk.status("resolved").map(|one| one.name.as_str()),
        Some("Resolved")
    );
    assert_eq!(desk.kind_of("unknown"), None);
    assert_eq!(
        desk.priority("high").map(|one| one.name.as_str()),
        Some("High")
    );
    assert_eq!(
        desk.category("other").map(|one| one.name.as_str()),
        Some("Other")
    );
    assert_eq!(
        desk.team("product").map(|one| one.name.as_str()),
        Some("Product")
    );
    assert!(desk.types("question").is_none() && desk.field("order").is_none());
    let first = desk
        .first_status_of_kind(StatusKind::Open)
        .map(|one| one.key.as_str());
    assert_eq!(first, Some("in_progress"));
    assert!(!desk.may_follow("open", "open") && !desk.may_follow("unknown", "open"));
}

/// A desk with one field, `value`, of this kind.
fn with_field(kind: FieldKind) -> DeskSettings {
    let mut desk = desk("saas");
    desk.field = vec![Field {
        key: "value".to_owned(),
        name: "Value".to_owned(),
        kind,
        choices: vec!["offline edit".to_owned(), "color".to_owned()],
        default: None,
    }];
    desk
}

#[test]
fn values_of_fields_are_checked_by_their_kind() {
    let taken = [
        (FieldKind::Text, "Any text, ünïcode too"),
        (FieldKind::Number, "0"),
        (FieldKind::Number, "-12.50"),
        (FieldKind::Date, "2028-02-29"),
        (FieldKind::Choice, "offline edit"),
        (FieldKind::Link, "https://example.com/a?b=c#d"),
    ];
    for (kind, value) in taken {
        assert_eq!(
            with_field(kind).check_field("value", value),
            Ok(()),
            "{value}"
        );
    }
    let refused = [
        (FieldKind::Text, "two\nlines"),
        (FieldKind::Number, "1e5"),
        (FieldKind::Number, "1,5"),
        (FieldKind::Number, "."),
        (FieldKind::Number, "NaN"),
        (FieldKind::Date, "2026-02-29"),
        (FieldKind::Date, "2026-2-9"),
        (FieldKind::Date, "+026-02-09"),
        (FieldKind::Choice, "Color"),
        (FieldKind::Link, "javascript:alert(1)"),
        (FieldKind::Link, "ftp://example.com"),
        (FieldKind::Link, "https://example.com/ x"),
        (FieldKind::Link, "example.com"),
    ];
    for (kind, value) in refused {
        assert!(
            with_field(kind).check_field("value", value).is_err(),
            "{value}"
        );
    }
}

#[test]
fn a_refusal_says_what_would_be_right() {
    assert_eq!(
        with_field(FieldKind::Choice).check_field("value", "colour"),
        Err("It takes one of `offline edit` and `color`. Did you mean `color`?".to_owned())
    );
    assert_eq!(
        with_field(FieldKind::Text).check_field("valeu", "x"),
        Err("There is no field `valeu`. Did you mean `value`?".to_owned())
    );
}
