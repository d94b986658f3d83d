//! The chat wires against stand-ins for their platforms.

mod discord;
