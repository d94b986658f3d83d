//! Replies as clients write them in their users' languages: the data stands beside.

use std::collections::BTreeMap;

use super::reply;

/// What clients write, by language and client.
type ByClient = BTreeMap<String, BTreeMap<String, String>>;

fn attributions() -> ByClient {
    toml::from_str(include_str!("attributions.toml")).unwrap()
}

/// The headers above an earlier message.
pub(crate) fn headers() -> ByClient {
    toml::from_str(include_str!("headers.toml")).unwrap()
}

/// Each line with a name for it.
fn each(all: &ByClient) -> impl Iterator<Item = (String, &str)> {
    all.iter().flat_map(|(language, clients)| {
        let named = clients.iter();
        named.map(move |(client, line)| (format!("{language} {client}"), line.as_str()))
    })
}

#[test]
fn the_words_above_a_marked_quote_are_the_reply_in_every_language() {
    for (client, line) in each(&attributions()) {
        let text = format!("Thanks, that works.\n\nBob\n\n{line}\n\n> Please try again.\n> Ann\n");
        assert_eq!(reply(&text), "Thanks, that works.\n\nBob", "{client}");
        let tight = format!("Thanks, that works.\n\n{line}\n> Please try again.\n>\n> Ann\n");
        assert_eq!(reply(&tight), "Thanks, that works.", "{client}");
    }
}

#[test]
fn the_words_above_an_unmarked_quote_are_the_reply_in_every_language() {
    for (client, line) in each(&attributions()) {
        let text = format!("Thanks, that works.\n\n{line}\n\nPlease try again.\nAnn\n");
        assert_eq!(reply(&text), "Thanks, that works.", "{client}");
    }
}

#[test]
fn the_words_below_a_quote_are_the_reply_in_every_language() {
    for (client, line) in each(&attributions()) {
        let text = format!("{line}\n\n> Please try again.\n> Ann\n\nThanks, that works.\n");
        assert_eq!(reply(&text), "Thanks, that works.", "{client}");
    }
}

#[test]
fn attribution_lines_are_found_when_the_client_wraps_them() {
    let all = attributions();
    let single = each(&all).filter(|(_, line)| !line.contains('\n'));
    for (client, line) in single {
        let mut wrapped = vec![line.replace(" <", "\n<")];
        let end = line.char_indices().nth(72).map_or(line.len(), |(at, _)| at);
        if let (true, Some(blank)) = (end < line.len(), line[..end].rfind(' ')) {
            wrapped.push(format!("{}\n{}", &line[..blank], &line[blank + 1..]));
        }
        // A name alone, and nothing of when: that can be anything.
        let when = line.chars().any(char::is_numeric);
        for line in wrapped.into_iter().filter(|_| when) {
            let text = format!("Thanks, that works.\n\n{line}\n\n> Please try again.\n");
            assert_eq!(reply(&text), "Thanks, that works.", "{client}: {line}");
        }
    }
}

#[test]
fn copied_headers_end_the_reply_in_every_language() {
    for (client, header) in each(&headers()) {
        let text = format!("It works.\n\n{header}\n\nPlease try again.\n\nAnn\n");
        assert_eq!(reply(&text), "It works.", "{client}");
        let ruled = format!(
            "It works.\n\n________________________________\n{header}\n\nPlease try again.\n"
        );
        assert_eq!(reply(&ruled), "It works.", "{client}");
        let bold = header.replace(": ", ":* ").replace('\n', "\n*");
        if !header.contains(['-', '|', '_']) {
            let text = format!("It works.\n\n*{bold}\n\nPlease try again.\n");
            assert_eq!(reply(&text), "It works.", "{client}: {bold}");
        }
    }
}

#[test]
fn lines_that_name_the_device_go_in_every_language() {
    let all: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("sent_from.toml")).unwrap();
    for line in all.values().flatten() {
        assert_eq!(
            reply(&format!("Yes, please.\n\n{line}\n")),
            "Yes, please.",
            "{line}"
        );
        let above = format!(
            "Yes, please.\n\n{line}\n\nOn Tue, Jan 3, 2023 at 10:00 AM Ann <ann@example.org> wrote:\n\n> x\n"
        );
        assert_eq!(reply(&above), "Yes, please.", "{line}");
    }
}

#[test]
fn sentences_of_people_are_no_attributions() {
    for text in [
        "I asked Ann <ann@example.org> on 3 January 2023.\n\nShe said that it works.\n",
        "Ann <ann@example.org> and I met at 10:00.\nThis is what we found:\n\nIt is broken.\n",
        "Ann Example\n<ann@example.org>\n\nplease add her to the list.\n",
        "The log of 2023-01-03 10:00 says:\n\nout of paper\n",
    ] {
        assert_eq!(reply(text), text.trim_end(), "{text}");
    }
}
