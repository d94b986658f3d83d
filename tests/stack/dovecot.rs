//! Dovecot's part: IMAP, LMTP, and the logins of all.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
};

use super::{MailStack, process};

/// Who owns the mailboxes: an unprivileged user that every Debian has.
pub(super) fn owner() -> (u32, u32) {
    process::system_user("mail")
}

pub(super) fn configure(stack: &MailStack) {
    let (user, group) = owner();
    for part in ["run", "state", "vmail", "log"] {
        fs::create_dir(stack.path(part)).unwrap();
        fs::set_permissions(stack.path(part), fs::Permissions::from_mode(0o755)).unwrap();
    }
    chown(stack.path("vmail"), Some(user), Some(group)).unwrap();
    fs::write(stack.path("users"), "").unwrap();
    chown(
        stack.path("users"),
        Some(0),
        Some(process::system_group("dovecot")),
    )
    .unwrap();
    fs::set_permissions(stack.path("users"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(
        stack.path("oauth.conf"),
        format!(
            "introspection_mode = post\nintrospection_url = {}\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n",
            stack.oauth.introspection_endpoint()
        ),
    )
    .unwrap();
    fs::write(stack.path("dovecot.conf"), config(stack)).unwrap();
}

fn config(stack: &MailStack) -> String {
    let (user, group) = owner();
    let at = stack.folder.path().display();
    let ports = &stack.ports;
    let tls = if stack.options.imap_tls { "yes" } else { "no" };
    let capability = stack
        .options
        .imap_capability
        .map(|what| format!("protocol imap {{\n  imap_capability = {what}\n}}\n"))
        .unwrap_or_default();
    let imaps = if stack.options.imap_tls {
        format!(
            "inet_listener imaps {{\n    port = {}\n    ssl = yes\n  }}",
            ports.imaps
        )
    } else {
        "inet_listener imaps {\n    port = 0\n  }".to_owned()
    };
    format!(
        r"base_dir = {at}/run
state_dir = {at}/state
instance_name = test-{imap}
protocols = imap lmtp
listen = 127.0.0.1
log_path = {at}/log/dovecot.log
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_cache_size = 0
disable_plaintext_auth = no
ssl = {tls}
ssl_cert = <{at}/tls/server.pem
ssl_key = <{at}/tls/server.key
first_valid_uid = {user}
first_valid_gid = {group}
mail_location = maildir:~/Maildir
mail_max_userip_connections = 200
mailbox_idle_check_interval = 1 secs
recipient_delimiter = +
lmtp_hdr_delivery_address = final
shutdown_clients = yes
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%Lu {at}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {at}/oauth.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%Lu {at}/users
  override_fields = uid={user} gid={group} home={at}/vmail/%Ld/%Ln
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  {imaps}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener auth-smtp {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
# No delay after a refused login.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@example.org
  auth_username_format = %Lu
}}
{capability}",
        imap = ports.imap,
        lmtp = ports.lmtp,
    )
}
