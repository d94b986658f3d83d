//! How fast mail is understood: `MAILS=folder cargo bench --bench understand`.
//!
//! Without `MAILS` the mails are made up: replies, notes of absence, bounces, forwards and letters with a picture.
//! Below stand the largest texts that are read at all, of the most expensive shapes.

use std::path::Path;
use std::time::{Duration, Instant};

use frontdesk::config::service::MailLimits;
use frontdesk::mail::{inspect, understand};

fn main() {
    let mails = match std::env::var_os("MAILS") {
        Some(folder) => read(Path::new(&folder)),
        None => made_up(),
    };
    let bytes: usize = mails.iter().map(Vec::len).sum();
    println!(
        "Understanding {} mails ({} KiB), on one core:",
        mails.len(),
        bytes >> 10
    );
    let limits = MailLimits::default();
    let understood = rate(&mails, |raw| drop(understand(raw, &limits)));
    println!("  {understood:>9.0} mails/s understood");
    let printed = rate(&mails, |raw| {
        drop(inspect::to_json(&understand(raw, &limits)).to_string());
    });
    println!("  {printed:>9.0} mails/s printed as JSON");
    hostile(&limits);
}

/// Mails a second, over at least two seconds.
fn rate(mails: &[Vec<u8>], work: impl Fn(&[u8])) -> f64 {
    let begun = Instant::now();
    let mut done = 0u32;
    while begun.elapsed() < Duration::from_secs(2) {
        for raw in mails {
            work(raw);
            done += 1;
        }
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}

fn read(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("MAILS is a folder");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths
        .filter(|path| path.is_file())
        .map(|path| std::fs::read(path).expect("the mail can be read"))
        .collect()
}

fn made_up() -> Vec<Vec<u8>> {
    let words = "The printer on the third floor does not print since Monday. It says that paper is missing. ";
    let quote = format!("> {}\n", words.trim()).repeat(20);
    let picture =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGA\n".repeat(200);
    let html = format!("<p>{words}</p>").repeat(20);
    (0..1_000)
        .map(|number: u32| {
            let head = format!("Return-Path: <ann{number}@example.org>\nReceived: from mx.example.org by mx.example.com; Tue, 3 Jan 2023 10:00:00 +0100\nFrom: Ann Example <ann{number}@example.org>\nTo: desk@example.com\nSubject: =?utf-8?Q?Drucker_f=C3=BCr_B=C3=BCro_3?=\nDate: Tue, 3 Jan 2023 10:00:00 +0100\nMessage-ID: <{number}@example.org>\nReferences: <1@example.com> <2@example.com>\nMIME-Version: 1.0\n");
            let mail = match number % 5 {
                0 => format!("{head}Content-Type: text/plain; charset=utf-8\n\nYes.\n\nOn Tue, Jan 3, 2023 at 10:00 AM Desk <desk@example.com> wrote:\n\n{quote}"),
                1 => format!("{head}Auto-Submitted: auto-replied\n\nI am away until Monday.\n\n-- \nAnn Example\n"),
                2 => format!("{head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nI'm sorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n--b\nContent-Type: message/rfc822\n\n{head}\nHello\n--b--\n"),
                3 => format!("{head}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{}\n--b\nContent-Type: text/html; charset=utf-8\n\n{html}<div class=\"gmail_quote\">{html}</div>\n--b--\n", words.repeat(10)),
                _ => format!("{head}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{words}\n--b\nContent-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\n{picture}--b--\n"),
            };
            mail.into_bytes()
        })
        .collect()
}

/// The largest texts that are read, of the shapes that cost most.
fn hostile(limits: &MailLimits) {
    let text = usize::try_from(limits.text_bytes).expect("the limit fits");
    println!(
        "The largest texts that are read (the limit of a mail is {} ms):",
        limits.parse_millis
    );
    let plain = |piece: &str| {
        format!(
            "Subject: Fwd: x\nContent-Type: text/plain; charset=utf-8\n\n{}",
            piece.repeat(text / piece.len())
        )
    };
    let html = |piece: &str| {
        format!(
            "Content-Type: text/html; charset=utf-8\n\n{}",
            piece.repeat(4 * text / piece.len())
        )
    };
    let shapes = [
        ("delimiters", plain("--\n")),
        ("half attributions", plain("On 1:\n")),
        ("attributions", plain("On 1 Jan 2020 10:00 a <a@b.c>\n")),
        ("recipients", plain("To: b\n")),
        ("devices", plain("Sent from my iPhone\n\n")),
        (
            "separators",
            plain("---- Forwarded message ---- A:A:A:A:A:A:\n"),
        ),
        ("HTML: delimiters", html("--<br>")),
        ("HTML: attributions", html("On 1:<br>")),
        ("HTML: comments", html("<!>")),
        ("HTML: quotes", html("<blockquote>a")),
        ("HTML: names", html("<p class=\"a a a a a a a a\">x")),
    ];
    for (name, raw) in shapes {
        let begun = Instant::now();
        drop(understand(raw.as_bytes(), limits));
        println!("  {:>9} ms  {name}", begun.elapsed().as_millis());
    }
}
