//! Forwards as clients write them.

use crate::config::service::MailLimits;
use crate::mail::message::Forwarded;
use crate::mail::understand;

fn forward(subject: &str, body: &str) -> (Option<Forwarded>, String) {
    let raw = format!(
        "From: Bob <bob@example.com>\nTo: desk@example.com\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}"
    );
    let understood = understand(raw.as_bytes(), &MailLimits::default());
    (understood.forwarded, understood.reply)
}

/// What stands above a forwarded message, and the header below it, client by client.
const FORMS: &[(&str, &str, &str)] = &[
    (
        "Gmail",
        "Fwd: Printer",
        "---------- Forwarded message ---------\nFrom: Ann Example <ann@example.org>\nDate: Tue, Jan 3, 2023 at 10:00 AM\nSubject: Printer\nTo: <bob@example.com>\n",
    ),
    (
        "Gmail de",
        "Fwd: Printer",
        "---------- Forwarded message ---------\nVon: Ann Example <ann@example.org>\nDate: Di., 3. Jan. 2023 um 10:00 Uhr\nSubject: Printer\nTo: <bob@example.com>\n",
    ),
    (
        "Gmail ja",
        "Fwd: Printer",
        "---------- Forwarded message ---------\nFrom: Ann Example <ann@example.org>\nDate: 2023年1月3日(火) 10:00\nSubject: Printer\nTo: <bob@example.com>\n",
    ),
    (
        "Outlook en",
        "FW: Printer",
        "________________________________\nFrom: Ann Example <ann@example.org>\nSent: Tuesday, January 3, 2023 10:00\nTo: bob@example.com <bob@example.com>\nSubject: Printer\n",
    ),
    (
        "Outlook de",
        "WG: Printer",
        "Von: Ann Example <ann@example.org>\nGesendet: Dienstag, 3. Januar 2023 10:00\nAn: bob@example.com\nBetreff: Printer\n",
    ),
    (
        "Outlook fr",
        "TR: Printer",
        "De : Ann Example <ann@example.org>\nEnvoyé : mardi 3 janvier 2023 10:00\nÀ : bob@example.com\nObjet : Printer\n",
    ),
    (
        "Outlook es",
        "RV: Printer",
        "De: Ann Example <ann@example.org>\nEnviado: martes, 3 de enero de 2023 10:00\nPara: bob@example.com\nAsunto: Printer\n",
    ),
    (
        "Outlook it",
        "I: Printer",
        "Da: Ann Example <ann@example.org>\nInviato: martedì 3 gennaio 2023 10:00\nA: bob@example.com\nOggetto: Printer\n",
    ),
    (
        "Outlook pt",
        "ENC: Printer",
        "De: Ann Example <ann@example.org>\nEnviada em: terça-feira, 3 de janeiro de 2023 10:00\nPara: bob@example.com\nAssunto: Printer\n",
    ),
    (
        "Outlook da",
        "VS: Printer",
        "Fra: Ann Example <ann@example.org>\nSendt: 3. januar 2023 10:00\nTil: bob@example.com\nEmne: Printer\n",
    ),
    (
        "Outlook sv",
        "VB: Printer",
        "Från: Ann Example <ann@example.org>\nSkickat: den 3 januari 2023 10:00\nTill: bob@example.com\nÄmne: Printer\n",
    ),
    (
        "Outlook fi",
        "VL: Printer",
        "Lähettäjä: Ann Example <ann@example.org>\nLähetetty: tiistai 3. tammikuuta 2023 10.00\nVastaanottaja: bob@example.com\nAihe: Printer\n",
    ),
    (
        "Outlook pl",
        "PD: Printer",
        "Od: Ann Example <ann@example.org>\nWysłano: wtorek, 3 stycznia 2023 10:00\nDo: bob@example.com\nTemat: Printer\n",
    ),
    (
        "Outlook zh",
        "转发: Printer",
        "发件人: Ann Example <ann@example.org>\n发送时间: 2023年1月3日 10:00\n收件人: bob@example.com\n主题: Printer\n",
    ),
    (
        "Outlook tr",
        "İLT: Printer",
        "Kimden: Ann Example <ann@example.org>\nGönderildi: 3 Ocak 2023 Salı 10:00\nKime: bob@example.com\nKonu: Printer\n",
    ),
    (
        "Apple Mail en",
        "Fwd: Printer",
        "Begin forwarded message:\n\nFrom: Ann Example <ann@example.org>\nSubject: Printer\nDate: 3 January 2023 at 10:00:00 CET\nTo: bob@example.com\n",
    ),
    (
        "Apple Mail de",
        "Fwd: Printer",
        "Anfang der weitergeleiteten Nachricht:\n\nVon: Ann Example <ann@example.org>\nBetreff: Printer\nDatum: 3. Januar 2023 um 10:00:00 MEZ\nAn: bob@example.com\n",
    ),
    (
        "Thunderbird en",
        "Fwd: Printer",
        "-------- Forwarded Message --------\nSubject: \tPrinter\nDate: \tTue, 3 Jan 2023 10:00:00 +0100\nFrom: \tAnn Example <ann@example.org>\nTo: \tbob@example.com\n",
    ),
    (
        "Thunderbird ru",
        "Fwd: Printer",
        "-------- Пересылаемое сообщение --------\nТема: \tPrinter\nДата: \tTue, 3 Jan 2023 10:00:00 +0100\nОт: \tAnn Example <ann@example.org>\nКому: \tbob@example.com\n",
    ),
    (
        "Yahoo",
        "Fw: Printer",
        "----- Forwarded Message ----- From: Ann Example <ann@example.org>To: bob@example.com <bob@example.com>Sent: Tuesday, January 3, 2023 at 10:00:00 AM GMT+1Subject: Printer\n",
    ),
    (
        "Outlook for Mac",
        "FW: Printer",
        "On 03/01/2023 10:00, \"Ann Example\" <ann@example.org> wrote:\n",
    ),
];

#[test]
fn a_forwarded_message_keeps_its_author_in_every_form() {
    for (client, subject, head) in FORMS {
        let (forwarded, reply) = forward(
            subject,
            &format!("Please help her.\n\n{head}\nIt does not print.\n\nAnn\n"),
        );
        let forwarded = forwarded.unwrap_or_else(|| panic!("{client}: nothing found"));
        let from = forwarded
            .from
            .unwrap_or_else(|| panic!("{client}: no author"));
        assert_eq!(
            (from.name.as_str(), from.address.as_str()),
            ("Ann Example", "ann@example.org"),
            "{client}"
        );
        assert_eq!(forwarded.subject.as_deref(), Some("Printer"), "{client}");
        assert!(
            forwarded.date.is_some_and(|date| date.contains("10")),
            "{client}"
        );
        assert_eq!(forwarded.body, "It does not print.\n\nAnn", "{client}");
        assert_eq!(reply, "Please help her.", "{client}");
    }
}

#[test]
fn a_forward_below_a_copied_header_keeps_its_author_in_every_language() {
    for (language, clients) in crate::mail::reply::tests::clients::headers() {
        for (client, header) in clients {
            let body = format!("Please look.\n\n{header}\n\nIt does not print.\n\nAnn\n");
            let (forwarded, own) = forward("Fwd: Printer", &body);
            let forwarded = forwarded.unwrap_or_else(|| panic!("{language} {client}"));
            assert_eq!(
                forwarded.body, "It does not print.\n\nAnn",
                "{language} {client}"
            );
            assert_eq!(own, "Please look.", "{language} {client}");
            if header.contains("ann@example.org") {
                assert_eq!(
                    forwarded.from.unwrap().address,
                    "ann@example.org",
                    "{language} {client}"
                );
            }
        }
    }
}

#[test]
fn a_forward_without_own_words_has_an_empty_reply() {
    let (forwarded, reply) = forward("Fwd: Printer", FORMS[0].2);
    assert!(forwarded.is_some());
    assert_eq!(reply, "");
}

#[test]
fn a_reply_is_no_forward() {
    for head in [
        FORMS[3].2,
        "On Tue, Jan 3, 2023 at 10:00 AM Ann <ann@example.org> wrote:\n\n> ---------- Forwarded message ---------\n> From: X <x@example.org>\n> Subject: y\n",
    ] {
        let (forwarded, reply) = forward("Re: Printer", &format!("Done.\n\n{head}\nOld words.\n"));
        assert_eq!(forwarded, None);
        assert!(reply.starts_with("Done."), "{reply}");
    }
}

#[test]
fn a_finnish_answer_is_no_danish_forward() {
    let head = "Lähettäjä: Ann Example <ann@example.org>\nLähetetty: tiistai 3. tammikuuta 2023 10.00\nVastaanottaja: Bob\nAihe: Tulostin\n";
    let (forwarded, reply) = forward(
        "VS: Tulostin",
        &format!("Kiitos.\n\n{head}\nVanha viesti\n"),
    );
    assert_eq!(forwarded, None);
    assert_eq!(reply, "Kiitos.");
}

#[test]
fn an_attached_message_is_forwarded_when_the_subject_says_so() {
    let raw = b"From: bob@example.com\nSubject: Fwd: Printer\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease help her.\n--b\nContent-Type: message/rfc822\n\nFrom: Ann Example <ann@example.org>\nSubject: Printer\nDate: Tue, 3 Jan 2023 10:00:00 +0100\n\nIt does not print.\n--b--\n";
    let understood = understand(raw, &MailLimits::default());
    let forwarded = understood.forwarded.unwrap();
    assert_eq!(forwarded.from.unwrap().address, "ann@example.org");
    assert_eq!(forwarded.body, "It does not print.");
    assert_eq!(understood.reply, "Please help her.");
}
