//! The fields of a message: LF and CRLF give the same.
#![no_main]

use frontdesk::config::service::MailLimits;
use frontdesk::mail::understand;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    if raw.contains(&b'\r') {
        return;
    }
    let limits = MailLimits::default();
    let mut lf = raw.to_vec();
    lf.extend_from_slice(b"\n\n");
    let crlf: Vec<u8> = lf
        .iter()
        .flat_map(|&byte| if byte == b'\n' { vec![b'\r', b'\n'] } else { vec![byte] })
        .collect();
    let (lf, crlf) = (understand(&lf, &limits), understand(&crlf, &limits));
    assert_eq!(lf.mail.subject, crlf.mail.subject);
    assert_eq!(lf.mail.references, crlf.mail.references);
});
