//! Replies as clients write them, one table row a client and language.

use super::reply;

/// The attribution lines that clients write, language by language (Gmail, Apple Mail, Thunderbird,
/// Outlook, Yahoo).
const ATTRIBUTIONS: &[(&str, &str)] = &[
    (
        "en Gmail",
        "On Tue, Jan 3, 2023 at 10:00 AM Ann Example <ann@example.org> wrote:",
    ),
    (
        "en Apple Mail",
        "On 3 Jan 2023, at 10:00, Ann Example <ann@example.org> wrote:",
    ),
    ("en Thunderbird", "On 03/01/2023 10:00, Ann Example wrote:"),
    ("en Gnus", "Ann Example <ann@example.org> writes:"),
    (
        "de Gmail",
        "Am Di., 3. Jan. 2023 um 10:00 Uhr schrieb Ann Example <ann@example.org>:",
    ),
    (
        "de Apple Mail",
        "Am 03.01.2023 um 10:00 schrieb Ann Example <ann@example.org>:",
    ),
    (
        "fr Gmail",
        "Le mar. 3 janv. 2023 à 10:00, Ann Example <ann@example.org> a écrit :",
    ),
    (
        "fr Thunderbird",
        "Le 03/01/2023 à 10:00, Ann Example a écrit :",
    ),
    (
        "es Gmail",
        "El mar, 3 ene 2023 a las 10:00, Ann Example (<ann@example.org>) escribió:",
    ),
    (
        "it Gmail",
        "Il giorno mar 3 gen 2023 alle ore 10:00 Ann Example <ann@example.org> ha scritto:",
    ),
    (
        "it Thunderbird",
        "Il 03/01/23 10:00, Ann Example ha scritto:",
    ),
    (
        "pt Gmail",
        "Em ter., 3 de jan. de 2023 às 10:00, Ann Example <ann@example.org> escreveu:",
    ),
    (
        "nl Gmail",
        "Op di 3 jan. 2023 om 10:00 schreef Ann Example <ann@example.org>:",
    ),
    (
        "nl Apple Mail",
        "Op 3 jan. 2023, om 10:00 heeft Ann Example <ann@example.org> het volgende geschreven:",
    ),
    (
        "sv Gmail",
        "Den tis 3 jan. 2023 kl 10:00 skrev Ann Example <ann@example.org>:",
    ),
    (
        "nb Gmail",
        "tir. 3. jan. 2023 kl. 10:00 skrev Ann Example <ann@example.org>:",
    ),
    (
        "da Gmail",
        "Den tirs. 3. jan. 2023 kl. 10.00 skrev Ann Example <ann@example.org>:",
    ),
    (
        "fi Gmail",
        "ti 3. tammik. 2023 klo 10.00 Ann Example (ann@example.org) kirjoitti:",
    ),
    (
        "pl Gmail",
        "wt., 3 sty 2023 o 10:00 Ann Example <ann@example.org> napisał(a):",
    ),
    (
        "pl Thunderbird",
        "W dniu 3.01.2023 o 10:00, Ann Example pisze:",
    ),
    (
        "cs Gmail",
        "út 3. 1. 2023 v 10:00 odesílatel Ann Example <ann@example.org> napsal:",
    ),
    (
        "cs Thunderbird",
        "Dne 03. 01. 23 v 10:00 Ann Example napsal(a):",
    ),
    (
        "hu Gmail",
        "Ann Example <ann@example.org> ezt írta (időpont: 2023. jan. 3., K, 10:00):",
    ),
    (
        "ro Gmail",
        "În mar., 3 ian. 2023 la 10:00, Ann Example <ann@example.org> a scris:",
    ),
    (
        "tr Gmail",
        "Ann Example <ann@example.org>, 3 Oca 2023 Sal, 10:00 tarihinde şunu yazdı:",
    ),
    (
        "el Gmail",
        "Στις Τρί 3 Ιαν 2023 στις 10:00 π.μ., ο/η Ann Example <ann@example.org> έγραψε:",
    ),
    (
        "ru Gmail",
        "вт, 3 янв. 2023 г. в 10:00, Ann Example <ann@example.org>:",
    ),
    ("ru Thunderbird", "03.01.2023 10:00, Ann Example пишет:"),
    (
        "uk Gmail",
        "вт, 3 січ. 2023 р. о 10:00 Ann Example <ann@example.org> пише:",
    ),
    (
        "zh Gmail",
        "Ann Example <ann@example.org> 于2023年1月3日周二 10:00写道：",
    ),
    (
        "zh Apple Mail",
        "在 2023年1月3日，上午10:00，Ann Example <ann@example.org> 写道：",
    ),
    (
        "zh-TW Gmail",
        "Ann Example <ann@example.org> 於 2023年1月3日 週二 上午10:00寫道：",
    ),
    (
        "ja Gmail",
        "2023年1月3日(火) 10:00 Ann Example <ann@example.org>:",
    ),
    (
        "ja Apple Mail",
        "2023/01/03 10:00、Ann Example <ann@example.org>のメール:",
    ),
    (
        "ko Gmail",
        "2023년 1월 3일 (화) 오전 10:00, Ann Example <ann@example.org>님이 작성:",
    ),
    (
        "vi Gmail",
        "Vào Th 3, 3 thg 1, 2023 vào lúc 10:00 Ann Example <ann@example.org> đã viết:",
    ),
    (
        "ar Gmail",
        "في الثلاثاء، 3 يناير 2023 في 10:00 ص تمت كتابة ما يلي بواسطة Ann Example <ann@example.org>:",
    ),
    (
        "he Gmail",
        "\u{202b}בתאריך יום ג׳, 3 בינו׳ 2023 ב-10:00 מאת \u{202a}Ann Example\u{202c}\u{200f} <\u{202a}ann@example.org\u{202c}\u{200f}>:\u{202c}",
    ),
    (
        "id Gmail",
        "Pada tanggal Sel, 3 Jan 2023 pukul 10.00 Ann Example <ann@example.org> menulis:",
    ),
    (
        "Zoho",
        "---- On Tue, 03 Jan 2023 10:00:00 +0100 Ann Example <ann@example.org> wrote ----",
    ),
];

#[test]
fn the_words_above_a_marked_quote_are_the_reply_in_every_language() {
    for (client, line) in ATTRIBUTIONS {
        let text = format!("Thanks, that works.\n\nBob\n\n{line}\n\n> Please try again.\n> Ann\n");
        assert_eq!(reply(&text), "Thanks, that works.\n\nBob", "{client}");
    }
}

#[test]
fn the_words_above_an_unmarked_quote_are_the_reply_in_every_language() {
    for (client, line) in ATTRIBUTIONS {
        let text = format!("Thanks, that works.\n\n{line}\n\nPlease try again.\nAnn\n");
        assert_eq!(reply(&text), "Thanks, that works.", "{client}");
    }
}

#[test]
fn attribution_lines_are_found_when_the_client_wraps_them() {
    for (client, line) in ATTRIBUTIONS
        .iter()
        .filter(|(_, line)| line.contains(" <") && !line.starts_with("Ann"))
    {
        let wrapped = line.replace(" <", "\n<");
        let text = format!("Thanks, that works.\n\n{wrapped}\n\n> Please try again.\n");
        assert_eq!(reply(&text), "Thanks, that works.", "{client}");
    }
}

/// Outlook's header above the earlier message, as its localisations have it.
const HEADERS: &[&str] = &[
    "From: Ann Example <ann@example.org>\nSent: Tuesday, January 3, 2023 10:00\nTo: Bob\nSubject: Printer",
    "Von: Ann Example <ann@example.org>\nGesendet: Dienstag, 3. Januar 2023 10:00\nAn: Bob\nBetreff: Drucker",
    "De : Ann Example <ann@example.org>\nEnvoyé : mardi 3 janvier 2023 10:00\nÀ : Bob\nObjet : Imprimante",
    "De: Ann Example <ann@example.org>\nEnviado: martes, 3 de enero de 2023 10:00\nPara: Bob\nAsunto: Impresora",
    "Da: Ann Example <ann@example.org>\nInviato: martedì 3 gennaio 2023 10:00\nA: Bob\nOggetto: Stampante",
    "De: Ann Example <ann@example.org>\nEnviada: terça-feira, 3 de janeiro de 2023 10:00\nPara: Bob\nAssunto: Impressora",
    "Van: Ann Example <ann@example.org>\nVerzonden: dinsdag 3 januari 2023 10:00\nAan: Bob\nOnderwerp: Printer",
    "Från: Ann Example <ann@example.org>\nSkickat: den 3 januari 2023 10:00\nTill: Bob\nÄmne: Skrivare",
    "Fra: Ann Example <ann@example.org>\nSendt: tirsdag 3. januar 2023 10:00\nTil: Bob\nEmne: Skriver",
    "Lähettäjä: Ann Example <ann@example.org>\nLähetetty: tiistai 3. tammikuuta 2023 10.00\nVastaanottaja: Bob\nAihe: Tulostin",
    "Od: Ann Example <ann@example.org>\nWysłano: wtorek, 3 stycznia 2023 10:00\nDo: Bob\nTemat: Drukarka",
    "Od: Ann Example <ann@example.org>\nOdesláno: úterý 3. ledna 2023 10:00\nKomu: Bob\nPředmět: Tiskárna",
    "Feladó: Ann Example <ann@example.org>\nElküldve: 2023. január 3., kedd 10:00\nCímzett: Bob\nTárgy: Nyomtató",
    "De la: Ann Example <ann@example.org>\nTrimis: marți, 3 ianuarie 2023 10:00\nCătre: Bob\nSubiect: Imprimantă",
    "Kimden: Ann Example <ann@example.org>\nGönderildi: 3 Ocak 2023 Salı 10:00\nKime: Bob\nKonu: Yazıcı",
    "Από: Ann Example <ann@example.org>\nΣτάλθηκε: Τρίτη, 3 Ιανουαρίου 2023 10:00\nΠρος: Bob\nΘέμα: Εκτυπωτής",
    "От: Ann Example <ann@example.org>\nОтправлено: вторник, 3 января 2023 г. 10:00\nКому: Bob\nТема: Принтер",
    "Від: Ann Example <ann@example.org>\nНадіслано: вівторок, 3 січня 2023 р. 10:00\nКому: Bob\nТема: Принтер",
    "发件人: Ann Example <ann@example.org>\n发送时间: 2023年1月3日 10:00\n收件人: Bob\n主题: 打印机",
    "差出人: Ann Example <ann@example.org>\n送信日時: 2023年1月3日 10:00\n宛先: Bob\n件名: プリンタ",
    "보낸 사람: Ann Example <ann@example.org>\n보낸 날짜: 2023년 1월 3일 화요일 오전 10:00\n받는 사람: Bob\n제목: 프린터",
    "Từ: Ann Example <ann@example.org>\nĐã gửi: 03 Tháng Giêng 2023 10:00\nĐến: Bob\nChủ đề: Máy in",
    "من: Ann Example <ann@example.org>\nتم الإرسال: 03 يناير 2023 10:00\nإلى: Bob\nالموضوع: طابعة",
    "מאת: Ann Example <ann@example.org>\nנשלח: יום שלישי 03 ינואר 2023 10:00\nאל: Bob\nנושא: מדפסת",
    "Dari: Ann Example <ann@example.org>\nDikirim: Selasa, 3 Januari 2023 10.00\nKepada: Bob\nPerihal: Pencetak",
];

#[test]
fn outlooks_header_ends_the_reply_in_every_language() {
    for header in HEADERS {
        let text = format!(
            "It works.\n\n________________________________\n{header}\n\nPlease try again.\n"
        );
        assert_eq!(reply(&text), "It works.", "{header}");
        let bold = header.replace(": ", ":* ").replace('\n', "\n*");
        let text = format!("It works.\n\n*{bold}\n\nPlease try again.\n");
        assert_eq!(reply(&text), "It works.", "{bold}");
    }
}
