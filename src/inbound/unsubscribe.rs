//! The end of a subscription by mail: what a mail program sends when its reader presses "unsubscribe".
//!
//! `List-Unsubscribe` (RFC 2369) names an address and a subject with a signed token. The one-click way of
//! RFC 8058 needs a web server that the world can reach, which a desk does not have.

use sqlx::PgConnection;

use super::act::{Deed, Scene};
use crate::config::Settings;
use crate::ids::SubscriptionId;
use crate::mail::message::UnderstoodMail;
use crate::report::store;
use crate::ticket::token::{self, Token};

/// The word before the token.
const WORD: &str = "unsubscribe";

/// The subscription that the mail asks to end, by its subject: `unsubscribe TOKEN`.
pub(super) fn asked(settings: &Settings, mail: &UnderstoodMail) -> Option<SubscriptionId> {
    let mut words = mail.mail.subject.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case(WORD) {
        return None;
    }
    match token::verify(&settings.reply_keys, words.next()?)? {
        Token::Unsubscribe(token) => Some(token.subscription),
        Token::Reply(_) | Token::Bounce(_) => None,
    }
}

/// Ends it. Nobody is answered: the digests stop.
pub(super) async fn end(
    conn: &mut PgConnection,
    scene: &Scene<'_>,
    subscription: SubscriptionId,
) -> anyhow::Result<Deed> {
    let reason = match store::end(conn, scene.now, subscription).await? {
        Some((_, digest)) => format!("it ended a subscription to the {} digest", digest.key()),
        None => "it ended a subscription that had ended before".to_owned(),
    };
    Ok(Deed::settled("processed", reason))
}
