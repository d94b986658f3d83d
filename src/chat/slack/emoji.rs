//! Emoji: Slack knows them by names, the rest of the house by what they look like.

/// An emoji by Slack's name for it; the name itself where it is one of the workspace's own.
pub(super) fn unicode(name: &str) -> String {
    // A tone of skin stands behind the name: `+1::skin-tone-2`.
    let name = name.split("::").next().unwrap_or(name);
    match emojis::get_by_shortcode(name) {
        Some(emoji) => emoji.as_str().to_owned(),
        None => name.to_owned(),
    }
}

/// Slack's name for an emoji; what is none is a name already.
pub(super) fn name(emoji: &str) -> String {
    let known = emojis::get(emoji).and_then(|emoji| emoji.shortcode());
    known.unwrap_or(emoji.trim_matches(':')).to_owned()
}

/// Text in which `:wave:` is 👋. Code stays as it is, and so do names of the workspace's own.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut code = false;
    while let Some(at) = rest.find([':', '`']) {
        let (before, behind) = rest.split_at(at);
        shown.push_str(before);
        if behind.starts_with('`') {
            code = !code;
            shown.push('`');
            rest = behind.get(1..).unwrap_or_default();
            continue;
        }
        let inner = behind.get(1..).unwrap_or_default();
        let named = inner.split_once(':').filter(|_| !code);
        let known = named.and_then(|(name, after)| {
            let emoji = emojis::get_by_shortcode(name)?;
            Some((emoji, after))
        });
        match known {
            Some((emoji, after)) => {
                shown.push_str(emoji.as_str());
                rest = after;
            }
            None => {
                shown.push(':');
                rest = inner;
            }
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_slacks() {
        for (emoji, slack) in [
            ("👀", "eyes"),
            ("✅", "white_check_mark"),
            ("📌", "pushpin"),
            ("👍", "+1"),
        ] {
            assert_eq!(name(emoji), slack);
            assert_eq!(unicode(slack), emoji);
        }
        assert_eq!(unicode("+1::skin-tone-3"), "👍");
        assert_eq!(unicode("our_own"), "our_own");
        assert_eq!(name("our_own"), "our_own");
        assert_eq!(name(":our_own:"), "our_own");
    }

    #[test]
    fn names_in_text_are_shown() {
        assert_eq!(
            shown("hi :wave: at 10:30:45 :our_own: `:wave:`"),
            "hi 👋 at 10:30:45 :our_own: `:wave:`"
        );
    }
}
