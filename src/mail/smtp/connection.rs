//! One connection to a submission server: made secure, logged in, and ready for a message.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters},
    extension::ClientId,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    config::service::{SmtpServer, TlsMode},
    mail::{dial, tls},
};

use super::{MailerError, SendFailure};

/// What a server needs to be spoken to, made once.
pub(super) struct Dialer {
    host: String,
    port: u16,
    mode: TlsMode,
    /// For STARTTLS.
    upgrade: Option<TlsParameters>,
    /// For TLS from the first byte.
    wrapper: Option<TlsConnector>,
    hello: ClientId,
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{} ({:?})", self.host, self.port, self.mode)
    }
}

/// How a connection that stands is logged in on.
pub(super) struct Login {
    pub user: String,
    pub secret: String,
    pub bearer: bool,
}

impl Dialer {
    pub(super) fn new(server: &SmtpServer) -> Result<Self, MailerError> {
        let refuse = |reason: String| MailerError::Server {
            host: server.host.clone(),
            reason,
        };
        if server.tls == TlsMode::None && !tls::is_loopback(&server.host) {
            return Err(refuse("plain text is for loopback only".to_owned()));
        }
        let roots = server.ca_file.as_deref();
        let wrapper = match server.tls {
            TlsMode::None => None,
            TlsMode::Tls | TlsMode::Starttls => {
                Some(tls::connector(roots).map_err(|error| refuse(error.to_string()))?)
            }
        };
        let upgrade = match server.tls {
            TlsMode::Starttls => {
                Some(upgrade(&server.host, roots).map_err(|error| refuse(error.to_string()))?)
            }
            TlsMode::Tls | TlsMode::None => None,
        };
        Ok(Self {
            host: server.host.clone(),
            port: server.port,
            mode: server.tls,
            upgrade,
            wrapper,
            hello: ClientId::default(),
        })
    }

    /// Connects, and makes the line secure before anything else is said. The caller sets the deadline.
    pub(super) async fn connect(
        &self,
        timeout: Duration,
    ) -> Result<AsyncSmtpConnection, SendFailure> {
        let unreachable =
            |error: &dyn std::fmt::Display| SendFailure::Unreachable(error.to_string());
        // lettre's own way to connect leaves Nagle's algorithm on, which costs 40 ms a message.
        let tcp = dial::tcp(&self.host, self.port, timeout)
            .await
            .map_err(|error| unreachable(&error))?;
        let stream: Box<dyn AsyncTokioStream> = match (self.mode, &self.wrapper) {
            (TlsMode::Tls, Some(connector)) => {
                let name = tls::server_name(&self.host).map_err(|error| unreachable(&error))?;
                let stream = connector.connect(name, tcp).await;
                Box::new(Encrypted(stream.map_err(|error| unreachable(&error))?))
            }
            (TlsMode::Tls, None) => {
                return Err(unreachable(&"TLS is not set up"));
            }
            (TlsMode::Starttls | TlsMode::None, _) => Box::new(tcp),
        };
        let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &self.hello)
            .await
            .map_err(|error| unreachable(&error))?;
        if let (TlsMode::Starttls, Some(parameters)) = (self.mode, &self.upgrade) {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(SendFailure::Unreachable(
                    "the server offers no STARTTLS, and nothing is sent in the clear".to_owned(),
                ));
            }
            connection
                .starttls(parameters.clone(), &self.hello)
                .await
                .map_err(|error| unreachable(&error))?;
        }
        Ok(connection)
    }
}

/// What lettre needs for STARTTLS: the public roots and those in `roots`.
fn upgrade(host: &str, roots: Option<&Path>) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(file) = roots {
        builder = builder.add_root_certificate(Certificate::from_pem(&std::fs::read(file)?)?);
    }
    Ok(builder.build_rustls()?)
}

/// A line that is encrypted from its first byte.
#[derive(Debug)]
struct Encrypted(TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Logs in. Only the server's no to the credential itself is [`SendFailure::Credential`].
pub(super) async fn log_in(
    connection: &mut AsyncSmtpConnection,
    login: Login,
) -> Result<(), SendFailure> {
    let mechanisms: &[Mechanism] = if login.bearer {
        &[Mechanism::Xoauth2]
    } else {
        &[Mechanism::Plain, Mechanism::Login]
    };
    if connection
        .server_info()
        .get_auth_mechanism(mechanisms)
        .is_none()
    {
        connection.abort().await;
        return Err(SendFailure::Unreachable(
            "the server offers no login that is configured".to_owned(),
        ));
    }
    let credentials = Credentials::new(login.user, login.secret);
    let Err(error) = connection.auth(mechanisms, &credentials).await else {
        return Ok(());
    };
    connection.abort().await;
    // XOAUTH2 tells of a refusal in a challenge, which shows as an error of the client.
    if error.is_permanent() || error.is_client() {
        Err(SendFailure::Credential(error.to_string()))
    } else {
        Err(SendFailure::Unreachable(error.to_string()))
    }
}
