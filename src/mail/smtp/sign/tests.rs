#![expect(clippy::unwrap_used, reason = "a test may end at once")]

use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use secrecy::SecretString;

use super::*;

/// The message of RFC 8463, appendix A.3, with its trailing whitespace as published.
const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
To: Suzie Q <suzie@shopping.example.net>\r\n\
Subject: Is dinner ready?\r\n\
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
\r\n\
Hi.\r\n\
\r\n\
We lost the game.  Are you hungry yet?\r\n\
\r\n\
Joe.\r\n";

/// The key of RFC 8032, section 7.1, test 1, which RFC 8463, appendix A.2 uses too, as PKCS #8.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
-----END PRIVATE KEY-----\n";

fn signer(domain: &str, selector: &str, pem: &str) -> Result<Signer, SignError> {
    let dkim = Dkim {
        domain: domain.to_owned(),
        selector: selector.to_owned(),
        private_key: SecretString::from(pem.to_owned()),
    };
    let at = "2026-11-20T09:15:00Z".parse().unwrap();
    Signer::new(&dkim, Clock::manual(at))
}

/// The value of a tag in a DKIM-Signature field, without folding.
fn tag(field: &str, name: &str) -> String {
    let flat: String = field.split_whitespace().collect();
    flat.trim_start_matches("DKIM-Signature:")
        .split(';')
        .find_map(|part| part.strip_prefix(&format!("{name}=")))
        .unwrap()
        .to_owned()
}

#[test]
fn rfc_8463_appendix_a_3_is_signed_as_published() {
    // The body hash and the signature of the RFC. Its field is laid out differently, so the data to sign is
    // made from the published field, as a verifier would do.
    let signer = signer("football.example.com", "brisbane", ED25519).unwrap();
    let (header, body) = split(MESSAGE.as_bytes());
    let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
    assert_eq!(body_hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    let published = " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
d=football.example.com; i=@football.example.com;\r\n \
q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
subject : date : message-id : from : subject : date;\r\n \
bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    // The second from, subject and date of the list stand for absent fields and add nothing.
    let names = ["from", "to", "subject", "date", "message-id"];
    let data = signed_data(header, &names, published);
    assert_eq!(
        STANDARD.encode(signer.raw_signature(&data)),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
}

#[test]
fn rfc_6376_section_3_4_5_canonical_forms() {
    let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
    let (header, body) = split(message);
    let mut relaxed = Vec::new();
    for (name, value) in fields(header) {
        relaxed_field(name, value, &mut relaxed);
    }
    assert_eq!(relaxed, b"a:X\r\nb:Y Z\r\n");
    assert_eq!(relaxed_body(body), b" C\r\nD E\r\n");
    assert_eq!(relaxed_body(b""), b"");
    assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
    assert_eq!(relaxed_body(b"a"), b"a\r\n");
}

#[test]
fn an_rsa_signature_verifies_and_the_message_stays_as_it_was() {
    let pem = rsa_key();
    let signer = signer("example.org", "desk", &pem).unwrap();
    let signed = signer.sign(MESSAGE.as_bytes());
    let text = String::from_utf8(signed).unwrap();
    let field = text.strip_suffix(MESSAGE).unwrap();
    assert_eq!(tag(field, "a"), "rsa-sha256");
    assert_eq!(tag(field, "d"), "example.org");
    assert_eq!(tag(field, "s"), "desk");
    assert_eq!(tag(field, "t"), "1795166100");
    assert_eq!(
        tag(field, "bh"),
        "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    );
    assert!(field.lines().all(|line| line.len() <= 78), "{field}");
    // The verifier's way: the field as sent, with an empty b=.
    let (unsigned, _) = field
        .strip_prefix("DKIM-Signature: ")
        .unwrap()
        .rsplit_once(" b=")
        .unwrap();
    let names = tag(field, "h");
    let names: Vec<&str> = names.split(':').collect();
    assert_eq!(names, SIGNED);
    let (header, _) = split(MESSAGE.as_bytes());
    let data = signed_data(header, &names, &format!("{unsigned} b="));
    let Key::Rsa(key) = &signer.key else {
        unreachable!("the key is RSA")
    };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key())
        .verify(&data, &STANDARD.decode(tag(field, "b")).unwrap())
        .unwrap();
}

#[test]
fn keys_in_either_form_are_taken_and_others_named() {
    let pkcs1 = openssl(&["rsa", "-traditional"], &rsa_key());
    assert!(pkcs1.contains("BEGIN RSA PRIVATE KEY"));
    assert!(signer("example.org", "desk", &pkcs1).is_ok());
    for (bad, why) in [
        ("not a key", "not a private key"),
        (&openssl(&["genrsa", "-traditional", "1024"], ""), "Small"),
    ] {
        let error = signer("example.org", "desk", bad)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("desk._domainkey.example.org"), "{error}");
        assert!(error.contains(why), "{error}");
    }
}

fn rsa_key() -> String {
    openssl(
        &[
            "genpkey",
            "-algorithm",
            "RSA",
            "-pkeyopt",
            "rsa_keygen_bits:2048",
        ],
        "",
    )
}

fn openssl(arguments: &[&str], input: &str) -> String {
    use std::io::Write;
    let mut child = std::process::Command::new("openssl")
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
