//! A relay between the service and a mail server, which a test can hold at an exact word of the protocol.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use super::PATIENCE;

/// Who says a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    Client,
    Server,
}

/// A relay for plain text. It ends with the test's process.
pub struct Proxy {
    /// Where it listens, on the loopback.
    pub port: u16,
    held: Receiver<()>,
    go: Sender<bool>,
}

impl Proxy {
    /// Relays to `port`. The first line for which `point` is true is held until [`Proxy::let_go`] or [`Proxy::cut`]; from then
    /// on everything passes.
    pub fn start(port: u16, point: fn(Speaker, &str) -> bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let (tell, held) = mpsc::channel();
        let (go, wait) = mpsc::channel();
        let gate = Arc::new(Mutex::new(Some(Gate { point, tell, wait })));
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
                    continue;
                };
                for (speaker, from, to) in [
                    (Speaker::Client, client.try_clone(), server.try_clone()),
                    (Speaker::Server, Ok(server), Ok(client)),
                ] {
                    let (from, to, gate) = (from.unwrap(), to.unwrap(), gate.clone());
                    thread::spawn(move || relay(speaker, from, to, &gate));
                }
            }
        });
        Self {
            port: own,
            held,
            go,
        }
    }

    /// Waits until the line is held.
    pub fn wait_held(&self) {
        self.held
            .recv_timeout(PATIENCE)
            .expect("the line that is waited for");
    }

    /// Lets the line and all that follow pass.
    pub fn let_go(&self) {
        self.go.send(true).unwrap();
    }

    /// Cuts the line off: it and its connection end here, others pass.
    pub fn cut(&self) {
        self.go.send(false).unwrap();
    }
}

struct Gate {
    point: fn(Speaker, &str) -> bool,
    tell: Sender<()>,
    wait: Receiver<bool>,
}

fn relay(speaker: Speaker, from: TcpStream, mut to: TcpStream, gate: &Mutex<Option<Gate>>) {
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        let closed = {
            let mut gate = gate.lock().unwrap();
            let there = gate.as_ref();
            if there.is_some_and(|gate| (gate.point)(speaker, &text)) {
                gate.take()
            } else {
                None
            }
        };
        if let Some(gate) = closed {
            let _ = gate.tell.send(()); // the test may be over
            if gate.wait.recv() != Ok(true) {
                break;
            }
        }
        if to.write_all(&line).is_err() {
            break;
        }
        line.clear();
    }
    let _ = to.shutdown(Shutdown::Both); // it may be closed already
    let _ = lines.get_ref().shutdown(Shutdown::Both);
}
