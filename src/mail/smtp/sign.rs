//! DKIM signatures (RFC 6376) over the finished bytes of a message, by RSA or Ed25519 (RFC 8463).
//!
//! lettre can sign too, but only messages that it built itself, by recursion over each character of the
//! header, and with the `rsa` crate (RUSTSEC-2023-0071). The algorithms here are those of ring, which
//! TLS uses already; what is left is the canonical form, which is a page.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{clock::Clock, config::service::Dkim};

/// The header fields that are signed. One that is absent is signed as absent, so that nobody can add it
/// on the way (RFC 6376, section 5.4.2).
const SIGNED: [&str; 16] = [
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "sender",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the DKIM key of {selector}._domainkey.{domain} cannot be used: {reason}")]
pub struct SignError {
    domain: String,
    selector: String,
    reason: String,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Signs messages with one key.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
    clock: Clock,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Signer({}._domainkey.{})", self.selector, self.domain)
    }
}

impl Signer {
    /// A signer with this key: PKCS #1 or PKCS #8 in PEM, RSA of 2048 bits or more, or Ed25519.
    ///
    /// # Errors
    /// If the key is of another kind, too short, or no key.
    pub fn new(dkim: &Dkim, clock: Clock) -> Result<Self, SignError> {
        let refuse = |reason: &str| SignError {
            domain: dkim.domain.clone(),
            selector: dkim.selector.clone(),
            reason: reason.to_owned(),
        };
        let pem = dkim.private_key.expose_secret().as_bytes();
        let der = PrivateKeyDer::from_pem_slice(pem)
            .map_err(|_| refuse("it is not a private key in PEM"))?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der())
                .map(|key| Key::Rsa(Box::new(key)))
                .map_err(|error| refuse(&error.to_string()))?,
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                // OpenSSL leaves the public key out of an Ed25519 key, which ring calls unchecked.
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(key) => Key::Ed25519(key),
                    Err(_) => RsaKeyPair::from_pkcs8(der)
                        .map(|key| Key::Rsa(Box::new(key)))
                        .map_err(|error| refuse(&error.to_string()))?,
                }
            }
            _ => return Err(refuse("only RSA and Ed25519 keys sign mail")),
        };
        Ok(Self {
            domain: dkim.domain.clone(),
            selector: dkim.selector.clone(),
            key,
            clock,
        })
    }

    /// The message with its signature on top. Its line ends must be CRLF.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.signature(message, &SIGNED, self.clock.now().timestamp());
        let mut signed = Vec::with_capacity(message.len() + signature.len() + 32);
        signed.extend_from_slice(signature.as_bytes());
        signed.extend_from_slice(message);
        signed
    }

    /// The whole `DKIM-Signature` field with its line end.
    fn signature(&self, message: &[u8], names: &[&str], at: i64) -> String {
        let (header, body) = split(message);
        let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={}; s={}; t={at};\r\n h={};\r\n bh={body_hash};\r\n b=",
            self.domain,
            self.selector,
            names.join(":\r\n  "),
        );
        let data = signed_data(header, names, &unsigned);
        let signature = STANDARD.encode(self.raw_signature(&data));
        // Folded, since a line may have 998 characters at most and should have 78 (RFC 5322, 2.1.1).
        let mut field = format!("DKIM-Signature: {unsigned}");
        for (index, character) in signature.chars().enumerate() {
            if index % 72 == 0 && index > 0 {
                field.push_str("\r\n  ");
            }
            field.push(character);
        }
        field.push_str("\r\n");
        field
    }

    fn raw_signature(&self, data: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // Fails only for a buffer of the wrong length, or where the system has no random numbers.
                match key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    data,
                    &mut signature,
                ) {
                    Ok(()) => signature,
                    Err(_) => Vec::new(),
                }
            }
            // RFC 8463, section 3: what Ed25519 signs is the hash.
            Key::Ed25519(key) => key.sign(&Sha256::digest(data)).as_ref().to_vec(),
        }
    }
}

/// The header with the line end of its last field, and the body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = message.strip_prefix(b"\r\n") {
        return (&[], body);
    }
    message
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .and_then(|end| Some((message.get(..end + 2)?, message.get(end + 4..)?)))
        .unwrap_or((message, &[]))
}

/// What is hashed for the signature itself (RFC 6376, section 3.7).
fn signed_data(header: &[u8], names: &[&str], unsigned: &str) -> Vec<u8> {
    let fields = fields(header);
    let mut data = Vec::new();
    for name in names {
        // The undermost of several fields of a name is signed first (section 5.4.2).
        if let Some((_, value)) = fields
            .iter()
            .rev()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
        {
            relaxed_field(name.as_bytes(), value, &mut data);
        }
    }
    relaxed_field(b"dkim-signature", unsigned.as_bytes(), &mut data);
    data.truncate(data.len().saturating_sub(2));
    data
}

/// The fields of a header, folded lines joined with them.
fn fields(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::new();
    let mut rest = header;
    while !rest.is_empty() {
        let end = (0..rest.len())
            .find(|at| {
                rest.get(*at..*at + 2) == Some(b"\r\n")
                    && !matches!(rest.get(*at + 2), Some(b' ' | b'\t'))
            })
            .map_or(rest.len(), |at| at + 2);
        let (field, next) = rest.split_at(end);
        if let Some(colon) = field.iter().position(|byte| *byte == b':') {
            let (name, value) = field.split_at(colon);
            fields.push((name.trim_ascii_end(), value.get(1..).unwrap_or_default()));
        }
        rest = next;
    }
    fields
}

/// RFC 6376, section 3.4.2.
fn relaxed_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let words = value
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
}

/// RFC 6376, section 3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty_lines = 0_usize;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let blanks = line
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b' ' | b'\t'));
        let text = line.get(..line.len() - blanks.count()).unwrap_or_default();
        if text.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            out.extend_from_slice(b"\r\n");
        }
        let mut blank = false;
        for byte in text {
            if matches!(byte, b' ' | b'\t') {
                blank = true;
            } else {
                if std::mem::take(&mut blank) {
                    out.push(b' ');
                }
                out.push(*byte);
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests;
