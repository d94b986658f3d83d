//! C3 and L1 as properties: over whatever order of mails, no internal note reaches anybody outside, no
//! automatic mail is answered, and every mail ends in a row with a final state.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::content::{quoted, quoted_html};
use super::{bounce, reply, reply_without_token, request};
use crate::harness::{Desk, Sent};

/// A mail that arrives. The numbers choose among what there is by then.
#[derive(Debug, Clone)]
enum Step {
    /// A customer asks something new.
    Ask { customer: usize, in_copy: bool },
    /// A customer answers a mail that they got.
    Answer { mail: usize, token: bool },
    /// An agent answers a notification.
    Reply { mail: usize, quote: usize },
    /// An agent leaves a note, as a reply to a notification, perhaps with the notification below it.
    Note {
        mail: usize,
        form: usize,
        quote: usize,
    },
    /// An agent sends nothing but the notification they got.
    Empty { mail: usize, quote: usize },
    /// An agent whose client writes HTML answers, or sends nothing but the notification.
    Html {
        mail: usize,
        quote: usize,
        empty: bool,
    },
    /// Somebody else answers a mail that was not sent to them.
    Stranger { mail: usize, token: bool },
    /// An autoresponder answers a mail.
    Absent { mail: usize, token: bool },
    /// A mail comes back.
    Bounce { mail: usize, hard: bool },
    /// The ticket is closed in between.
    Close { ticket: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let any_mail = || 0..1_000_usize;
    prop_oneof![
        3 => (0..3_usize, any::<bool>()).prop_map(|(customer, in_copy)| Step::Ask { customer, in_copy }),
        3 => (any_mail(), any::<bool>()).prop_map(|(mail, token)| Step::Answer { mail, token }),
        3 => (any_mail(), 0..7_usize).prop_map(|(mail, quote)| Step::Reply { mail, quote }),
        4 => (any_mail(), 0..4_usize, 0..7_usize).prop_map(|(mail, form, quote)| Step::Note { mail, form, quote }),
        1 => (any_mail(), 0..6_usize).prop_map(|(mail, quote)| Step::Empty { mail, quote }),
        2 => (any_mail(), 0..5_usize, any::<bool>()).prop_map(|(mail, quote, empty)| Step::Html { mail, quote, empty }),
        2 => (any_mail(), any::<bool>()).prop_map(|(mail, token)| Step::Stranger { mail, token }),
        2 => (any_mail(), any::<bool>()).prop_map(|(mail, token)| Step::Absent { mail, token }),
        2 => (any_mail(), any::<bool>()).prop_map(|(mail, hard)| Step::Bounce { mail, hard }),
        1 => (0..9_usize).prop_map(|ticket| Step::Close { ticket }),
    ]
}

fn is_staff(address: &str) -> bool {
    address.ends_with("@agents.test") || address == "operator@desk.test"
}

/// One desk and everything that ever left it.
struct World {
    desk: Desk,
    sent: Vec<Sent>,
    mails: usize,
}

impl World {
    async fn open() -> Self {
        let desk = Desk::open_with(
            "[caps]\nanswers_per_sender_per_hour = 1000\nanswers_per_ticket_per_hour = 1000\nanswers_per_minute = 5000\n",
        )
        .await;
        desk.agent("ann", Some("support")).await;
        desk.agent("bob", Some("support")).await;
        Self {
            desk,
            sent: Vec::new(),
            mails: 0,
        }
    }

    fn mail(&self, number: usize, of: impl Fn(&Sent) -> bool) -> Option<&Sent> {
        let fit: Vec<_> = self.sent.iter().filter(|sent| of(sent)).collect();
        fit.get(number % fit.len().max(1)).copied()
    }

    /// The mail of a step, and whether it is automatic. Nothing where there is nothing to answer yet.
    fn write(&self, step: &Step) -> Option<(String, bool)> {
        let id = format!("m{}@world.test", self.mails);
        let word = format!("word{}", self.mails);
        let secret = format!("SECRET{} stays among us", self.mails);
        let staff =
            |sent: &Sent| sent.to.ends_with("@agents.test") && !sent.mail.mail.reply_to.is_empty();
        let outside = |sent: &Sent| !is_staff(&sent.to);
        let below = |sent: &Sent, quote: usize| match quote {
            6 => String::new(),
            style => format!("\n\n{}", quoted(style, sent.text())),
        };
        let person = |to: &Sent, token: bool, from: &str, body: &str| {
            if token && !to.mail.mail.reply_to.is_empty() {
                reply(to, from, &id, body)
            } else {
                reply_without_token(to, from, &id, body)
            }
        };
        Some(match *step {
            Step::Ask { customer, in_copy } => {
                let mail = request(&format!("c{customer}@customer.test"), &id, "Matter", &word);
                let copy = "Cc: c0@customer.test, friend@customer.test, ann@agents.test\nSubject:";
                (
                    if in_copy {
                        mail.replace("Subject:", copy)
                    } else {
                        mail
                    },
                    false,
                )
            }
            Step::Answer { mail, token } => {
                let to = self.mail(mail, outside)?;
                (person(to, token, &to.to, &word), false)
            }
            Step::Reply { mail, quote } => {
                let to = self.mail(mail, staff)?;
                (
                    reply(to, &to.to, &id, &format!("{word}{}", below(to, quote))),
                    false,
                )
            }
            Step::Note { mail, form, quote } => {
                let to = self.mail(mail, staff)?;
                let mark = ["note: ", "Note:\n", "*NOTE:* ", "\u{a0}note:\u{a0}"][form];
                (
                    reply(
                        to,
                        &to.to,
                        &id,
                        &format!("{mark}{secret}{}", below(to, quote)),
                    ),
                    false,
                )
            }
            Step::Empty { mail, quote } => {
                let to = self.mail(mail, staff)?;
                (reply(to, &to.to, &id, &quoted(quote, to.text())), false)
            }
            Step::Html { mail, quote, empty } => {
                let to = self.mail(mail, staff)?;
                let below = quoted_html(quote, to.mail.mail.html.as_deref()?);
                let own = if empty { "" } else { &word };
                let body = format!("<html><body><div>{own}</div>{below}</body></html>");
                let mail = reply(to, &to.to, &id, &body).replace("text/plain", "text/html");
                (mail, false)
            }
            Step::Stranger { mail, token } => {
                let to = self.mail(mail, |_| true)?;
                (person(to, token, "eve@evil.test", &word), false)
            }
            Step::Absent { mail, token } => {
                let to = self.mail(mail, |_| true)?;
                let mail = person(to, token, &to.to, "I am away");
                (
                    mail.replacen("Subject:", "Auto-Submitted: auto-replied\nSubject:", 1),
                    true,
                )
            }
            Step::Bounce { mail, hard } => {
                let to = self.mail(mail, |_| true)?;
                let address = to
                    .mail
                    .mail
                    .reply_to
                    .first()
                    .map_or("support@desk.test", |to| to.address.as_str());
                let (action, status) = if hard {
                    ("failed", "5.1.1")
                } else {
                    ("delayed", "4.4.1")
                };
                (
                    bounce(to, address, action, status, "550 no such user"),
                    true,
                )
            }
            Step::Close { .. } => return None,
        })
    }

    async fn go(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.mails += 1;
        if let Step::Close { ticket } = step {
            let tickets = self.desk.tickets().await;
            if let Some(ticket) = tickets.get(ticket % tickets.len().max(1)) {
                sqlx::query("UPDATE ticket SET status = 'closed', status_kind = 'closed', closed_at = $2 WHERE id = $1")
                    .bind(ticket.id.0)
                    .bind(self.desk.now())
                    .execute(&self.desk.app.pool)
                    .await
                    .unwrap();
            }
            return Ok(());
        }
        let Some((mail, automatic)) = self.write(step) else {
            return Ok(());
        };
        self.desk.receive(&mail).await;
        let left = self.desk.take_mail().await;
        for sent in left.iter().filter(|sent| !is_staff(&sent.to)) {
            let whole = format!(
                "{}{}{:?}",
                String::from_utf8_lossy(&sent.raw),
                sent.text(),
                sent.mail.mail.html
            );
            prop_assert!(
                !whole.contains("SECRET"),
                "{step:?} told {}:\n{whole}",
                sent.to
            );
            prop_assert!(
                !whole.contains("agents.test"),
                "{step:?} showed {} an agent's address:\n{whole}",
                sent.to
            );
            prop_assert!(!automatic, "{step:?} was answered to {}", sent.to);
        }
        for sent in &left {
            prop_assert!(
                sent.header("Auto-Submitted").is_some() || sent.mail.mail.reply_to.len() == 1
            );
        }
        self.sent.extend(left);
        Ok(())
    }

    async fn end(self) -> Result<(), TestCaseError> {
        let fates = self.desk.fates().await;
        let settled = |fate: &String| {
            ["processed", "ignored", "rejected", "quarantined"]
                .iter()
                .any(|state| fate.starts_with(state))
        };
        prop_assert!(fates.iter().all(settled), "{fates:?}");
        // A note that was written is a note: nothing secret stands in any public comment.
        let leaked = self
            .desk
            .count("comment WHERE visibility = 'public' AND body LIKE '%SECRET%'")
            .await;
        prop_assert_eq!(leaked, 0);
        self.desk.close().await;
        Ok(())
    }
}

#[test]
fn c3_no_order_of_mails_lets_a_note_out_or_answers_a_machine() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 10,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(step(), 6..20), |steps| {
            runtime.block_on(async {
                let mut world = World::open().await;
                world
                    .go(&Step::Ask {
                        customer: 1,
                        in_copy: true,
                    })
                    .await?;
                for step in &steps {
                    world.go(step).await?;
                }
                world.end().await
            })
        })
        .unwrap();
}
