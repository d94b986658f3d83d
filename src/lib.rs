//! Frontdesk turns incoming mail and chat into tickets, answers by mail and chat, and watches the clock, with every
//! step kept in PostgreSQL.
//!
//! The house has five floors, and imports go down only:
//!
//! | floor   | rooms                                        | knows                                   |
//! |---------|----------------------------------------------|-----------------------------------------|
//! | drivers | [`inbound`], [`delivery`], [`conversation`], [`schedule`] | a wire on one side, the desk on the other |
//! | commands | [`command`]                                   | what people say, on whatever surface    |
//! | domain  | [`desk`], [`notify`], [`outbox`], [`ticket`], [`people`], [`sla`], [`report`] | tickets and the people around them |
//! | wires   | [`mail`], [`chat`], [`plot`]                 | protocols and formats, never tickets    |
//! | base    | [`config`], [`clock`], [`ids`], [`db`], [`wake`], [`crew`], [`when`], [`supervise`], [`telemetry`] | nothing of the others |
//!
//! Above them stand `main`, [`app`] and [`cli`], which put the rooms together. Rooms of one floor of
//! drivers or wires never import each other. `tests/it/architecture.rs` holds this map.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![warn(missing_docs)]

pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod conversation;
pub mod crew;
pub mod db;
pub mod delivery;
pub mod desk;
pub mod ids;
pub mod inbound;
pub mod mail;
pub mod notify;
pub mod outbox;
pub mod people;
pub mod plot;
pub mod report;
pub mod schedule;
pub mod sla;
pub mod supervise;
pub mod telemetry;
pub mod ticket;
pub mod wake;
pub mod when;
