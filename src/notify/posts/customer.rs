//! What a customer is told in their own thread. A comment gets in by [`PublicComment`] alone, as into a mail to customers, so
//! that no note can; what else stands there is made of the letter's own values.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::super::draft::{PublicComment, bare_subject, clean, one_line};
use super::super::render::Templates;
use super::in_thread::InThread;
use super::write::{Post, PostError, Written};
use super::{CUSTOMER_EDIT, CUSTOMER_THREAD, closing, files};
use crate::chat::{Act, Done, Message, PostPlace, PostRef};
use crate::config::Settings;
use crate::ids::CommentId;
use crate::notify::Happening;
use crate::outbox::NewRow;
use crate::outbox::store::Claimed;
use crate::ticket::customer_thread::{self, CustomerThread};
use crate::ticket::token::unique;
use crate::ticket::{Ticket, Visibility, chat_thread, store, timeline};

/// How many of the team are let into a customer's thread when it opens; others who may manage threads see it anyway.
const TEAM: i64 = 20;

/// The rows by which the posts of an edited comment follow it in customers' threads.
pub(in super::super) async fn edits(
    conn: &mut PgConnection,
    settings: &Settings,
    now: DateTime<Utc>,
    happening: &Happening<'_>,
) -> Result<Vec<NewRow>, sqlx::Error> {
    let Happening::Edited { ticket, comment } = *happening else {
        return Ok(Vec::new());
    };
    let customers = settings.chats.iter().any(|chat| chat.customers.is_some());
    if !customers || comment.visibility != Visibility::Public {
        return Ok(Vec::new());
    }
    let threads = customer_thread::of_ticket(conn, ticket.id).await?;
    let row = |thread: &CustomerThread| NewRow {
        ticket_id: Some(ticket.id),
        comment_id: Some(comment.id),
        due_at: now,
        ..InThread::of(thread, "", Value::Null)
            .of_template(CUSTOMER_EDIT, format!("edit:{}:{}", comment.id, unique()))
    };
    Ok(threads.iter().map(row).collect())
}

/// Says what is to be done for a row, as everything stands now.
pub(super) async fn write(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    row: &Claimed,
) -> Written {
    let told: InThread = match serde_json::from_value(row.draft.clone()) {
        Ok(told) => told,
        Err(error) => return Ok(Err(error.into())),
    };
    let thread = customer_thread::get(conn, told.thread()).await?;
    let chats = &mut settings.chats.iter();
    let chat = chats.find(|chat| chat.name == told.platform);
    // A platform may have opened the thread in a conversation of its own, but never where staff writes its notes.
    let open_to_customers =
        chat.is_some_and(|chat| chat.customers.is_some() && !chat.has_place(&thread.place));
    if !open_to_customers {
        return Ok(Err(PostError::Place(thread.place)));
    }
    if thread.gone {
        return Ok(Err(PostError::Gone));
    }
    let Some(ticket) = row.ticket_id else {
        return Ok(Ok(Post::Nothing));
    };
    let mut scene = Scene {
        ticket: store::get(conn, ticket).await?,
        conn,
        settings,
        templates,
        told,
        thread,
    };
    match (row.template.as_str(), scene.thread.at()) {
        (CUSTOMER_THREAD, None) => scene.open().await,
        (CUSTOMER_THREAD, Some(_)) => Ok(Ok(Post::Nothing)),
        (CUSTOMER_EDIT, Some(at)) => scene.edit(row.comment_id, &at).await,
        (CUSTOMER_EDIT, None) => Ok(Ok(Post::Nothing)),
        (_, None) => Ok(Ok(Post::NotYet)),
        (_, Some(at)) => scene.tell(row.comment_id, at).await,
    }
}

struct Scene<'a> {
    conn: &'a mut PgConnection,
    settings: &'a Settings,
    templates: &'a Templates,
    told: InThread,
    thread: CustomerThread,
    ticket: Ticket,
}

impl Scene<'_> {
    /// The thread with the customer and those who work on the ticket. It begins with what the customer wrote, where they
    /// opened the ticket.
    async fn open(&mut self) -> Written {
        let mut only_for = vec![self.thread.user_id.clone()];
        let platform = &self.thread.platform;
        let team = customer_thread::of_those_who_work_on(self.conn, self.ticket.id, platform, TEAM);
        only_for.extend(team.await?);
        let mut seen = std::collections::BTreeSet::new();
        only_for.retain(|user| seen.insert(user.clone()));
        let first = timeline::comments(self.conn, self.ticket.id).await?;
        let first = first
            .first()
            .filter(|comment| comment.author_id == self.thread.person_id);
        let words = first.and_then(PublicComment::of);
        let subject = bare_subject(&self.ticket.subject, &self.ticket.number);
        let values = json!({
            "desk": self.settings.desk.name,
            "number": self.ticket.number,
            "subject": subject,
            "text": words.map(|words| clean(words.body().trim())),
        });
        let text = match self.templates.post("customer_opened", &values) {
            Ok(text) => text,
            Err(error) => return Ok(Err(error.into())),
        };
        Ok(Ok(Post::Acts(vec![Act::OpenThread {
            place: self.thread.place.clone(),
            title: format!("{} {subject}", self.ticket.number),
            message: Message {
                mentions: vec![self.thread.user_id.clone()],
                ..Message::text(text)
            },
            only_for,
        }])))
    }

    async fn tell(&mut self, comment: Option<CommentId>, at: PostPlace) -> Written {
        let message = match (self.told.letter(), comment) {
            (Some("comment_added_customer"), Some(comment)) => {
                let posted =
                    chat_thread::posts_of(self.conn, &self.thread.platform, comment).await?;
                if posted.iter().any(|post| post.at.place == at) {
                    return Ok(Ok(Post::Nothing));
                }
                match self.words(comment, true).await? {
                    Some(message) => message,
                    None => return Ok(Ok(Post::Nothing)),
                }
            }
            (Some(letter), _) => self.notice(letter),
            (None, _) => return Ok(Ok(Post::Nothing)),
        };
        let mut message = match message {
            Ok(message) => message,
            Err(error) => return Ok(Err(error)),
        };
        message.mentions = vec![self.thread.user_id.clone()];
        closing::add(
            self.conn,
            self.settings,
            &self.ticket,
            &self.told.draft,
            &mut message,
        )
        .await
        .map(|added| added.map(|()| Post::Acts(vec![Act::Post { place: at, message }])))
    }

    /// A public comment as it stands now; nothing where it is none, or not any more.
    async fn words(
        &mut self,
        id: CommentId,
        with_files: bool,
    ) -> Result<Option<Result<Message, PostError>>, sqlx::Error> {
        let comment = timeline::comment(self.conn, id).await?;
        let Some(public) = comment.as_ref().and_then(PublicComment::of) else {
            return Ok(None);
        };
        let (files, left_out) = match with_files {
            true => files::of(self.conn, id).await?,
            false => (Vec::new(), Vec::new()),
        };
        let draft = &self.told.draft;
        let values = json!({
            "author": one_line(&public.comment().author_name),
            "by_staff": public.comment().by_staff,
            "text": clean(public.body().trim()),
            "edited": public.comment().edited_at.is_some(),
            "left_out": left_out,
            "number": self.ticket.number,
            "status": draft.get("status"),
            "asks": draft.get("asks"),
            "rates": draft.get("rates"),
        });
        let text = self.templates.post("customer_comment", &values);
        Ok(Some(text.map_err(PostError::from).map(|text| Message {
            files,
            ..Message::text(text)
        })))
    }

    /// What nobody wrote.
    fn notice(&self, letter: &str) -> Result<Message, PostError> {
        let name = match letter {
            "nudge_customer" => "customer_nudge",
            "ticket_opened_customer" => "customer_opened",
            _ => "customer_status",
        };
        let draft = &self.told.draft;
        let values = json!({
            "desk": self.settings.desk.name,
            "number": self.ticket.number,
            "subject": bare_subject(&self.ticket.subject, &self.ticket.number),
            "text": Value::Null,
            "status": draft.get("status"),
            "closes_on": draft.get("closes_on"),
            "asks": draft.get("asks"),
            "rates": draft.get("rates"),
        });
        Ok(Message::text(self.templates.post(name, &values)?))
    }

    /// The posts of the comment in this thread: the first gets the words as they stand now, those in which a longer text went
    /// on are taken away; all of them, where the comment was deleted.
    async fn edit(&mut self, comment: Option<CommentId>, at: &PostPlace) -> Written {
        let Some(comment) = comment else {
            return Ok(Ok(Post::Nothing));
        };
        let posted = chat_thread::posts_of(self.conn, &self.thread.platform, comment).await?;
        let posts: Vec<PostRef> = posted
            .into_iter()
            .filter(|post| post.ours && post.at.place == *at)
            .map(|post| post.at)
            .collect();
        let words = match self.words(comment, false).await? {
            Some(Err(error)) => return Ok(Err(error)),
            Some(Ok(message)) => Some(message),
            None => None,
        };
        let acts: Vec<Act> = (0..)
            .zip(posts)
            .map(|(position, post)| match (&words, position) {
                (Some(message), 0) => Act::Edit {
                    post,
                    message: message.clone(),
                },
                _ => Act::Delete { post },
            })
            .collect();
        Ok(Ok(match acts.is_empty() {
            true => Post::Nothing,
            false => Post::Acts(acts),
        }))
    }
}

/// Takes note of a customer's thread that was opened.
pub(super) async fn remember_thread(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    row: &Claimed,
    done: &Done,
) -> Result<(), sqlx::Error> {
    let told: Option<InThread> = serde_json::from_value(row.draft.clone()).ok();
    let (Some(told), Some(at)) = (told, &done.thread) else {
        return Ok(());
    };
    if let Some(first) = &done.post {
        // Whatever is written in the thread comes after its beginning.
        let begin = PostRef {
            place: at.clone(),
            id: first.id.clone(),
        };
        chat_thread::seen(conn, now, &told.platform, &begin).await?;
    }
    customer_thread::opened(conn, now, told.thread(), at).await
}

/// Forgets the posts in one customer's thread in which a long text went on.
pub(super) async fn forget_rest(conn: &mut PgConnection, row: &Claimed) -> Result<(), sqlx::Error> {
    let told: Option<InThread> = serde_json::from_value(row.draft.clone()).ok();
    let (Some(told), Some(comment)) = (told, row.comment_id) else {
        return Ok(());
    };
    let thread = customer_thread::get(conn, told.thread()).await?;
    let (platform, place) = (&thread.platform, &thread.place);
    chat_thread::forget_rest(conn, platform, place, thread.thread.as_deref(), comment).await
}
