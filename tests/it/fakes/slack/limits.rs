//! What Slack documents of each method: its arguments, types, lengths, counts and words (docs.slack.dev, Web API methods
//! and Block Kit reference). Requests that break it are told; the real Slack would refuse or cut them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::marked;

/// The methods that read, which take no JSON.
const FORMS: &[&str] = &[
    "auth.test",
    "apps.connections.open",
    "users.info",
    "usergroups.list",
    "conversations.info",
    "conversations.history",
    "conversations.replies",
    "files.getUploadURLExternal",
];

/// What is wrong with a request.
pub fn check(method: &str, body: &Value, json: bool, house_rules: bool) -> Vec<String> {
    let mut check = Check {
        house_rules,
        wrong: Vec::new(),
    };
    if json && FORMS.contains(&method) {
        check.wrong("this method takes a form");
    }
    check.method(method, body);
    let wrong = check.wrong.into_iter();
    wrong.map(|wrong| format!("{method}: {wrong}")).collect()
}

struct Check {
    house_rules: bool,
    wrong: Vec<String>,
}

/// Characters as Slack is most likely to count them at worst.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Check {
    fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    fn method(&mut self, method: &str, body: &Value) {
        let said = ["text", "blocks", "parse", "link_names", "thread_ts"];
        let with = |more: &[&'static str]| [&said[..], more].concat();
        match method {
            "auth.test" | "apps.connections.open" | "api.test" => {}
            "chat.postMessage" => {
                self.fields(
                    body,
                    &with(&[
                        "channel",
                        "unfurl_links",
                        "unfurl_media",
                        "metadata",
                        "mrkdwn",
                        "reply_broadcast",
                    ]),
                );
                self.text(body, "channel", 1, 30);
                self.message(body);
                self.metadata(body);
            }
            "chat.postEphemeral" => {
                self.fields(body, &with(&["channel", "user"]));
                self.text(body, "channel", 1, 30);
                self.text(body, "user", 1, 30);
                self.message(body);
            }
            "chat.update" => {
                let known = [
                    "channel",
                    "ts",
                    "text",
                    "blocks",
                    "parse",
                    "link_names",
                    "metadata",
                ];
                self.fields(body, &known);
                self.text(body, "channel", 1, 30);
                self.ts(body, "ts");
                self.message(body);
            }
            "chat.delete" => {
                self.fields(body, &["channel", "ts"]);
                self.ts(body, "ts");
            }
            "response_url" => {
                let known = [
                    "response_type",
                    "replace_original",
                    "delete_original",
                    "unfurl_links",
                    "unfurl_media",
                ];
                self.fields(body, &with(&known));
                self.one_of(&body["response_type"], &["ephemeral", "in_channel"]);
                self.message_text(body);
                self.blocks(&body["blocks"], 50);
            }
            "reactions.add" => {
                self.fields(body, &["channel", "timestamp", "name"]);
                self.ts(body, "timestamp");
                self.text(body, "name", 1, 100);
                let name = body["name"].as_str().unwrap_or_default();
                let word =
                    |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+'".contains(c);
                if !name.chars().all(word) {
                    self.wrong(format!("{name} is no name of an emoji"));
                }
            }
            "views.open" => {
                self.fields(body, &["trigger_id", "interactivity_pointer", "view"]);
                self.text(body, "trigger_id", 1, 200);
                self.view(&body["view"]);
            }
            "users.info" => self.fields(body, &["user", "include_locale"]),
            "usergroups.list" => {
                self.fields(
                    body,
                    &["include_users", "include_count", "include_disabled"],
                );
            }
            "conversations.info" => self.fields(body, &["channel", "include_num_members"]),
            "conversations.open" => {
                self.fields(body, &["users", "channel", "return_im"]);
                let users = body["users"].as_str().unwrap_or_default();
                if !(1..=8).contains(&users.split(',').count()) {
                    self.wrong("one to eight users");
                }
            }
            "conversations.history" => self.reading(body, &[]),
            "conversations.replies" => {
                self.reading(body, &["ts"]);
                self.ts(body, "ts");
            }
            "files.getUploadURLExternal" => {
                let known = ["filename", "length", "alt_txt", "alt_text", "snippet_type"];
                self.fields(body, &known);
                self.text(body, "filename", 1, 255);
                let length = body["length"].as_u64();
                let length = length.or_else(|| body["length"].as_str()?.parse().ok());
                if length.is_none_or(|length| length == 0) {
                    self.wrong("a file needs a length");
                }
            }
            "files.completeUploadExternal" => {
                let known = [
                    "files",
                    "channel_id",
                    "thread_ts",
                    "initial_comment",
                    "channels",
                ];
                self.fields(body, &known);
                if list(&body["files"]).is_empty() {
                    self.wrong("no files");
                }
                for file in list(&body["files"]) {
                    self.fields(file, &["id", "title"]);
                    self.text(file, "id", 1, 30);
                }
            }
            _ => self.wrong("no such method is known"),
        }
    }

    fn fields(&mut self, body: &Value, known: &[&str]) {
        let Some(map) = body.as_object() else {
            return self.wrong("an object is wanted");
        };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.wrong(format!("unknown argument {key}"));
        }
    }

    fn text(&mut self, body: &Value, key: &str, least: usize, most: usize) {
        match body.get(key).and_then(Value::as_str) {
            None => self.wrong(format!("{key} is missing or no text")),
            Some(text) if !(least..=most).contains(&length(text)) => self.wrong(format!(
                "{key} has {} characters, not {least} to {most}",
                length(text)
            )),
            Some(_) => {}
        }
    }

    fn optional_text(&mut self, body: &Value, key: &str, least: usize, most: usize) {
        if body.get(key).is_some() {
            self.text(body, key, least, most);
        }
    }

    fn one_of(&mut self, value: &Value, known: &[&str]) {
        if !value.as_str().is_some_and(|it| known.contains(&it)) {
            self.wrong(format!("{value} is not one of {known:?}"));
        }
    }

    /// `1700000000.000200`.
    fn ts(&mut self, body: &Value, key: &str) {
        let ts = body[key].as_str().unwrap_or_default();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let right = ts.split_once('.').is_some_and(|(seconds, micros)| {
            digits(seconds) && digits(micros) && micros.len() == 6
        });
        if !right {
            self.wrong(format!("{key} is {ts:?}, no id of a message"));
        }
    }

    fn reading(&mut self, body: &Value, more: &[&'static str]) {
        let known = [
            "channel",
            "cursor",
            "inclusive",
            "latest",
            "limit",
            "oldest",
            "include_all_metadata",
        ];
        self.fields(body, &[&known[..], more].concat());
        self.text(body, "channel", 1, 30);
        let limit = body["limit"].as_str().map(str::parse::<u64>);
        if limit.is_some_and(|limit| !limit.is_ok_and(|it| (1..=999).contains(&it))) {
            self.wrong("limit is not 1 to 999");
        }
    }

    fn metadata(&mut self, body: &Value) {
        let metadata = &body["metadata"];
        if metadata.is_null() {
            if self.house_rules
                && body["channel"]
                    .as_str()
                    .is_some_and(|it| !it.starts_with('D'))
            {
                self.wrong("nothing keeps this post from being doubled");
            }
            return;
        }
        self.fields(metadata, &["event_type", "event_payload"]);
        self.text(metadata, "event_type", 1, 255);
        if !metadata["event_payload"].is_object() {
            self.wrong("metadata without a payload");
        }
    }

    fn message_text(&mut self, body: &Value) {
        self.optional_text(body, "text", 0, 40_000);
        let text = body["text"].as_str().unwrap_or_default();
        if text.trim().is_empty() && list(&body["blocks"]).is_empty() {
            self.wrong("no_text");
        }
        if self.house_rules && (body["parse"] != "none" || body["link_names"] != false) {
            self.wrong("a message in which Slack looks for names by itself");
        }
    }

    fn message(&mut self, body: &Value) {
        self.message_text(body);
        if body.get("thread_ts").is_some() {
            self.ts(body, "thread_ts");
        }
        self.blocks(&body["blocks"], 50);
    }

    fn blocks(&mut self, blocks: &Value, most: usize) {
        if list(blocks).len() > most {
            self.wrong(format!("more than {most} blocks"));
        }
        let mut ids = BTreeSet::new();
        for block in list(blocks) {
            if let Some(id) = block["block_id"].as_str() {
                self.optional_text(block, "block_id", 1, 255);
                if !ids.insert(id) {
                    self.wrong(format!("two blocks {id}"));
                }
            }
            self.block(block);
        }
        for text in marked(blocks) {
            if self.house_rules && text["verbatim"] != true {
                self.wrong("a text in which Slack looks for names by itself");
            }
        }
    }

    fn block(&mut self, block: &Value) {
        match block["type"].as_str() {
            Some("section") => {
                self.fields(block, &["type", "block_id", "text", "fields", "accessory"]);
                if block.get("text").is_none() && list(&block["fields"]).is_empty() {
                    self.wrong("a section without text or fields");
                }
                if block.get("text").is_some() {
                    self.object(&block["text"], &["mrkdwn", "plain_text"], 3_000);
                }
                if list(&block["fields"]).len() > 10 {
                    self.wrong("more than 10 fields");
                }
                for field in list(&block["fields"]) {
                    self.object(field, &["mrkdwn", "plain_text"], 2_000);
                }
            }
            Some("header") => {
                self.fields(block, &["type", "block_id", "text"]);
                self.object(&block["text"], &["plain_text"], 150);
            }
            Some("context") => {
                self.fields(block, &["type", "block_id", "elements"]);
                if !(1..=10).contains(&list(&block["elements"]).len()) {
                    self.wrong("a context has 1 to 10 elements");
                }
                for element in list(&block["elements"]) {
                    self.object(element, &["mrkdwn", "plain_text"], 3_000);
                }
            }
            Some("actions") => {
                self.fields(block, &["type", "block_id", "elements"]);
                let elements = list(&block["elements"]);
                if !(1..=25).contains(&elements.len()) {
                    self.wrong("a block has 1 to 25 actions");
                }
                let mut ids = BTreeSet::new();
                for element in elements {
                    if !ids.insert(element["action_id"].as_str()) {
                        self.wrong(format!("two actions {}", element["action_id"]));
                    }
                    self.element(element);
                }
            }
            Some("input") => {
                let known = ["type", "block_id", "label", "optional", "element", "hint"];
                self.fields(block, &known);
                self.object(&block["label"], &["plain_text"], 2_000);
                self.element(&block["element"]);
            }
            Some("divider") => self.fields(block, &["type", "block_id"]),
            other => self.wrong(format!("no block {other:?}")),
        }
    }

    /// A text object.
    fn object(&mut self, text: &Value, kinds: &[&str], most: usize) {
        self.one_of(&text["type"], kinds);
        match text["type"].as_str() {
            Some("mrkdwn") => self.fields(text, &["type", "text", "verbatim"]),
            _ => self.fields(text, &["type", "text", "emoji"]),
        }
        self.text(text, "text", 1, most);
    }

    fn element(&mut self, element: &Value) {
        self.text(element, "action_id", 1, 255);
        match element["type"].as_str() {
            Some("button") => {
                let known = ["type", "action_id", "text", "value", "style", "url"];
                self.fields(element, &known);
                self.object(&element["text"], &["plain_text"], 75);
                self.optional_text(element, "value", 1, 2_000);
                if element.get("style").is_some() {
                    self.one_of(&element["style"], &["primary", "danger"]);
                }
            }
            Some("static_select") => {
                let known = [
                    "type",
                    "action_id",
                    "placeholder",
                    "options",
                    "initial_option",
                ];
                self.fields(element, &known);
                self.object(&element["placeholder"], &["plain_text"], 150);
                if !(1..=100).contains(&list(&element["options"]).len()) {
                    self.wrong("a list has 1 to 100 options");
                }
                for option in list(&element["options"]) {
                    self.fields(option, &["text", "value", "description"]);
                    self.object(&option["text"], &["plain_text"], 75);
                    self.text(option, "value", 1, 150);
                }
            }
            Some("plain_text_input") => {
                let known = [
                    "type",
                    "action_id",
                    "multiline",
                    "min_length",
                    "max_length",
                    "initial_value",
                    "placeholder",
                ];
                self.fields(element, &known);
                let most = element["max_length"].as_u64().unwrap_or(3_000);
                if !(1..=3_000).contains(&most) {
                    self.wrong(format!("max_length is {most}, not 1 to 3000"));
                }
                let most = usize::try_from(most).unwrap();
                self.optional_text(element, "initial_value", 0, most);
            }
            other => self.wrong(format!("no element {other:?}")),
        }
    }

    fn view(&mut self, view: &Value) {
        let known = [
            "type",
            "callback_id",
            "private_metadata",
            "title",
            "submit",
            "close",
            "blocks",
        ];
        self.fields(view, &known);
        self.one_of(&view["type"], &["modal"]);
        self.text(view, "callback_id", 1, 255);
        self.optional_text(view, "private_metadata", 0, 3_000);
        for key in ["title", "submit", "close"] {
            self.object(&view[key], &["plain_text"], 24);
        }
        self.blocks(&view["blocks"], 100);
    }
}
