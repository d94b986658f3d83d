//! `frontdesk chat`: an agent works tickets at the terminal.

use std::io::{BufReader, IsTerminal as _, Write as _, stdin, stdout};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::agent;
use super::exit::{self, Exit};
use super::line_settings::LineSettings;
use super::open::DeskArgument;
use crate::app::App;
use crate::chat::terminal::{Find, PLACE, Paper, Screen, Setting, Source, Terminal};
use crate::chat::{ChatEvent, ChatPlatform, Chatter, EventKind, Platforms, text};
use crate::conversation::{Follower, Handler, Listener, Seat, surface};
use crate::people::{Person, Role, store};
use crate::supervise::{Signals, Supervisor};
use crate::{command, telemetry};

/// How often it is looked what is new on the desk.
const LOOK: Duration = Duration::from_millis(250);

/// How long the service may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Arguments of `frontdesk chat`.
#[derive(Debug, Args)]
pub struct ChatArguments {
    #[command(flatten)]
    desk: DeskArgument,
    /// The agent who sits here; without it the first admin, else the first manager, else the first agent.
    #[arg(long = "as", value_name = "HANDLE")]
    agent: Option<String>,
    /// Run the service as well, as `frontdesk run` does, so that mail comes in and goes out while the chat is open.
    #[arg(long)]
    serve: bool,
}

/// Opens the chat until the person ends it, or there are no more lines.
pub(super) async fn run(arguments: &ChatArguments) -> anyhow::Result<()> {
    let on_terminal = stdin().is_terminal() && stdout().is_terminal();
    let mut settings = arguments.desk.load()?;
    if on_terminal {
        // The screen is the conversation's; `frontdesk status` says how the machinery stands.
        settings.log.filter = "error".to_owned();
    }
    telemetry::init(&settings.log)?;
    let signals = Signals::listen()?;
    let work = async |app: &App| {
        let person = sitting(app, arguments.agent.as_deref()).await?;
        let supervisor = Supervisor::new();
        if arguments.serve {
            app.start(&supervisor)?;
        }
        let source = typed_here(history());
        let screen = Screen::new(on_stdout(), colours());
        let mut session = Session::open(app, &person, source, screen, false).await?;
        if on_terminal {
            session.greet(&person, arguments.agent.is_none());
        }
        let done = session.run_until(signals).await;
        session.close().await;
        supervisor.drain(DRAIN).await;
        done
    };
    super::open::on(settings, work).await
}

/// Whether colours are shown, as everywhere on the command line.
pub(super) fn colours() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("CLICOLOR_FORCE") || (stdout().is_terminal() && !set("NO_COLOR"))
}

/// Standard output as paper.
pub(super) fn on_stdout() -> Paper {
    Box::new(|text| {
        let mut out = stdout().lock();
        // A reader who has seen enough is no error.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    })
}

/// What is typed on a keyboard, or the lines of standard input where it is no terminal.
pub(super) fn typed_here(history: Option<PathBuf>) -> Source {
    match stdin().is_terminal() && stdout().is_terminal() {
        true => Source::Keyboard(history),
        false => Source::Lines(Box::new(BufReader::new(stdin()))),
    }
}

/// What was typed before.
fn history() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let folder = state.or_else(home)?.join("frontdesk");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("chat_history"))
}

/// The agent who sits at the terminal.
async fn sitting(app: &App, wanted: Option<&str>) -> anyhow::Result<Person> {
    let mut conn = app.pool.acquire().await?;
    if let Some(handle) = wanted {
        let person = agent::find(&mut conn, handle).await?;
        if !person.is_active_staff() {
            let words = format!("{handle} may not work here any more");
            return Err(Exit::new(exit::NO_PERMISSION, words).into());
        }
        return Ok(person);
    }
    let mut staff = store::staff(&mut conn).await?;
    staff.retain(|person| person.is_active_staff() && person.handle.is_some());
    staff.sort_by_key(|person| std::cmp::Reverse(person.role));
    staff.into_iter().next().context(
        "nobody works here yet; say who does with `frontdesk agent add HANDLE ADDRESS --team TEAM`, such as \
         `frontdesk agent add ann ann@example.com --team support`",
    )
}

/// Somebody at a terminal.
pub(super) struct Session {
    terminal: Arc<Terminal>,
    listener: Listener,
    handler: Handler,
    follower: Follower,
    seat: Seat,
    /// Put back when everything else is gone.
    _settings: LineSettings,
}

impl Session {
    /// Sits an agent down.
    pub(super) async fn open(
        app: &App,
        person: &Person,
        source: Source,
        screen: Screen,
        echo: bool,
    ) -> anyhow::Result<Self> {
        let line_settings = LineSettings::keep();
        let handle = person.handle.clone().context("the agent has no handle")?;
        let seat = Seat::take(&app.pool, app.clock.now(), &handle, PLACE).await?;
        let chat = seat.chat.clone();
        let setting = Setting {
            name: chat.name.clone(),
            who: Chatter {
                id: handle,
                name: person.name.clone(),
                roles: Vec::new(),
            },
            surface: surface(command::specs(&app.settings), &app.settings, "terminal"),
            clock: app.clock.clone(),
            screen,
            echo,
        };
        // The terminal asks for threads by name, and who finds them shows them on the terminal.
        let finder: Arc<OnceLock<Follower>> = Arc::default();
        let found = Arc::clone(&finder);
        let find: Find = Arc::new(move |number| {
            let follower = found.get().cloned();
            Box::pin(async move {
                match follower {
                    Some(follower) => follower.enter(&number).await,
                    None => Err("The desk is not open yet.".to_owned()),
                }
            })
        });
        let terminal = Arc::new(Terminal::new(setting, source, find));
        let platform: Arc<dyn ChatPlatform> = terminal.clone();
        let follower = Follower::begin(
            app.pool.clone(),
            app.settings.clone(),
            app.clock.clone(),
            &chat.name,
            PLACE,
            platform.clone(),
        )
        .await?;
        // It is empty until now.
        let _ = finder.set(follower.clone());
        let platforms = Arc::new(Platforms::from([(chat.name.clone(), platform.clone())]));
        Ok(Self {
            terminal,
            listener: app.listener(&chat, platform),
            handler: app.handler(platforms).alone_for(chat),
            follower,
            seat,
            _settings: line_settings,
        })
    }

    /// Says who sits here, and how it goes.
    fn greet(&self, person: &Person, chosen_by_us: bool) {
        let handle = person.handle.as_deref().unwrap_or_default();
        let article = if person.role == Role::Manager {
            "a"
        } else {
            "an"
        };
        let other = if chosen_by_us {
            "; `--as HANDLE` makes you somebody else"
        } else {
            ""
        };
        self.terminal.say(&format!(
            "You are **{}** ({handle}), {article} {}{other}. What happens on the desk is shown as it happens.\n`list` shows \
             the tickets, `#NUMBER` enters one's thread, `help` says the rest, `quit` ends. The tabulator completes.",
            text::escape(&person.name),
            person.role.key(),
        ));
    }

    /// Works what is typed, and shows what happens, until the person ends it or `stop`.
    pub(super) async fn run(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let (told, mut heard) = mpsc::channel(1);
        let terminal = Arc::clone(&self.terminal);
        let mut running = terminal.run(told, Vec::new(), stop.clone());
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(event) = heard.recv() => self.work(event).await?,
                ended = &mut running => {
                    ended?;
                    break;
                }
                _ = look.tick() => self.look().await?,
            }
        }
        // What the last line led to is shown as well.
        self.look().await
    }

    /// The same until a signal asks the program to end; a second one ends it at once.
    async fn run_until(&mut self, mut signals: Signals) -> anyhow::Result<()> {
        let stop = CancellationToken::new();
        let mut running = std::pin::pin!(self.run(&stop));
        tokio::select! {
            done = &mut running => return done,
            _ = signals.next() => {}
        }
        signals.end_on_next();
        stop.cancel();
        running.await
    }

    /// Works one event, shows what came of it, and lets the next line be read.
    pub(super) async fn work(&mut self, event: ChatEvent) -> anyhow::Result<()> {
        let is_line = !matches!(event.kind, EventKind::Completing { .. });
        self.listener.take(event).await?;
        if is_line {
            self.look().await?;
            self.terminal.settled();
        }
        Ok(())
    }

    /// Works what is due, and shows what is new.
    pub(super) async fn look(&mut self) -> anyhow::Result<()> {
        while self.handler.step().await? > 0 {}
        self.follower.step().await
    }

    /// The terminal.
    pub(super) fn terminal(&self) -> Arc<Terminal> {
        Arc::clone(&self.terminal)
    }

    /// Gets up.
    pub(super) async fn close(self) {
        self.seat.leave().await;
    }
}
