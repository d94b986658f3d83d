//! `frontdesk template`: what the mails look like.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::notify::render::{Rendered, Templates, samples};

/// Arguments of `frontdesk template`.
#[derive(Debug, Args)]
pub struct TemplateArguments {
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    /// Name every mail that the desk sends, with the samples it can be previewed with.
    List,
    /// Render a mail with sample values.
    Preview(PreviewArguments),
}

/// Arguments of `frontdesk template preview`.
#[derive(Debug, Args)]
struct PreviewArguments {
    /// The mail, as `frontdesk template list` names it.
    name: String,
    /// The sample, as `frontdesk template list` numbers it.
    #[arg(long, default_value_t = 1)]
    sample: usize,
    /// The folder that replaces built-in templates: `notify.templates` of the configuration.
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
    /// Write to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Which of the mail's two parts.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The subject and the plain text.
    Text,
    /// The HTML page.
    Html,
}

/// Lists or previews.
///
/// # Errors
/// If there is no such mail or sample, a template is wrong, or the file cannot be written.
pub fn run(arguments: &TemplateArguments) -> anyhow::Result<()> {
    match &arguments.command {
        TemplateCommand::List => {
            print!("{}", list());
            Ok(())
        }
        TemplateCommand::Preview(wanted) => {
            let shown = preview(wanted)?;
            match &wanted.out {
                Some(file) => std::fs::write(file, shown)
                    .with_context(|| format!("{} cannot be written", file.display())),
                None => {
                    print!("{shown}");
                    Ok(())
                }
            }
        }
    }
}

fn list() -> String {
    let mut list = String::new();
    for name in Templates::names() {
        list.push_str(name);
        list.push('\n');
        for (number, sample) in (1..).zip(samples(name)) {
            list.push_str(&format!("  {number}  {}\n", sample.about));
        }
    }
    list
}

fn preview(wanted: &PreviewArguments) -> anyhow::Result<String> {
    let name = wanted.name.as_str();
    let samples = samples(name);
    if samples.is_empty() {
        bail!(
            "there is no mail {name:?}; there are: {}",
            Templates::names().join(", ")
        );
    }
    let sample = wanted.sample.checked_sub(1).and_then(|at| samples.get(at));
    let Some(sample) = sample else {
        bail!(
            "{name} has no sample {}; it has 1 to {}",
            wanted.sample,
            samples.len()
        );
    };
    let templates = Templates::load(wanted.templates.as_deref())?;
    let rendered = templates.render(name, &sample.draft)?;
    Ok(shown(&rendered, wanted.format))
}

fn shown(rendered: &Rendered, format: Format) -> String {
    match format {
        Format::Text => format!("Subject: {}\n\n{}", rendered.subject, rendered.text),
        Format::Html => rendered.html.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn wanted(name: &str, sample: usize, format: Format) -> PreviewArguments {
        PreviewArguments {
            name: name.to_owned(),
            sample,
            templates: None,
            out: None,
            format,
        }
    }

    #[test]
    fn every_sample_in_the_list_can_be_previewed() {
        let listed = list();
        for name in Templates::names() {
            assert!(listed.contains(name));
            for sample in 1..=samples(name).len() {
                let text = preview(&wanted(name, sample, Format::Text)).unwrap();
                assert!(text.starts_with("Subject: "), "{text}");
                let html = preview(&wanted(name, sample, Format::Html)).unwrap();
                assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        let error = preview(&wanted("alarms", 1, Format::Text))
            .unwrap_err()
            .to_string();
        assert!(error.contains("mail_rejected"), "{error}");
        for sample in [0, 9] {
            let error = preview(&wanted("alarm", sample, Format::Text)).unwrap_err();
            assert!(error.to_string().contains("1 to 1"), "{error}");
        }
    }

    #[test]
    fn a_preview_goes_into_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alarm.html");
        let arguments = PreviewArguments {
            out: Some(file.clone()),
            ..wanted("alarm", 1, Format::Html)
        };
        run(&TemplateArguments {
            command: TemplateCommand::Preview(arguments),
        })
        .unwrap();
        assert!(
            std::fs::read_to_string(file)
                .unwrap()
                .contains("imap.example.com")
        );
    }
}
