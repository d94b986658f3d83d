//! A message as Discord takes it, within its limits.

use serde_json::{Value, json};

use crate::chat::{Button, Card, ChatFile, Choices, Form, Message, Tone, text};

use super::markup::dialect;

/// The longest content of a post (Discord: "up to 2000 characters").
pub(super) const LONGEST_POST: usize = 2000;
/// Text that would take more posts than this goes as a file.
const MOST_POSTS: usize = 5;
/// The largest file that every server takes.
const LARGEST_FILE: usize = 10 << 20;
/// The flag that keeps Discord from showing previews of the addresses in a post, which it would have to visit.
const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// The flag of a message that one person sees.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// What stands in a field of a card that has no value; Discord refuses an empty one.
const NOTHING: &str = "–";
/// What is said below the beginning of a text that became a file.
const GOES_ON: &str = "*The whole text is in the file.*";

/// One request's worth of a message.
#[derive(Debug, Default, Clone)]
pub(super) struct Post {
    content: String,
    embeds: Vec<Value>,
    components: Vec<Value>,
    mentions: Vec<String>,
    /// Its file. Serenity's requests carry one; the others follow in posts of their own.
    pub file: Option<ChatFile>,
}

/// Where in a row of posts the card and the buttons stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rich {
    /// In the first, which begins a thread.
    First,
    /// In the last of the text, below it.
    Last,
}

/// The posts that a message becomes, at least one, and which of them has the card and the buttons.
pub(super) fn posts(message: &Message, rich: Rich) -> (Vec<Post>, usize) {
    let content = content(message);
    let parts = text::split(&content, LONGEST_POST);
    let mut posts: Vec<Post> = if parts.len() > MOST_POSTS {
        vec![beginning(message, &content)]
    } else {
        parts.into_iter().map(Post::text).collect()
    };
    if posts.is_empty() {
        posts.push(Post::default());
    }
    let at = match rich {
        Rich::First => 0,
        Rich::Last => posts.len() - 1,
    };
    if let Some(post) = posts.get_mut(at) {
        post.embeds = message.card.iter().map(embed).collect();
        post.components = components(message);
    }
    if let Some(post) = posts.first_mut() {
        post.mentions.clone_from(&message.mentions);
    }
    attach(&mut posts, message);
    (posts, at)
}

/// The message as one post that replaces another: what does not fit becomes a file.
pub(super) fn single(message: &Message) -> Post {
    let content = content(message);
    let mut post = if text::length(&content) > LONGEST_POST {
        beginning(message, &content)
    } else {
        Post::text(content)
    };
    post.embeds = message.card.iter().map(embed).collect();
    post.components = components(message);
    if post.file.is_none() {
        post.file = message.files.iter().find(|file| fits(file)).cloned();
    }
    post
}

impl Post {
    fn text(content: String) -> Self {
        Self {
            content,
            ..Self::default()
        }
    }

    /// The body of the message that begins a forum's post, where Discord knows no nonce.
    pub fn starter(&self) -> Value {
        self.body(None, 0)
    }

    /// The body of the request. `nonce` makes Discord give back the post that was made under it before, for some
    /// minutes at least. `flags` are added to those that the content asks for.
    pub fn body(&self, nonce: Option<&str>, flags: u64) -> Value {
        let mut body = json!({
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "allowed_mentions": {"parse": [], "users": self.mentions, "replied_user": false},
        });
        let Some(map) = body.as_object_mut() else {
            return body;
        };
        let flags = flags
            | if self.embeds.is_empty() {
                SUPPRESS_EMBEDS
            } else {
                0
            };
        map.insert("flags".to_owned(), json!(flags));
        if let Some(nonce) = nonce {
            map.insert("nonce".to_owned(), json!(nonce));
            map.insert("enforce_nonce".to_owned(), json!(true));
        }
        if let Some(file) = &self.file {
            let attachment = json!({"id": "0", "filename": file.name});
            map.insert("attachments".to_owned(), json!([attachment]));
        }
        body
    }
}

/// The text in Discord's dialect, with those in front of it whom it pings and does not name.
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
    for file in message.files.iter().filter(|file| !fits(file)) {
        let megabytes = file.content.len().div_ceil(1 << 20);
        let name = dialect(&text::escape(&file.name), &[]);
        content += &format!("\n*{name} ({megabytes} MB) is larger than Discord takes.*");
    }
    content
}

/// The beginning of a text that is too long for posts, with the whole of it as a file.
fn beginning(message: &Message, content: &str) -> Post {
    let room = LONGEST_POST - text::length(GOES_ON) - 2;
    let first = text::split(content, room).into_iter().next();
    let whole = message.text.clone().into_bytes();
    Post {
        content: format!("{}\n\n{GOES_ON}", first.unwrap_or_default()),
        file: Some(ChatFile {
            name: "message.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            size: u64::try_from(whole.len()).unwrap_or(u64::MAX),
            url: None,
            content: whole,
        }),
        ..Post::default()
    }
}

/// Puts the files into the posts, one each, the first with the last of the text.
fn attach(posts: &mut Vec<Post>, message: &Message) {
    for file in message.files.iter().filter(|file| fits(file)) {
        match posts.last_mut() {
            Some(post) if post.file.is_none() => post.file = Some(file.clone()),
            _ => posts.push(Post {
                file: Some(file.clone()),
                ..Post::default()
            }),
        }
    }
}

fn fits(file: &ChatFile) -> bool {
    file.content.len() <= LARGEST_FILE
}

/// What an embed may still hold: all its texts together have a limit (Discord: 6000 characters).
struct Room(usize);

impl Room {
    /// A text in Discord's dialect, within its own limit and the common one; empty where there is no room.
    fn take(&mut self, text: &str, most: usize) -> String {
        let most = most.min(self.0);
        if most == 0 {
            return String::new();
        }
        let text = text::shortened(&dialect(text, &[]), most);
        self.0 -= text::length(&text).min(self.0);
        text
    }
}

fn embed(card: &Card) -> Value {
    let mut room = Room(6000);
    let title = room.take(&card.title, 256);
    let footer = room.take(&card.footer, 256);
    let mut fields = Vec::new();
    for (name, value) in card.fields.iter().take(25) {
        let name = room.take(or_nothing(name), 256);
        let value = room.take(or_nothing(value), 1024);
        if !value.is_empty() {
            fields.push(json!({"name": name, "value": value, "inline": value.len() <= 40}));
        }
    }
    let body = room.take(&card.body, 4096);
    let mut embed = json!({"title": title, "fields": fields, "color": colour(card.tone)});
    if let Some(map) = embed.as_object_mut() {
        if !body.is_empty() {
            map.insert("description".to_owned(), json!(body));
        }
        if !footer.is_empty() {
            map.insert("footer".to_owned(), json!({"text": footer}));
        }
    }
    embed
}

fn or_nothing(text: &str) -> &str {
    if text.trim().is_empty() {
        NOTHING
    } else {
        text
    }
}

fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Plain => 0x0058_65f2,
        Tone::Good => 0x002e_cc71,
        Tone::Warning => 0x00f1_c40f,
        Tone::Danger => 0x00e7_4c3c,
    }
}

/// Rows of buttons, then the lists. Discord takes five rows.
fn components(message: &Message) -> Vec<Value> {
    let rows = message.buttons.iter().filter(|row| !row.is_empty());
    let rows = rows.map(|row| row.iter().take(5).map(button).collect());
    let lists = message
        .choices
        .iter()
        .filter(|list| !list.choices.is_empty());
    let lists = lists.map(|list| vec![select(list)]);
    rows.chain(lists)
        .take(5)
        .map(|components: Vec<Value>| json!({"type": 1, "components": components}))
        .collect()
}

fn button(button: &Button) -> Value {
    let style = match button.tone {
        Tone::Warning => 1,
        Tone::Plain => 2,
        Tone::Good => 3,
        Tone::Danger => 4,
    };
    json!({
        "type": 2,
        "style": style,
        "label": text::shortened(&button.label, 80),
        "custom_id": button.action,
    })
}

fn select(list: &Choices) -> Value {
    let options =
        list.choices.iter().take(25).map(
            |choice| json!({"label": text::shortened(&choice.label, 100), "value": choice.value}),
        );
    json!({
        "type": 3,
        "custom_id": list.action,
        "placeholder": text::shortened(&list.label, 150),
        "options": options.collect::<Vec<_>>(),
    })
}

/// A form as the first answer to an interaction.
pub(super) fn modal(form: &Form) -> Value {
    let fields = form.fields.iter().take(5).map(|field| {
        let most = usize::from(field.most.clamp(1, 4000));
        let mut input = json!({
            "type": 4,
            "custom_id": field.key,
            "style": if field.long { 2 } else { 1 },
            "label": text::shortened(&field.label, 45),
            "required": field.required,
            "max_length": most,
        });
        if let Some(map) = input.as_object_mut()
            && !field.value.is_empty()
        {
            let value: String = field.value.chars().take(most).collect();
            map.insert("value".to_owned(), json!(value));
        }
        json!({"type": 1, "components": [input]})
    });
    json!({
        "type": 9,
        "data": {
            "custom_id": form.action,
            "title": text::shortened(&form.title, 45),
            "components": fields.collect::<Vec<_>>(),
        },
    })
}
