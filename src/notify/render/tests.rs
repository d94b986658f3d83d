#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// The usual sample of a message.
fn preview(templates: &Templates, name: &str) -> Result<Rendered, RenderError> {
    templates.render(name, &samples(name)[0].draft)
}

fn built_in() -> Templates {
    Templates::load(None).unwrap()
}

/// The text of a mail as its reader sees it.
fn shown(rendered: &Rendered) -> String {
    format!("Subject: {}\n\n{}", rendered.subject, rendered.text)
}

#[test]
fn every_message_reads_as_recorded() {
    let templates = built_in();
    for name in Templates::names() {
        let samples = samples(name);
        assert!(!samples.is_empty(), "{name} has no sample");
        for (number, sample) in samples.iter().enumerate() {
            let rendered = templates.render(name, &sample.draft).unwrap();
            insta::with_settings!({description => sample.about, omit_expression => true}, {
                insta::assert_snapshot!(format!("{name}_{number}_text"), shown(&rendered));
                insta::assert_snapshot!(format!("{name}_{number}_html"), rendered.html);
            });
        }
    }
}

#[test]
fn the_text_part_stands_alone() {
    let templates = built_in();
    for name in Templates::names() {
        for sample in samples(name) {
            let rendered = templates.render(name, &sample.draft).unwrap();
            assert!(!rendered.text.contains(['\r', '\t']), "{name}");
            assert!(
                !rendered.text.contains("\n\n\n"),
                "{name}: {}",
                rendered.text
            );
            assert!(!rendered.text.starts_with('\n'), "{name}");
            for trace in ["{{", "{%", "{#", "none", "<p", "&lt;", "&amp;"] {
                assert!(
                    !rendered.text.contains(trace),
                    "{name} holds {trace}: {}",
                    rendered.text
                );
            }
            for trace in ["{{", "{%", "{#", "qzfdtag", "<style>\n</style>"] {
                assert!(
                    !rendered.html.contains(trace),
                    "{name} holds {trace}: {}",
                    rendered.html
                );
            }
        }
    }
}

#[test]
fn html_carries_its_style_in_its_elements_and_its_dark_mode_in_a_rule() {
    let html = preview(&built_in(), "ticket_opened_staff").unwrap().html;
    assert!(html.contains("<p style=\""), "{html}");
    assert!(html.contains("prefers-color-scheme: dark"), "{html}");
    assert!(html.contains("width=device-width"), "{html}");
    assert!(!html.contains(".quiet { color: #59636e"), "{html}");
}

#[test]
fn staff_mail_says_how_to_answer_and_who_gets_it() {
    let templates = built_in();
    for name in [
        "ticket_opened_staff",
        "comment_added_staff",
        "assigned",
        "mentioned",
    ] {
        let rendered = preview(&templates, name).unwrap();
        for part in [&rendered.text, &rendered.html] {
            assert!(
                part.contains("Reply to this mail to answer Jane Doe"),
                "{name}"
            );
            assert!(part.contains("note:"), "{name}");
            for fact in ["Requester", "Status", "Priority", "Assignee"] {
                assert!(part.contains(fact), "{name} lacks {fact}");
            }
        }
    }
}

#[test]
fn customers_see_no_machinery() {
    let templates = built_in();
    for name in [
        "ticket_opened_customer",
        "comment_added_customer",
        "status_changed_customer",
    ] {
        let rendered = preview(&templates, name).unwrap();
        for part in [&rendered.text, &rendered.html] {
            for word in [
                "Priority",
                "Assignee",
                "note:",
                "ticket ",
                "Frontdesk",
                "automatic",
            ] {
                assert!(!part.contains(word), "{name} holds {word}");
            }
        }
        assert!(rendered.subject.contains("[TKT-20261120-0042]"));
    }
}

#[test]
fn a_customers_words_are_never_markup() {
    let templates = built_in();
    let hostile = "<script>alert(1)</script><img src=x onerror=y> & \"quotes\" 'single'";
    for name in Templates::names() {
        for sample in samples(name) {
            let draft = replace_texts(sample.draft, hostile);
            let html = templates.render(name, &draft).unwrap().html;
            assert!(
                !html.contains("<script") && !html.contains("<img src=x"),
                "{name}: {html}"
            );
        }
    }
}

/// The draft with every text in it replaced, save for those that templates branch on.
fn replace_texts(draft: serde_json::Value, with: &str) -> serde_json::Value {
    use serde_json::Value;
    match draft {
        Value::String(_) => Value::String(with.to_owned()),
        Value::Array(items) => items
            .into_iter()
            .map(|item| replace_texts(item, with))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| match key.as_str() {
                "kind" => (key, value),
                _ => (key, replace_texts(value, with)),
            })
            .collect(),
        other => other,
    }
}

#[test]
fn indentation_and_line_ends_stay_in_html() {
    let shown = lines("if x {\n    y < 1\n\tz\n}").to_string();
    let indent = "&nbsp; &nbsp; ";
    assert_eq!(
        shown,
        format!("if x {{<br>\n{indent}y &lt; 1<br>\n{indent}z<br>\n}}")
    );
}

#[test]
fn a_subject_is_one_line() {
    let templates = built_in();
    let draft = replace_texts(
        samples("comment_added_customer")[0].draft.clone(),
        "Hi\r\nBcc: x@y.example",
    );
    let subject = templates
        .render("comment_added_customer", &draft)
        .unwrap()
        .subject;
    assert!(!subject.contains(['\r', '\n']), "{subject}");
}

#[test]
fn an_unknown_name_is_an_error() {
    let error = built_in()
        .render("nothing", &serde_json::json!({}))
        .unwrap_err();
    assert!(matches!(error, RenderError::Unknown(name) if name == "nothing"));
}

#[test]
fn a_draft_without_a_value_is_an_error_and_not_an_empty_place() {
    let error = built_in()
        .render("alarm", &serde_json::json!({"desk": "x", "key": "y"}))
        .unwrap_err();
    assert!(matches!(error, RenderError::Failed { .. }), "{error}");
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn an_operator_replaces_files_one_by_one() {
    let folder = folder(&[
        ("alarm/subject.txt", "Alarm! {{ key }}"),
        ("README.md", "ours"),
        (".git/config.txt", "not ours to read"),
    ]);
    let templates = Templates::load(Some(folder.path())).unwrap();
    let rendered = preview(&templates, "alarm").unwrap();
    assert_eq!(rendered.subject, "Alarm! credential:support");
    assert_eq!(rendered.text, preview(&built_in(), "alarm").unwrap().text);
}

#[test]
fn a_mistake_names_file_and_line() {
    for (name, text, line) in [
        ("alarm/body.txt", "one\ntwo\n{% if %}\n", 3),
        ("alarm/body.txt", "one\n{{ nobody_knows }}\n", 2),
        (
            "alarm/body.html",
            "<p>one</p>\n\n<p>{{ text | no_such_filter }}</p>",
            3,
        ),
        (
            "layout/staff.html",
            "<p>\n{{ ticket.nothing }}</p>{# body #}",
            2,
        ),
        (
            "layout/events.txt",
            "{% for event in events %}\n{{ event.nothing }}\n{% endfor %}",
            2,
        ),
    ] {
        let folder = folder(&[(name, text)]);
        let error = Templates::load(Some(folder.path()))
            .unwrap_err()
            .to_string();
        let place = format!("{}:{line}:", folder.path().join(name).display());
        assert!(error.starts_with(&place), "{error}");
    }
}

#[test]
fn a_file_that_replaces_nothing_is_an_error() {
    let folder = folder(&[("alarms/body.txt", "x")]);
    let error = Templates::load(Some(folder.path()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("alarms/body.txt") && error.contains("alarm/body.txt"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = Templates::load(Some(Path::new("/nonexistent/templates"))).unwrap_err();
    assert!(matches!(error, LoadError::Unreadable { .. }), "{error}");
}

static TEMPLATES: std::sync::OnceLock<Templates> = std::sync::OnceLock::new();

proptest! {
    #[test]
    fn any_text_renders(text in "\\PC{0,200}", name in "[a-z_]{0,12}") {
        let templates = TEMPLATES.get_or_init(built_in);
        let _ = templates.render(&name, &serde_json::json!({}));
        let draft = replace_texts(samples("comment_added_staff")[0].draft.clone(), &text);
        let rendered = templates.render("comment_added_staff", &draft).unwrap();
        prop_assert!(!rendered.subject.contains('\n'));
    }
}
