//! Where lines come from: a keyboard with rustyline's line editing, lines on standard input, or whoever plays a part.
//!
//! Nothing can break a read off, so each source has a thread of its own. It reads one line when it is asked for one, so
//! that a script's next line waits for the answer to the one before.

use std::borrow::Cow;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter as _, Helper};
use tokio::sync::mpsc;

use super::screen::Paper;

/// Gives what could be typed: where it begins, what to write and what to show.
pub(super) type Complete = Arc<dyn Fn(&str) -> (usize, Vec<(String, String)>) + Send + Sync>;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A line.
    Line(String),
    /// Ctrl-C: whatever was begun is dropped.
    Dropped,
    /// There is no more.
    End,
}

/// Where lines come from.
pub enum Source {
    /// A person's keyboard; what they typed before is read from and kept in the file.
    Keyboard(Option<PathBuf>),
    /// The lines of a reader.
    Lines(Box<dyn BufRead + Send>),
    /// Lines that come from within the program.
    Played(mpsc::Receiver<Typed>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keyboard(_) => "Keyboard",
            Self::Lines(_) => "Lines",
            Self::Played(_) => "Played",
        })
    }
}

/// An open source.
#[derive(Debug)]
pub(super) struct Keyboard {
    ask: mpsc::Sender<String>,
    typed: mpsc::Receiver<Typed>,
}

impl Keyboard {
    /// The next line, behind this prompt.
    pub async fn line(&mut self, prompt: &str) -> Typed {
        if self.ask.send(prompt.to_owned()).await.is_err() {
            return Typed::End;
        }
        self.typed.recv().await.unwrap_or(Typed::End)
    }
}

/// Opens a source. A keyboard gives the paper to write on from now on, above what is being typed.
pub(super) fn open(source: Source, complete: Complete) -> (Keyboard, Option<Paper>) {
    let (ask, asked) = mpsc::channel::<String>(1);
    let (say, typed) = mpsc::channel(1);
    let mut paper = None;
    match source {
        Source::Keyboard(history) => {
            let (give, given) = std::sync::mpsc::channel();
            std::thread::spawn(move || edit(history, complete, asked, &say, &give));
            paper = given.recv().ok().flatten();
        }
        Source::Lines(reader) => {
            std::thread::spawn(move || read(reader, asked, &say));
        }
        Source::Played(lines) => {
            tokio::spawn(play(lines, asked, say));
        }
    }
    (Keyboard { ask, typed }, paper)
}

fn read(
    reader: Box<dyn BufRead + Send>,
    mut asked: mpsc::Receiver<String>,
    say: &mpsc::Sender<Typed>,
) {
    let mut lines = reader.lines().map_while(Result::ok);
    while asked.blocking_recv().is_some() {
        let typed = lines.next().map_or(Typed::End, Typed::Line);
        if say.blocking_send(typed).is_err() {
            return;
        }
    }
}

async fn play(
    mut lines: mpsc::Receiver<Typed>,
    mut asked: mpsc::Receiver<String>,
    say: mpsc::Sender<Typed>,
) {
    while asked.recv().await.is_some() {
        let typed = lines.recv().await.unwrap_or(Typed::End);
        if say.send(typed).await.is_err() {
            return;
        }
    }
}

/// What rustyline asks for while somebody types.
struct Assist {
    complete: Complete,
}

impl Helper for Assist {}

impl Validator for Assist {}

impl Hinter for Assist {
    type Hint = String;
}

impl Highlighter for Assist {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\u{1b}[1;36m{prompt}\u{1b}[0m"))
    }
}

impl Completer for Assist {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, offers) = (self.complete)(line.get(..pos).unwrap_or(line));
        let pair = |(replacement, display)| Pair {
            display,
            replacement,
        };
        Ok((start, offers.into_iter().map(pair).collect()))
    }
}

fn editor(complete: Complete) -> rustyline::Result<Editor<Assist, FileHistory>> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .history_ignore_space(true)
        .max_history_size(1_000)?
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assist { complete }));
    Ok(editor)
}

fn edit(
    history: Option<PathBuf>,
    complete: Complete,
    mut asked: mpsc::Receiver<String>,
    say: &mpsc::Sender<Typed>,
    give: &std::sync::mpsc::Sender<Option<Paper>>,
) {
    let Ok(mut editor) = editor(complete) else {
        let _ = give.send(None);
        return;
    };
    if let Some(history) = &history {
        // There is none the first time.
        let _ = editor.load_history(history);
    }
    let printer = editor.create_external_printer().ok();
    let paper = printer.map(|mut printer| -> Paper {
        Box::new(move |text: &str| {
            let _ = printer.print(text.to_owned());
        })
    });
    let _ = give.send(paper);
    while let Some(prompt) = asked.blocking_recv() {
        let typed = match editor.readline(&prompt) {
            Ok(line) => Typed::Line(line),
            Err(ReadlineError::Interrupted) => Typed::Dropped,
            Err(_) => Typed::End,
        };
        if let Some(history) = &history {
            let _ = editor.append_history(history);
        }
        if say.blocking_send(typed).is_err() {
            return;
        }
    }
}
