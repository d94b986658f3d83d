//! What hostile mail costs.

mod scoring;

use super::understand;
use crate::config::service::MailLimits;
use crate::mail::effort;

/// A mail of about `bytes` bytes whose body is `piece` again and again.
fn of_text(piece: &str, bytes: usize) -> String {
    format!(
        "From: a@example.org\nSubject: Fwd: x\nContent-Type: text/plain; charset=utf-8\n\n{}",
        piece.repeat(bytes / piece.len())
    )
}

fn of_html(piece: &str, bytes: usize) -> String {
    format!(
        "From: a@example.org\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n{}",
        piece.repeat(bytes / piece.len())
    )
}

fn of_bounce(piece: &str, bytes: usize) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.org\nSubject: failure notice\n\n{}",
        piece.repeat(bytes / piece.len())
    )
}

fn of_field(piece: &str, bytes: usize) -> String {
    let value = piece.repeat(bytes / piece.len() / 6);
    format!(
        "From: a@example.org\nTo: {value}\nSubject: {value}\nReferences: {value}\nIn-Reply-To: {value}\n\
         Content-Type: text/plain; {value}\nAuthentication-Results: a; {value}\n\nHello\n"
    )
}

fn of_parts(piece: &str, bytes: usize) -> String {
    format!(
        "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n{}",
        piece.repeat(bytes / piece.len())
    )
}

type Shape = fn(&str, usize) -> String;

/// Each of these was, or would have been, read again from every line, tag or address.
const SHAPES: &[(Shape, &[&str])] = &[
    (
        of_text,
        &[
            "On 1 Jan 2020 10:00 a <a@b.c>\n",
            "On 1:\n",
            "On 1 @\n",
            "On 1 Jan 2020 10:00 a <a@b.c> wrote and On 1 Jan 2020 10:00 b:\n>\n",
            "From: a\n",
            "To: b\n",
            "From: a\nTo: b,\n",
            "From: a\nb\nb\nb\nb\nb\nb\nb\n",
            "--\n",
            "--\n\n",
            "---\nx\n",
            ">",
            "> ",
            ">\n",
            "On ",
            "-----Original Message-----",
            "-----Original Message-----\n",
            "---- Forwarded message ---- A:A:A:A:A:A:A:A:A:A:A:A:A:A:A:A:A:A:A:A:\n",
            "Sent from my iPhone\n\n",
            "@",
            "a@b ",
            ":",
            ":\n",
            "______________________________\n",
            "\n",
            "<",
            "http://a (\n>\n",
            "Wrote: On 1 Jan 2020 10:00 wrote ",
            "ü",
        ],
    ),
    (
        of_html,
        &[
            "<!>",
            "<!-- >",
            "<",
            "<div>",
            "</div>",
            "<blockquote>a",
            "<a b=\"",
            "<a b='c d=\"e>",
            "<p class=\"a a a a a a a a a a\">x",
            "<div style='a:b;c:d;e:f;border-top:1px solid'>x</div>",
            "<style>",
            "<title></b>",
            "a<br>",
            "--<br>",
            "&",
            "&#x1;",
            "<td>",
            "<b></i>",
        ],
    ),
    (
        of_bounce,
        &[
            "@",
            "<a@b.c>: 550 no\n",
            "550 5.1.1 user unknown a@b.c ",
            "Final-Recipient: rfc822; a@b\n\n",
            "From: a\n\n",
        ],
    ),
    (
        of_field,
        &[
            "<a@b> ",
            "a@b,",
            "(",
            "\"<",
            "=?",
            "=?utf-8?Q?=C3?= ",
            "a*0*=b;",
            "a:;",
            "dkim=pass (",
        ],
    ),
    (
        of_parts,
        &[
            "--b\n\nx\n",
            "--b\n",
            "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
            "--b\nContent-Type: text/html\n\n<b>\n",
            "--b--\n",
        ],
    ),
];

#[test]
fn hostile_mail_costs_as_much_as_it_is_long() {
    // Long enough for every window that is looked through, and for a square to show.
    const LENGTH: usize = 8 << 10;
    let limits = MailLimits::default();
    for (shape, pieces) in SHAPES {
        for piece in *pieces {
            let cost = |bytes| {
                let raw = shape(piece, bytes);
                effort::of(|| drop(understand(raw.as_bytes(), &limits)))
            };
            let (once, twice) = (cost(LENGTH), cost(2 * LENGTH));
            let by_byte = once / LENGTH as u64;
            assert!(
                twice <= once * 5 / 2 + 10_000,
                "{piece:?}: {once} for a length, {twice} for twice as much"
            );
            assert!(by_byte <= 500, "{piece:?}: {by_byte} a byte");
        }
    }
}

#[test]
fn a_mail_of_addresses_is_searched_once_for_each() {
    // As many recipients as are taken, each followed by prose without an end.
    let list: String = (0..300)
        .map(|number| format!("<a{number}@example.org>: 550 no\n"))
        .collect();
    let cost = |bytes: usize| {
        let raw = of_bounce("x y z ", bytes);
        let raw = raw.replacen("\n\n", &format!("\n\n{list}"), 1);
        effort::of(|| drop(understand(raw.as_bytes(), &MailLimits::default())))
    };
    let (once, twice) = (cost(32 << 10), cost(64 << 10));
    assert!(twice <= once * 5 / 2, "{once} then {twice}");
    assert!(once <= 500 * (32 << 10), "{once}");
}
