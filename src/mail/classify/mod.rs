//! What kind of sender wrote a message.

mod automatic;
mod feedback;
mod spam;

use super::bounce;
use super::message::Origin;
use super::parse::Parsed;

pub(crate) use spam::is_spam;

/// The kind of sender, and for a bounce the ids found in the returned message.
pub(crate) fn origin(parsed: &Parsed<'_>) -> (Origin, Vec<String>) {
    if let Some(feedback_type) = feedback::kind(parsed) {
        return (
            Origin::Feedback { feedback_type },
            bounce::returned_ids(parsed),
        );
    }
    if let Some(recipients) = bounce::recipients(parsed) {
        return (Origin::Bounce(recipients), bounce::returned_ids(parsed));
    }
    (automatic::origin(parsed), Vec::new())
}

/// Whether the message came through a mailing list.
pub(crate) fn is_list(parsed: &Parsed<'_>) -> bool {
    automatic::list_field(parsed.headers()).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
