//! Who works here, by command; the figures and the digests.

use frontdesk::command::{Caller, Failure, Fault, Reply, UserError};
use frontdesk::people::Role;
use frontdesk::ticket::Source;

use super::Bench;

async fn as_role(bench: &Bench, role: Role, line: &str) -> Result<Reply, UserError> {
    let caller = Caller {
        person: Some(&bench.ann),
        role,
        source: Source::Chat,
        ticket: None,
        account: None,
        files: &[],
    };
    bench.desk.command_of(&caller, line).await
}

#[tokio::test]
async fn managers_deal_with_agents_and_admins_with_everybody() {
    let bench = Bench::new().await;
    let manager = async |line: &str| as_role(&bench, Role::Manager, line).await;
    manager("agent add eve eve@else.test --team billing --zone europe/berlin")
        .await
        .unwrap();
    let zone: Option<String> =
        sqlx::query_scalar("SELECT time_zone FROM person WHERE handle = 'eve'")
            .fetch_one(&bench.desk.app.pool)
            .await
            .unwrap();
    assert_eq!(zone.as_deref(), Some("Europe/Berlin"));
    let wrong = manager("agent add eve eve@else.test --zone Europe/Berlim").await;
    let nearest = wrong.unwrap_err().nearest;
    assert_eq!(nearest.as_deref(), Some("Europe/Berlin"));
    assert_eq!(bench.desk.person("eve@else.test").await.role, Role::Agent);
    let listed = manager("team list").await.unwrap().plain();
    assert!(listed.contains("bob, eve"), "{listed}");
    manager("team add support eve --lead").await.unwrap();
    manager("team remove billing eve").await.unwrap();
    let listed = manager("team list").await.unwrap().plain();
    assert!(
        listed.contains("eve (leads)") && !listed.contains("bob, eve"),
        "{listed}"
    );
    for line in [
        "agent add eve eve@else.test --role manager",
        "agent add max max@else.test --role admin",
    ] {
        let error = manager(line).await.unwrap_err();
        assert_eq!(error.fault, Fault::Forbidden, "{line}");
        assert!(error.what.contains("for admins"), "{error}");
    }
    as_role(
        &bench,
        Role::Admin,
        "agent add eve eve@else.test --role admin",
    )
    .await
    .unwrap();
    let error = manager("agent disable eve").await.unwrap_err();
    assert_eq!(error.fault, Fault::Forbidden);
    manager("agent disable bob").await.unwrap();
    assert!(bench.desk.person("bob@agents.test").await.disabled);
    let error = bench
        .desk
        .command(&bench.ann, &format!("assign {} bob", bench.number()))
        .await;
    assert!(error.unwrap_err().what.contains("no agent"));
    manager("agent enable bob").await.unwrap();
    assert!(!bench.desk.person("bob@agents.test").await.disabled);
    let error = manager("agent disable ann").await.unwrap_err();
    assert!(error.what.contains("their own rights"), "{error}");
    bench.close().await;
}

#[tokio::test]
async fn a_team_gets_a_ticket_with_or_without_the_little_word() {
    let bench = Bench::new().await;
    bench.ann("team # billing").await;
    assert_eq!(bench.desk.ticket().await.team.as_deref(), Some("billing"));
    bench.ann("team to # support").await;
    assert_eq!(bench.desk.ticket().await.team.as_deref(), Some("support"));
    let ticket = Some(bench.ticket.id);
    bench
        .desk
        .command_in(&bench.ann, ticket, "team engineering")
        .await
        .unwrap();
    assert_eq!(
        bench.desk.ticket().await.team.as_deref(),
        Some("engineering")
    );
    bench.ann("team # to billing").await;
    bench.ann("assign # to bob").await;
    assert_eq!(bench.desk.ticket().await.assignee_id, Some(bench.bob.id));
    let help = bench.ann("team --help").await;
    assert!(help.contains("team add"), "{help}");
    bench.close().await;
}

#[tokio::test]
async fn figures_are_short_and_for_managers() {
    let bench = Bench::new().await;
    let told = as_role(&bench, Role::Manager, "stats today --by team")
        .await
        .unwrap();
    let text = told.plain();
    assert!(text.starts_with("Friday 20 November 2026"), "{text}");
    assert!(text.lines().count() < 25, "{text}");
    assert!(text.contains("New: 1"), "{text}");
    let file = async |format: &str| {
        let line = format!("stats today --by team --format {format}");
        let reply = as_role(&bench, Role::Manager, &line).await.unwrap();
        let file = reply.file.unwrap();
        assert_eq!(file.name, format!("stats.{format}"));
        file.content
    };
    let csv = String::from_utf8(file("csv").await).unwrap();
    let header = "team,new,resolved,closed,reopened,reopen_rate,";
    assert!(csv.starts_with(header), "{csv}");
    assert!(csv.lines().last().unwrap().starts_with("all,1,0,"), "{csv}");
    let json: serde_json::Value = serde_json::from_slice(&file("json").await).unwrap();
    assert_eq!(json["figures"]["flow"]["new"], 1);
    assert!(file("png").await.starts_with(b"\x89PNG"));
    assert!(file("svg").await.starts_with(b"<svg"));
    let error = as_role(&bench, Role::Manager, "stats fortnight")
        .await
        .unwrap_err();
    assert!(error.mark.is_some(), "{error}");
    let error = as_role(&bench, Role::Agent, "stats").await.unwrap_err();
    assert_eq!(error.fault, Fault::Forbidden);
    bench.close().await;
}

#[tokio::test]
async fn digests_are_ordered_ended_and_looked_at_by_command() {
    let bench = Bench::new().await;
    let said = bench
        .ann("digest subscribe mine --hour 7 --team support")
        .await;
    assert_eq!(said, "You get the mine digest at 07:00, about support.");
    assert!(
        bench
            .ann("digest list")
            .await
            .contains("mine at 07:00 UTC, about support")
    );
    let caller = Caller {
        person: Some(&bench.ann),
        role: Role::Agent,
        source: Source::Chat,
        ticket: None,
        account: None,
        files: &[],
    };
    for line in [
        "digest subscribe daily",
        "digest preview weekly",
        "digest list --all",
        "digest subscribe mine --for bob",
    ] {
        let error = bench.desk.command_of(&caller, line).await.unwrap_err();
        assert_eq!(error.fault, Fault::Forbidden, "{line}");
        assert!(error.what.contains("managers and admins"), "{error}");
    }
    let preview = bench
        .desk
        .command(&bench.ann, "digest preview mine")
        .await
        .unwrap();
    let file = preview.file.unwrap();
    assert!(
        String::from_utf8(file.content)
            .unwrap()
            .starts_with("Subject: ")
    );
    bench.ann("digest unsubscribe mine").await;
    assert!(bench.ann("digest list").await.contains("not subscribed"));
    as_role(&bench, Role::Manager, "digest subscribe daily --for bob")
        .await
        .unwrap();
    let all = as_role(&bench, Role::Manager, "digest list --all")
        .await
        .unwrap();
    assert!(
        all.plain().contains("bob daily at 08:00"),
        "{}",
        all.plain()
    );
    bench.close().await;
}

#[tokio::test]
async fn files_are_attached_for_staff_unless_they_are_sent_on_purpose() {
    let bench = Bench::new().await;
    let files = [frontdesk::ticket::timeline::NewFile {
        name: "trace.log",
        content_type: "text/plain",
        content_id: None,
        inline: false,
        content: b"boom",
    }];
    let caller = Caller {
        person: Some(&bench.ann),
        role: Role::Agent,
        source: Source::Chat,
        ticket: Some(bench.ticket.id),
        account: None,
        files: &files,
    };
    bench.desk.command_of(&caller, "attach").await.unwrap();
    bench
        .desk
        .command_of(&caller, "attach --public Here is what we see")
        .await
        .unwrap();
    assert_eq!(
        bench.desk.comments(bench.ticket.id).await[1..],
        [
            "internal staff: trace.log",
            "public staff: Here is what we see"
        ]
    );
    let caller = Caller {
        files: &[],
        ..caller
    };
    let mut tx = bench.desk.app.pool.begin().await.unwrap();
    let done = frontdesk::command::run(&mut tx, &bench.desk.app.scene(), &caller, "attach").await;
    assert!(matches!(done, Err(Failure::User(error)) if error.what.contains("no file")));
    tx.rollback().await.unwrap();
    bench.close().await;
}
