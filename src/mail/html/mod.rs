//! HTML mail: made safe for showing, and read as text.

pub(crate) mod marks;
pub(crate) mod render;
pub(crate) mod tokens;

use std::collections::HashSet;

/// The HTML made safe to show: no scripts, no styles from elsewhere, no forms, no remote loading of
/// anything but images; links open without a referrer. Images by `cid:` keep their source, so that
/// the caller can put the inline parts there.
pub fn sanitise(html: &str) -> String {
    let mut builder = ammonia::Builder::default();
    builder
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .add_generic_attributes(["dir", "lang", "align", "title"])
        .add_tag_attributes("img", ["width", "height", "alt"]);
    builder.clean(html).to_string()
}

/// The visible text of HTML, one line per line. Linear in the input; nothing of it is executed.
pub fn to_text(html: &str) -> String {
    let lines = render::lines(html);
    let mut text = String::with_capacity(html.len() / 2);
    for line in &lines {
        text.push_str(&line.text);
        text.push('\n');
    }
    text.trim_matches('\n').to_owned()
}
