//! What runs by the clock: due slots, each run once by all copies together, and what becomes of them.
//!
//! A slot is a row before it is worked: whoever writes it runs the job in the same transaction, another copy finds it
//! there. A copy that dies in between leaves nothing behind, and the slot is run by the next tick of any copy.

mod awakenings;
mod batch;
mod bulk;
mod follow_ups;
mod job;
mod reminders;
mod sharing;
pub mod store;
mod targets;
mod tick;

pub use job::Done;
pub use tick::{Run, Ticker};
