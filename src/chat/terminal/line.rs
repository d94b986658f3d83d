//! What a typed line means: the terminal's own words, a command, or something said in a thread.

/// A line as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// Nothing was typed.
    Nothing,
    /// Go into a thread, by its name.
    Enter(&'t str),
    /// Out of the thread again.
    Leave,
    /// End.
    Quit,
    /// How the terminal goes, and with `Some` the desk's own help on something.
    Help,
    /// The button or the file with this key.
    Key(&'t str),
    /// Say something with a file: its path, and the words.
    File(String, &'t str),
    /// A command of the desk.
    Command(&'t str),
    /// Something said in the thread.
    Text(&'t str),
}

/// Reads a line. In a thread plain text is said there, so that what is meant otherwise begins with `/`; outside of one
/// every line is a command, and the `/` may be left out.
pub(super) fn read(typed: &str, in_thread: bool, is_key: impl Fn(&str) -> bool) -> Line<'_> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Line::Nothing;
    }
    if let Some(name) = typed.strip_prefix('#')
        && !name.is_empty()
        && !name.contains(char::is_whitespace)
    {
        return Line::Enter(name);
    }
    let bare = match typed.strip_prefix('/') {
        Some(line) if line.starts_with(|c: char| c.is_ascii_alphabetic()) => line,
        _ if in_thread => return Line::Text(typed),
        _ => typed,
    };
    let (word, rest) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
    let rest = rest.trim();
    match (word, rest) {
        ("quit" | "exit", "") => Line::Quit,
        ("back" | "desk", "") => Line::Leave,
        ("help", "") => Line::Help,
        ("thread", name) if !name.is_empty() => Line::Enter(name.trim_start_matches('#')),
        ("file", rest) if in_thread && !rest.is_empty() => {
            let (path, words) = token(rest);
            Line::File(path, words.trim())
        }
        (key, "") if is_key(key) => Line::Key(key),
        _ => Line::Command(bare),
    }
}

/// Takes the file out of a command: `--file PATH` behind the command's word, or behind one more word.
pub(super) fn file_of(line: &str) -> Option<(String, String)> {
    let mut at = 0;
    for _ in 0..2 {
        let rest = line.get(at..)?;
        at += rest.find(char::is_whitespace)?;
        let rest = line.get(at..)?;
        let behind = rest.trim_start();
        if let Some(named) = behind.strip_prefix("--file")
            && let Some(value) = named.strip_prefix([' ', '='])
        {
            let (path, words) = token(value.trim_start());
            let command = line.get(..at)?;
            return Some((path, format!("{command} {}", words.trim_start())));
        }
        at += rest.len() - behind.len();
    }
    None
}

/// The first token, which may stand in double quotes, and what follows it.
fn token(text: &str) -> (String, &str) {
    let quoted = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    let (token, rest) = quoted
        .or_else(|| text.split_once(char::is_whitespace))
        .unwrap_or((text, ""));
    (token.to_owned(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(word: &str) -> bool {
        word == "a1"
    }

    #[test]
    fn at_the_desk_every_line_is_a_command() {
        let line = |typed| read(typed, false, key);
        assert_eq!(line("list --mine"), Line::Command("list --mine"));
        assert_eq!(line("/list"), Line::Command("list"));
        assert_eq!(line("#TKT-1"), Line::Enter("TKT-1"));
        assert_eq!(line("thread #TKT-1"), Line::Enter("TKT-1"));
        assert_eq!(line("a1"), Line::Key("a1"));
        assert_eq!(line("a2"), Line::Command("a2"));
        assert_eq!(line("  "), Line::Nothing);
        assert_eq!(line("quit"), Line::Quit);
        assert_eq!(line("help take"), Line::Command("help take"));
    }

    #[test]
    fn in_a_thread_plain_text_is_said_there_whatever_it_is() {
        let line = |typed| read(typed, true, key);
        for text in [
            "take",
            "quit",
            "a1",
            "back to you tomorrow",
            "reply to her",
            "# TKT-1",
            "/ take",
        ] {
            assert_eq!(line(text), Line::Text(text), "{text}");
        }
        assert_eq!(line("/take"), Line::Command("take"));
        assert_eq!(line("/a1"), Line::Key("a1"));
        assert_eq!(line("/back"), Line::Leave);
        assert_eq!(line(">> Hello"), Line::Text(">> Hello"));
        let file = Line::File("/tmp/a b.png".to_owned(), "look at this");
        assert_eq!(line("/file \"/tmp/a b.png\" look at this"), file);
    }

    #[test]
    fn a_file_stands_in_front_of_a_commands_words() {
        let taken = |line| file_of(line).unwrap_or_default();
        let pair = |path: &str, line: &str| (path.to_owned(), line.to_owned());
        assert_eq!(
            taken("reply --file a.png Here it is"),
            pair("a.png", "reply Here it is")
        );
        assert_eq!(
            taken("note TKT-1 --file \"a b.png\" seen"),
            pair("a b.png", "note TKT-1 seen")
        );
        assert_eq!(file_of("reply you can use --file here"), None);
        assert_eq!(file_of("list"), None);
    }
}
