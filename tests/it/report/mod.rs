//! Reports: each figure against a second computation, and who is sent what.

mod digest;
mod figures;
mod history;
