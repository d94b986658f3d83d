//! Chat: the wires against stand-ins for their platforms, what goes out to the places of the team, and what people do there.

mod around;
mod customers;
mod discord;
mod personal;
mod posts;
mod room;
mod secrecy;
mod slack;
mod talk;
