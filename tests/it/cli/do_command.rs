//! `frontdesk do`.

use super::desk::{CliDesk, mail};

#[tokio::test]
async fn one_command_is_done_and_its_end_tells_what_became_of_it() {
    let desk = CliDesk::new().await;
    desk.run(&[
        "agent",
        "add",
        "ann",
        "ann@agents.test",
        "--team",
        "support",
    ])
    .good();
    desk.deliver(&mail(
        "Carla <carla@customer.test>",
        "The export is empty",
        "Since last night.",
    ));
    desk.process().await;
    let list = desk.run(&["ticket", "list"]).good();
    let number = list
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let number = number.as_str();

    let take = format!("take {number}");
    let said = desk.run(&["do", &take, "--as", "ann"]).good();
    assert_eq!(said, format!("ann has {number} now; it is In progress.\n"));

    let note = desk.pipe(
        &["do", "note", "--stdin", "--ticket", number, "--as", "ann"],
        b"--all is well\n",
    );
    assert!(note.good().contains("No customer sees it"));
    let json = desk
        .run(&["do", "show --all", "--ticket", number, "--json"])
        .good();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["done"], true);
    assert_eq!(json["ticket"], number);
    assert_eq!(json["data"]["comments"][1]["body"], "--all is well");

    for (line, status, says) in [
        ("tak", 64, "Did you mean `take`?"),
        ("take", 64, "Which ticket?"),
        ("take TKT-0", 1, "There is no ticket `TKT-0`."),
        (&format!("reply {number} Hello"), 77, "--as HANDLE"),
    ] {
        let ran = desk.run(&["do", line]);
        assert_eq!(ran.status, status, "{ran:#?}");
        assert!(ran.err.contains(says), "{ran:#?}");
    }
    let ran = desk.run(&["do", "tak", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&json["done"], &json["fault"]),
        (&false.into(), &"usage".into())
    );
    assert_eq!(json["nearest"], "take");
}

#[tokio::test]
async fn a_program_reads_json_whatever_goes_wrong() {
    let mut desk = CliDesk::new().await;
    let failed = |desk: &CliDesk, arguments: &[&str], says: &str| {
        let ran = desk.run(arguments);
        assert_eq!(ran.status, 1, "{ran:#?}");
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            (&json["done"], &json["fault"]),
            (&false.into(), &"failed".into())
        );
        assert!(json["error"].as_str().unwrap().contains(says), "{json}");
        assert!(ran.err.contains(says), "{ran:#?}");
    };
    failed(&desk, &["do", "list", "--json", "--as", "zoe"], "zoe");
    failed(
        &desk,
        &["do", "show", "--json", "--ticket", "TKT-0"],
        "TKT-0",
    );
    failed(
        &desk,
        &["do", "attach", "--json", "--file", "/none"],
        "/none",
    );
    desk.lose_the_database();
    failed(&desk, &["do", "list", "--json"], "database");
}
