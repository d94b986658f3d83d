//! A mail server that takes everything and keeps nothing. It lets nobody in until it is opened, so that intake and
//! delivery can be measured apart.

use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Sink {
    pub port: u16,
    open: watch::Sender<bool>,
}

impl Sink {
    /// Starts a sink that is closed: who connects waits for the greeting.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, opened) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut opened = opened.clone();
                tokio::spawn(async move {
                    if opened.wait_for(|open| *open).await.is_ok() {
                        // A client that hangs up is done with us.
                        let _ = serve(stream).await;
                    }
                });
            }
        });
        Self { port, open }
    }

    /// Lets those in who wait, and all later ones at once.
    pub fn open(&self) {
        self.open.send(true).unwrap();
    }
}

async fn serve(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await?;
    let mut line = Vec::new();
    let mut in_message = false;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match line.to_ascii_uppercase().get(..4) {
            _ if in_message && line == b".\r\n" => {
                in_message = false;
                b"250 taken\r\n"
            }
            _ if in_message => continue,
            Some(b"EHLO") => b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            Some(b"DATA") => {
                in_message = true;
                b"354 go on\r\n"
            }
            Some(b"QUIT") => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
}
