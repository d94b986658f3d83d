//! A private mail system for tests: Dovecot (IMAP, LMTP, SASL) and Postfix (SMTP, submission), with a small
//! OAuth server beside them.
//!
//! Each stack is its own: a temporary folder, free ports of the loopback, its own certificates. Nothing of
//! the system's configuration is read, and nothing but the packages' programs is used. The masters are
//! started directly, without the packages' scripts, which makes a start cheap enough (a fraction of a
//! second) for every test to have a stack of its own: there is nothing to share, to lock or to clean
//! between the processes that nextest makes. A stack ends with the value; if the test's process is killed,
//! the kernel tells the masters (`setpriv --pdeathsig`).
//!
//! Needs root, because Postfix does, and the packages of `.ci/install-test-servers`.

mod certificates;
mod dovecot;
mod mailboxes;
mod oauth;
mod postfix;
mod process;

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use frontdesk::config::service::{Credentials, ImapSettings, SmtpServer, TlsMode, TokenSource};
use tempfile::TempDir;

pub use oauth::OauthServer;
use process::Master;

/// The domains whose mail the stack delivers; everything else is refused.
pub const DOMAINS: [&str; 3] = ["example.org", "example.net", "example.com"];

/// How long the harness waits for a server or a mail before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the stack is to be.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Whether Dovecot offers TLS; without it there is neither STARTTLS nor IMAPS.
    pub imap_tls: bool,
    /// What Dovecot says that it can, in place of the truth.
    pub imap_capability: Option<&'static str>,
    /// Whether Postfix offers STARTTLS on the submission port.
    pub smtp_starttls: bool,
    /// Whether Postfix is started at all.
    pub postfix: bool,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            imap_tls: true,
            imap_capability: None,
            smtp_starttls: true,
            postfix: true,
        }
    }
}

impl StackOptions {
    /// Dovecot alone.
    pub fn imap_only() -> Self {
        Self {
            postfix: false,
            ..Self::default()
        }
    }
}

/// The ports of a stack, all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// IMAP, with STARTTLS.
    pub imap: u16,
    /// IMAP over TLS.
    pub imaps: u16,
    /// SMTP as other servers use it: no login, delivers to the stack's domains.
    pub smtp: u16,
    /// Submission with STARTTLS and login.
    pub submission: u16,
    /// Submission over TLS.
    pub submissions: u16,
    /// LMTP between Postfix and Dovecot.
    pub lmtp: u16,
}

/// A running mail system.
pub struct MailStack {
    /// Its ports.
    pub ports: Ports,
    /// Its OAuth server.
    pub oauth: OauthServer,
    options: StackOptions,
    dovecot: Option<Master>,
    postfix: Option<Master>,
    // Last: the folder goes when the servers are gone.
    folder: TempDir,
}

impl MailStack {
    /// Starts a stack and waits until it answers.
    pub fn start(options: StackOptions) -> Self {
        assert_eq!(
            process::user_id(),
            0,
            "the mail servers for tests need root, because Postfix does"
        );
        let folder = tempfile::Builder::new()
            .prefix("fdmail")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .unwrap();
        certificates::make(folder.path());
        let oauth = OauthServer::start();
        for attempt in 1.. {
            let mut stack = Self {
                ports: free_ports(),
                oauth: oauth.clone(),
                options: options.clone(),
                dovecot: None,
                postfix: None,
                folder: tempfile::Builder::new()
                    .prefix("fdmail")
                    .permissions(fs::Permissions::from_mode(0o755))
                    .tempdir()
                    .unwrap(),
            };
            fs::rename(folder.path().join("tls"), stack.path("tls")).unwrap();
            dovecot::configure(&stack);
            if options.postfix {
                postfix::configure(&stack);
            }
            let started = stack.try_start_dovecot().and_then(|()| {
                if options.postfix {
                    stack.try_start_postfix()
                } else {
                    Ok(())
                }
            });
            match started {
                Ok(()) => return stack,
                // Another test was given the same port in the same moment.
                Err(log) if log.contains("in use") && attempt < 5 => {
                    fs::rename(stack.path("tls"), folder.path().join("tls")).unwrap();
                }
                Err(log) => panic!("the mail servers did not start:\n{log}"),
            }
        }
        unreachable!("the loop ends by itself")
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The root certificate that the servers' certificates come from.
    pub fn ca_file(&self) -> PathBuf {
        self.path("tls/ca.pem")
    }

    /// What the servers have logged.
    pub fn log(&self) -> String {
        ["dovecot.log", "dovecot.out", "postfix.log", "postfix.out"]
            .iter()
            .filter_map(|name| fs::read_to_string(self.path("log").join(name)).ok())
            .collect()
    }

    /// Waits until a line of the log holds all of these words: the servers write theirs a moment later.
    pub fn wait_for_log(&self, words: &[&str]) {
        let come = within_patience(|| {
            self.log()
                .lines()
                .any(|line| words.iter().all(|word| line.contains(word)))
        });
        assert!(come, "no line with {words:?}:\n{}", self.log());
    }

    /// Settings for a mailbox by password.
    pub fn imap(&self, address: &str, password: &str, tls: TlsMode) -> ImapSettings {
        ImapSettings {
            host: "localhost".to_owned(),
            port: match tls {
                TlsMode::Tls => self.ports.imaps,
                TlsMode::Starttls | TlsMode::None => self.ports.imap,
            },
            tls,
            ca_file: Some(self.ca_file()),
            credentials: Credentials::Password {
                user: address.to_owned(),
                password: password.to_owned().into(),
            },
            folder: "INBOX".to_owned(),
            idle: true,
            timeout_seconds: 20,
        }
    }

    /// Settings for submission by password.
    pub fn smtp(&self, address: &str, password: &str, tls: TlsMode) -> SmtpServer {
        SmtpServer {
            host: "localhost".to_owned(),
            port: match tls {
                TlsMode::Tls => self.ports.submissions,
                TlsMode::Starttls => self.ports.submission,
                TlsMode::None => self.ports.smtp,
            },
            tls,
            ca_file: Some(self.ca_file()),
            credentials: (tls != TlsMode::None).then(|| Credentials::Password {
                user: address.to_owned(),
                password: password.to_owned().into(),
            }),
            per_minute: None,
            timeout_seconds: 20,
        }
    }

    /// Credentials by a refresh token of the stack's own OAuth server.
    pub fn oauth_credentials(&self, address: &str, refresh_token: &str) -> Credentials {
        Credentials::OAuth {
            user: address.to_owned(),
            token: TokenSource::Refresh {
                endpoint: self.oauth.token_endpoint(),
                client_id: "frontdesk".to_owned(),
                client_secret: None,
                refresh_token: refresh_token.to_owned().into(),
                refresh_token_file: None,
                scope: None,
            },
        }
    }

    /// Ends the sessions of a mailbox, as an administrator would.
    pub fn kick(&self, address: &str) {
        self.doveadm(&["kick", address]);
    }

    /// Runs doveadm on this Dovecot.
    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let output = std::process::Command::new("doveadm")
            .arg("-c")
            .arg(self.path("dovecot.conf"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "doveadm {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts Dovecot again after a stop.
    pub fn start_dovecot(&mut self) {
        self.try_start_dovecot()
            .unwrap_or_else(|log| panic!("Dovecot did not start:\n{log}"));
    }

    /// Starts Postfix again after a stop.
    pub fn start_postfix(&mut self) {
        self.try_start_postfix()
            .unwrap_or_else(|log| panic!("Postfix did not start:\n{log}"));
    }

    /// Ends Dovecot as an administrator does.
    pub fn stop_dovecot(&mut self) {
        self.dovecot.take().unwrap().stop();
    }

    /// Ends Postfix as an administrator does.
    pub fn stop_postfix(&mut self) {
        self.postfix.take().unwrap().stop();
    }

    /// Ends all processes of Dovecot at once.
    pub fn kill_dovecot(&mut self) {
        drop(self.dovecot.take().unwrap());
    }

    /// Ends all processes of Postfix at once.
    pub fn kill_postfix(&mut self) {
        drop(self.postfix.take().unwrap());
    }

    fn try_start_dovecot(&mut self) -> Result<(), String> {
        let mut command = Master::command("dovecot");
        command.arg("-F").arg("-c").arg(self.path("dovecot.conf"));
        let mut ports = vec![self.ports.imap, self.ports.lmtp];
        if self.options.imap_tls {
            ports.push(self.ports.imaps);
        }
        self.dovecot = Some(self.run(command, "dovecot.out", &ports)?);
        Ok(())
    }

    fn try_start_postfix(&mut self) -> Result<(), String> {
        let mut command = Master::command(postfix::MASTER);
        command.arg("-c").arg(self.path("postfix")).arg("-d");
        let ports = [
            self.ports.smtp,
            self.ports.submission,
            self.ports.submissions,
        ];
        self.postfix = Some(self.run(command, "postfix.out", &ports)?);
        Ok(())
    }

    fn run(
        &self,
        command: std::process::Command,
        log: &str,
        ports: &[u16],
    ) -> Result<Master, String> {
        let mut master = Master::start(command, &self.path("log").join(log));
        let mut ended = false;
        let up = within_patience(|| {
            ended = master.has_ended();
            ended || ports.iter().all(|port| answers(*port))
        });
        if up && !ended {
            return Ok(master);
        }
        Err(self.log())
    }
}

impl Drop for MailStack {
    fn drop(&mut self) {
        // Postfix first: it would log that its SASL server is gone.
        self.postfix = None;
        self.dovecot = None;
    }
}

fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Asks until the answer is yes or patience ends.
fn within_patience(question: impl FnMut() -> bool) -> bool {
    within(PATIENCE, question)
}

fn within(span: Duration, mut question: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < span {
        if question() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Ports below those that the kernel gives to outgoing connections, so that one stays free while its server
/// is stopped.
fn free_ports() -> Ports {
    let mut held = Vec::new();
    let mut next = || loop {
        let port = rand::random_range(15_000..32_000);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push(listener);
            return port;
        }
    };
    Ports {
        imap: next(),
        imaps: next(),
        smtp: next(),
        submission: next(),
        submissions: next(),
        lmtp: next(),
    }
}
