//! The clocks of a ticket, from what happened to it. Pure.
//!
//! - **First response** starts when the ticket is opened. Only a public reply by a person of the team meets it.
//! - **Next response** starts with the first word of the customer that has no answer yet, once there was a first
//!   response. A public reply of staff meets it; so does the resolution, of which the customer is told.
//! - **Resolution** starts when the ticket is opened, and is met when it is resolved or closed. A ticket that
//!   comes back has the whole time again, from that moment.
//!
//! All of them stand still while the ticket waits for the customer or is put off; those of responses also while
//! it is resolved or closed, since nobody expects an answer then.

use chrono::{DateTime, TimeDelta, Utc};

use super::policy::{Kind, Measure};
use crate::config::desk::StatusKind;

/// Something that moves the clocks of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What it was.
    pub what: What,
}

/// What moves clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The customer wrote.
    CustomerWrote,
    /// A person of the team answered in public.
    StaffAnswered,
    /// The status changed to one of this kind.
    Became(StatusKind),
    /// It was put off until then.
    SnoozedUntil(DateTime<Utc>),
    /// It came back before that.
    Woke,
}

/// What happened to a ticket, as far as clocks are moved by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// What its first status meant.
    pub opened_as: StatusKind,
    /// Whether a response and a resolution are owed from the start: not to what an archive brought.
    pub owed: bool,
    /// What happened since, in order.
    pub turns: Vec<Turn>,
}

/// Why a clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// The ticket waits for the customer.
    Waiting,
    /// It is put off.
    Snoozed,
    /// It is resolved or closed.
    Done,
}

/// A half-open span in which a clock ran or stood still; open where that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it ended.
    pub to: Option<DateTime<Utc>>,
    /// Why the clock stood still; nothing where it ran.
    pub pause: Option<Pause>,
}

/// One clock of a ticket: one promise, from its start to where it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// What is promised.
    pub kind: Kind,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it was kept, on time or late.
    pub met_at: Option<DateTime<Utc>>,
    /// How it ran, without gaps from its start on. The last leg is open unless the clock was met.
    pub legs: Vec<Leg>,
}

impl Clock {
    /// When the clock shows this much, seen from what is known now; nothing where it was met before, or where
    /// it stands still and nothing says until when.
    #[must_use]
    pub fn reaches(&self, measure: &Measure, shows: TimeDelta) -> Option<DateTime<Utc>> {
        let mut left = shows;
        for leg in self.legs.iter().filter(|leg| leg.pause.is_none()) {
            let Some(to) = leg.to else {
                return measure.add(leg.from, left);
            };
            let length = measure.between(leg.from, to);
            // Half-open: what is kept at the very moment at which it is due comes too late.
            if left <= length {
                return measure.add(leg.from, left);
            }
            left -= length;
        }
        None
    }

    /// What the clock shows at a moment.
    #[must_use]
    pub fn shows(&self, measure: &Measure, at: DateTime<Utc>) -> TimeDelta {
        let ran = self.legs.iter().filter(|leg| leg.pause.is_none());
        ran.map(|leg| measure.between(leg.from, leg.to.map_or(at, |to| to.min(at))))
            .sum()
    }

    /// Why the clock stands still at a moment.
    #[must_use]
    pub fn pause_at(&self, at: DateTime<Utc>) -> Option<Pause> {
        let mut legs = self.legs.iter();
        legs.find(|leg| leg.from <= at && leg.to.is_none_or(|to| at < to))?
            .pause
    }
}

/// All clocks that a history started, in the order of their start.
#[must_use]
pub fn clocks(history: &History) -> Vec<Clock> {
    let mut state = State::new(history);
    for turn in with_awakenings(&history.turns) {
        state.take(turn);
    }
    state.finish()
}

/// The last public reply of staff.
#[must_use]
pub fn answered_at(history: &History) -> Option<DateTime<Utc>> {
    let mut answers = history.turns.iter().rev();
    let last = answers.find(|turn| turn.what == What::StaffAnswered)?;
    Some(last.at)
}

/// The turns, with one for each snooze that ends by itself. A later snooze takes the place of an earlier one.
fn with_awakenings(turns: &[Turn]) -> Vec<Turn> {
    let mut all = Vec::with_capacity(turns.len());
    let mut wakes: Option<DateTime<Utc>> = None;
    for &turn in turns {
        if let Some(at) = wakes.filter(|&at| at <= turn.at) {
            all.push(Turn {
                at,
                what: What::Woke,
            });
            wakes = None;
        }
        match turn.what {
            What::SnoozedUntil(until) => wakes = Some(until.max(turn.at)),
            What::Woke | What::CustomerWrote => wakes = None,
            What::StaffAnswered | What::Became(_) => {}
        }
        all.push(turn);
    }
    all.extend(wakes.map(|at| Turn {
        at,
        what: What::Woke,
    }));
    all
}

/// The clocks while the history is gone through.
struct State {
    kind: StatusKind,
    snoozed: bool,
    responded: bool,
    running: Vec<Clock>,
    met: Vec<Clock>,
}

impl State {
    fn new(history: &History) -> Self {
        let mut state = Self {
            kind: history.opened_as,
            snoozed: false,
            responded: !history.owed,
            running: Vec::new(),
            met: Vec::new(),
        };
        if history.owed {
            state.start(Kind::FirstResponse, history.opened_at);
            if !state.is_done() {
                state.start(Kind::Resolution, history.opened_at);
            }
        }
        state
    }

    fn is_done(&self) -> bool {
        matches!(self.kind, StatusKind::Resolved | StatusKind::Closed)
    }

    fn pause(&self) -> Option<Pause> {
        match self.kind {
            StatusKind::Waiting => Some(Pause::Waiting),
            StatusKind::Resolved | StatusKind::Closed => Some(Pause::Done),
            StatusKind::New | StatusKind::Open => self.snoozed.then_some(Pause::Snoozed),
        }
    }

    fn take(&mut self, turn: Turn) {
        match turn.what {
            What::CustomerWrote => {
                self.snoozed = false;
                let asked = self
                    .running
                    .iter()
                    .any(|clock| clock.kind == Kind::NextResponse);
                if self.responded && !asked {
                    self.start(Kind::NextResponse, turn.at);
                }
            }
            What::StaffAnswered => {
                self.responded = true;
                self.meet(Kind::FirstResponse, turn.at);
                self.meet(Kind::NextResponse, turn.at);
            }
            What::Became(kind) => self.become_kind(kind, turn.at),
            What::SnoozedUntil(_) => self.snoozed = true,
            What::Woke => self.snoozed = false,
        }
        self.turn_legs(turn.at);
    }

    fn become_kind(&mut self, kind: StatusKind, at: DateTime<Utc>) {
        let was_done = self.is_done();
        self.kind = kind;
        match (was_done, self.is_done()) {
            (false, true) => {
                // What is done is put off no more.
                self.snoozed = false;
                self.meet(Kind::Resolution, at);
                self.meet(Kind::NextResponse, at);
            }
            (true, false) => self.start(Kind::Resolution, at),
            _ => {}
        }
    }

    fn start(&mut self, kind: Kind, at: DateTime<Utc>) {
        self.running.push(Clock {
            kind,
            started_at: at,
            met_at: None,
            legs: vec![Leg {
                from: at,
                to: None,
                pause: self.pause(),
            }],
        });
    }

    fn meet(&mut self, kind: Kind, at: DateTime<Utc>) {
        let (met, running) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|clock| clock.kind == kind);
        self.running = running;
        let met: Vec<Clock> = met;
        self.met.extend(met.into_iter().map(|mut clock| {
            clock.met_at = Some(at);
            if let Some(leg) = clock.legs.last_mut() {
                leg.to = Some(at);
            }
            clock
        }));
    }

    /// Begins a new leg wherever a clock now runs that stood still, or the other way round.
    fn turn_legs(&mut self, at: DateTime<Utc>) {
        let pause = self.pause();
        for clock in &mut self.running {
            let Some(leg) = clock.legs.last_mut().filter(|leg| leg.pause != pause) else {
                continue;
            };
            let from = leg.from;
            leg.to = Some(at);
            if from == at {
                clock.legs.pop();
            }
            clock.legs.push(Leg {
                from: at,
                to: None,
                pause,
            });
        }
    }

    fn finish(mut self) -> Vec<Clock> {
        self.met.append(&mut self.running);
        self.met.sort_by_key(|clock| (clock.started_at, clock.kind));
        self.met
    }
}

#[cfg(test)]
mod tests;
