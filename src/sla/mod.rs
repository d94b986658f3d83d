//! Service levels: business calendars, which target holds for a ticket, and the clocks that run against it.
//!
//! [`calendar`], [`policy`], [`clock`] and [`marks`] are pure: hours, targets and what happened to a ticket go in,
//! moments come out. What they give is written to `ticket_clock` by [`start`] and [`follow`], in the transaction of
//! each change, so that a look for what is due costs one walk over an index. [`due`] tells those concerned, each
//! once; [`refresh`] computes the clocks anew when the targets in the configuration have changed.

pub mod calendar;
pub mod clock;
mod follow;
pub mod marks;
pub mod policy;
mod refresh;
mod store;
mod watch;

pub use follow::{follow, start};
pub use policy::Kind;
pub use refresh::refresh;
pub use watch::due;
