//! Writing the style into the elements of a template, before it is compiled.
//!
//! css-inline reads HTML, in which a template's tags have no place: text between table rows would be moved
//! out of the table. They are hidden while it works: statements between elements as comments, which may
//! stand anywhere, and everything else as a word.

use css_inline::{CSSInliner, InlineOptions};

/// What a hidden tag is replaced by, with its number between the two.
const MARK: &str = "qzfdtag";

/// The template with the style of its `<style>` written into its elements; rules that depend on the
/// reader's screen stay in `<style>`.
///
/// Errors say in a sentence which tag stands where none can.
pub(super) fn inline(template: &str) -> Result<String, String> {
    let (hidden, tags) = hide(template);
    let options = InlineOptions::default()
        .keep_style_tags(false)
        .keep_at_rules(true)
        .load_remote_stylesheets(false);
    let inlined = CSSInliner::new(options)
        .inline(&hidden)
        .map_err(|error| format!("the style cannot be written into the elements: {error}"))?;
    if inlined.matches("<tbody").count() > template.matches("<tbody").count() {
        return Err(
            "a <table> needs its <tbody> written out, or the reading of HTML puts one where it \
                    may end up within a loop"
                .to_owned(),
        );
    }
    show(&inlined, &hidden, &tags)
}

/// The template with its tags hidden, and the tags.
fn hide(template: &str) -> (String, Vec<&str>) {
    let mut hidden = String::with_capacity(template.len());
    let mut tags = Vec::new();
    let mut rest = template;
    let mut within_element = false;
    while let Some((before, tag, after)) = next_tag(rest) {
        hidden.push_str(before);
        if let Some(last) = before.rfind(['<', '>']) {
            within_element = before.get(last..).is_some_and(|text| text.starts_with('<'));
        }
        let word = format!("{MARK}{}{MARK}", tags.len());
        if tag.starts_with("{%") && !within_element {
            hidden.push_str(&format!("<!--{word}-->"));
        } else {
            hidden.push_str(&word);
        }
        tags.push(tag);
        rest = after;
    }
    hidden.push_str(rest);
    (hidden, tags)
}

/// The text before the first tag, the tag, and the text after it.
fn next_tag(text: &str) -> Option<(&str, &str, &str)> {
    let (start, close) = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
        .into_iter()
        .filter_map(|(open, close)| Some((text.find(open)?, close)))
        .min_by_key(|(start, _)| *start)?;
    let (before, from) = text.split_at_checked(start)?;
    let end = from.find(close)? + close.len();
    let (tag, after) = from.split_at_checked(end)?;
    Some((before, tag, after))
}

/// Puts the tags back. A tag that is not found exactly once stood where HTML has no room for it.
fn show(inlined: &str, hidden: &str, tags: &[&str]) -> Result<String, String> {
    let mut shown = inlined.to_owned();
    for (number, tag) in tags.iter().enumerate() {
        let word = format!("{MARK}{number}{MARK}");
        let once = shown.matches(&word).count() == 1;
        let comment = format!("<!--{word}-->");
        let whole = !hidden.contains(&comment) || shown.contains(&comment);
        if !once || !whole {
            return Err(format!("{tag} stands where HTML has no room for it"));
        }
        shown = if shown.contains(&comment) {
            shown.replace(&comment, tag)
        } else {
            shown.replace(&word, tag)
        };
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tags_keep_their_places_in_a_table_and_in_attributes() {
        let template = "<style>td{color:red} @media print{td{color:black}}</style><table><tbody>\
            {% for x in xs %}<tr><td title=\"{{ x }}\">{{ x < 1 }}</td></tr>{% endfor %}</tbody></table>";
        let inlined = inline(template).unwrap();
        let row = "{% for x in xs %}<tr><td title=\"{{ x }}\" style=\"color: red;\">{{ x < 1 }}</td></tr>{% endfor %}";
        assert!(inlined.contains(row), "{inlined}");
        assert!(inlined.contains("@media print"), "{inlined}");
    }

    #[test]
    fn a_table_body_that_html_would_put_into_a_loop_is_an_error() {
        let error =
            inline("<table>{% for x in xs %}<tr><td>1</td></tr>{% endfor %}</table>").unwrap_err();
        assert!(error.contains("<tbody>"), "{error}");
    }

    #[test]
    fn a_tag_where_there_is_no_room_is_an_error() {
        let error = inline("<title>{% if x %}a{% endif %}</title>").unwrap_err();
        assert!(error.contains("{% if x %}"), "{error}");
    }
}
