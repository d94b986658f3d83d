//! Filling in what agents wrote: canned replies.

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value};

/// The text with each `{{ name }}` replaced by its value. Nothing else of the template language is let in: an
/// agent's text must not be able to run.
///
/// # Errors
/// A sentence that says what stands there and cannot.
pub fn fill(text: &str, values: &BTreeMap<&str, String>) -> Result<String, String> {
    if text.contains("{%") || text.contains("{#") {
        return Err("`{%` and `{#` can't stand in it".to_owned());
    }
    for piece in text.split("{{").skip(1) {
        let name = piece.split("}}").next().unwrap_or_default().trim();
        let closed = piece.contains("}}");
        if !closed || !values.contains_key(name) {
            return Err(format!("there is no variable `{name}`"));
        }
    }
    super::environment()
        .render_str(text, Value::from(Serde(values)))
        .map_err(|error| super::explain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_nothing_runs() {
        let values = BTreeMap::from([("agent", "Ann {{ desk }} <b>".to_owned())]);
        assert_eq!(
            fill("Yours,\n{{agent}} & {{ agent }}", &values),
            Ok("Yours,\nAnn {{ desk }} <b> & Ann {{ desk }} <b>".to_owned())
        );
        for wrong in [
            "{{ nobody }}",
            "{{ agent",
            "{{ agent * 100000 }}",
            "{% for x in range(9) %}{% endfor %}",
            "{# note #}",
        ] {
            assert!(fill(wrong, &values).is_err(), "{wrong}");
        }
    }
}
