//! Which parts are the body, and which are attachments (RFC 8621, section 4.1.4).

use super::walk::{Part, Tree};

/// The parts by role; indexes into the tree.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    /// The text body, in order; HTML parts where there is no plain text.
    pub text: Vec<usize>,
    /// The HTML body, in order; plain parts where there is no HTML.
    pub html: Vec<usize>,
    /// Everything else that is a file.
    pub attachments: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Context<'a> {
    multipart: &'a str,
    in_alternative: bool,
    want_text: bool,
    want_html: bool,
}

/// Sorts the parts of a tree.
pub(crate) fn roles(tree: &Tree<'_>) -> Roles {
    let mut roles = Roles::default();
    let context = Context {
        multipart: "",
        in_alternative: false,
        want_text: true,
        want_html: true,
    };
    place(tree, 0, 0, context, &mut roles);
    roles
}

/// Whether the part asks to be saved rather than shown.
pub(crate) fn is_attachment(part: &Part<'_>) -> bool {
    part.headers
        .text("content-disposition")
        .is_some_and(|value| {
            value
                .trim_start()
                .get(..10)
                .is_some_and(|kind| kind.eq_ignore_ascii_case("attachment"))
        })
}

fn place(tree: &Tree<'_>, index: usize, position: usize, context: Context<'_>, roles: &mut Roles) {
    let Some(part) = tree.parts.get(index) else {
        return;
    };
    if !part.children.is_empty() {
        let subtype = part
            .content_type
            .strip_prefix("multipart/")
            .unwrap_or("mixed");
        place_children(tree, part, subtype, context, roles);
        return;
    }
    let kind = part.content_type.as_str();
    let shown = matches!(kind, "text/plain" | "text/html")
        && !is_attachment(part)
        && (position == 0 || (context.multipart != "related" && part.parameter("name").is_none()));
    if !shown {
        if kind.starts_with("multipart/") && part.body.trim_ascii().is_empty() {
            return;
        }
        roles.attachments.push(index);
        return;
    }
    let (to_text, to_html) = if context.multipart == "alternative" {
        (kind == "text/plain", kind == "text/html")
    } else {
        (context.want_text, context.want_html)
    };
    if to_text {
        roles.text.push(index);
    }
    if to_html {
        roles.html.push(index);
    }
    if !to_text && !to_html {
        roles.attachments.push(index);
    }
}

fn place_children(
    tree: &Tree<'_>,
    part: &Part<'_>,
    subtype: &str,
    context: Context<'_>,
    roles: &mut Roles,
) {
    let (texts, htmls) = (roles.text.len(), roles.html.len());
    let mut inner = Context {
        multipart: subtype,
        in_alternative: context.in_alternative || subtype == "alternative",
        ..context
    };
    for (position, &child) in part.children.iter().enumerate() {
        place(tree, child, position, inner, roles);
        if inner.in_alternative && subtype != "alternative" && inner.want_text && inner.want_html {
            match tree.parts.get(child).map(|part| part.content_type.as_str()) {
                Some("text/html") => inner.want_text = false,
                Some("text/plain") => inner.want_html = false,
                _ => {}
            }
        }
    }
    if subtype == "alternative" && context.want_text && context.want_html {
        let new_texts = roles.text.get(texts..).unwrap_or_default().to_vec();
        let new_htmls = roles.html.get(htmls..).unwrap_or_default().to_vec();
        if new_texts.is_empty() {
            roles.text.extend(new_htmls);
        } else if new_htmls.is_empty() {
            roles.html.extend(new_texts);
        }
    }
}
