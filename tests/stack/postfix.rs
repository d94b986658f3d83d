//! Postfix's part: mail from outside, and submission by login.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
};

use super::{DOMAINS, MailStack, process};

/// Started directly: the script in front of it takes seconds for what a fresh folder does not need.
pub(super) const MASTER: &str = "/usr/lib/postfix/sbin/master";

pub(super) fn configure(stack: &MailStack) {
    let (user, group) = process::system_user("postfix");
    let drop = process::system_group("postdrop");
    let make = |name: &str, mode: u32, owner: (u32, u32)| {
        let path = stack.path(name);
        fs::create_dir(&path).unwrap();
        chown(&path, Some(owner.0), Some(owner.1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    make("postfix", 0o755, (0, 0));
    make("data", 0o700, (user, group));
    make("queue", 0o755, (0, 0));
    for name in [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
        "saved", "trace",
    ] {
        make(&format!("queue/{name}"), 0o700, (user, 0));
    }
    make("queue/pid", 0o755, (0, 0));
    make("queue/public", 0o2710, (user, drop));
    make("queue/maildrop", 0o1730, (user, drop));
    write(stack, "main.cf", &main(stack));
    write(stack, "master.cf", &master(stack));
    // Recipients that are refused at once, for good or for now.
    write(
        stack,
        "recipients",
        "/^nobody@/ 550 5.1.1 no such user here\n/^later@/ 450 4.2.1 try again later\n/^closing@/ 421 4.3.2 going down\n",
    );
}

/// Postfix waits until a file has not changed for two seconds before it believes it, so this one is older.
fn write(stack: &MailStack, name: &str, text: &str) {
    let path = stack.path("postfix").join(name);
    fs::write(&path, text).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    let earlier = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    file.set_modified(earlier).unwrap();
}

fn main(stack: &MailStack) -> String {
    let at = stack.folder.path().display();
    let domains = DOMAINS.join(", ");
    let lmtp = stack.ports.lmtp;
    // A deferred message that is due while its last attempt still holds it stays in the active queue for good
    // ("skipped, still being delivered"): the backoff must be longer than an attempt's end takes.
    format!(
        r"compatibility_level = 3.6
queue_directory = {at}/queue
data_directory = {at}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {at}/log/postfix.log
maillog_file_prefixes = {at}
myhostname = mail.example.org
mydomain = example.org
myorigin = example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:5.7.1 mail to the outside is not sent from a test
relayhost =
disable_dns_lookups = yes
smtp_dns_support_level = disabled
biff = no
append_dot_mydomain = no
message_size_limit = 52428800
mailbox_size_limit = 0
virtual_mailbox_limit = 0
in_flow_delay = 0
minimal_backoff_time = 3s
maximal_backoff_time = 4s
queue_run_delay = 1s
lmtp_connect_timeout = 5s
lmtp_lhlo_timeout = 5s
lmtp_mail_timeout = 5s
lmtp_rcpt_timeout = 5s
lmtp_data_init_timeout = 5s
lmtp_data_xfer_timeout = 5s
lmtp_data_done_timeout = 5s
smtpd_client_connection_count_limit = 0
smtpd_tls_cert_file = {at}/tls/server.pem
smtpd_tls_key_file = {at}/tls/server.key
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = {at}/run/auth-smtp
smtpd_sasl_auth_enable = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{at}/postfix/recipients
smtpd_delay_reject = yes
smtputf8_enable = yes
"
    )
}

fn master(stack: &MailStack) -> String {
    let ports = &stack.ports;
    let login = "-o smtpd_sasl_auth_enable=yes\n  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject";
    let level = if stack.options.smtp_starttls {
        "encrypt"
    } else {
        "none"
    };
    format!(
        r"127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level={level}
  {login}
127.0.0.1:{submissions} inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  {login}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
",
        smtp = ports.smtp,
        submission = ports.submission,
        submissions = ports.submissions,
    )
}

impl MailStack {
    /// Whether Postfix has handed on everything it took.
    pub fn queue_is_empty(&self) -> bool {
        ["maildrop", "incoming", "active", "deferred", "hold"]
            .iter()
            .all(|queue| holds_no_file(&self.path("queue").join(queue)))
    }
}

fn holds_no_file(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.flatten().all(|entry| {
        // Postfix may take away a file that was just listed.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        is_folder && holds_no_file(&entry.path())
    })
}
