//! Times as people and schedules name them: wall time in a zone, recurrences, and phrases such as "tomorrow 9am".
//! All of it is pure.

pub mod phrase;
pub mod recurrence;
pub mod zone;

pub use recurrence::Recurrence;
