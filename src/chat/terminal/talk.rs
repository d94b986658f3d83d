//! From typed lines to events: what the person types is read, named, asked for and fed.

use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::keyboard::{Keyboard, Typed};
use super::keys::{Keys, Pick};
use super::line::{self, Line};
use super::markup::{self, Look};
use super::{Shared, complete, files};
use crate::chat::{AnswerHandle, ChatEvent, ChatFile, EventKind, Form, Message, PostPlace, text};

/// How long somebody who presses the tabulator waits for the desk's words.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the terminal's own words do.
const HELP: &str = "\
**Here:** `#NUMBER` enters a ticket's thread, `/back` leaves it. In a thread plain text is an internal note, and commands \
begin with `/`: `/take`, `/reply Hello …`. `a1` (in a thread `/a1`) presses a button or saves a file by its key. `/file PATH \
WORDS` says something with a file; `/reply --file PATH WORDS` answers with one. `quit` ends.";

impl Shared {
    fn prompt(&self) -> String {
        let who = &self.setting.who.id;
        match &self.state().here {
            Some(PostPlace {
                thread: Some(thread),
                ..
            }) => format!("{who} #{thread}> "),
            _ => format!("{who}> "),
        }
    }

    /// Reads lines and feeds what they are, until there are no more or nobody listens; it gives nothing then. Ctrl-D on a
    /// keyboard leaves the thread first.
    pub(super) async fn talk(
        &self,
        keyboard: &mut Keyboard,
        is_keyboard: bool,
        events: &mpsc::Sender<ChatEvent>,
    ) -> Option<()> {
        loop {
            let prompt = self.prompt();
            let typed = match keyboard.line(&prompt).await {
                Typed::Line(typed) => typed,
                Typed::Dropped => continue,
                Typed::End if is_keyboard && self.state().here.take().is_some() => continue,
                Typed::End => return None,
            };
            self.echo(&prompt, &typed);
            let in_thread = self.here().thread.is_some();
            match line::read(&typed, in_thread, Keys::is_shaped) {
                Line::Nothing => {}
                Line::Quit => return None,
                Line::Leave => self.state().here = None,
                Line::Help => {
                    self.say(HELP);
                    self.command("help", events).await?;
                }
                Line::Enter(name) => self.enter(name).await,
                Line::Key(key) => self.press(key, keyboard, events).await?,
                Line::File(path, words) => self.posted(words, Some(path), events).await?,
                Line::Text(text) => self.posted(text, None, events).await?,
                Line::Command(line) => self.command(line, events).await?,
            }
        }
    }

    fn echo(&self, prompt: &str, typed: &str) {
        if self.setting.echo {
            let screen = &self.setting.screen;
            let line = format!(
                "{}{}",
                screen.paint(prompt, Look::Code),
                markup::harmless(typed)
            );
            screen.print(&[line.trim_end().to_owned()]);
        }
    }

    pub(super) fn say(&self, markdown: &str) {
        let message = Message::text(markdown);
        let lines = self
            .setting
            .screen
            .lines(&message, &mut self.state().keys, None);
        self.setting.screen.print(&lines);
    }

    async fn enter(&self, name: &str) {
        match (self.find)(name.to_owned()).await {
            Ok(place) => self.state().here = Some(place),
            Err(why) => self.say(&why),
        }
    }

    async fn posted(
        &self,
        text: &str,
        path: Option<String>,
        events: &mpsc::Sender<ChatEvent>,
    ) -> Option<()> {
        let mut with = Vec::new();
        if let Some(path) = path {
            match self.name_file(&path).await {
                Ok(file) => with.push(file),
                Err(why) => {
                    self.say(&why);
                    return Some(());
                }
            }
        }
        self.feed(events, |post| EventKind::Posted {
            post,
            text: text.to_owned(),
            reply_to: None,
            files: with,
            to_us: false,
        })
        .await
    }

    async fn command(&self, line: &str, events: &mpsc::Sender<ChatEvent>) -> Option<()> {
        let (mut line, mut with) = (line.to_owned(), Vec::new());
        if let Some((path, without)) = line::file_of(&line) {
            match self.name_file(&path).await {
                Ok(file) => with.push(file),
                Err(why) => {
                    self.say(&why);
                    return Some(());
                }
            }
            line = without;
        }
        self.feed(events, |key| EventKind::Command {
            line,
            files: with,
            answer: AnswerHandle(key),
        })
        .await
    }

    /// A file that the person named, and so may be read.
    async fn name_file(&self, path: &str) -> Result<ChatFile, String> {
        let file = files::look(path).await?;
        self.state().named.extend(file.url.clone());
        Ok(file)
    }

    async fn press(
        &self,
        key: &str,
        keyboard: &mut Keyboard,
        events: &mpsc::Sender<ChatEvent>,
    ) -> Option<()> {
        let pick = self.state().keys.get(key).cloned();
        match pick {
            None => self.say(&format!("There is no key `{key}`, or not any more.")),
            Some(Pick::Save(file)) => self.say(&files::save(&file).await),
            Some(Pick::Press {
                action,
                values,
                post,
            }) => {
                let form = &self.setting.surface.form;
                let form = form(&action).or_else(|| form(values.first()?));
                if let Some(form) = form {
                    let Some(values) = self.fill(&form, keyboard).await else {
                        self.say("Nothing was sent.");
                        return Some(());
                    };
                    let action = form.action;
                    return self
                        .feed(events, |key| EventKind::Submitted {
                            action,
                            values,
                            answer: AnswerHandle(key),
                        })
                        .await;
                }
                self.feed(events, |key| EventKind::Pressed {
                    action,
                    values,
                    post,
                    answer: AnswerHandle(key),
                })
                .await?;
            }
        }
        Some(())
    }

    /// Asks for a form's fields one by one. Gives nothing where the person drops it.
    async fn fill(&self, form: &Form, keyboard: &mut Keyboard) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        for field in &form.fields {
            let label = markup::harmless(&field.label);
            let ends = if field.long {
                ", a line with a dot alone ends it"
            } else {
                ""
            };
            let given = match field.value.as_str() {
                "" => String::new(),
                value => format!(" (empty: {})", markup::harmless(value)),
            };
            let screen = &self.setting.screen;
            let title = screen.paint(&format!("{}: {label}{given}{ends}", form.title), Look::Bold);
            screen.print(&[title]);
            let mut lines = Vec::new();
            loop {
                let Typed::Line(line) = keyboard.line("… ").await else {
                    return None;
                };
                self.echo("… ", &line);
                if field.long && line.trim() == "." {
                    break;
                }
                lines.push(line);
                if !field.long {
                    break;
                }
            }
            let mut text = lines.join("\n").trim().to_owned();
            if text.is_empty() {
                text.clone_from(&field.value);
            }
            if text.is_empty() && field.required {
                return None;
            }
            let most = usize::from(field.most);
            if text.chars().count() > most {
                self.say(&format!("That is longer than {most} characters."));
                return None;
            }
            values.push((field.key.clone(), text));
        }
        Some(values)
    }

    /// Feeds an event, and waits until it is settled. Gives nothing when nobody listens any more.
    async fn feed(
        &self,
        events: &mpsc::Sender<ChatEvent>,
        kind: impl FnOnce(String) -> EventKind,
    ) -> Option<()> {
        events.send(self.event(kind)).await.ok()?;
        self.settled.notified().await;
        Some(())
    }

    fn event(&self, kind: impl FnOnce(String) -> EventKind) -> ChatEvent {
        let key = Uuid::now_v7().simple().to_string();
        ChatEvent {
            platform: self.setting.name.clone(),
            at: self.setting.clock.now(),
            who: self.setting.who.clone(),
            place: self.here(),
            kind: kind(key.clone()),
            key,
        }
    }

    /// What could be typed behind a line. Called by the thread of the keyboard.
    pub(super) fn offers(&self, line: &str) -> (usize, Vec<(String, String)>) {
        let in_thread = self.here().thread.is_some();
        let offer = complete::offer(&self.setting.surface.commands, line, in_thread);
        let mut offers = offer.known;
        for option in offer.ask {
            let asked = self.ask(option, &offer.typed);
            let asked = asked.into_iter();
            offers.extend(asked.map(|(value, name)| {
                let value = text::quoted(&value);
                (format!("{}{value}", offer.before), markup::harmless(&name))
            }));
        }
        (offer.start, offers)
    }

    fn ask(&self, option: String, typed: &str) -> Vec<(String, String)> {
        let Some(feed) = self.state().feed.clone() else {
            return Vec::new();
        };
        let (say, said) = std::sync::mpsc::channel();
        let event = self.event(|key| EventKind::Completing {
            line: String::new(),
            option,
            typed: typed.to_owned(),
            answer: AnswerHandle(key),
        });
        let key = event.key.clone();
        self.state().asking.insert(key.clone(), say);
        let choices = feed
            .blocking_send(event)
            .ok()
            .and_then(|()| said.recv_timeout(PATIENCE).ok());
        self.state().asking.remove(&key);
        choices.unwrap_or_default()
    }
}
