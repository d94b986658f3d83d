//! The program itself, driven as an operator and a mail server drive it.

mod chat;
mod deliver;
mod demo;
mod desk;
mod digest;
mod do_command;
mod fetch;
mod import;
mod inbound;
mod mail;
mod outbox;
mod people;
mod program;
mod rules;
mod schedule;
mod ticket;
