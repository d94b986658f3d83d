//! How long a command takes from the chat platform to its answer, on a desk with a million tickets and five million
//! comments, while the posts and mails that it causes leave beside it.
//!
//! The real listener, handler, poster and deliverer run; only the platform's own network is left out. `DESK_TICKETS`
//! makes the desk smaller for a quick look, `DESK_FOLDER` keeps it, and `DESK_LAY_ONLY` ends once it is laid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark may fail loudly"
)]

#[path = "../laid/mod.rs"]
mod laid;
mod platform;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk::app::App;
use frontdesk::chat::{ChatPlatform, Platforms};
use frontdesk::clock::Clock;
use frontdesk::config;
use laid::Laid;
use platform::Wire;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many commands of each kind are measured, and how many are on their way at once.
const EACH: usize = 400;
const AT_ONCE: usize = 2;

/// The stretch of steady work: commands a second, for how long.
const A_SECOND: u32 = 200;
const STEADY: Duration = Duration::from_secs(20);

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let tickets = laid::tickets("DESK_TICKETS");
    let statements = include_str!("lay.sql").replace("COUNT", &tickets.to_string());
    let laid = Laid::open("DESK_FOLDER", &statements).await;
    if std::env::var_os("DESK_LAY_ONLY").is_none() {
        let app = open(&laid.folder, laid.url()).await;
        commands(&app, &laid.pool).await;
        app.close().await.unwrap();
    }
    laid.close().await;
}

async fn open(folder: &Path, url: &str) -> App {
    let desk = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desks/saas.toml");
    let configuration = format!(
        r#"
desk = {desk:?}
[database]
url = {{ env = "URL" }}
[[reply_key]]
id = 1
secret = {{ env = "KEY" }}
[[mailbox]]
name = "support"
address = "support@desk.example"
pipe = true
[outgoing]
folder = "outgoing"
[notify]
undo_seconds = 1
operators = ["operator@desk.example"]
[log]
filter = "error"
[[chat]]
name = "chat"
[chat.discord]
token = {{ env = "KEY" }}
server = "1"
[[chat.place]]
id = "c-general"
"#
    );
    let file = folder.join("frontdesk.toml");
    fs::write(&file, configuration).unwrap();
    let secret = |name: &str| match name {
        "URL" => Some(url.to_owned()),
        _ => Some("a key of at least thirty-two bytes".to_owned()),
    };
    let settings = config::load(&file, &secret).unwrap();
    App::open(settings, Clock::default()).await.unwrap()
}

async fn commands(app: &App, pool: &PgPool) {
    let wire = Arc::new(Wire::default());
    let mut platforms = Platforms::new();
    platforms.insert("chat".to_owned(), wire.clone());
    let platforms = Arc::new(platforms);
    let stop = CancellationToken::new();
    let mut service = JoinSet::new();
    let listener = app.listener(
        &app.settings.chats[0],
        wire.clone() as Arc<dyn ChatPlatform>,
    );
    let (handler, poster, deliverer) = (
        app.handler(platforms.clone()),
        app.poster(platforms).unwrap(),
        app.deliverer().unwrap(),
    );
    let end = stop.clone();
    service.spawn(async move { listener.run(&end, || {}).await });
    let end = stop.clone();
    service.spawn(async move { handler.run(&end).await });
    let end = stop.clone();
    service.spawn(async move { poster.run(&end).await });
    let end = stop.clone();
    service.spawn(async move { deliverer.run(&end).await });

    let numbers: Vec<String> = sqlx::query_scalar(
        "SELECT number FROM ticket WHERE status_kind IN ('new', 'open', 'waiting') ORDER BY md5(id::text) LIMIT 20000",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let kinds = kinds(&numbers);
    for (kind, lines) in &kinds {
        // The first few find nothing in the server's memory.
        run(&wire, lines.iter().take(EACH / 10).cloned().collect()).await;
        let took = run(
            &wire,
            lines.iter().skip(EACH / 10).take(EACH).cloned().collect(),
        )
        .await;
        println!("{kind}: {}", spread(took));
    }
    steady(&wire, &kinds).await;
    stop.cancel();
    while let Some(ended) = service.join_next().await {
        ended.unwrap().unwrap();
    }
}

/// The lines of each kind, each with numbers and words of its own.
fn kinds(numbers: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let some = EACH * 3;
    let mut next = 0_usize;
    let mut each = |line: &dyn Fn(usize, &str) -> String| {
        let lines: Vec<String> = (next..next + some)
            .map(|n| line(n, &numbers[n % numbers.len()]))
            .collect();
        next += some;
        lines
    };
    let lists = [
        "list",
        "list --mine",
        "list --unassigned --sort priority",
        "list --team billing --overdue",
        "list --tag tag45",
        "list --status in_progress --priority urgent --sort due",
        "list --assignee agent7 --all",
        "list --field project=p77 --all",
        "list --all --page 40",
    ];
    vec![
        ("show", each(&|_, number| format!("show {number}"))),
        (
            "show by the end of the number",
            each(&|_, number| {
                let pieces: Vec<&str> = number.split('-').collect();
                format!(
                    "show {}-{}",
                    &pieces[1][2..],
                    pieces[2].trim_start_matches('0')
                )
            }),
        ),
        ("take", each(&|_, number| format!("take {number}"))),
        (
            "reply",
            each(&|n, number| format!("reply {number} We look into it, case {n}.")),
        ),
        (
            "note",
            each(&|n, number| format!("note {number} They called again, {n} times.")),
        ),
        ("list", each(&|n, _| lists[n % lists.len()].to_owned())),
        (
            "search for a rare word",
            each(&|n, _| format!("search r{}", n * 37 % 100_000)),
        ),
        (
            "search for frequent words",
            each(&|n, _| {
                let frequent = ["cfcd", "c4ca", "c81e", "eccb", "a87f"];
                format!("search {}", frequent[n % 5])
            }),
        ),
        (
            "search for a name",
            each(&|n, _| format!("search last{}", 1 + n * 13 % 100_000)),
        ),
        (
            "search for all but a word",
            each(&|n, _| format!("list -- -r{n}")),
        ),
    ]
}

/// Gives the lines, a few at once. How long each took.
async fn run(wire: &Arc<Wire>, lines: Vec<String>) -> Vec<Duration> {
    let lines = Arc::new(std::sync::Mutex::new(lines.into_iter()));
    let mut typing = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (wire, lines) = (wire.clone(), lines.clone());
        typing.spawn(async move {
            let mut took = Vec::new();
            loop {
                let line = lines.lock().unwrap().next();
                let Some(line) = line else {
                    return took;
                };
                let (answer, time) = wire.give(&line).await;
                assert!(
                    !answer.text.contains("That failed"),
                    "{line}: {}",
                    answer.text
                );
                took.push(time);
            }
        });
    }
    typing.join_all().await.into_iter().flatten().collect()
}

/// Steady work: a mix of everything at a fixed rate, whatever is still on its way.
async fn steady(wire: &Arc<Wire>, kinds: &[(&'static str, Vec<String>)]) {
    // Of ten commands five look at a ticket, two change one, one writes, one lists and one searches.
    let mix = [0, 0, 0, 0, 1, 2, 2, 4, 5, 6];
    let mut tick = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
    let begun = Instant::now();
    let mut typing = JoinSet::new();
    let mut n = 0_usize;
    while begun.elapsed() < STEADY {
        tick.tick().await;
        let lines = &kinds[mix[n % mix.len()]].1;
        let line = lines[n / 7 % lines.len()].clone();
        let wire = wire.clone();
        typing.spawn(async move { wire.give(&line).await.1 });
        n += 1;
    }
    let took = typing.join_all().await;
    let rate = n as f64 / begun.elapsed().as_secs_f64();
    println!(
        "{A_SECOND} commands a second asked for, {rate:.0} answered: {}",
        spread(took)
    );
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort();
    let at = |share: f64| {
        let place = (took.len() as f64 * share) as usize;
        took[place.min(took.len() - 1)].as_secs_f64() * 1000.0
    };
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms, of {}",
        at(0.5),
        at(0.99),
        at(1.0),
        took.len()
    )
}
