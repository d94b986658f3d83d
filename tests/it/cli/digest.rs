//! `frontdesk digest` and `frontdesk stats`.

use super::desk::{CliDesk, mail};

#[tokio::test]
async fn digests_are_subscribed_to_previewed_and_ended() {
    let desk = CliDesk::new().await;
    desk.run(&["agent", "add", "ann", "ann@agents.test"]).good();
    let said = desk
        .run(&[
            "digest",
            "subscribe",
            "ann",
            "weekly",
            "--team",
            "support",
            "--hour",
            "7",
        ])
        .good();
    assert!(
        said.contains("gets the weekly digest at 07:00 by mail"),
        "{said}"
    );
    let list = desk.run(&["digest", "list"]).good();
    assert!(
        list.contains("weekly") && list.contains("support") && list.contains("by mail"),
        "{list}"
    );
    let refused = desk.run(&["digest", "subscribe", "ann", "daily", "--by", "chat"]);
    assert_eq!(refused.status, 1);
    assert!(
        refused.err.contains("no chat account of ann is known"),
        "{}",
        refused.err
    );
    let refused = desk.run(&["digest", "subscribe", "ann", "daily", "--team", "suport"]);
    assert!(refused.err.contains("there is no team"), "{}", refused.err);

    desk.deliver(&mail("Carla <carla@customer.test>", "Export", "Hi"));
    desk.process().await;
    let preview = desk.run(&["digest", "preview", "daily"]).good();
    assert!(
        preview.starts_with("Subject: ") && preview.contains("FIGURES"),
        "{preview}"
    );
    let page = desk.config().with_file_name("digest.html");
    let path = page.display().to_string();
    desk.run(&["digest", "preview", "daily", "--out", &path])
        .good();
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains("data:image/png;base64,"),
        "the charts are within the page"
    );

    desk.run(&["digest", "unsubscribe", "ann", "weekly"]).good();
    let again = desk.run(&["digest", "unsubscribe", "ann", "weekly"]);
    assert_eq!(again.status, 1);
    assert!(again.err.contains("is not subscribed"), "{}", again.err);
}

#[tokio::test]
async fn figures_are_given_as_text_csv_and_json() {
    let desk = CliDesk::new().await;
    desk.deliver(&mail("Carla <carla@customer.test>", "Export", "Hi"));
    desk.process().await;
    let text = desk.run(&["stats", "today"]).good();
    assert!(text.contains("New"), "{text}");
    let json = desk.run(&["stats", "today", "--format", "json"]).good();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json.to_string().contains("\"new\":1"), "{json}");
    let csv = desk.run(&["stats", "today", "--format", "csv"]).good();
    assert!(csv.lines().count() > 1, "{csv}");
}
