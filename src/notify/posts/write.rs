//! From a chat row of the outbox to what is done on the platform.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::super::draft::{clean, one_line};
use super::super::render::{RenderError, Templates};
use super::files::{self, LeftOut};
use super::{
    CARD, COMMENT, CUSTOMER, CUSTOMER_EDIT, CUSTOMER_THREAD, Draft, EDIT, FAILED, MOVED, PANEL,
    THREAD, card, customer, facts, panel, personal,
};
use crate::chat::{Act, Button, Message, PostRef, Tone};
use crate::config::Settings;
use crate::ids::CommentId;
use crate::outbox::store::Claimed;
use crate::ticket::chat_thread::{self, Thread};
use crate::ticket::{Comment, Ticket, Visibility, store, timeline};

/// What a row comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Post {
    /// These things are to be done, in order.
    Acts(Vec<Act>),
    /// Nothing, since it is there already or nobody is left to see it.
    Nothing,
    /// Nothing yet: the ticket's thread is not open.
    NotYet,
}

/// Why a row cannot become a post. No later attempt would go better.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The draft cannot be read.
    #[error("the draft cannot be read: {0}")]
    Draft(#[from] serde_json::Error),
    /// The template fails.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The place is not one of the configuration's any more, so that nothing may be said there.
    #[error("the place {0} is not in the configuration")]
    Place(String),
    /// The charts cannot be drawn.
    #[error("the charts cannot be drawn: {0}")]
    Picture(String),
    /// There is no such row template.
    #[error("there is no post {0:?}")]
    Unknown(String),
    /// The customer's thread is gone.
    #[error("the customer's thread is gone")]
    Gone,
}

/// What a comment's post is rendered from.
#[derive(Debug, Serialize)]
struct Values {
    author: String,
    internal: bool,
    by_staff: bool,
    text: String,
    edited: bool,
    deleted: bool,
    left_out: Vec<LeftOut>,
}

/// Says what is to be done for a row, as everything stands now.
///
/// # Errors
/// If the database does not answer; within, if the row can never leave.
pub async fn write(
    conn: &mut PgConnection,
    settings: &Settings,
    templates: &Templates,
    now: DateTime<Utc>,
    row: &Claimed,
) -> Result<Result<Post, PostError>, sqlx::Error> {
    match row.template.as_str() {
        PANEL => return panel::write(conn, settings, templates, row).await,
        CUSTOMER_THREAD | CUSTOMER | CUSTOMER_EDIT => {
            return customer::write(conn, settings, templates, row).await;
        }
        _ => {}
    }
    let draft: Draft = match serde_json::from_value(row.draft.clone()) {
        Ok(draft) => draft,
        Err(error) => return Ok(Err(error.into())),
    };
    if personal::is_personal(&row.template) {
        return personal::write(conn, settings, templates, &draft, row).await;
    }
    let chat = settings
        .chats
        .iter()
        .find(|chat| chat.name == draft.platform);
    if !chat.is_some_and(|chat| chat.has_place(&draft.place)) {
        return Ok(Err(PostError::Place(draft.place)));
    }
    let Some(ticket_id) = row.ticket_id else {
        return Ok(Ok(Post::Nothing));
    };
    let ticket = store::get(conn, ticket_id).await?;
    let thread = chat_thread::of_ticket(conn, ticket_id, &draft.platform, &draft.place).await?;
    let mut scene = Scene {
        conn,
        settings,
        templates,
        now,
        draft,
        ticket,
        thread,
    };
    match row.template.as_str() {
        THREAD => scene.thread().await,
        CARD => scene.card().await,
        COMMENT => scene.comment(row.comment_id).await,
        EDIT => scene.edit(row.comment_id).await,
        MOVED => scene.moved().await,
        FAILED => Ok(scene.failed()),
        other => Ok(Err(PostError::Unknown(other.to_owned()))),
    }
}

pub(super) type Written = Result<Result<Post, PostError>, sqlx::Error>;

pub(super) struct Scene<'a> {
    pub(super) conn: &'a mut PgConnection,
    pub(super) settings: &'a Settings,
    pub(super) templates: &'a Templates,
    pub(super) now: DateTime<Utc>,
    pub(super) draft: Draft,
    pub(super) ticket: Ticket,
    pub(super) thread: Option<Thread>,
}

impl Scene<'_> {
    async fn thread(&mut self) -> Written {
        if self.thread.is_some() {
            return Ok(Ok(Post::Nothing));
        }
        let message = self.card_message().await?;
        Ok(message.map(|message| {
            Post::Acts(vec![Act::OpenThread {
                place: self.draft.place.clone(),
                title: card::title(&self.ticket),
                message,
                only_for: Vec::new(),
            }])
        }))
    }

    /// A thread that is not open yet will open with the card as it stands then.
    async fn card(&mut self) -> Written {
        let Some(post) = self.thread.as_ref().and_then(|thread| thread.card.clone()) else {
            return Ok(Ok(Post::Nothing));
        };
        let message = self.card_message().await?;
        Ok(message.map(|message| Post::Acts(vec![Act::Edit { post, message }])))
    }

    async fn card_message(&mut self) -> Result<Result<Message, PostError>, sqlx::Error> {
        let chats = &mut self.settings.chats.iter();
        let chat = chats.find(|chat| chat.name == self.draft.platform);
        let (team, category) = (self.ticket.team.as_deref(), self.ticket.category.as_deref());
        let place = chat.and_then(|chat| chat.place_for(team, category));
        let elsewhere = place != Some(self.draft.place.as_str());
        let message = card::message(
            self.conn,
            self.settings,
            self.templates,
            &self.ticket,
            elsewhere,
            self.now,
        );
        Ok(message.await?.map_err(PostError::from))
    }

    async fn comment(&mut self, id: Option<CommentId>) -> Written {
        let Some(comment) = self.find(id).await? else {
            return Ok(Ok(Post::Nothing));
        };
        let Some(thread) = self.thread.clone() else {
            return Ok(Ok(Post::NotYet));
        };
        let posted = chat_thread::posts_of(self.conn, &self.draft.platform, comment.id).await?;
        if posted.iter().any(|post| post.at.place == thread.at) {
            return Ok(Ok(Post::Nothing));
        }
        let message = self.comment_message(&comment, true).await?;
        Ok(message.map(|message| {
            Post::Acts(vec![Act::Post {
                place: thread.at,
                message,
            }])
        }))
    }

    /// The first post gets the comment as it stands now, and those that a longer text went on in are taken away: what does
    /// not fit any more becomes a file.
    async fn edit(&mut self, id: Option<CommentId>) -> Written {
        let Some(comment) = self.find(id).await? else {
            return Ok(Ok(Post::Nothing));
        };
        let posted = chat_thread::posts_of(self.conn, &self.draft.platform, comment.id).await?;
        let message = match self.comment_message(&comment, false).await? {
            Ok(message) => message,
            Err(error) => return Ok(Err(error)),
        };
        let mut acts = Vec::new();
        let mut last = None;
        // What stands in a customer's thread is none of this.
        let chats = &mut self.settings.chats.iter();
        let chat = chats.find(|chat| chat.name == self.draft.platform);
        let among_staff =
            |post: &PostRef| chat.is_some_and(|chat| chat.has_place(&post.place.place));
        for post in posted
            .into_iter()
            .filter(|post| post.ours && among_staff(&post.at))
        {
            if last.as_ref() == Some(&post.at.place) {
                acts.push(Act::Delete { post: post.at });
            } else {
                last = Some(post.at.place.clone());
                acts.push(Act::Edit {
                    post: post.at,
                    message: message.clone(),
                });
            }
        }
        Ok(Ok(if acts.is_empty() {
            Post::Nothing
        } else {
            Post::Acts(acts)
        }))
    }

    async fn find(&mut self, id: Option<CommentId>) -> Result<Option<Comment>, sqlx::Error> {
        match id {
            Some(id) => timeline::comment(self.conn, id).await,
            None => Ok(None),
        }
    }

    pub(super) async fn comment_message(
        &mut self,
        comment: &Comment,
        with_files: bool,
    ) -> Result<Result<Message, PostError>, sqlx::Error> {
        let deleted = comment.deleted_at.is_some();
        let (files, left_out) = if with_files && !deleted {
            files::of(self.conn, comment.id).await?
        } else {
            (Vec::new(), Vec::new())
        };
        let values = Values {
            author: one_line(&comment.author_name),
            internal: comment.visibility == Visibility::Internal,
            by_staff: comment.by_staff,
            text: clean(comment.body.trim()),
            edited: comment.edited_at.is_some(),
            deleted,
            left_out,
        };
        let whole = !deleted && facts::has_more(self.conn, comment.id).await?;
        let button = Button {
            action: format!("whole:{}", comment.id),
            label: "Whole mail".to_owned(),
            tone: Tone::Plain,
        };
        let text = self.templates.post("comment", &values);
        Ok(text.map_err(PostError::from).map(|text| Message {
            text,
            buttons: if whole {
                vec![vec![button]]
            } else {
                Vec::new()
            },
            files,
            ..Message::default()
        }))
    }

    /// The thread that the ticket left says so, and its card loses its buttons.
    async fn moved(&mut self) -> Written {
        let Some(thread) = self.thread.clone() else {
            return Ok(Ok(Post::Nothing));
        };
        let team = self.ticket.team.as_deref();
        let team = team.and_then(|key| self.settings.desk.team(key));
        let team = team.map_or("another team", |team| &team.name);
        let mut acts = match self.templates.post("moved", &json!({ "team": team })) {
            Ok(text) => vec![line(&thread, text)],
            Err(error) => return Ok(Err(error.into())),
        };
        Ok(match self.card().await? {
            Ok(Post::Acts(edit)) => {
                acts.extend(edit);
                Ok(Post::Acts(acts))
            }
            Ok(_) => Ok(Post::Acts(acts)),
            Err(error) => Err(error),
        })
    }

    fn failed(&self) -> Result<Post, PostError> {
        let Some(thread) = &self.thread else {
            return Ok(Post::NotYet);
        };
        let text = self.templates.post("failed", &self.draft)?;
        Ok(Post::Acts(vec![line(thread, text)]))
    }
}

fn line(thread: &Thread, text: String) -> Act {
    Act::Post {
        place: thread.at.clone(),
        message: Message::text(text),
    }
}
