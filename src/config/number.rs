//! Number formats such as `TKT-{date}-{seq:4}`.

use std::fmt;

/// A number format, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    /// Its pieces in order. There is exactly one [`Piece::Seq`], or none and at least one [`Piece::Random`].
    pub pieces: Vec<Piece>,
}

/// One piece of a number format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that stands as it is: letters, digits and `-_./`.
    Text(String),
    /// The day of opening in the desk's zone, YYYYMMDD.
    Date,
    /// A count within the text before it, with leading zeros up to `width` digits.
    Seq {
        /// The least number of digits.
        width: usize,
    },
    /// Random letters and digits that cannot be confused.
    Random {
        /// How many.
        length: usize,
    },
    /// The value of a custom field: its letters, digits and hyphens, 20 at the most.
    Field(String),
}

/// The most characters of a ticket number.
const LONGEST: usize = 60;

impl Piece {
    /// The most characters that it takes. Counts are taken to have nine digits at the most.
    fn longest(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Date => 8,
            Self::Seq { width } => (*width).max(9),
            Self::Random { length } => *length,
            Self::Field(_) => 20,
        }
    }
}

/// Why a number format cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    /// A `{` without its `}`, or the other way round.
    #[error("a brace is open or closed without its counterpart")]
    Brace,
    /// `{}` or a placeholder that is no word.
    #[error("`{{{0}}}` is no placeholder")]
    Placeholder(String),
    /// `{seq:x}`: not a number, or out of range.
    #[error("`{{{placeholder}}}`: after the colon goes a number from {min} to {max}")]
    Size {
        /// What stood in the braces.
        placeholder: String,
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// `{date:8}`.
    #[error("`{{{0}}}`: only `seq` and `random` take a number")]
    NoSize(String),
    /// A character that cannot stand in a ticket number.
    #[error("the character {0:?} cannot stand in a ticket number")]
    Character(char),
    /// Neither `{seq}` nor `{random}`.
    #[error(
        "it has neither `{{seq}}` nor `{{random}}`, so that two tickets would get the same number"
    )]
    NotUnique,
    /// `{seq}` twice.
    #[error("`{{seq}}` may stand in it once only")]
    TwoCounts,
    /// `{project}{seq}`: `A1` with 2 and `A` with 12 would be the same.
    #[error(
        "`{{seq}}` and `{{{0}}}` stand side by side, so that two tickets could get the same number"
    )]
    Ambiguous(String),
    /// A number would not be recognised in a subject any more.
    #[error("its numbers could get longer than 60 characters")]
    TooLong,
}

impl NumberFormat {
    /// Takes a format apart. Gives the first fault where there is one. Whether its fields exist is for the desk to say.
    pub fn parse(format: &str) -> Result<Self, NumberFault> {
        let mut pieces = Vec::new();
        let mut rest = format;
        while let Some((text, after)) = rest.split_once('{') {
            push_text(&mut pieces, text)?;
            let (inner, after) = after.split_once('}').ok_or(NumberFault::Brace)?;
            pieces.push(placeholder(inner)?);
            rest = after;
        }
        push_text(&mut pieces, rest)?;
        unique(&pieces)?;
        let longest: usize = pieces.iter().map(Piece::longest).sum();
        if longest > LONGEST {
            return Err(NumberFault::TooLong);
        }
        Ok(Self { pieces })
    }

    /// The custom fields that stand in it.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(key) => Some(key.as_str()),
            _ => None,
        })
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Result<(), NumberFault> {
    for c in text.chars() {
        match c {
            '}' => return Err(NumberFault::Brace),
            '-' | '_' | '.' | '/' => {}
            c if c.is_ascii_alphanumeric() => {}
            c => return Err(NumberFault::Character(c)),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

fn placeholder(inner: &str) -> Result<Piece, NumberFault> {
    let (name, size) = match inner.split_once(':') {
        Some((name, size)) => (name, Some(size)),
        None => (inner, None),
    };
    match (name, size) {
        ("date", None) => Ok(Piece::Date),
        ("seq", size) => Ok(Piece::Seq {
            width: sized(inner, size, 1, 1, 12)?,
        }),
        ("random", size) => Ok(Piece::Random {
            length: sized(inner, size, 6, 4, 20)?,
        }),
        (_, Some(_)) => Err(NumberFault::NoSize(inner.to_owned())),
        (key, None) if super::value::is_word(key) => Ok(Piece::Field(key.to_owned())),
        _ => Err(NumberFault::Placeholder(inner.to_owned())),
    }
}

fn sized(
    inner: &str,
    size: Option<&str>,
    default: usize,
    min: usize,
    max: usize,
) -> Result<usize, NumberFault> {
    let Some(size) = size else {
        return Ok(default);
    };
    match size.parse::<usize>() {
        Ok(size) if (min..=max).contains(&size) => Ok(size),
        _ => Err(NumberFault::Size {
            placeholder: inner.to_owned(),
            min,
            max,
        }),
    }
}

/// A counter's digits must end where they can be seen to end: next to a field, a character that is no digit has to stand between.
fn unique(pieces: &[Piece]) -> Result<(), NumberFault> {
    let counts = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Seq { .. }))
        .count();
    let random = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Random { .. }));
    if counts > 1 {
        return Err(NumberFault::TwoCounts);
    }
    if counts == 0 && !random {
        return Err(NumberFault::NotUnique);
    }
    let mut last: Option<&Piece> = None;
    for piece in pieces {
        match (last, piece) {
            (Some(Piece::Field(key)), Piece::Seq { .. })
            | (Some(Piece::Seq { .. }), Piece::Field(key)) => {
                return Err(NumberFault::Ambiguous(key.clone()));
            }
            _ => {}
        }
        let separates = match piece {
            Piece::Text(text) => text.chars().any(|c| !c.is_ascii_digit()),
            Piece::Date | Piece::Random { .. } => false,
            Piece::Seq { .. } | Piece::Field(_) => true,
        };
        if separates {
            last = Some(piece);
        }
    }
    Ok(())
}

impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Date => f.write_str("{date}")?,
                Piece::Seq { width: 1 } => f.write_str("{seq}")?,
                Piece::Seq { width } => write!(f, "{{seq:{width}}}")?,
                Piece::Random { length } => write!(f, "{{random:{length}}}")?,
                Piece::Field(key) => write!(f, "{{{key}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{NumberFault, NumberFormat, Piece};

    #[test]
    fn formats_of_the_desks_are_taken_apart() {
        let pieces = |format| NumberFormat::parse(format).map(|format| format.pieces);
        assert_eq!(
            pieces("TICK-{project}-{seq}"),
            Ok(vec![
                Piece::Text("TICK-".to_owned()),
                Piece::Field("project".to_owned()),
                Piece::Text("-".to_owned()),
                Piece::Seq { width: 1 },
            ])
        );
        assert_eq!(
            pieces("TKT{date}{seq:3}"),
            Ok(vec![
                Piece::Text("TKT".to_owned()),
                Piece::Date,
                Piece::Seq { width: 3 },
            ])
        );
        assert_eq!(
            pieces("TKT-{random:6}"),
            Ok(vec![
                Piece::Text("TKT-".to_owned()),
                Piece::Random { length: 6 }
            ])
        );
    }

    #[test]
    fn what_cannot_number_tickets_is_refused() {
        let fault = |format| NumberFormat::parse(format).err();
        assert_eq!(fault("TKT-{date}"), Some(NumberFault::NotUnique));
        assert_eq!(fault(""), Some(NumberFault::NotUnique));
        assert_eq!(fault("T{seq"), Some(NumberFault::Brace));
        assert_eq!(fault("T}{seq}"), Some(NumberFault::Brace));
        assert_eq!(fault("T {seq}"), Some(NumberFault::Character(' ')));
        assert_eq!(fault("[T]{seq}"), Some(NumberFault::Character('[')));
        assert_eq!(fault("{seq}-{seq}"), Some(NumberFault::TwoCounts));
        assert_eq!(
            fault("{}-{seq}"),
            Some(NumberFault::Placeholder(String::new()))
        );
        assert_eq!(
            fault("{Project}-{seq}"),
            Some(NumberFault::Placeholder("Project".to_owned()))
        );
        assert_eq!(
            fault("{date:8}-{seq}"),
            Some(NumberFault::NoSize("date:8".to_owned()))
        );
        assert!(matches!(fault("{seq:0}"), Some(NumberFault::Size { .. })));
        assert!(matches!(
            fault("{random:3}"),
            Some(NumberFault::Size { min: 4, .. })
        ));
        let long = format!("{}{{seq}}", "T".repeat(60));
        assert_eq!(fault(&long), Some(NumberFault::TooLong));
    }

    /// The project `A1` with count 2 and the project `A` with count 12 would both be `A12`.
    #[test]
    fn a_count_must_end_where_it_can_be_seen() {
        let ambiguous = Some(NumberFault::Ambiguous("project".to_owned()));
        for format in [
            "{project}{seq}",
            "{project}7{seq}",
            "{seq}{project}",
            "{project}{date}{seq}",
        ] {
            assert_eq!(NumberFormat::parse(format).err(), ambiguous, "{format}");
        }
        for format in ["{project}-{seq}", "{project}x{seq}", "{seq}/{project}"] {
            assert!(NumberFormat::parse(format).is_ok(), "{format}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_format_is_printed_as_it_was_written(format in "[A-Z]{1,5}(-\\{date\\})?-\\{seq:[2-9]\\}(/\\{project\\})?") {
            let parsed = NumberFormat::parse(&format).map(|format| format.to_string());
            proptest::prop_assert_eq!(parsed, Ok(format));
        }

        #[test]
        fn any_text_is_taken_or_refused(format in ".{0,80}") {
            let _ = NumberFormat::parse(&format);
        }
    }
}
