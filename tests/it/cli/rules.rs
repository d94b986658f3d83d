//! `frontdesk rules`.

use super::desk::{CliDesk, mail};

#[tokio::test]
async fn rules_are_tried_on_a_mail_and_mistakes_have_their_line() {
    let desk = CliDesk::new().await;
    let saas = concat!(env!("CARGO_MANIFEST_DIR"), "/config/desks/saas.toml");
    let own = desk.config().with_file_name("desk.toml");
    let rules = r#"
[[rule]]
name = "Invoices"
if_subject = ["invoice"]
category = "billing"
tags = ["money"]

[[rule]]
name = "The bank"
if_sender = ["bank.test"]
priority = "urgent"
last = true

[[rule]]
name = "Never"
if_words = ["anything"]
priority = "low"
"#;
    let write = |rules: &str| {
        let text = std::fs::read_to_string(saas).unwrap() + rules;
        std::fs::write(&own, text).unwrap();
    };
    write(rules);
    let config = std::fs::read_to_string(desk.config()).unwrap();
    std::fs::write(desk.config(), config.replace(saas, "desk.toml")).unwrap();

    let message = mail(
        "Jane <jane@bank.test>",
        "Your invoice of May",
        "It is wrong.",
    );
    let told = desk.pipe(&["rules", "test"], message.as_bytes()).good();
    assert_eq!(
        told,
        "From jane@bank.test: Your invoice of May\n\n\
         ✓ Invoices: the subject has “invoice”\n    → category billing, tags money\n\
         ✓ The bank: the sender is “bank.test”\n    → priority urgent, no rule below is tried\n  \
         Never: not tried any more\n\n\
         The ticket would get:\n  category  billing\n  team      billing\n  priority  urgent\n  assignee  none\n  \
         tags      money\n"
    );
    let message = mail("Joe <joe@customer.test>", "Hello", "Hi.");
    let told = desk.pipe(&["rules", "test"], message.as_bytes()).good();
    assert!(
        told.contains("– The bank: not that the sender is “bank.test”\n"),
        "{told}"
    );
    assert_eq!(desk.number("SELECT count(*) FROM ticket").await, 0);

    write("\n[[rule]]\nname = \"x\"\nteam = \"nobody\"\nif_sender = [\"not a domain\"]\n");
    let refused = desk.pipe(&["rules", "test"], message.as_bytes());
    assert_eq!(refused.status, 78);
    for wrong in [
        "There is no team `nobody`",
        "is neither an address nor a domain",
        "desk.toml:",
    ] {
        assert!(refused.err.contains(wrong), "{wrong}: {}", refused.err);
    }
}
