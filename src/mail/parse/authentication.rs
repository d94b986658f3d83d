//! `Authentication-Results` (RFC 8601).

use crate::mail::message::AuthenticationVerdict;

use super::headers::unfold;

/// The verdicts of one header field, the `header`th from the top. A field without any gives one `none`, so
/// that it is seen to be there: whoever trusts its server must not fall through to a forged field below it.
pub(crate) fn verdicts(value: &[u8], header: u32) -> Vec<AuthenticationVerdict> {
    let text = without_comments(&unfold(value.get(..16 << 10).unwrap_or(value)));
    let mut sections = text.split(';');
    let first = sections.next().unwrap_or_default();
    let Some(authserv_id) = first.split_ascii_whitespace().next() else {
        return Vec::new();
    };
    let authserv_id = authserv_id.trim_matches('"').to_ascii_lowercase();
    if authserv_id.contains('=') {
        // No authserv-id: nobody answers for these results.
        return Vec::new();
    }
    let mut verdicts: Vec<AuthenticationVerdict> = sections
        .filter_map(|section| verdict(&authserv_id, section, header))
        .take(50)
        .collect();
    if verdicts.is_empty() {
        verdicts.push(AuthenticationVerdict {
            authserv_id,
            header,
            method: "none".to_owned(),
            result: "none".to_owned(),
            domain: None,
        });
    }
    verdicts
}

fn verdict(authserv_id: &str, section: &str, header: u32) -> Option<AuthenticationVerdict> {
    let section = section.replace(" =", "=").replace("= ", "=");
    let mut pairs = section
        .split_ascii_whitespace()
        .filter_map(|pair| pair.split_once('='));
    let (method, result) = pairs.next()?;
    let method = method
        .split('/')
        .next()
        .unwrap_or(method)
        .to_ascii_lowercase();
    let mut domain: Option<(u8, String)> = None;
    for (property, value) in pairs {
        let rank = match property.to_ascii_lowercase().as_str() {
            "header.d" | "header.from" | "smtp.mailfrom" => 0,
            "header.i" | "smtp.mail" | "envelope-from" | "smtp.helo" => 1,
            _ => continue,
        };
        if domain.as_ref().is_none_or(|(known, _)| rank < *known) {
            domain = domain_of(value).map(|found| (rank, found)).or(domain);
        }
    }
    Some(AuthenticationVerdict {
        authserv_id: authserv_id.to_owned(),
        header,
        method,
        result: result.trim_matches('"').to_ascii_lowercase(),
        domain: domain.map(|(_, domain)| domain),
    })
}

fn domain_of(value: &str) -> Option<String> {
    let value = value.trim_matches(['"', '<', '>']);
    let domain = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
    (!domain.is_empty()).then(|| domain.to_ascii_lowercase())
}

/// Drops comments, which nest (RFC 5322, 3.2.2), outside of quoted strings.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    for c in text.chars() {
        if escaped {
            escaped = false;
        } else if c == '\\' && (quoted || depth > 0) {
            escaped = true;
        } else if c == '"' && depth == 0 {
            quoted = !quoted;
        } else if c == '(' && !quoted {
            depth += 1;
            continue;
        } else if c == ')' && depth > 0 {
            depth -= 1;
            kept.push(' ');
            continue;
        }
        if depth == 0 {
            // A semicolon within quotes separates nothing.
            kept.push(if quoted && c == ';' { ' ' } else { c });
        }
    }
    kept
}
