//! Ends of a command that are neither success nor a plain failure: the status says what kind it is.

/// The command line was wrong (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;

/// What was given cannot be read (`EX_DATAERR`).
pub const DATA: u8 = 65;

/// There is no such recipient (`EX_NOUSER`).
pub const NO_USER: u8 = 67;

/// It may work later (`EX_TEMPFAIL`): a mail server keeps the mail and tries again.
pub const LATER: u8 = 75;

/// Whoever asks has no right to it (`EX_NOPERM`).
pub const NO_PERMISSION: u8 = 77;

/// The configuration is wrong (`EX_CONFIG`).
pub const CONFIG: u8 = 78;

/// A command's end with a status of its own.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub struct Exit {
    /// The status of the program.
    pub status: u8,
    /// What happened and what to do, for standard error.
    pub words: String,
}

impl Exit {
    /// An end with this status; the words say what happened and what to do.
    #[must_use]
    pub fn new(status: u8, words: impl Into<String>) -> Self {
        Self {
            status,
            words: words.into(),
        }
    }
}
