//! The files of a comment, as far as they go with a post.

use serde::Serialize;
use sqlx::PgConnection;

use super::super::draft::{one_line, size};
use crate::chat::ChatFile;
use crate::ids::CommentId;
use crate::ticket::timeline;

/// How many bytes of files go with a post; larger ones are named in it.
const FILE_BYTES: usize = 8 << 20;

/// How many files go with a post.
const FILES: usize = 10;

/// A file that is only named.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    name: String,
    size: String,
}

/// The files that fit, with their bytes, and the others.
pub(super) async fn of(
    conn: &mut PgConnection,
    comment: CommentId,
) -> Result<(Vec<ChatFile>, Vec<LeftOut>), sqlx::Error> {
    let mut room = FILE_BYTES;
    let (mut taken, mut left_out) = (Vec::new(), Vec::new());
    for file in timeline::files(conn, comment).await? {
        let bytes = file.content.len();
        if bytes > room || taken.len() == FILES {
            left_out.push(LeftOut {
                name: one_line(&file.name),
                size: size(i64::try_from(bytes).unwrap_or(i64::MAX)),
            });
            continue;
        }
        room -= bytes;
        taken.push(ChatFile {
            name: one_line(&file.name),
            content_type: file.content_type,
            size: u64::try_from(bytes).unwrap_or(u64::MAX),
            url: None,
            content: file.content,
        });
    }
    Ok((taken, left_out))
}
