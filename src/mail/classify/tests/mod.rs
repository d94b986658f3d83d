//! Kinds of senders, as their software marks them.

use std::collections::BTreeMap;

use crate::config::service::MailLimits;
use crate::mail::message::{Origin, UnderstoodMail};
use crate::mail::understand;

fn mail(header: &str) -> UnderstoodMail {
    let raw = format!("From: Ann <ann@example.org>\nTo: desk@example.com\n{header}\n\nHello\n");
    understand(raw.as_bytes(), &MailLimits::default())
}

#[test]
fn machines_that_answer_are_known() {
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied; owner-email=\"ann@example.org\"",
        "Auto-Submitted: (a comment) AUTO-REPLIED (vacation)",
        "X-Autoreply: yes",
        "X-Autorespond: vacation",
        "X-Mail-Autoreply: 1",
        "Precedence: auto_reply",
        "X-Mailer: vacation 1.2.7",
        "Subject: Out of Office: Printer",
        "Subject: Automatic reply: Printer",
        "Subject: Automatische Antwort: Drucker",
        "Subject: Abwesenheitsnotiz",
        "Subject: =?UTF-8?Q?R=C3=A9ponse_automatique_=3A_Imprimante?=",
        "Subject: =?UTF-8?Q?Respuesta_autom=C3=A1tica=3A_Impresora?=",
        "Subject: Risposta automatica: Stampante",
        "Subject: =?UTF-8?Q?Resposta_autom=C3=A1tica=3A_Impressora?=",
        "Subject: Automatisch antwoord: Printer",
        "Subject: Automatiskt svar: Skrivare",
        "Subject: Automatisk svar: Printer",
        "Subject: Automaattinen vastaus: Tulostin",
        "Subject: =?UTF-8?B?QXV0b21hdHljem5hIG9kcG93aWVkxbo6IERydWthcmth?=",
        "Subject: 自动答复: 打印机",
        "Subject: 自動応答: プリンタ",
        "Subject: 자동 회신: 프린터",
        "Subject: Автоматический ответ: Принтер",
        "Subject: رد تلقائي: طابعة",
        "Subject: מענה אוטומטי: מדפסת",
    ] {
        let origin = mail(header).origin;
        assert!(
            matches!(origin, Origin::AutoReply { .. }),
            "{header}: {origin:?}"
        );
    }
}

#[derive(serde::Deserialize)]
struct Subjects {
    absence_notes: BTreeMap<String, Vec<String>>,
    people: BTreeMap<String, Vec<String>>,
}

#[test]
fn absence_notes_are_told_from_people_by_their_subject_in_every_language() {
    let subjects: Subjects = toml::from_str(include_str!("subjects.toml")).unwrap();
    for subject in subjects.absence_notes.values().flatten() {
        let origin = mail(&format!("Subject: {subject}")).origin;
        assert!(
            matches!(origin, Origin::AutoReply { .. }),
            "{subject}: {origin:?}"
        );
    }
    for subject in subjects.people.values().flatten() {
        assert_eq!(
            mail(&format!("Subject: {subject}")).origin,
            Origin::Person,
            "{subject}"
        );
    }
}

#[test]
fn other_machines_are_known() {
    for header in [
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-notified",
        "Precedence: bulk",
        "Precedence: junk",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, RN, OOF",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "X-Loop: desk@example.com",
        "X-FC-MachineGenerated: true",
        "X-Cron-Env: <SHELL=/bin/sh>",
        "Feedback-ID: 1:2:3:example",
        "Return-Path: <>",
        "List-Id: <list.example.org>",
        "Mailing-List: contact list@example.org",
    ] {
        let origin = mail(header).origin;
        assert!(
            matches!(origin, Origin::Automatic { .. }),
            "{header}: {origin:?}"
        );
    }
}

#[test]
fn people_are_people() {
    for header in [
        "Auto-Submitted: no",
        "Auto-Submitted: no (a person)",
        "X-Auto-Response-Suppress: DR, RN, NRN",
        "X-Auto-Response-Suppress: None",
        "Precedence: first-class",
        "X-Autoreply: no",
        "Subject: Out of office supplies",
        "Subject: Automatic reply does not work",
        "Subject: Undelivered mail, please help",
        "Subject: Urlaub",
        "Return-Path: <ann@example.org>",
        "Importance: high",
    ] {
        let origin = mail(header).origin;
        assert_eq!(origin, Origin::Person, "{header}");
    }
}

#[test]
fn lists_are_told_from_other_machines() {
    let understood = mail("List-Id: <list.example.org>\nPrecedence: list");
    assert!(understood.list);
    assert!(matches!(
        understood.origin,
        Origin::Automatic { list: true, .. }
    ));
    assert!(!mail("Precedence: bulk").list);
}

#[test]
fn a_complaint_is_feedback() {
    let raw = b"From: abuse@example.net\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nA complaint.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@example.com>\nFrom: desk@example.com\n\nHello\n--b--\n";
    let understood = understand(raw, &MailLimits::default());
    assert_eq!(
        understood.origin,
        Origin::Feedback {
            feedback_type: "abuse".to_owned()
        }
    );
    assert_eq!(understood.returned_ids, ["ours@example.com"]);
}

#[test]
fn filters_upstream_are_heard() {
    assert!(mail("X-Spam-Flag: YES").spam);
    assert!(mail("X-Spam-Status: Yes, score=9.1").spam);
    assert!(mail("X-MS-Exchange-Organization-SCL: 6").spam);
    assert!(mail("X-Forefront-Antispam-Report: CIP:1.2.3.4;SFV:SPM;").spam);
    assert!(!mail("X-Spam-Status: No, score=-1.0").spam);
    assert!(!mail("X-MS-Exchange-Organization-SCL: 1").spam);
}
