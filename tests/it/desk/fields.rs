//! Priority, category, type, due date, tags, custom fields, subject.

use chrono::{TimeDelta, Timelike as _};
use frontdesk::desk;
use frontdesk::ticket;

use super::{act, asked, last_events};
use crate::field::request;
use crate::harness::Desk;

#[tokio::test]
async fn a_change_is_one_event_and_no_mail() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let before = desk.events(ticket.id).await.len();
    let changed = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_priority(conn, ctx, ticket, "urgent", Some("they are a bank")).await
    });
    assert_eq!(changed.await, Ok(true));
    let again = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_priority(conn, ctx, ticket, "urgent", None).await
    });
    assert_eq!(again.await, Ok(false));
    let subject = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_subject(conn, ctx, ticket, " The import of row 7 fails ", None).await
    });
    assert_eq!(subject.await, Ok(true));
    let due_at = desk.now() + TimeDelta::days(2);
    let due = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_due(conn, ctx, ticket, Some(due_at), None).await
    });
    assert_eq!(due.await, Ok(true));
    let due_at_text = format!(
        "due_changed due={}",
        due_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
    );
    assert_eq!(due_at.nanosecond(), 0);
    assert_eq!(
        last_events(
            &desk,
            ticket.id,
            desk.events(ticket.id).await.len() - before
        )
        .await,
        [
            "priority_changed priority=urgent (they are a bank)".to_owned(),
            "subject_changed subject=The import of row 7 fails".to_owned(),
            due_at_text,
        ]
    );
    let now = desk.ticket().await;
    assert_eq!(
        (
            now.priority.as_str(),
            now.subject.as_str(),
            now.due_at,
            now.number
        ),
        (
            "urgent",
            "The import of row 7 fails",
            Some(due_at),
            ticket.number
        )
    );
    assert!(now.updated_at > ticket.updated_at);
    desk.close().await;
}

#[tokio::test]
async fn what_the_desk_does_not_have_is_refused_with_what_it_has() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let refused = |deed: Result<bool, String>| deed.unwrap_err();
    let priority = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_priority(conn, ctx, ticket, "asap", None).await
    });
    assert_eq!(
        refused(priority.await),
        "there is no priority `asap`; this desk has urgent, high, medium, low"
    );
    let kind = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_type(conn, ctx, ticket, Some("wish"), None).await
    });
    assert_eq!(
        refused(kind.await),
        "there is no type `wish`; this desk has none"
    );
    let category = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::set_category(conn, ctx, ticket, Some("x"), None).await
    });
    assert!(refused(category.await).contains("technical_support, billing"));
    for subject in ["", "  ", "two\nlines", &"x".repeat(201)] {
        let deed = act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::set_subject(conn, ctx, ticket, subject, None).await
        });
        assert_eq!(
            refused(deed.await),
            "a subject is one line of 1 to 200 characters"
        );
    }
    assert_eq!(desk.ticket().await, ticket);
    desk.close().await;
}

#[tokio::test]
async fn tags_are_kept_sorted_once_and_in_lower_case() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let tags = async |add: &[&str], remove: &[&str]| {
        act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::change_tags(conn, ctx, ticket, add, remove, None).await
        })
        .await
    };
    assert_eq!(tags(&["VIP", "import", "vip"], &["absent"]).await, Ok(true));
    assert_eq!(desk.ticket().await.tags, ["import", "vip"]);
    assert_eq!(tags(&["import"], &[]).await, Ok(false));
    assert_eq!(tags(&["späte-ware"], &["Import"]).await, Ok(true));
    assert_eq!(desk.ticket().await.tags, ["späte-ware", "vip"]);
    assert_eq!(
        last_events(&desk, ticket.id, 2).await,
        [
            "tags_changed tags=import,vip",
            "tags_changed tags=späte-ware,vip"
        ]
    );
    for wrong in ["", "two words", "a,b", "<b>", &"x".repeat(41)] {
        assert!(tags(&[wrong], &[]).await.unwrap_err().contains("is no tag"));
    }
    desk.close().await;
}

#[tokio::test]
async fn a_category_moves_only_a_ticket_that_nobody_works_on() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    let category = async |key: Option<&str>| {
        act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::set_category(conn, ctx, ticket, key, None).await
        })
        .await
    };
    assert_eq!(category(Some("billing")).await, Ok(true));
    let now = desk.ticket().await;
    assert_eq!(
        (
            now.category.as_deref(),
            now.team.as_deref(),
            now.source_team.as_deref()
        ),
        (Some("billing"), Some("billing"), Some("support"))
    );
    assert_eq!(
        last_events(&desk, ticket.id, 2).await,
        [
            "category_changed category=billing",
            "team_changed team=billing (the team that gets this category)"
        ]
    );
    // A category without a team leaves it where it is.
    assert_eq!(category(Some("other")).await, Ok(true));
    assert_eq!(desk.ticket().await.team.as_deref(), Some("billing"));
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::assign(conn, ctx, ticket, Some(&ann)).await
    })
    .await
    .unwrap();
    desk.take_mail().await;
    assert_eq!(category(Some("bug_report")).await, Ok(true));
    let now = desk.ticket().await;
    assert_eq!(
        (now.team.as_deref(), now.assignee_id),
        (Some("billing"), Some(ann.id))
    );
    assert_eq!(category(None).await, Ok(true));
    assert_eq!(desk.ticket().await.category, None);
    desk.close().await;
}

#[tokio::test]
async fn handing_over_says_who_had_it() {
    let desk = Desk::open().await;
    let (ticket, ann) = asked(&desk).await;
    act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
        desk::assign(conn, ctx, ticket, Some(&ann)).await?;
        desk::route_to_team(conn, ctx, ticket, "billing").await
    })
    .await
    .unwrap();
    assert_eq!(
        last_events(&desk, ticket.id, 2).await,
        [
            "team_changed team=billing",
            "assigned (it went to another team)"
        ]
    );
    let mut conn = desk.app.pool.acquire().await.unwrap();
    let events = ticket::timeline::events(&mut conn, ticket.id)
        .await
        .unwrap();
    assert_eq!(events.last().unwrap().old.as_deref(), Some("ann"));
    desk.take_mail().await;
    desk.close().await;
}

#[tokio::test]
async fn a_custom_field_takes_what_its_type_allows() {
    let desk = Desk::of("post-production", "").await;
    let ann = desk.agent("ann", Some("vfx")).await;
    desk.receive(&request(
        super::CARLA,
        "a@customer.test",
        "Plates",
        "Shot 12",
    ))
    .await;
    desk.take_mail().await;
    let ticket = desk.ticket().await;
    let field = async |key: &str, value: Option<&str>| {
        act(&desk, &ann, ticket.id, async |conn, ctx, ticket| {
            desk::set_field(conn, ctx, ticket, key, value, None).await
        })
        .await
    };
    assert_eq!(field("project", Some(" apollo ")).await, Ok(true));
    assert_eq!(field("project", Some("apollo")).await, Ok(false));
    let now = desk.ticket().await;
    assert_eq!(
        now.fields.get("project").map(String::as_str),
        Some("apollo")
    );
    assert_eq!(now.number, ticket.number, "the number stays");
    assert_eq!(
        last_events(&desk, ticket.id, 1).await,
        ["field_changed project=apollo"]
    );
    assert_eq!(field("project", None).await, Ok(true));
    assert!(!desk.ticket().await.fields.contains_key("project"));
    assert!(
        field("projekt", Some("x"))
            .await
            .unwrap_err()
            .contains("project")
    );
    assert!(
        field("nothing", None)
            .await
            .unwrap_err()
            .contains("project")
    );
    assert!(field("project", Some("two\nlines")).await.is_err());
    desk.close().await;
}
