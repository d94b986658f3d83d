//! What becomes of a message on the server once it is safe. Every step may be repeated.

use std::collections::HashSet;

use async_imap::imap_proto::{MailboxDatum, Response};

use crate::{
    config::service::AfterFetch,
    mail::source::{Position, SourceError},
};

use super::{
    ImapSource, names,
    session::{Failure, ImapSession},
};

/// UIDs in one command. One at a time is 30 times slower on Dovecot, whose work for a command grows with the
/// folder; so many make a line of less than the 8,000 octets that every server takes (RFC 7162, section 4).
const AT_ONCE: usize = 500;

impl ImapSource {
    pub(super) async fn acknowledge_all(
        &mut self,
        positions: &[Position],
        after: &AfterFetch,
    ) -> Result<(), SourceError> {
        if positions.is_empty() {
            return Ok(());
        }
        let valid = self.session().await?.uid_validity;
        let mut uids: Vec<u32> = positions
            .iter()
            .filter_map(|position| match position {
                // Under another UIDVALIDITY the same number is another message.
                Position::Imap { uid_validity, uid } if *uid_validity == valid => Some(*uid),
                _ => None,
            })
            .collect();
        uids.sort_unstable();
        uids.dedup();
        for some in uids.chunks(AT_ONCE) {
            let session = self.session().await?;
            if session.uid_validity != valid {
                return Ok(());
            }
            let done = match after {
                AfterFetch::Keep => flag(session, some).await,
                AfterFetch::Move(folder) => relocate(session, some, folder).await,
                AfterFetch::Delete => delete(session, some).await,
            };
            self.settle(done)?;
        }
        Ok(())
    }
}

async fn flag(session: &mut ImapSession, uids: &[u32]) -> Result<(), Failure> {
    let set = names::uid_set(uids);
    let flags = if session.keeps_keywords {
        "\\Seen $Frontdesk"
    } else {
        "\\Seen"
    };
    let command = format!("UID STORE {set} +FLAGS.SILENT ({flags})");
    session.tell_about(uids.len(), &command).await
}

async fn relocate(session: &mut ImapSession, uids: &[u32], folder: &str) -> Result<(), Failure> {
    let set = names::uid_set(uids);
    let target = names::quoted(folder);
    if session.abilities.moves {
        let command = format!("UID MOVE {set} {target}");
        return in_folder(session, uids.len(), &command, &target).await;
    }
    // Without MOVE a copy must never be made again and again because the next step fails (a folder where
    // nothing may be flagged). So flagging comes first and proves itself, and what is flagged as deleted
    // was copied before.
    flag(session, uids).await?;
    let deleted = flagged_deleted(session).await?;
    let fresh: Vec<u32> = uids
        .iter()
        .copied()
        .filter(|uid| !deleted.contains(uid))
        .collect();
    if !fresh.is_empty() {
        let set = names::uid_set(&fresh);
        let command = format!("UID COPY {set} {target}");
        in_folder(session, fresh.len(), &command, &target).await?;
    }
    delete(session, uids).await
}

/// Runs a command that needs the target folder, and makes the folder if that is what is missing.
async fn in_folder(
    session: &mut ImapSession,
    mails: usize,
    command: &str,
    target: &str,
) -> Result<(), Failure> {
    match session.tell_about(mails, command).await {
        Err(Failure::Refused(said)) => {
            // The folder is there: something else was wrong.
            if session.tell(&format!("CREATE {target}")).await.is_err() {
                return Err(Failure::Refused(said));
            }
            session.tell_about(mails, command).await
        }
        other => other,
    }
}

async fn delete(session: &mut ImapSession, uids: &[u32]) -> Result<(), Failure> {
    let set = names::uid_set(uids);
    let command = format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)");
    session.tell_about(uids.len(), &command).await?;
    if session.abilities.uid_plus {
        let command = format!("UID EXPUNGE {set}");
        return session.tell_about(uids.len(), &command).await;
    }
    // A plain EXPUNGE takes everything that anybody flagged. If there is more than ours, ours stays
    // flagged, as every mail client shows it.
    let ours: HashSet<u32> = uids.iter().copied().collect();
    if flagged_deleted(session).await?.is_subset(&ours) {
        session.tell_about(uids.len(), "EXPUNGE").await?;
    }
    Ok(())
}

async fn flagged_deleted(session: &mut ImapSession) -> Result<HashSet<u32>, Failure> {
    let mut found = HashSet::new();
    session
        .command("UID SEARCH DELETED", 0, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend(uids);
            }
        })
        .await?;
    Ok(found)
}
