//! Files on their way out. Slack wants three steps: ask for an address, put the bytes there, say where they shall stand.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::{ChatFailure, ChatFile, PostPlace};

use super::again::Before;
use super::rest::Rest;

/// How many files stand in one post.
const IN_A_POST: usize = 10;

#[derive(Deserialize)]
struct Place {
    upload_url: String,
    file_id: String,
}

/// Shares files in a place, but for those that an earlier attempt shared.
///
/// # Errors
/// See [`ChatFailure`].
pub(super) async fn share(
    rest: &Rest,
    place: &PostPlace,
    files: &[ChatFile],
    before: &mut Before,
) -> Result<(), ChatFailure> {
    let missing = files.iter().filter(|file| !before.take_file(&file.name));
    let missing: Vec<&ChatFile> = missing.collect();
    for some in missing.chunks(IN_A_POST) {
        let mut uploaded = Vec::new();
        for file in some {
            let arguments = json!({"filename": file.name, "length": file.content.len()});
            let at: Place = rest.ask("files.getUploadURLExternal", &arguments).await?;
            rest.upload(&at.upload_url, file.content.clone()).await?;
            uploaded.push(json!({"id": at.file_id, "title": file.name}));
        }
        let mut arguments = json!({"files": uploaded, "channel_id": place.place});
        if let (Some(thread), Some(map)) = (&place.thread, arguments.as_object_mut()) {
            map.insert("thread_ts".to_owned(), json!(thread));
        }
        let _: Value = rest.ask("files.completeUploadExternal", &arguments).await?;
    }
    Ok(())
}
