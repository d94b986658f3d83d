//! What holds for the program as a whole: help, status, and its ends.

use super::desk::{CliDesk, Ran, mail, program, redacted};

fn help(arguments: &[&str]) -> String {
    Ran::of(&program(arguments).output().unwrap()).good()
}

#[test]
fn the_help_is_read_by_people() {
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_deliver", help(&["deliver", "--help"]));
    insta::assert_snapshot!(
        "help_inbound_replay",
        help(&["inbound", "replay", "--help"])
    );
}

#[test]
fn without_a_configuration_it_says_how_to_name_one() {
    let ran = Ran::of(&program(&["status"]).output().unwrap());
    assert_eq!(ran.status, 64);
    assert_eq!(
        ran.err,
        "frontdesk: which configuration? Give --config FILE, or set FRONTDESK_CONFIG\n"
    );
}

#[tokio::test]
async fn the_status_of_a_desk_at_work() {
    let desk = CliDesk::new().await;
    desk.deliver(&mail("carla@customer.test", "The export is empty", "Hi"));
    desk.process().await;
    let ran = desk.run(&["status"]);
    assert_eq!(ran.status, 0, "{ran:#?}");
    insta::assert_snapshot!(redacted(&ran.out, desk.folder.path()));
    let json: serde_json::Value =
        serde_json::from_str(&desk.run(&["status", "--json"]).good()).unwrap();
    assert_eq!(json["database"], serde_json::Value::Null);
    assert_eq!(json["inbound"][0]["state"], "processed");
    assert_eq!(json["outbox"]["pending"], 1);
    assert_eq!(json["attention"], serde_json::json!([]));
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_the_first_thing_said() {
    let mut desk = CliDesk::new().await;
    desk.lose_the_database();
    let ran = desk.run(&["status"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.out.starts_with("Database     does not answer: "),
        "{ran:#?}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&desk.run(&["status", "--json"]).out).unwrap();
    assert_eq!(json["attention"].as_array().unwrap().len(), 1);
}
