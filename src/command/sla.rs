//! `sla`: what was promised on a ticket, and how its clocks stand.

use clap::Args;

use super::grammar::OnTicket;
use super::work::Work;
use super::{Failure, Reply};
use crate::sla;

/// Arguments of `sla`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Sla {
    #[command(flatten)]
    on: OnTicket,
}

/// Explains a ticket's clocks, step by step.
pub(super) async fn run(work: &mut Work<'_>) -> Result<Reply, Failure> {
    let ticket = work.look().await?;
    let (desk, now) = (work.desk(), work.scene.now);
    let explained = sla::explain(work.conn, desk, now, ticket.id)
        .await?
        .ok_or_else(|| anyhow::anyhow!("a ticket that was found is gone"))?;
    Ok(work.reply("sla", &explained)?.on(ticket.id))
}
