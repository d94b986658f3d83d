//! The one integration binary: everything here runs against real servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod acceptance;
mod architecture;
mod burst;
mod chat;
mod cli;
mod cluster;
mod command;
mod db;
mod desk;
mod desks;
mod fakes;
mod field;
mod harness;
mod lists;
mod migrations;
mod notify;
mod recording;
mod report;
mod schedule;
mod sla;
#[path = "../stack/mod.rs"]
mod stack;
mod supervise;
mod walk;
mod wires;
