//! The desk as it happens, for a platform that keeps nothing: somebody who sits at a terminal sees what is new while they
//! sit there, and nothing waits for them in the outbox while they don't.
//!
//! What is shown is what stands in the ticket's threads on the other platforms: a thread opens with the card, comments are
//! posted, the card is edited.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::{PgConnection, PgPool};

use crate::chat::{Act, Attempt, ChatPlatform, Done, PostPlace, PostRef};
use crate::clock::Clock;
use crate::config::Settings;
use crate::ids::{CommentId, TicketId};
use crate::notify::posts;
use crate::notify::render::Templates;
use crate::ticket::chat_thread::{self, NewPost, Thread};
use crate::ticket::find::{self, Found};
use crate::ticket::news::{self, News};
use crate::ticket::query::Sight;
use crate::ticket::{store, timeline};

/// How far behind the newest event it is looked for those that were committed late.
const LOOK_BACK: i64 = 200;

/// How many events are told at once at most; the rest follows with the next look.
const AT_ONCE: i64 = 1_000;

/// How many comments are shown of a ticket whose thread is entered.
const COMMENTS: usize = 3;

/// Shows a platform what happens on the desk.
#[derive(Debug, Clone)]
pub struct Follower {
    pool: PgPool,
    settings: Arc<Settings>,
    templates: Arc<Templates>,
    clock: Clock,
    /// The platform's name.
    name: String,
    place: String,
    platform: Arc<dyn ChatPlatform>,
    told: BTreeSet<i64>,
    last: i64,
}

impl Follower {
    /// A follower of what happens from now on.
    ///
    /// # Errors
    /// If the database does not answer, or a template does not parse.
    pub async fn begin(
        pool: PgPool,
        settings: Arc<Settings>,
        clock: Clock,
        name: &str,
        place: &str,
        platform: Arc<dyn ChatPlatform>,
    ) -> anyhow::Result<Self> {
        let templates = Arc::new(Templates::load(settings.notify.templates.as_deref())?);
        let mut conn = pool.acquire().await?;
        let last = news::newest(&mut conn).await?;
        let known = news::since(&mut conn, last - LOOK_BACK, AT_ONCE).await?;
        drop(conn);
        Ok(Self {
            pool,
            settings,
            templates,
            clock,
            name: name.to_owned(),
            place: place.to_owned(),
            platform,
            told: known.iter().map(|one| one.id).collect(),
            last,
        })
    }

    /// Shows what is new.
    ///
    /// # Errors
    /// If the database does not answer, or the platform does not take it.
    pub async fn step(&mut self) -> anyhow::Result<()> {
        let mut conn = self.pool.acquire().await?;
        let mut all = news::since(&mut conn, self.last - LOOK_BACK, AT_ONCE).await?;
        all.retain(|one| self.told.insert(one.id));
        let mut changed = BTreeSet::new();
        for one in &all {
            self.last = self.last.max(one.id);
            self.tell(&mut conn, one, &mut changed).await?;
        }
        for ticket in changed {
            self.show_changes(&mut conn, ticket).await?;
        }
        let old = self.last - LOOK_BACK;
        self.told.retain(|id| *id > old);
        Ok(())
    }

    /// Shows a ticket that is asked for by its number or the end of it, and gives its thread.
    ///
    /// # Errors
    /// In words, if there is no such ticket, several, or the database does not answer.
    pub async fn enter(&self, number: &str) -> Result<PostPlace, String> {
        match self.look_in(number).await {
            Ok(entered) => entered,
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "A ticket's thread could not be shown"
                );
                Err("The desk does not answer. Try again.".to_owned())
            }
        }
    }

    async fn look_in(&self, number: &str) -> anyhow::Result<Result<PostPlace, String>> {
        let mut conn = self.pool.acquire().await?;
        let shown = crate::chat::text::escape(number);
        let ticket = match find::by_number(&mut conn, Sight::Staff, number).await? {
            Found::One(ticket) => ticket,
            Found::Several(numbers) => {
                let numbers = crate::chat::text::escape(&numbers.join(", "));
                return Ok(Err(format!("Several tickets end so: {numbers}.")));
            }
            Found::Nothing => {
                return Ok(Err(format!(
                    "There is no ticket {shown}; `list` shows those that there are."
                )));
            }
        };
        let at = self.open(&mut conn, ticket).await?;
        let comments = timeline::comments(&mut conn, ticket).await?;
        let earlier = comments.len().saturating_sub(COMMENTS);
        if earlier > 0 {
            let words = format!("*{earlier} earlier; `/show --all` shows all.*");
            self.post(&at, crate::chat::Message::text(words)).await?;
        }
        for comment in comments.iter().skip(earlier) {
            let message =
                posts::comment_now(&mut conn, &self.settings, &self.templates, comment).await??;
            self.post(&at, message).await?;
        }
        Ok(Ok(at))
    }

    async fn tell(
        &self,
        conn: &mut PgConnection,
        one: &News,
        changed: &mut BTreeSet<TicketId>,
    ) -> anyhow::Result<()> {
        match (one.kind.as_str(), one.comment_id) {
            ("opened", comment) => {
                self.open(conn, one.ticket_id).await?;
                if let Some(comment) = comment {
                    self.comment(conn, one.ticket_id, comment).await?;
                }
            }
            ("replied" | "noted", Some(comment)) => {
                self.comment(conn, one.ticket_id, comment).await?;
                changed.insert(one.ticket_id);
            }
            ("comment_edited" | "comment_deleted", Some(comment)) => {
                self.comment_again(conn, comment).await?;
            }
            _ => {
                changed.insert(one.ticket_id);
            }
        }
        Ok(())
    }

    /// Opens a ticket's thread with its card.
    async fn open(&self, conn: &mut PgConnection, ticket: TicketId) -> anyhow::Result<PostPlace> {
        let ticket = store::get(conn, ticket).await?;
        let now = self.clock.now();
        let (title, message) =
            posts::card_now(conn, &self.settings, &self.templates, &ticket, now).await??;
        let act = Act::OpenThread {
            place: self.place.clone(),
            title,
            message,
            only_for: Vec::new(),
        };
        let done = self.act(&act).await?;
        let at = done
            .thread
            .unwrap_or_else(|| self.thread_of(&ticket.number));
        let thread = Thread {
            ticket_id: ticket.id,
            at: at.clone(),
            card: done.post,
        };
        chat_thread::add(conn, now, &self.name, &thread).await?;
        Ok(at)
    }

    /// Posts a comment, unless it was written right here.
    async fn comment(
        &self,
        conn: &mut PgConnection,
        ticket: TicketId,
        comment: CommentId,
    ) -> anyhow::Result<()> {
        let known = chat_thread::posts_of(conn, &self.name, comment).await?;
        let Some(comment) = timeline::comment(conn, comment)
            .await?
            .filter(|_| known.is_empty())
        else {
            return Ok(());
        };
        let at = match chat_thread::of_ticket(conn, ticket, &self.name, &self.place).await? {
            Some(thread) => thread.at,
            None => self.open(conn, ticket).await?,
        };
        let message = posts::comment_now(conn, &self.settings, &self.templates, &comment).await??;
        let done = self.post(&at, message).await?;
        let new = NewPost {
            platform: &self.name,
            ticket_id: ticket,
            comment_id: Some(comment.id),
            ours: true,
        };
        let posts: Vec<PostRef> = done.post.into_iter().collect();
        chat_thread::remember(conn, self.clock.now(), &new, &posts).await?;
        Ok(())
    }

    /// A comment that changed, in its ticket's thread; nothing if it is not there.
    async fn comment_again(
        &self,
        conn: &mut PgConnection,
        comment: CommentId,
    ) -> anyhow::Result<()> {
        let posted = chat_thread::posts_of(conn, &self.name, comment).await?;
        let comment = timeline::comment(conn, comment).await?;
        if let (Some(post), Some(comment)) = (posted.into_iter().find(|post| post.ours), comment) {
            let message =
                posts::comment_now(conn, &self.settings, &self.templates, &comment).await??;
            let post = post.at;
            self.act(&Act::Edit { post, message }).await?;
        }
        Ok(())
    }

    /// Edits a ticket's card. Where there is none yet, the platform shows what is worth a line.
    async fn show_changes(&self, conn: &mut PgConnection, ticket: TicketId) -> anyhow::Result<()> {
        let ticket = store::get(conn, ticket).await?;
        let now = self.clock.now();
        let (_, message) =
            posts::card_now(conn, &self.settings, &self.templates, &ticket, now).await??;
        let place = self.thread_of(&ticket.number);
        let id = format!("card of {}", ticket.number);
        let post = PostRef { place, id };
        self.act(&Act::Edit { post, message }).await?;
        Ok(())
    }

    fn thread_of(&self, number: &str) -> PostPlace {
        PostPlace {
            place: self.place.clone(),
            thread: Some(number.to_owned()),
        }
    }

    async fn post(&self, at: &PostPlace, message: crate::chat::Message) -> anyhow::Result<Done> {
        let act = Act::Post {
            place: at.clone(),
            message,
        };
        self.act(&act).await
    }

    async fn act(&self, act: &Act) -> anyhow::Result<Done> {
        let nonce = uuid::Uuid::now_v7().to_string();
        Ok(self.platform.act(act, Attempt::first(&nonce)).await?)
    }
}
