//! A picture of a terminal: text with the colours of [`crate::cli::demo`], as SVG.

use std::fmt::Write as _;

/// The width of a character, in pixels.
const WIDTH: f64 = 7.8;

/// The height of a line, in pixels.
const HEIGHT: f64 = 18.0;

/// The space around the text, in pixels.
const MARGIN: f64 = 18.0;

/// The SVG of a text.
pub(super) fn svg(text: &str) -> String {
    let lines: Vec<Vec<Run>> = text.trim_end().lines().map(runs).collect();
    let columns = lines.iter().map(|line| length(line)).max().unwrap_or(0);
    let width = pixels(columns, WIDTH) + 2.0 * MARGIN;
    let height = pixels(lines.len(), HEIGHT) + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"13\">\n<style>text{{white-space:pre;fill:#d8dee4}}.b{{font-weight:bold;fill:#fff}}.d{{fill:#7d8590}}\
         .c{{fill:#6cc3d5}}.g{{fill:#7ac77a}}.y{{fill:#e0b84f}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#15191f\"/>\n"
    );
    for (at, line) in lines.iter().enumerate() {
        let y = MARGIN + pixels(at, HEIGHT) + 13.0;
        let mut column = 0;
        for run in line {
            // Each run has its place and its width, whatever font the reader has.
            let text = run.text.trim();
            let indent = run.text.chars().take_while(|c| c.is_whitespace()).count();
            let x = MARGIN + pixels(column + indent, WIDTH);
            column += run.text.chars().count();
            if text.is_empty() {
                continue;
            }
            let class = run
                .class
                .map_or_else(String::new, |class| format!(" class=\"{class}\""));
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{:.1}\"{class}>{}</text>",
                pixels(text.chars().count(), WIDTH),
                escaped(text)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn pixels(count: usize, each: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * each
}

/// Characters in one colour.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    text: String,
    class: Option<&'static str>,
}

fn length(line: &[Run]) -> usize {
    line.iter().map(|run| run.text.chars().count()).sum()
}

/// A line taken apart at its escape sequences (`ESC [ NUMBER m`).
fn runs(line: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut class = None;
    for (at, piece) in line.split("\u{1b}[").enumerate() {
        let (code, text) = match piece.split_once('m') {
            Some((code, text)) if at > 0 => (Some(code), text),
            _ => (None, piece),
        };
        if let Some(code) = code {
            class = match code {
                "1" => Some("b"),
                "2" => Some("d"),
                "36" => Some("c"),
                "32" => Some("g"),
                "33" => Some("y"),
                _ => None,
            };
        }
        if !text.is_empty() {
            runs.push(Run {
                text: text.to_owned(),
                class,
            });
        }
    }
    runs
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_at_its_colours() {
        let run = |text: &str, class| Run {
            text: text.to_owned(),
            class,
        };
        assert_eq!(
            runs("a \u{1b}[1mb & c\u{1b}[0m d"),
            [run("a ", None), run("b & c", Some("b")), run(" d", None)]
        );
    }

    #[test]
    fn text_cannot_leave_its_place_in_the_picture() {
        let svg = svg("<script>\n\u{1b}[36mx & y\u{1b}[0m");
        assert!(svg.contains(">&lt;script&gt;</text>"), "{svg}");
        assert!(svg.contains("class=\"c\">x &amp; y</text>"), "{svg}");
    }
}
