//! Mail and posts out: rows of the outbox are claimed, written as letters, sent, and settled.
//!
//! A row is claimed in a short transaction, sent outside of any, and settled under the lease of its claim.
//! A copy that dies in between leaves a lease that runs out, and another sends the same message again, with
//! the same Message-ID: at least once, and twice only if it died after the server's 250 and before settling.

mod posts;
mod send;

pub use posts::Poster;
pub use send::Deliverer;
