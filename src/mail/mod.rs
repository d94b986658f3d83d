//! The mail wire: it knows RFC 5322, MIME, IMAP and SMTP, and nothing of tickets.

pub mod address;
mod bounce;
mod classify;
pub mod compose;
mod dial;
mod effort;
mod forward;
pub mod html;
mod identity;
pub mod imap;
pub mod inspect;
mod languages;
pub mod maildir;
pub mod message;
pub mod oauth;
mod parse;
mod reply;
pub mod smtp;
pub mod source;
pub mod tls;
mod understand;

pub use identity::{MailIdentity, identity};
pub use understand::{has_new_words, understand};
