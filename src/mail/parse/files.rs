//! Attachments: names, types, contents, within the limits.

use super::body::{Roles, is_attachment};
use super::charset::Reading;
use super::walk::{Part, Tree};
use super::{headers, transfer, words};
use crate::config::service::MailLimits;
use crate::mail::message::{Attachment, Notice, ParsedMail};

/// Adds the attachments to `mail`.
pub(crate) fn read(
    tree: &Tree<'_>,
    roles: &Roles,
    limits: &MailLimits,
    hint: Option<&str>,
    mail: &mut ParsedMail,
) {
    let allowed = usize::try_from(limits.attachments).unwrap_or(usize::MAX);
    let parts = roles
        .attachments
        .iter()
        .filter_map(|&index| tree.parts.get(index));
    for part in parts.clone().take(allowed) {
        let name = name_of(part, hint, mail.attachments.len() + 1);
        let content = transfer::decode(part.body, &part.encoding());
        if content.len() as u64 > limits.attachment_bytes {
            let bytes = content.len() as u64;
            mail.notices.push(Notice::AttachmentTooLarge {
                name: name.best,
                bytes,
            });
            continue;
        }
        let content_id = content_id(part);
        let inline = !is_attachment(part) && (content_id.is_some() || disposition_is_inline(part));
        if let Some(declared) = name.declared {
            let names = &mut mail.as_declared.get_or_insert_default().attachment_names;
            names.push((mail.attachments.len(), declared));
        }
        mail.attachments.push(Attachment {
            name: name.best,
            content_type: part.content_type.clone(),
            content_id,
            inline,
            content: content.into_owned(),
        });
    }
    let left_out = parts.skip(allowed).count() as u64;
    if left_out > 0 {
        mail.notices.push(Notice::TooManyAttachments { left_out });
    }
}

fn disposition_is_inline(part: &Part<'_>) -> bool {
    part.headers
        .text("content-disposition")
        .is_some_and(|value| {
            value
                .trim_start()
                .get(..6)
                .is_some_and(|kind| kind.eq_ignore_ascii_case("inline"))
        })
}

fn content_id(part: &Part<'_>) -> Option<String> {
    let value = part.headers.text("content-id")?;
    let id = value.trim().trim_matches(['<', '>']).trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// The file name: `filename` of the disposition, else `name` of the type, else one made up.
fn name_of(part: &Part<'_>, hint: Option<&str>, number: usize) -> Reading {
    let best = declared_name(part, hint, true).map(|name| safe(&name));
    let declared = declared_name(part, hint, false).map(|name| safe(&name));
    match (best, declared) {
        (Some(best), Some(declared)) if !best.is_empty() => Reading {
            declared: (declared != best).then_some(declared),
            best,
        },
        _ => Reading {
            best: made_up(part, number),
            declared: None,
        },
    }
}

fn declared_name(part: &Part<'_>, hint: Option<&str>, best: bool) -> Option<String> {
    let from = |field: &str, parameter: &str| {
        let raw = part.headers.raw(field)?;
        let lossy;
        let raw = if best || std::str::from_utf8(raw).is_ok() {
            raw
        } else {
            lossy = String::from_utf8_lossy(raw).into_owned();
            lossy.as_bytes()
        };
        let parsed = words::content_type(raw, hint)?;
        parsed.attribute(parameter).map(str::to_owned)
    };
    let name = from("content-disposition", "filename").or_else(|| from("content-type", "name"))?;
    // Outlook and many others write encoded words here, which RFC 2047 forbids.
    Some(if name.contains("=?") {
        words::unstructured(name.as_bytes(), hint).best
    } else {
        name
    })
}

/// A name that can be shown and stored: no control characters, no directories that lead elsewhere.
fn safe(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .take(255)
        .collect();
    name.trim().to_owned()
}

fn made_up(part: &Part<'_>, number: usize) -> String {
    let kind = part.content_type.as_str();
    if matches!(
        kind,
        "message/rfc822" | "message/global" | "message/rfc822-headers" | "text/rfc822-headers"
    ) {
        let inner = headers::read(part.body, 0, 64 << 10);
        let subject = inner
            .headers
            .raw("subject")
            .map(|value| words::unstructured(value, None).best)
            .unwrap_or_default();
        let subject = safe(&subject.replace(['/', '\\', ':'], "-"));
        if !subject.is_empty() {
            return format!("{}.eml", subject.chars().take(80).collect::<String>());
        }
        return format!("message-{number}.eml");
    }
    let extension = match kind {
        "text/plain" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/vcard" | "text/x-vcard" | "text/directory" => "vcf",
        "text/csv" => "csv",
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "jpg",
        "image/svg+xml" => "svg",
        "image/tiff" => "tif",
        "application/pdf" => "pdf",
        "application/zip" | "application/x-zip-compressed" => "zip",
        "application/pgp-signature" => "asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "p7m",
        "application/ms-tnef" => "dat",
        "message/delivery-status"
        | "message/disposition-notification"
        | "message/feedback-report" => "txt",
        _ => match kind.split_once('/') {
            Some(("image" | "audio" | "video", subtype))
                if subtype.len() <= 5 && subtype.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                subtype
            }
            _ => "bin",
        },
    };
    format!("attachment-{number}.{extension}")
}
