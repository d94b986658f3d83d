//! Acts as lines on the screen.

use super::markup::Look;
use super::{PLACE, Shared, markup};
use crate::chat::{Act, Card, Done, Message, PostPlace, PostRef};

/// What is known of a thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Thread {
    title: String,
    card: Option<Card>,
}

impl Shared {
    /// Carries out an act.
    pub(super) fn put(&self, act: &Act) -> Done {
        match act {
            Act::OpenThread { title, message, .. } => self.open_thread(title, message),
            Act::Post { place, message } => {
                let id = uuid::Uuid::now_v7().simple().to_string();
                let post = PostRef {
                    place: place.clone(),
                    id,
                };
                let lines = self.lines(message, Some(&post));
                self.in_thread(place, lines);
                Done {
                    post: Some(post),
                    ..Done::default()
                }
            }
            Act::Edit { post, message } => {
                self.edit(post, message);
                Done {
                    post: Some(post.clone()),
                    ..Done::default()
                }
            }
            Act::Direct { message, .. } | Act::Answer { message, .. } => {
                let lines = self.lines(message, None);
                self.setting.screen.print(&lines);
                self.state().shown = None;
                Done::default()
            }
            Act::Complete { handle, choices } => {
                let asking = self.state().asking.remove(&handle.0);
                if let Some(asking) = asking {
                    // Who has typed on waits no more.
                    let _ = asking.send(choices.clone());
                }
                Done::default()
            }
            // Nothing that was written can be taken off a screen, and nothing on it is put away.
            Act::Delete { .. } | Act::React { .. } | Act::Archive { .. } => Done::default(),
        }
    }

    fn lines(&self, message: &Message, post: Option<&PostRef>) -> Vec<String> {
        self.setting
            .screen
            .lines(message, &mut self.state().keys, post)
    }

    fn open_thread(&self, title: &str, message: &Message) -> Done {
        let name = title
            .split_whitespace()
            .next()
            .unwrap_or("thread")
            .to_owned();
        let place = PostPlace {
            place: PLACE.to_owned(),
            thread: Some(name.clone()),
        };
        let post = PostRef {
            place: place.clone(),
            id: format!("card of {name}"),
        };
        let thread = Thread {
            title: title.to_owned(),
            card: message.card.clone(),
        };
        self.state().threads.insert(name, thread);
        // The thread's title says what the card's does.
        let mut message = message.clone();
        if let Some(card) = &mut message.card {
            card.title = String::new();
        }
        self.state().shown = None;
        let lines = self.lines(&message, Some(&post));
        self.in_thread(&place, lines);
        Done {
            thread: Some(place),
            post: Some(post),
            more: Vec::new(),
        }
    }

    /// Shows lines behind the bar of a thread, under its title where that does not stand there yet.
    fn in_thread(&self, place: &PostPlace, lines: Vec<String>) {
        let screen = &self.setting.screen;
        let mut shown = Vec::new();
        {
            let mut state = self.state();
            let name = place.thread.clone().unwrap_or_default();
            if state.shown.as_ref() != Some(&name) {
                let title = state
                    .threads
                    .get(&name)
                    .map_or(name.as_str(), |thread| &thread.title);
                shown.push(screen.title(title));
            }
            state.shown = Some(name);
        }
        shown.extend(screen.barred(lines));
        screen.print(&shown);
    }

    /// A card shows what changed of it; any other post is shown again.
    fn edit(&self, post: &PostRef, message: &Message) {
        let screen = &self.setting.screen;
        let Some(card) = &message.card else {
            let mut lines = vec![screen.paint("Edited:", Look::Dim)];
            lines.extend(self.lines(message, Some(post)));
            return self.in_thread(&post.place, lines);
        };
        let name = post.place.thread.clone().unwrap_or_default();
        let before = {
            let mut state = self.state();
            let thread = state.threads.entry(name).or_default();
            if !card.title.is_empty() {
                thread.title = markup::lines(&card.title, usize::MAX, false).join(" ");
            }
            thread.card.replace(card.clone())
        };
        let changed: Vec<(String, String)> = match &before {
            Some(before) => card
                .fields
                .iter()
                .filter(|field| !before.fields.contains(field))
                .cloned()
                .collect(),
            None => card
                .fields
                .iter()
                .filter(|(name, _)| ["Status", "Assignee"].contains(&name.as_str()))
                .cloned()
                .collect(),
        };
        let lines = screen.values(&changed, card.tone);
        if !lines.is_empty() {
            self.in_thread(&post.place, lines);
        }
    }
}
