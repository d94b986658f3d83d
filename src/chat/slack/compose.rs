//! A message as Slack takes it, within its limits.

use serde_json::{Value, json};

use crate::chat::{Button, Card, ChatFile, Choices, Form, Message, Tone, text};

use super::markup::dialect;

/// The longest text of a post (Slack: 3,000 characters in a section).
pub(super) const LONGEST_POST: usize = 3_000;
/// Text that would take more posts than this goes as a file.
const MOST_POSTS: usize = 5;
/// What stands in a field of a card that has no value.
const NOTHING: &str = "–";
/// What is said below the beginning of a text that became a file.
const GOES_ON: &str = "_The whole text is in the file._";
/// What is said where there is no file for the rest.
const CUT: &str = "_It goes on, and is too long for Slack._";

/// One request's worth of a message.
#[derive(Debug, Default, Clone)]
pub(super) struct Post {
    text: String,
    card: Vec<Value>,
    actions: Vec<Value>,
    /// What stands in a notification where the post has no words.
    summary: String,
}

/// Where in a row of posts the card and the buttons stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rich {
    /// In the first, which begins a thread.
    First,
    /// In the last of the text, below it.
    Last,
}

/// What a message becomes.
#[derive(Debug, Default)]
pub(super) struct Posts {
    /// Empty where there are files alone.
    pub posts: Vec<Post>,
    /// Which of them has the card and the buttons.
    pub rich: usize,
    /// The files, which stand in posts of their own.
    pub files: Vec<ChatFile>,
}

/// The posts that a message becomes. `thread` is the thread that they will stand in, where it is known already.
pub(super) fn posts(message: &Message, rich: Rich, thread: Option<&str>) -> Posts {
    let content = content(message);
    let parts = text::split(&content, LONGEST_POST);
    let mut files: Vec<ChatFile> = message
        .files
        .iter()
        .filter(|file| !file.content.is_empty())
        .cloned()
        .collect();
    let mut posts: Vec<Post> = if parts.len() > MOST_POSTS {
        files.insert(0, whole(message));
        vec![Post::text(beginning(&content, GOES_ON))]
    } else {
        parts.into_iter().map(Post::text).collect()
    };
    let (card, actions) = (card(message), actions(message, thread));
    if posts.is_empty() && (rich == Rich::First || !card.is_empty() || !actions.is_empty()) {
        posts.push(Post::default());
    }
    let at = match rich {
        Rich::First => 0,
        Rich::Last => posts.len().saturating_sub(1),
    };
    if let Some(post) = posts.get_mut(at) {
        post.card = card;
        post.actions = actions;
        post.summary = summary(message);
    }
    Posts {
        posts,
        rich: at,
        files,
    }
}

/// The message as one post that replaces another: what does not fit is cut.
pub(super) fn single(message: &Message, thread: Option<&str>) -> Post {
    let content = content(message);
    let text = if text::length(&content) > LONGEST_POST {
        beginning(&content, CUT)
    } else {
        content
    };
    Post {
        text,
        card: card(message),
        actions: actions(message, thread),
        summary: summary(message),
    }
}

impl Post {
    fn text(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// What a notification says where there are no words and no card.
    pub fn or_say(mut self, words: &str) -> Self {
        if self.summary.is_empty() {
            self.summary = dialect(&text::escape(words), &[]);
        }
        self
    }

    /// The part of a request that says what is posted. Slack looks for no names or addresses by itself (`parse`,
    /// `link_names`, `verbatim`), and shows no previews, which it would have to visit.
    pub fn body(&self) -> Value {
        let mut blocks = Vec::new();
        if !self.text.is_empty() {
            blocks.push(section(&self.text));
        }
        blocks.extend(self.card.iter().cloned());
        blocks.extend(self.actions.iter().cloned());
        let words = if self.text.is_empty() {
            &self.summary
        } else {
            &self.text
        };
        let words = if words.trim().is_empty() {
            NOTHING
        } else {
            words
        };
        let mut body = json!({
            "text": words, "parse": "none", "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        });
        if let Some(map) = body.as_object_mut() {
            let plain = self.card.is_empty() && self.actions.is_empty() && !self.text.is_empty();
            // An edit that says nothing of blocks leaves those that were there.
            let blocks = if plain { Vec::new() } else { blocks };
            map.insert("blocks".to_owned(), json!(blocks));
        }
        body
    }
}

/// The text in Slack's dialect, with those in front of it whom it pings and does not name.
fn content(message: &Message) -> String {
    let mut content = String::new();
    for id in &message.mentions {
        let mark = format!("<@{id}>");
        if !message.text.contains(&mark) {
            content += &mark;
            content.push(' ');
        }
    }
    content += &dialect(&message.text, &message.mentions);
    for file in message.files.iter().filter(|file| file.content.is_empty()) {
        let name = dialect(&text::escape(&file.name), &[]);
        content += &format!("\n_{name} is empty._");
    }
    content
}

/// The beginning of a text that is too long, and what is said of the rest.
fn beginning(content: &str, rest: &str) -> String {
    let room = LONGEST_POST - text::length(rest) - 2;
    let first = text::split(content, room).into_iter().next();
    format!("{}\n\n{rest}", first.unwrap_or_default())
}

/// A text as a file.
fn whole(message: &Message) -> ChatFile {
    let whole = message.text.clone().into_bytes();
    ChatFile {
        name: "message.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        size: u64::try_from(whole.len()).unwrap_or(u64::MAX),
        url: None,
        content: whole,
    }
}

fn summary(message: &Message) -> String {
    let title = message.card.as_ref().map(|card| card.title.as_str());
    shortened(title.unwrap_or_default(), 300)
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn plain(text: &str, most: usize) -> Value {
    let text = text::shortened(text, most);
    let text = if text.trim().is_empty() {
        NOTHING.to_owned()
    } else {
        text
    };
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// What a card may still hold: Slack refuses messages whose blocks are too long together.
struct Room(usize);

impl Room {
    /// A text in Slack's dialect, within its own limit and the common one; empty where there is no room.
    fn take(&mut self, text: &str, most: usize) -> String {
        let most = most.min(self.0);
        if most < 2 {
            return String::new();
        }
        let whole = dialect(text, &[]);
        let text = if text::length(&whole) <= most {
            whole
        } else {
            shortened(text, most)
        };
        self.0 -= text::length(&text).min(self.0);
        text
    }
}

/// The beginning of a text in Slack's dialect. An entity or a link is never cut through: the text is cut before it is
/// written, shorter and shorter until it fits.
fn shortened(text: &str, most: usize) -> String {
    let mut short = text::length(text).min(most);
    loop {
        let written = dialect(&text::shortened(text, short), &[]);
        if text::length(&written) <= most || short <= 1 {
            return written;
        }
        short -= (short / 10).max(1);
    }
}

/// A card as blocks: at most three with values, ten a block.
fn card(message: &Message) -> Vec<Value> {
    let Some(card) = &message.card else {
        return Vec::new();
    };
    let mut room = Room(9_000);
    let mut blocks = vec![header(card)];
    let body = room.take(&card.body, 2_900);
    if !body.is_empty() {
        blocks.push(section(&body));
    }
    let mut fields = Vec::new();
    for (name, value) in card.fields.iter().take(25) {
        let name = room.take(or_nothing(name), 200);
        let value = room.take(or_nothing(value), 1_000);
        if !value.is_empty() {
            fields.push(mrkdwn(&format!("*{name}*\n{value}")));
        }
    }
    for row in fields.chunks(10) {
        blocks.push(json!({"type": "section", "fields": row}));
    }
    let footer = room.take(&card.footer, 1_000);
    if !footer.is_empty() {
        blocks.push(json!({"type": "context", "elements": [mrkdwn(&footer)]}));
    }
    blocks
}

/// The title, with what the card feels like in front of it.
fn header(card: &Card) -> Value {
    let sign = match card.tone {
        Tone::Plain => "",
        Tone::Good => "🟢 ",
        Tone::Warning => "🟡 ",
        Tone::Danger => "🔴 ",
    };
    let title = text::unescape(&card.title).replace("**", "");
    let text = plain(&format!("{sign}{title}"), 150);
    json!({"type": "header", "text": text})
}

fn or_nothing(text: &str) -> &str {
    if text.trim().is_empty() {
        NOTHING
    } else {
        text
    }
}

/// Rows of buttons, then the lists; each row is a block that knows the thread it stands in.
fn actions(message: &Message, thread: Option<&str>) -> Vec<Value> {
    let rows = message.buttons.iter().filter(|row| !row.is_empty());
    let rows = rows.map(|row| row.iter().take(5).enumerate().map(button).collect());
    let lists = message
        .choices
        .iter()
        .filter(|list| !list.choices.is_empty());
    let lists = lists.map(|list| vec![select(list)]);
    let block = |(at, elements): (usize, Vec<Value>)| {
        let id = format!("{at}@{}", thread.unwrap_or_default());
        json!({"type": "actions", "block_id": id, "elements": elements})
    };
    rows.chain(lists).take(5).enumerate().map(block).collect()
}

/// The thread that a block of ours knows.
pub(super) fn thread_of(block_id: &str) -> Option<&str> {
    let (_, thread) = block_id.split_once('@')?;
    Some(thread).filter(|thread| !thread.is_empty())
}

fn button((at, button): (usize, &Button)) -> Value {
    let mut json = json!({
        "type": "button",
        "action_id": format!("button{at}"),
        "text": plain(&button.label, 75),
        "value": button.action,
    });
    let style = match button.tone {
        Tone::Good => Some("primary"),
        Tone::Danger => Some("danger"),
        Tone::Plain | Tone::Warning => None,
    };
    if let (Some(style), Some(map)) = (style, json.as_object_mut()) {
        map.insert("style".to_owned(), json!(style));
    }
    json
}

fn select(list: &Choices) -> Value {
    let options = list
        .choices
        .iter()
        .take(25)
        .map(|choice| json!({"text": plain(&choice.label, 75), "value": choice.value}));
    json!({
        "type": "static_select",
        "action_id": list.action,
        "placeholder": plain(&list.label, 150),
        "options": options.collect::<Vec<_>>(),
    })
}

/// A form. `metadata` comes back with it.
pub(super) fn modal(form: &Form, metadata: &str) -> Value {
    let fields = form.fields.iter().map(|field| {
        let most = usize::from(field.most.clamp(1, 3_000));
        let mut input = json!({
            "type": "plain_text_input",
            "action_id": "value",
            "multiline": field.long,
            "max_length": most,
        });
        if let Some(map) = input.as_object_mut()
            && !field.value.is_empty()
        {
            let value: String = field.value.chars().take(most).collect();
            map.insert("initial_value".to_owned(), json!(value));
        }
        json!({
            "type": "input",
            "block_id": field.key,
            "label": plain(&field.label, 2_000),
            "optional": !field.required,
            "element": input,
        })
    });
    json!({
        "type": "modal",
        "callback_id": form.action,
        "private_metadata": metadata,
        "title": plain(&form.title, 24),
        "submit": plain("Send", 24),
        "close": plain("Cancel", 24),
        "blocks": fields.collect::<Vec<_>>(),
    })
}
