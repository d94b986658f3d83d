//! Discord's documented limits on what a bot sends: lengths, counts, kinds, and which fields there are.

use serde_json::Value;

/// What is wrong with the body of a request; empty if nothing is. `house_rules` are ours beyond Discord's: a post has a
/// nonce that is enforced, and pings nobody who is not named.
pub fn check(
    method: &str,
    path: &[&str],
    body: &Value,
    files: usize,
    house_rules: bool,
) -> Vec<String> {
    let mut check = Check {
        house_rules,
        wrong: Vec::new(),
    };
    match (method, path) {
        ("POST", ["channels", _, "messages"]) => check.message(body, Place::Channel, files),
        ("PATCH", ["channels", _, "messages", _]) => check.message(body, Place::Edit, files),
        ("POST", ["channels", _, "messages", _, "threads"]) => {
            check.fields(
                body,
                &["name", "auto_archive_duration", "rate_limit_per_user"],
            );
            check.thread(body);
        }
        ("POST", ["channels", _, "threads"]) if body.get("message").is_some() => {
            let fields = ["name", "auto_archive_duration", "message", "applied_tags"];
            check.fields(body, &fields);
            check.thread(body);
            check.message(&body["message"], Place::Forum, files);
        }
        ("POST", ["channels", _, "threads"]) => {
            let fields = [
                "name",
                "auto_archive_duration",
                "type",
                "invitable",
                "rate_limit_per_user",
            ];
            check.fields(body, &fields);
            check.thread(body);
            check.one_of(body, "type", &[10, 11, 12]);
        }
        ("PATCH", ["channels", _]) => check.fields(body, &["archived", "locked", "name"]),
        ("POST", ["users", "@me", "channels"]) => {
            check.fields(body, &["recipient_id"]);
            check.text(body, "recipient_id", 1, 20);
        }
        ("POST", ["interactions", _, _, "callback"]) => check.callback(body),
        ("PATCH", ["webhooks", _, _, "messages", "@original"]) => {
            check.message(body, Place::Edit, files);
        }
        ("POST", ["webhooks", _, _]) => check.message(body, Place::Webhook, files),
        ("POST", ["applications", _, "guilds", _, "commands"])
        | ("PATCH", ["applications", _, "guilds", _, "commands", _]) => check.command(body),
        ("GET" | "DELETE" | "PUT", _) => {
            if !body.is_null() {
                check.wrong("this request has no body");
            }
        }
        _ => check.wrong("no such operation is known"),
    }
    let wrong = check.wrong.into_iter();
    wrong
        .map(|wrong| format!("{method} /{}: {wrong}", path.join("/")))
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Channel,
    Edit,
    Forum,
    Webhook,
}

struct Check {
    house_rules: bool,
    wrong: Vec<String>,
}

/// Characters as Discord is most likely to count them at worst.
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

    fn fields(&mut self, body: &Value, known: &[&str]) {
        let Some(map) = body.as_object() else {
            return self.wrong("an object is wanted");
        };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.wrong(format!("unknown field {key}"));
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

    fn one_of(&mut self, body: &Value, key: &str, known: &[u64]) {
        if !body[key].as_u64().is_some_and(|it| known.contains(&it)) {
            self.wrong(format!("{key} is {}, not one of {known:?}", body[key]));
        }
    }

    fn most(&mut self, body: &Value, key: &str, most: usize) {
        if list(&body[key]).len() > most {
            self.wrong(format!("more than {most} {key}"));
        }
    }

    fn thread(&mut self, body: &Value) {
        self.text(body, "name", 1, 100);
        self.one_of(body, "auto_archive_duration", &[60, 1440, 4320, 10080]);
    }

    fn message(&mut self, body: &Value, place: Place, files: usize) {
        let known = [
            "content",
            "embeds",
            "components",
            "allowed_mentions",
            "flags",
            "attachments",
            "tts",
            "sticker_ids",
        ];
        let of_posts = ["nonce", "enforce_nonce", "message_reference", "poll"];
        if place == Place::Channel {
            self.fields(body, &[&known[..], &of_posts[..]].concat());
            self.optional_text(body, "nonce", 1, 25);
            let kept = body.get("nonce").is_some() && body["enforce_nonce"] == true;
            if self.house_rules && !kept {
                self.wrong("nothing keeps this post from being doubled");
            }
        } else {
            self.fields(body, &known);
        }
        self.optional_text(body, "content", 0, 2000);
        let empty = |key: &str| list(&body[key]).is_empty();
        let no_content = body["content"]
            .as_str()
            .is_none_or(|it| it.trim().is_empty());
        let kept = place == Place::Edit && body.get("content").is_none();
        if !kept && no_content && empty("embeds") && empty("components") && files == 0 {
            self.wrong("an empty message");
        }
        if self.house_rules && body["allowed_mentions"]["parse"] != Value::Array(Vec::new()) {
            self.wrong("a message that may ping whomever its text names");
        }
        self.most(&body["allowed_mentions"], "users", 100);
        let allowed = match place {
            Place::Webhook => (1 << 2) | (1 << 6),
            _ => (1 << 2) | (1 << 12),
        };
        if body["flags"].as_u64().unwrap_or(0) & !allowed != 0 {
            self.wrong(format!("flags {} cannot be set", body["flags"]));
        }
        self.most(body, "embeds", 10);
        for embed in list(&body["embeds"]) {
            self.embed(embed);
        }
        self.most(body, "components", 5);
        for row in list(&body["components"]) {
            self.row(row);
        }
        if files > 10 {
            self.wrong("more than 10 files");
        }
        if list(&body["attachments"]).len() != files {
            self.wrong("attachments and files are not the same number");
        }
    }

    fn embed(&mut self, embed: &Value) {
        let known = [
            "title",
            "type",
            "flags",
            "description",
            "color",
            "fields",
            "footer",
            "url",
        ];
        self.fields(embed, &known);
        self.optional_text(embed, "title", 0, 256);
        self.optional_text(embed, "description", 1, 4096);
        self.most(embed, "fields", 25);
        let mut all = 0;
        for field in list(&embed["fields"]) {
            self.fields(field, &["name", "value", "inline"]);
            self.text(field, "name", 1, 256);
            self.text(field, "value", 1, 1024);
            all += ["name", "value"]
                .map(|key| length(field[key].as_str().unwrap_or_default()))
                .iter()
                .sum::<usize>();
        }
        if let Some(footer) = embed.get("footer") {
            self.fields(footer, &["text"]);
            self.text(footer, "text", 1, 2048);
            all += length(footer["text"].as_str().unwrap_or_default());
        }
        for key in ["title", "description"] {
            all += length(embed[key].as_str().unwrap_or_default());
        }
        if all > 6000 {
            self.wrong(format!("an embed of {all} characters, more than 6000"));
        }
    }

    fn row(&mut self, row: &Value) {
        self.fields(row, &["type", "components"]);
        self.one_of(row, "type", &[1]);
        let components = list(&row["components"]);
        if components.is_empty() || components.len() > 5 {
            self.wrong("a row has 1 to 5 components");
        }
        for component in components {
            match component["type"].as_u64() {
                Some(2) => {
                    self.fields(
                        component,
                        &["type", "style", "label", "custom_id", "disabled"],
                    );
                    self.one_of(component, "style", &[1, 2, 3, 4]);
                    self.text(component, "label", 1, 80);
                    self.text(component, "custom_id", 1, 100);
                }
                Some(3) => {
                    let known = ["type", "custom_id", "placeholder", "options"];
                    self.fields(component, &known);
                    self.text(component, "custom_id", 1, 100);
                    self.text(component, "placeholder", 0, 150);
                    if components.len() > 1 {
                        self.wrong("a list needs a row of its own");
                    }
                    let options = list(&component["options"]);
                    if options.is_empty() || options.len() > 25 {
                        self.wrong("a list has 1 to 25 entries");
                    }
                    for option in options {
                        self.fields(option, &["label", "value"]);
                        self.text(option, "label", 1, 100);
                        self.text(option, "value", 1, 100);
                    }
                }
                other => self.wrong(format!("a component of type {other:?}")),
            }
        }
    }

    fn callback(&mut self, body: &Value) {
        self.fields(body, &["type", "data"]);
        match body["type"].as_u64() {
            Some(5) => self.fields(&body["data"], &["flags"]),
            Some(8) => {
                self.fields(&body["data"], &["choices"]);
                self.most(&body["data"], "choices", 25);
                for choice in list(&body["data"]["choices"]) {
                    self.fields(choice, &["name", "value"]);
                    self.text(choice, "name", 1, 100);
                    self.text(choice, "value", 1, 100);
                }
            }
            Some(9) => self.modal(&body["data"]),
            other => self.wrong(format!("a first answer of type {other:?}")),
        }
    }

    fn modal(&mut self, modal: &Value) {
        self.fields(modal, &["custom_id", "title", "components"]);
        self.text(modal, "custom_id", 1, 100);
        self.text(modal, "title", 1, 45);
        let rows = list(&modal["components"]);
        if rows.is_empty() || rows.len() > 5 {
            self.wrong("a form has 1 to 5 fields");
        }
        for row in rows {
            let input = &row["components"][0];
            let known = [
                "type",
                "custom_id",
                "style",
                "label",
                "required",
                "max_length",
                "min_length",
                "value",
                "placeholder",
            ];
            self.fields(input, &known);
            self.one_of(input, "type", &[4]);
            self.one_of(input, "style", &[1, 2]);
            self.text(input, "custom_id", 1, 100);
            self.text(input, "label", 1, 45);
            let most = input["max_length"].as_u64().unwrap_or(4000);
            if !(1..=4000).contains(&most) {
                self.wrong("max_length is 1 to 4000");
            }
            let most = usize::try_from(most).unwrap();
            self.optional_text(input, "value", 0, most);
        }
    }

    fn command(&mut self, body: &Value) {
        let known = [
            "name",
            "description",
            "type",
            "options",
            "nsfw",
            "dm_permission",
            "contexts",
            "default_member_permissions",
            "integration_types",
        ];
        self.fields(body, &known);
        self.one_of(body, "type", &[1, 2, 3]);
        if body["type"] != 1 {
            self.text(body, "name", 1, 32);
            if body.get("description").is_some() {
                self.wrong("only slash commands have a description");
            }
            return;
        }
        self.word(body);
        self.options(body, 0);
        let all = command_length(body);
        if all > 8000 {
            self.wrong(format!("a command of {all} characters, more than 8000"));
        }
    }

    fn word(&mut self, body: &Value) {
        let name = body["name"].as_str().unwrap_or_default();
        let fine = |char: char| char == '-' || char == '_' || char.is_alphanumeric();
        let lower = name == name.to_lowercase();
        if name.is_empty() || length(name) > 32 || !name.chars().all(fine) || !lower {
            self.wrong(format!("{name:?} is no name of a command or an option"));
        }
        self.text(body, "description", 1, 100);
    }

    fn options(&mut self, body: &Value, depth: u8) {
        self.most(body, "options", 25);
        let mut optional_before = false;
        let mut names = std::collections::BTreeSet::new();
        for option in list(&body["options"]) {
            let known = [
                "name",
                "description",
                "type",
                "required",
                "choices",
                "autocomplete",
                "options",
            ];
            self.fields(option, &known);
            self.word(option);
            if !names.insert(option["name"].as_str()) {
                self.wrong(format!("{} stands there twice", option["name"]));
            }
            match option["type"].as_u64() {
                Some(2) if depth == 0 => self.options(option, 1),
                Some(1) if depth <= 1 => self.options(option, 2),
                Some(3..=11) => {
                    let required = option["required"] == true;
                    if required && optional_before {
                        self.wrong("a required option behind an optional one");
                    }
                    optional_before |= !required;
                    self.most(option, "choices", 25);
                    if option["autocomplete"] == true && option.get("choices").is_some() {
                        self.wrong("an option with choices and completion");
                    }
                    for choice in list(&option["choices"]) {
                        self.text(choice, "name", 1, 100);
                        self.text(choice, "value", 1, 100);
                    }
                }
                other => self.wrong(format!("an option of type {other:?} at this depth")),
            }
        }
    }
}

/// Names, descriptions and values of a command and of all below it.
fn command_length(body: &Value) -> usize {
    let own: usize = ["name", "description", "value"]
        .map(|key| length(body[key].as_str().unwrap_or_default()))
        .iter()
        .sum();
    let below = list(&body["options"]).iter().chain(list(&body["choices"]));
    own + below.map(command_length).sum::<usize>()
}
