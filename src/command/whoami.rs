//! `whoami`: who the desk takes somebody for.

use serde_json::json;

use super::work::Work;
use super::{Failure, Reply};
use crate::people::{self, presence};

pub(super) async fn run(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let person = work.caller.person;
    let mut teams = Vec::new();
    if let Some(person) = person {
        let all = people::store::memberships(work.conn).await?;
        teams = all
            .into_iter()
            .filter(|membership| membership.person_id == person.id)
            .map(|membership| membership.team)
            .collect();
    }
    let away = match person {
        Some(person) => presence::away(work.conn, work.scene.now, person.id)
            .await?
            .is_some(),
        None => false,
    };
    let data = json!({
        "name": person.map(|person| &person.name),
        "handle": person.and_then(|person| person.handle.as_deref()),
        "address": person.and_then(|person| person.address.as_deref()),
        "role": work.caller.role().key(),
        "disabled": person.is_some_and(|person| person.disabled),
        "teams": teams,
        "away": away,
    });
    work.reply("whoami", &data)
}
