//! Stand-ins for chat platforms: stateful, over real HTTP and WebSocket on loopback.

pub mod discord;
pub mod door;
pub mod slack;
