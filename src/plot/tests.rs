#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

fn bars(values: &[i64]) -> Chart {
    let labels = values
        .iter()
        .enumerate()
        .map(|(at, _)| format!("{} Nov", at + 1));
    Chart {
        title: "Opened and resolved".to_owned(),
        form: Form::Bars {
            labels: labels.collect(),
            series: vec![
                Series {
                    name: "Opened".to_owned(),
                    values: values.to_vec(),
                },
                Series {
                    name: "Resolved".to_owned(),
                    values: values.iter().rev().copied().collect(),
                },
            ],
        },
    }
}

fn heat(values: Vec<i64>) -> Chart {
    Chart {
        title: "Hours".to_owned(),
        form: Form::Heat {
            rows: ["Mon", "Tue"].map(str::to_owned).to_vec(),
            columns: (0..24).map(|hour| hour.to_string()).collect(),
            values,
        },
    }
}

/// Width and height from a PNG's header.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn every_form_becomes_an_image_of_twice_its_width() {
    let lines = match bars(&[3, 9, 4, 0, 14]).form {
        Form::Bars { labels, series } => Chart {
            title: "Backlog".to_owned(),
            form: Form::Lines { labels, series },
        },
        other => panic!("{other:?}"),
    };
    for chart in [bars(&[3, 9, 4, 0, 14]), lines, heat((0..48).collect())] {
        let png = png(&chart).unwrap();
        assert_eq!(size(&png).0, 2 * WIDTH);
        assert!(
            png.len() > 3_000 && png.len() < 100_000,
            "{} bytes",
            png.len()
        );
    }
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    assert_eq!(
        png(&bars(&[1, 2, 3])).unwrap(),
        png(&bars(&[1, 2, 3])).unwrap()
    );
    assert_ne!(
        png(&bars(&[1, 2, 3])).unwrap(),
        png(&bars(&[1, 2, 4])).unwrap()
    );
}

#[test]
fn letters_are_drawn_with_the_font_that_the_program_carries() {
    let with = png(&Chart {
        title: "Opened".to_owned(),
        ..heat(vec![0; 48])
    })
    .unwrap();
    let without = png(&Chart {
        title: String::new(),
        ..heat(vec![0; 48])
    })
    .unwrap();
    assert_ne!(with, without);
}

#[test]
fn numbers_at_the_edges_are_drawn() {
    for chart in [
        bars(&[]),
        bars(&[0]),
        bars(&[0, 0]),
        bars(&[i64::MAX / 2, 1]),
        heat(Vec::new()),
        heat(vec![0; 48]),
    ] {
        png(&chart).unwrap();
    }
}

#[test]
fn a_title_is_text_and_nothing_else() {
    let svg = svg(&Chart {
        title: "<image href=\"/etc/passwd\"/>&".to_owned(),
        ..bars(&[1])
    })
    .unwrap();
    assert!(!svg.contains("<image"), "{svg}");
}
