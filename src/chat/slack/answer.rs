//! Answers to interactions, for one person's eyes.
//!
//! They go to the address that came with the interaction, which works wherever that was, for half an hour and five times;
//! then as a message that its reader alone sees; and where the bot is not in the channel, directly. A message that one
//! person sees can have no files: those go to the person directly.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::{AnswerHandle, Attempt, ChatFailure, Done, Message, PostPlace};

use super::again::Before;
use super::compose::{self, Posts, Rich};
use super::interact::Handle;
use super::{Shared, acts, files};

/// The longest that an answer waits because Slack wants it to: whoever waits for it has gone on by then.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Where an answer is seen by its reader alone.
enum Way {
    Url(String),
    Place(PostPlace),
    Direct,
}

/// Answers an interaction.
///
/// # Errors
/// See [`ChatFailure`].
pub(super) async fn answer(
    shared: &Shared,
    handle: &AnswerHandle,
    message: &Message,
    private: bool,
    attempt: Attempt<'_>,
) -> Result<Done, ChatFailure> {
    let handle = Handle::read(handle)?;
    let place = PostPlace {
        place: handle.channel.clone(),
        thread: handle.thread.clone(),
    };
    if !private {
        return acts::post(shared, &place, message, attempt.nonce, attempt.tried_since).await;
    }
    let mut message = message.clone();
    let enclosed = std::mem::take(&mut message.files);
    if !enclosed.is_empty() {
        message.text += "\n\n*The file is in your direct messages.*";
    }
    let Posts { posts, files, .. } = compose::posts(&message, Rich::Last, place.thread.as_deref());
    let mut way = match &handle.url {
        Some(url) => Way::Url(url.clone()),
        None => Way::Place(place.clone()),
    };
    for post in &posts {
        say(shared, &handle, &place, &mut way, post.body()).await?;
    }
    let enclosed: Vec<_> = files.into_iter().chain(enclosed).collect();
    if !enclosed.is_empty() {
        let direct = PostPlace {
            place: acts::conversation_with(shared, &handle.user).await?,
            thread: None,
        };
        files::share(&shared.rest, &direct, &enclosed, &mut Before::default()).await?;
    }
    Ok(Done::default())
}

/// Says one post, by the next way where one does not lead there any more.
async fn say(
    shared: &Shared,
    handle: &Handle,
    place: &PostPlace,
    way: &mut Way,
    body: Value,
) -> Result<(), ChatFailure> {
    let mut waited = false;
    loop {
        let said = match way {
            Way::Url(url) => respond(shared, url, &body, place).await,
            Way::Place(place) => whisper(shared, handle, place, &body).await,
            Way::Direct => {
                let direct = acts::conversation_with(shared, &handle.user).await?;
                let direct = PostPlace {
                    place: direct,
                    thread: None,
                };
                let body = acts::addressed(body.clone(), &direct);
                let posted = shared.rest.ask::<Value>("chat.postMessage", &body).await;
                posted.map(|_| ()).map_err(ChatFailure::from)
            }
        };
        match (said, &way) {
            (Err(ChatFailure::Permanent { .. }), Way::Url(_)) => *way = Way::Place(place.clone()),
            (Err(ChatFailure::Permanent { .. }), Way::Place(_)) => *way = Way::Direct,
            (
                Err(ChatFailure::Transient {
                    retry_after: Some(after),
                    ..
                }),
                _,
            ) if !waited && after <= LONGEST_WAIT => {
                tokio::time::sleep(after).await;
                waited = true;
            }
            (said, _) => return said,
        }
    }
}

async fn respond(
    shared: &Shared,
    url: &str,
    body: &Value,
    place: &PostPlace,
) -> Result<(), ChatFailure> {
    let mut body = body.clone();
    if let Some(map) = body.as_object_mut() {
        map.insert("response_type".to_owned(), json!("ephemeral"));
        map.insert("replace_original".to_owned(), json!(false));
        if let Some(thread) = &place.thread {
            map.insert("thread_ts".to_owned(), json!(thread));
        }
    }
    shared.rest.respond(url, &body).await
}

async fn whisper(
    shared: &Shared,
    handle: &Handle,
    place: &PostPlace,
    body: &Value,
) -> Result<(), ChatFailure> {
    let mut body = acts::addressed(body.clone(), place);
    if let Some(map) = body.as_object_mut() {
        map.insert("user".to_owned(), json!(handle.user));
        map.remove("unfurl_links");
        map.remove("unfurl_media");
    }
    let said: Value = shared.rest.ask("chat.postEphemeral", &body).await?;
    drop(said);
    Ok(())
}
