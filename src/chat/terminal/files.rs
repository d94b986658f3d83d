//! Files by their paths on this machine: read where the person named them, saved where the person stands.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt as _;

use super::markup::harmless;
use crate::chat::{ChatFailure, ChatFile, text};

/// How many names are tried for a file before it is given up.
const NAMES: u32 = 100;

/// A file at a path, as it will be read.
///
/// # Errors
/// In words, if there is none.
pub(super) async fn look(path: &str) -> Result<ChatFile, String> {
    let shown = || text::escape(&harmless(path));
    let at = match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(below), Some(home)) => Path::new(&home).join(below),
        _ => PathBuf::from(path),
    };
    let found = tokio::fs::metadata(&at).await;
    let found = found.map_err(|error| format!("The file {} cannot be read: {error}.", shown()))?;
    if !found.is_file() {
        return Err(format!("{} is no file.", shown()));
    }
    let name = at
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(ChatFile {
        content_type: content_type(&at).to_owned(),
        name: name.unwrap_or_else(|| "file".to_owned()),
        size: found.len(),
        url: Some(at.display().to_string()),
        content: Vec::new(),
    })
}

/// What a file's name says that it is.
fn content_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
        "txt" | "log" | "md" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// The bytes of a file.
pub(super) async fn read(path: &str, most_bytes: u64) -> Result<Vec<u8>, ChatFailure> {
    let permanent = |text: String| ChatFailure::Permanent { text };
    let file = tokio::fs::File::open(path).await;
    let file = file.map_err(|error| permanent(error.to_string()))?;
    let mut content = Vec::new();
    let read = file
        .take(most_bytes.saturating_add(1))
        .read_to_end(&mut content)
        .await;
    read.map_err(|error| permanent(error.to_string()))?;
    if u64::try_from(content.len()).is_ok_and(|size| size > most_bytes) {
        return Err(permanent("too large".to_owned()));
    }
    Ok(content)
}

/// Saves a file in the folder that the terminal was started in, under a name that is free there. Says what became of it.
pub(super) async fn save(file: &ChatFile) -> String {
    for number in 0..NAMES {
        let path = PathBuf::from(name(&file.name, number));
        let made = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .await;
        let written = match made {
            Ok(mut made) => {
                use tokio::io::AsyncWriteExt as _;
                match made.write_all(&file.content).await {
                    Ok(()) => made.flush().await,
                    Err(error) => Err(error),
                }
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => Err(error),
        };
        let shown = text::escape(&path.display().to_string());
        return match written {
            Ok(()) => format!("Saved as {shown}."),
            Err(error) => format!("{shown} could not be saved: {error}."),
        };
    }
    "It could not be saved: this folder is full of files of that name.".to_owned()
}

/// A name that leads nowhere else: no folder, no hidden file, nothing that a terminal or a shell takes for more.
fn name(given: &str, number: u32) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || "._- ".contains(c) {
            c
        } else {
            '_'
        }
    };
    let safe: String = given.chars().take(100).map(safe).collect();
    let safe = safe.trim().trim_start_matches(['.', '-']);
    let safe = if safe.is_empty() { "file" } else { safe };
    match (number, safe.rsplit_once('.')) {
        (0, _) => safe.to_owned(),
        (_, Some((stem, ending))) => format!("{stem}-{number}.{ending}"),
        (_, None) => format!("{safe}-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_strangers_name_for_a_file_leads_nowhere_else() {
        assert_eq!(name("Screen shot.png", 0), "Screen shot.png");
        assert_eq!(name("Screen shot.png", 2), "Screen shot-2.png");
        assert_eq!(name("../../.bashrc", 0), "_.._.bashrc");
        assert_eq!(name("/etc/passwd", 0), "_etc_passwd");
        assert_eq!(name("-rf", 0), "rf");
        assert_eq!(name("\u{1b}[2J", 0), "__2J");
        assert_eq!(name("..", 0), "file");
    }
}
