//! Numbers as people read them.

pub use crate::notify::one_line;

/// A dash for what there is not.
pub const NONE: &str = "–";

/// A count with thousands apart: `12,345`.
#[must_use]
pub fn count(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if value < 0 {
        format!("−{grouped}")
    } else {
        grouped
    }
}

/// A duration in its two largest units: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "it saturates")]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as i64;
    let (value, sign) = (seconds.unsigned_abs(), if seconds < 0 { "−" } else { "" });
    let minutes = (value + 30) / 60;
    let two = |large: u64, unit: &str, small: u64, unit_below: &str| match small {
        0 => format!("{sign}{large} {unit}"),
        _ => format!("{sign}{large} {unit} {small} {unit_below}"),
    };
    match minutes {
        _ if value < 60 => format!("{sign}{value} s"),
        0..60 => format!("{sign}{minutes} min"),
        60..1_440 => two(minutes / 60, "h", minutes % 60, "min"),
        _ => {
            let hours = (minutes + 30) / 60;
            two(hours / 24, "d", hours % 24, "h")
        }
    }
}

/// A share in whole percent.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A mean score with one digit.
#[must_use]
pub fn score(mean: f64) -> String {
    format!("{mean:.1}")
}

/// A change with its sign: `+3`, `−20 min`, `±0`.
#[must_use]
pub fn change(difference: f64, word: impl Fn(f64) -> String) -> String {
    let text = word(difference.abs());
    if text.starts_with("0 ") || text == "0" || text == "0.0" {
        return "±0".to_owned();
    }
    format!("{}{text}", if difference < 0.0 { '−' } else { '+' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567, -4_200].map(count),
            ["0", "999", "1,000", "1,234,567", "−4,200"]
        );
        assert_eq!(count(i64::MIN), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let words = [
            (0.0, "0 s"),
            (59.4, "59 s"),
            (60.0, "1 min"),
            (3_599.0, "1 h"),
            (3_840.0, "1 h 4 min"),
            (86_399.0, "1 d"),
            (187_200.0, "2 d 4 h"),
            (-300.0, "−5 min"),
        ];
        for (seconds, expected) in words {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(change(3.0, |value| format!("{value:.0}")), "+3");
        assert_eq!(change(-720.0, duration), "−12 min");
        assert_eq!(change(0.2, duration), "±0");
        assert_eq!(change(-0.01, percent), "−1 %");
    }
}
