//! The explanation as JSON, one object a message.
//!
//! `subject`, `text` and attachment names are what the declared charsets make of the bytes, as other
//! parsers give them; where the desk reads them better, its reading stands under `readable`. `in_reply_to` is
//! what the grammar makes of the field; what the desk goes by stands under `answers`.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::mail::message::{Attachment, Mailbox, Origin, ParsedMail, UnderstoodMail};

/// The explanation of `understood`.
pub fn to_json(understood: &UnderstoodMail) -> Value {
    let mail = &understood.mail;
    let declared = mail.as_declared.clone().unwrap_or_default();
    let (bounce, feedback) = match &understood.origin {
        Origin::Bounce(recipients) => (json!(recipients), Value::Null),
        Origin::Feedback { feedback_type } => (Value::Null, json!(feedback_type)),
        _ => (Value::Null, Value::Null),
    };
    let mut object = json!({
        "from": mail.from.as_ref().map(mailbox),
        "sender": mail.sender.as_ref().map(mailbox),
        "reply_to": mailboxes(&mail.reply_to),
        "to": mailboxes(&mail.to),
        "cc": mailboxes(&mail.cc),
        "subject": declared.subject.as_ref().unwrap_or(&mail.subject),
        "message_id": mail.message_id,
        "in_reply_to": in_brackets(mail),
        "answers": mail.in_reply_to,
        "references": mail.references,
        "date": mail.date.map(|date| date.to_rfc3339()),
        "envelope_sender": mail.envelope_sender,
        "delivered_to": mail.delivered_to,
        "authentication": mail.authentication,
        "text": declared.text.as_ref().unwrap_or(&mail.text),
        "html": mail.html,
        "reply": understood.reply,
        "attachments": mail.attachments.iter().enumerate().map(|(index, file)| {
            let name = declared.attachment_names.iter().find(|(at, _)| *at == index).map(|(_, name)| name.as_str());
            attachment(file, name)
        }).collect::<Vec<_>>(),
        "origin": origin_name(&understood.origin),
        "because": because(&understood.origin),
        "auto_generated": matches!(understood.origin, Origin::AutoReply { .. } | Origin::Automatic { .. }),
        "auto_reply": matches!(understood.origin, Origin::AutoReply { .. }),
        "bounce": bounce,
        "returned_ids": understood.returned_ids,
        "feedback": feedback,
        "is_list": understood.list,
        "spam": understood.spam,
        "forwarded": understood.forwarded,
        "notices": mail.notices,
    });
    if mail.as_declared.is_some()
        && let Some(fields) = object.as_object_mut()
    {
        fields.insert("readable".to_owned(), readable(understood));
    }
    object
}

/// The desk's better reading of what the declared charsets garble.
fn readable(understood: &UnderstoodMail) -> Value {
    let mail = &understood.mail;
    let mut object = serde_json::Map::new();
    if let Some(declared) = &mail.as_declared {
        if declared.subject.is_some() {
            object.insert("subject".to_owned(), json!(mail.subject));
        }
        if declared.text.is_some() {
            object.insert("text".to_owned(), json!(mail.text));
        }
        if !declared.attachment_names.is_empty() {
            let names: Vec<&str> = mail
                .attachments
                .iter()
                .map(|file| file.name.as_str())
                .collect();
            object.insert("attachment_names".to_owned(), json!(names));
        }
    }
    Value::Object(object)
}

/// `In-Reply-To` by the grammar of RFC 5322, 4.5.4, which takes a person's address beside an id for another id, as
/// other programs do. What the desk goes by stands under `answers`.
fn in_brackets(mail: &ParsedMail) -> Vec<&str> {
    let people: &[String] = if mail.in_reply_to.is_empty() {
        &[]
    } else {
        &mail.people_in_reply_to
    };
    let all = mail.in_reply_to.iter().chain(people);
    all.map(String::as_str).collect()
}

fn mailbox(mailbox: &Mailbox) -> Value {
    json!({ "name": mailbox.name, "address": mailbox.address })
}

fn mailboxes(list: &[Mailbox]) -> Vec<Value> {
    list.iter().map(mailbox).collect()
}

fn attachment(file: &Attachment, declared_name: Option<&str>) -> Value {
    let digest = Sha256::digest(&file.content);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "name": declared_name.unwrap_or(&file.name),
        "content_type": file.content_type,
        "size": file.content.len(),
        "sha256": hex,
        "inline": file.inline,
        "content_id": file.content_id,
    })
}

/// The kind of sender in one word.
pub(super) fn origin_name(origin: &Origin) -> &'static str {
    match origin {
        Origin::Person => "person",
        Origin::AutoReply { .. } => "auto_reply",
        Origin::Automatic { .. } => "automatic",
        Origin::Bounce(_) => "bounce",
        Origin::Feedback { .. } => "feedback",
    }
}

fn because(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::AutoReply { because } | Origin::Automatic { because, .. } => Some(because),
        _ => None,
    }
}
