//! The story: a customer is helped, and what else a mailbox gets is dealt with.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};

use super::place::Place;
use super::stage::{Outcome, Sent, Stage};
use super::voice::{Tone, Voice};
use crate::cli::page;
use crate::cli::ticket::show;
use crate::config::Settings;
use crate::config::service::Database;
use crate::ticket::query::{Sort, TicketFilter};

/// How long the story is, in minutes. It ends about now.
const LENGTH: i64 = 60;

/// When the story begins: an hour ago, or at midnight, so that all its numbers are of one day.
pub(super) fn begins_at(now: DateTime<Utc>) -> DateTime<Utc> {
    let hour_ago = now - TimeDelta::minutes(LENGTH);
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    hour_ago.max(midnight)
}

/// A sample mail with its blanks filled in.
fn filled(sample: &str, blanks: &[(&str, &str)]) -> String {
    blanks
        .iter()
        .fold(sample.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
}

/// A moment as the `Date` field has it.
fn date(at: DateTime<Utc>) -> String {
    at.to_rfc2822()
}

/// Says what the demo runs on.
pub(super) fn opening(voice: &Voice, place: &Place, settings: &Settings) -> anyhow::Result<()> {
    page::print(&format!(
        "\n{}\n",
        voice.tone(Tone::Bold, "Frontdesk at work")
    ))?;
    voice.say(
        "Everything here is real but the mail servers: mail comes in through a Maildir, tickets stand in \
         PostgreSQL, and outgoing mail is written to a folder. Nothing leaves this machine.",
    )?;
    let database = match &settings.database {
        Database::Embedded(_) => "a private PostgreSQL of its own, in data/postgres",
        Database::Url(_) => "frontdesk_demo, on the server of DATABASE_URL",
    };
    let mailbox = settings.mailboxes.first();
    let mailbox = mailbox.map_or("", |mailbox| mailbox.address.as_str());
    let desk = format!(
        "{} <{mailbox}>, as in config/desks/saas.toml",
        settings.desk.name
    );
    page::print("\n")?;
    voice.fact("Folder", Tone::Cyan, &[place.root().display().to_string()])?;
    voice.fact("Desk", Tone::Cyan, &[desk])?;
    let agent = "Ann Lee <ann@agents.example>, team support";
    voice.fact("Agent", Tone::Cyan, &[agent.to_owned()])?;
    voice.fact("Data", Tone::Cyan, &[database.to_owned()])
}

/// Tells the story.
pub(super) async fn tell(stage: &mut Stage<'_>, voice: &Voice) -> anyhow::Result<()> {
    let request = customer_writes(stage, voice).await?;
    let answer = agent_answers(stage, voice, &request).await?;
    customer_replies(stage, voice, &answer).await?;
    agent_resolves(stage, voice, &request).await?;
    let billing = html_only(stage, voice).await?;
    let picture = attachments(stage, voice).await?;
    out_of_office(stage, voice, &billing).await?;
    newsletter(stage, voice).await?;
    bounce(stage, voice, &picture).await?;
    next_morning(stage, voice).await?;
    voice.chapter(11, "What stands on the desk now")?;
    let tickets = show::list(stage.app, &TicketFilter::default(), Sort::Updated, 1).await?;
    page::print(&page::indented(&tickets, 3))
}

async fn customer_writes(stage: &mut Stage<'_>, voice: &Voice) -> anyhow::Result<Outcome> {
    voice.chapter(1, "A customer writes")?;
    let date = date(stage.now());
    let eml = filled(include_str!("samples/1-request.eml"), &[("date", &date)]);
    let outcome = stage.receive(0, &eml).await?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    told(voice, &outcome.sent)?;
    Ok(outcome)
}

async fn agent_answers(
    stage: &mut Stage<'_>,
    voice: &Voice,
    request: &Outcome,
) -> anyhow::Result<Vec<Sent>> {
    voice.chapter(2, "The agent works it in chat")?;
    voice.say(
        "On Discord, on Slack, or as here at a terminal (`frontdesk chat`): each ticket is a thread with a card. Plain text \
         there is an internal note; a reply is sent on purpose, and says who gets it.",
    )?;
    page::print("\n")?;
    let enter = format!("#{}", number(request)?);
    let lines = [
        enter.as_str(),
        "/take",
        "The job stopped at a contract without a start date. No word of that to the customer.",
        "/reply Hello Carla, I have started the export again. The full file is there in a quarter of an hour.",
    ];
    stage.type_in(&lines, voice.has_colours()).await?;
    let sent = stage.send().await?;
    page::print("\n")?;
    told(voice, &sent)?;
    voice.say("The note stays with the team, and the customer does not see Ann's own address.")?;
    Ok(sent)
}

fn number(outcome: &Outcome) -> anyhow::Result<&str> {
    let ticket = outcome.ticket.as_ref();
    Ok(&ticket.context("the request became no ticket")?.number)
}

async fn customer_replies(
    stage: &mut Stage<'_>,
    voice: &Voice,
    answer: &[Sent],
) -> anyhow::Result<()> {
    voice.chapter(3, "The customer replies, and it stays one ticket")?;
    let sent = sent_to(answer, "carla.jones@customer.example")?;
    let eml = reply(stage, include_str!("samples/3-reply.eml"), sent);
    let outcome = stage.receive(14, &eml).await?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    told(voice, &outcome.sent)
}

async fn agent_resolves(
    stage: &mut Stage<'_>,
    voice: &Voice,
    request: &Outcome,
) -> anyhow::Result<()> {
    voice.chapter(4, "The agent resolves it")?;
    let enter = format!("#{}", number(request)?);
    let lines = [
        enter.as_str(),
        "/resolve",
        "/remind tomorrow 9:00 Did the export run by itself?",
    ];
    stage.type_in(&lines, voice.has_colours()).await?;
    page::print("\n")?;
    told(voice, &stage.send().await?)
}

async fn html_only(stage: &mut Stage<'_>, voice: &Voice) -> anyhow::Result<Outcome> {
    voice.chapter(5, "A mail that is HTML only, in an old charset")?;
    let date = date(stage.now());
    let eml = filled(include_str!("samples/4-html-only.eml"), &[("date", &date)]);
    let outcome = stage.receive(5, &eml).await?;
    voice.say("Outlook sent no plain text. The HTML is rendered to text that can be read:")?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    told(voice, &outcome.sent)?;
    Ok(outcome)
}

async fn attachments(stage: &mut Stage<'_>, voice: &Voice) -> anyhow::Result<Outcome> {
    voice.chapter(6, "A mail with attachments")?;
    let date = date(stage.now());
    let eml = filled(
        include_str!("samples/5-attachments.eml"),
        &[("date", &date)],
    );
    let outcome = stage.receive(3, &eml).await?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    let files = outcome.mail.mail.attachments.iter().map(|file| {
        let name = page::one_line(&file.name);
        format!(
            "{name}, {}, {} bytes",
            file.content_type,
            file.content.len()
        )
    });
    voice.fact("Files", Tone::Green, &files.collect::<Vec<_>>())?;
    told(voice, &outcome.sent)?;
    Ok(outcome)
}

async fn out_of_office(
    stage: &mut Stage<'_>,
    voice: &Voice,
    billing: &Outcome,
) -> anyhow::Result<()> {
    voice.chapter(7, "An out-of-office reply comes back")?;
    let sent = sent_to(&billing.sent, "ben.okafor@northwind.example")?;
    let eml = reply(stage, include_str!("samples/6-out-of-office.eml"), sent);
    let outcome = stage.receive(1, &eml).await?;
    voice.say("It answers our acknowledgement. Answering it in turn would begin a loop:")?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    told(voice, &outcome.sent)
}

async fn newsletter(stage: &mut Stage<'_>, voice: &Voice) -> anyhow::Result<()> {
    voice.chapter(8, "A newsletter")?;
    let date = date(stage.now());
    let eml = filled(include_str!("samples/7-newsletter.eml"), &[("date", &date)]);
    let outcome = stage.receive(4, &eml).await?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    told(voice, &outcome.sent)?;
    voice.say("Whatever comes in is kept as it came, with what became of it and why:")?;
    let id = outcome.entry.id;
    for command in [
        format!("$ frontdesk inbound show {id}"),
        format!("$ frontdesk inbound replay --accept {id}    # to make it a ticket after all"),
    ] {
        page::print(&format!("   {}\n", voice.tone(Tone::Cyan, &command)))?;
    }
    Ok(())
}

async fn bounce(stage: &mut Stage<'_>, voice: &Voice, picture: &Outcome) -> anyhow::Result<()> {
    voice.chapter(9, "An answer bounces")?;
    voice.say("Ann answers the mail with the picture …")?;
    let notification = sent_to(&picture.sent, "ann@agents.example")?;
    let eml = reply(stage, include_str!("samples/8-agent.eml"), notification);
    let answer = stage.receive(5, &eml).await?;
    told(voice, &answer.sent)?;
    voice.say("… and the customer's server returns it: the address does not exist any more.")?;
    let sent = sent_to(&answer.sent, "dora@lakeside.example")?;
    let date = date(stage.now());
    let blanks = [
        ("date", date.as_str()),
        (
            "to",
            sent.envelope_from
                .as_deref()
                .context("the answer has no envelope sender")?,
        ),
        ("returned", &sent.header()),
    ];
    let eml = filled(include_str!("samples/9-bounce.eml"), &blanks);
    let outcome = stage.receive(1, &eml).await?;
    arrived(voice, &outcome)?;
    became(stage, voice, &outcome)?;
    voice.say("The address is written to no more until an agent lifts that, and Ann is told:")?;
    told(voice, &outcome.sent)
}

async fn next_morning(stage: &mut Stage<'_>, voice: &Voice) -> anyhow::Result<()> {
    voice.chapter(10, "The next morning, by the clock")?;
    voice.say("Mara manages the desk, and reads one mail at eight. Ann is reminded at nine.")?;
    // What the clock does begins with its first look.
    stage.wait_until(stage.now()).await?;
    let tomorrow = stage.now().date_naive() + TimeDelta::days(1);
    for hour in [8, 9] {
        let at = tomorrow.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(hour);
        let sent = stage.wait_until(at + TimeDelta::minutes(1)).await?;
        if let Some(digest) = sent.iter().find(|one| one.to == "mara@agents.example") {
            let text = page::lines(&digest.mail.mail.text);
            let first = text.lines().find(|line| !line.trim().is_empty());
            voice.fact("Says", Tone::Green, &[first.unwrap_or_default().to_owned()])?;
        }
        told(voice, &sent)?;
    }
    voice.say("The digest has its charts as images; open it in a mail program, or see README.md.")
}

/// A reply to a mail that left, from a sample.
fn reply(stage: &Stage<'_>, sample: &str, to: &Sent) -> String {
    let written = to.mail.mail.date.unwrap_or_else(|| stage.now());
    let mut references = to.mail.mail.references.clone();
    references.push(to.id().to_owned());
    let references: Vec<String> = references.iter().map(|id| format!("<{id}>")).collect();
    filled(
        sample,
        &[
            ("date", &date(stage.now())),
            ("to", to.reply_to()),
            (
                "subject",
                page::one_line(&to.mail.mail.subject).trim_start_matches("Re: "),
            ),
            ("id", to.id()),
            ("references", &references.join("\n ")),
            (
                "on",
                &written.format("%b %-d, %Y, at %-I:%M %p").to_string(),
            ),
            ("quoted", &to.quoted()),
        ],
    )
}

fn sent_to<'a>(sent: &'a [Sent], address: &str) -> anyhow::Result<&'a Sent> {
    let found = sent.iter().find(|sent| sent.to == address);
    found.with_context(|| format!("no mail to {address} left"))
}

fn arrived(voice: &Voice, outcome: &Outcome) -> anyhow::Result<()> {
    let mail = &outcome.mail.mail;
    let from = mail.from.as_ref().map_or_else(String::new, |from| {
        format!("{} <{}>", from.name, from.address)
    });
    voice.mail(&from, &mail.subject, &outcome.mail.reply)
}

fn became(stage: &Stage<'_>, voice: &Voice, outcome: &Outcome) -> anyhow::Result<()> {
    let entry = &outcome.entry;
    let reason = page::one_line(entry.reason.as_deref().unwrap_or_default());
    let words = match &outcome.ticket {
        Some(ticket) => {
            let desk = &stage.app.settings.desk;
            let status = desk
                .status(&ticket.status)
                .map_or(ticket.status.as_str(), |one| &one.name);
            let number = voice.tone(Tone::Cyan, &ticket.number);
            let team = ticket.team.as_deref().unwrap_or("none");
            if outcome.is_new {
                format!("ticket {number}, {status}, team {team}")
            } else if reason.is_empty() {
                format!("a comment on {number}, which is {status}")
            } else {
                format!("an entry on the timeline of {number}: {reason}")
            }
        }
        None => format!("no ticket: {} as {reason}", entry.state),
    };
    page::print("\n")?;
    voice.fact("Became", Tone::Green, &[words])
}

fn told(voice: &Voice, sent: &[Sent]) -> anyhow::Result<()> {
    if sent.is_empty() {
        return voice.fact("Told", Tone::Yellow, &["nobody".to_owned()]);
    }
    let mut lines = Vec::new();
    for one in sent {
        lines.push(format!(
            "{}: {}",
            one.to,
            page::one_line(&one.mail.mail.subject)
        ));
        lines.push(voice.tone(Tone::Dim, &format!("data/outgoing/{}", one.file)));
    }
    voice.fact("Told", Tone::Yellow, &lines)
}

/// Says where to look, and what to do next.
pub(super) fn farewell(voice: &Voice, place: &Place) -> anyhow::Result<()> {
    voice.chapter(12, "Look around")?;
    let root = place.root().display();
    voice.fact(
        "Look",
        Tone::Cyan,
        &[
            format!("{root}/data/outgoing   every mail that left; open one in a mail program"),
            format!("{root}/data/maildir    every mail that came"),
            format!("{root}/config          the configuration and the desk"),
        ],
    )?;
    voice.say(
        "Run it on a terminal to go on from here. README.md says how to connect a real mailbox.",
    )
}
