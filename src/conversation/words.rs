//! What a message means: a note, unless a deliberate sign at its very beginning makes it something else.

/// What a message in a ticket's thread says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words<'t> {
    /// A command.
    Command(&'t str),
    /// A public reply.
    Reply(&'t str),
    /// An internal note.
    Note(&'t str),
}

impl<'t> Words<'t> {
    /// Reads a message. It takes a deliberate sign at its very beginning to be anything but a note.
    pub(super) fn of(text: &'t str, to_us: bool, prefix: Option<&str>) -> Self {
        let text = text.trim();
        if let Some(reply) = prefix.and_then(|prefix| text.strip_prefix(prefix)) {
            return Self::Reply(reply.trim());
        }
        match text.strip_prefix('/') {
            Some(line) if line.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Self::Command(line)
            }
            _ if to_us => Self::Command(text),
            _ => Self::Note(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn plain_text_is_a_note_whatever_it_begins_with() {
        for text in [
            "reply to her tomorrow",
            "> /reply quoted",
            "```\n/reply in a code block\n```",
            "`/reply`",
            "/ reply",
            "//reply",
            "see >> here",
            "",
        ] {
            assert_eq!(
                Words::of(text, false, Some(">>")),
                Words::Note(text),
                "{text}"
            );
        }
    }

    #[test]
    fn a_sign_at_the_beginning_makes_it_public_or_a_command() {
        assert_eq!(
            Words::of(">> Hello\nJane", false, Some(">>")),
            Words::Reply("Hello\nJane")
        );
        assert_eq!(Words::of(">> Hello", false, None), Words::Note(">> Hello"));
        assert_eq!(Words::of("/take", false, None), Words::Command("take"));
        assert_eq!(
            Words::of(" show TKT-1 ", true, None),
            Words::Command("show TKT-1")
        );
    }
}
