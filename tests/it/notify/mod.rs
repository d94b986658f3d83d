//! Who hears what, written into a real outbox.

mod bundles;
mod caps;
mod letters;
mod matrix;
mod world;
