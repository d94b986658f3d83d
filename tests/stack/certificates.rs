//! A root certificate and a server's certificate from it: rustls takes no root for a server's own.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

/// Makes `tls/ca.pem`, `tls/server.pem` and `tls/server.key` for localhost and 127.0.0.1.
pub(super) fn make(folder: &Path) {
    let tls = folder.join("tls");
    fs::create_dir(&tls).unwrap();
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    openssl(&tls, |command| {
        command
            .args(["req", "-x509", "-days", "30", "-subj", "/CN=Test CA"])
            .args(key)
            .args(["-addext", "basicConstraints=critical,CA:TRUE"])
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .args(["-keyout", "ca.key", "-out", "ca.pem"])
    });
    openssl(&tls, |command| {
        command
            .args(["req", "-subj", "/CN=localhost"])
            .args(key)
            .args(["-keyout", "server.key", "-out", "server.csr"])
    });
    fs::write(
        tls.join("extensions"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n",
    )
    .unwrap();
    openssl(&tls, |command| {
        command
            .args(["x509", "-req", "-in", "server.csr", "-days", "30"])
            .args(["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"])
            .args(["-extfile", "extensions", "-out", "server.pem"])
    });
    fs::set_permissions(tls.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn openssl(folder: &Path, arguments: impl FnOnce(&mut Command) -> &mut Command) {
    let mut command = Command::new("openssl");
    let output = arguments(command.current_dir(folder)).output().unwrap();
    assert!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
