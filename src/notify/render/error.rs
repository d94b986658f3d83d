//! Why templates cannot be used, or a draft not be rendered.

use std::path::PathBuf;

use super::builtin::FILES;

/// Why a draft cannot be rendered. No later attempt would go better while the templates stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No message has that name.
    #[error("there is no template {0:?}")]
    Unknown(String),
    /// The template and the draft do not fit.
    #[error("the template {name}, line {line}: {detail}")]
    Failed {
        /// The message and the part.
        name: String,
        /// The line within the part and its layout put together.
        line: usize,
        /// What is wrong.
        detail: String,
    },
}

/// Why the templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file in the operator's folder replaces nothing.
    #[error("{}: there is no template of that name to replace; there are: {}", .path.display(), FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// A file does not parse, or asks for a value that no draft has.
    #[error("{file}:{line}: {detail}")]
    Template {
        /// The file; built-in ones stand below `templates/`.
        file: String,
        /// The line.
        line: usize,
        /// What is wrong.
        detail: String,
    },
}
