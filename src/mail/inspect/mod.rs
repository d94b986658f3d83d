//! A message explained: as JSON for programs, as a page for people.

mod json;
mod page;

pub use json::to_json;
pub use page::to_page;
