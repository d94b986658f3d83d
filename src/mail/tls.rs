//! TLS for the mail wires: one provider, the public roots, and the operator's own roots beside them.

use std::{net::IpAddr, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio_rustls::TlsConnector;

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of additional roots cannot be used.
    #[error("root certificates in {file}: {reason}")]
    Roots {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server's name cannot stand on a certificate.
    #[error("{0:?} is no name for a certificate")]
    Name(String),
    /// The provider refused.
    #[error("TLS cannot be set up: {0}")]
    Provider(#[from] rustls::Error),
}

/// A connector that trusts the public roots and those in `ca_file`.
///
/// # Errors
/// If the file cannot be read or holds no certificate.
pub fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, TlsError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(file) = ca_file {
        let refuse = |reason: String| TlsError::Roots {
            file: file.display().to_string(),
            reason,
        };
        let mut found = 0_usize;
        for certificate in
            CertificateDer::pem_file_iter(file).map_err(|error| refuse(error.to_string()))?
        {
            let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| refuse(error.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(refuse("no certificate in it".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that the server's certificate must carry.
///
/// # Errors
/// If `host` is neither a domain name nor an address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))
}

/// Whether `host` can only be this machine. Names are not looked up: whoever answers for a name is not
/// known before the connection stands.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.1.2.3",
            "::1",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "mail.example.org",
            "localhost.example.org",
            "10.0.0.1",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_roots_file_that_cannot_be_used_is_named() {
        let error = connector(Some(Path::new("/nonexistent/ca.pem"))).err();
        assert!(error.is_some_and(|error| error.to_string().contains("/nonexistent/ca.pem")));
    }
}
