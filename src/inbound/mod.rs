//! Mail in: fetched, written down whole, and only then acted on.
//!
//! Two transactions a mail. The first writes the raw bytes and the mailbox's cursor; after it nothing that
//! happens to the server or to us can lose the mail. The second makes it a ticket, a comment, or a row that
//! says why it is neither, and settles the mail's row with it; after a crash it runs again from the start.

pub mod accept;
pub mod act;
mod answer;
pub mod arrival;
mod bounds;
mod comment;
pub mod facts;
pub mod foresee;
pub mod ledger;
pub mod mailbox;
mod orders;
mod parties;
pub mod poll;
pub mod process;
pub mod route;
mod spoken;
pub mod store;
mod together;
mod unsubscribe;
mod words;
