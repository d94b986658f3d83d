//! Mail in and out of the stack's mailboxes.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::{MailStack, dovecot, within_patience};

impl MailStack {
    /// Makes a mailbox.
    pub fn add_user(&self, address: &str, password: &str) {
        let mut users = fs::OpenOptions::new()
            .append(true)
            .open(self.path("users"))
            .unwrap();
        writeln!(users, "{address}:{{PLAIN}}{password}::::::").unwrap();
    }

    /// Delivers a mail as another server would: by SMTP, through Postfix and LMTP. Postfix has taken it
    /// when this returns; the mailbox has it a moment later.
    pub fn deliver(&self, from: &str, to: &str, raw: &[u8]) {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports.smtp)).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        let mut expect = |code: &str| loop {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            assert!(line.starts_with(code), "Postfix said {line:?}, not {code}");
            if line.as_bytes()[3] == b' ' {
                break;
            }
        };
        expect("220");
        for (command, code) in [
            ("EHLO test.example.net".to_owned(), "250"),
            (format!("MAIL FROM:<{from}>"), "250"),
            (format!("RCPT TO:<{to}>"), "250"),
            ("DATA".to_owned(), "354"),
        ] {
            write!(stream, "{command}\r\n").unwrap();
            expect(code);
        }
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b".") {
                stream.write_all(b".").unwrap();
            }
            stream.write_all(line).unwrap();
        }
        if !raw.ends_with(b"\n") {
            stream.write_all(b"\r\n").unwrap();
        }
        stream.write_all(b".\r\nQUIT\r\n").unwrap();
        expect("250");
    }

    /// Puts a mail straight into a mailbox, which is quick for many.
    pub fn put(&self, address: &str, raw: &[u8]) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let maildir = self.maildir(address);
        let (user, group) = dovecot::owner();
        let mut made = self.path("vmail");
        for part in maildir
            .strip_prefix(&made)
            .unwrap()
            .join("new")
            .components()
        {
            made.push(part);
            if !made.exists() {
                fs::create_dir(&made).unwrap();
                chown(&made, Some(user), Some(group)).unwrap();
            }
        }
        for part in ["cur", "tmp"] {
            let part = maildir.join(part);
            if !part.exists() {
                fs::create_dir(&part).unwrap();
                chown(&part, Some(user), Some(group)).unwrap();
            }
        }
        // The time in the name gives the order in which Dovecot numbers the mails.
        let name = format!("{}.M{number}P1.test", 1_790_000_000 + number);
        let file = maildir.join("tmp").join(&name);
        fs::write(&file, raw).unwrap();
        chown(&file, Some(user), Some(group)).unwrap();
        let there = maildir.join("new").join(&name);
        fs::rename(file, &there).unwrap();
        there
    }

    /// The mails in a mailbox's inbox, in the order of their delivery.
    pub fn mails(&self, address: &str) -> Vec<Vec<u8>> {
        read_maildir(&self.maildir(address))
    }

    /// The mails in another folder of a mailbox.
    pub fn mails_in(&self, address: &str, folder: &str) -> Vec<Vec<u8>> {
        let folder = folder.replace('/', ".");
        read_maildir(&self.maildir(address).join(format!(".{folder}")))
    }

    /// Waits until the inbox holds `count` mails, and gives them.
    pub fn wait_for_mails(&self, address: &str, count: usize) -> Vec<Vec<u8>> {
        let mut mails = Vec::new();
        let come = within_patience(|| {
            mails = self.mails(address);
            mails.len() >= count
        });
        assert!(
            come,
            "{} of {count} mails came for {address}:\n{}",
            mails.len(),
            self.log()
        );
        mails
    }

    /// The folder in which a mailbox lies.
    pub fn maildir(&self, address: &str) -> PathBuf {
        let (local, domain) = address.split_once('@').unwrap();
        self.path("vmail").join(domain).join(local).join("Maildir")
    }
}

fn read_maildir(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<(std::ffi::OsString, PathBuf)> = ["new", "cur"]
        .iter()
        .filter_map(|part| fs::read_dir(folder.join(part)).ok())
        .flatten()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), entry.path()))
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|(_, path)| fs::read(path).ok())
        .collect()
}
