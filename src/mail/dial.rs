//! Reaching a mail server by TCP.

use std::{io, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// Connects to one of the host's addresses, tried one after the other. Each has its share of the time: behind
/// a name there is often an IPv6 address that swallows everything, and an IPv4 address that works.
///
/// Small writes leave at once (TCP_NODELAY): both protocols are a dialogue of them, and the kernel would hold
/// each one back for the 40 ms by which the other side may delay its acknowledgement.
///
/// # Errors
/// The last address's error, or [`io::ErrorKind::TimedOut`].
pub(super) async fn tcp(host: &str, port: u16, deadline: Duration) -> io::Result<TcpStream> {
    let late = || {
        let text = format!("no connection within {} s", deadline.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, text)
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<_> = timeout(deadline, lookup_host((host, port)))
        .await
        .map_err(|_| late())??
        .collect();
    let share = deadline / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut failure = io::Error::other(format!("{host} has no address"));
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => {
                failure = io::Error::new(error.kind(), format!("{address}: {error}"));
            }
            Err(_) => failure = late(),
        }
    }
    Err(failure)
}
