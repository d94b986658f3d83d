//! What mail clients' generated markup says about a part of an HTML mail.
//!
//! Each entry is what a client writes by itself when it quotes, forwards or signs; none depends on
//! the language of the user.

use super::tokens::attribute;

/// What a piece of HTML is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// An earlier message, quoted. Its attribution line is within.
    Quote,
    /// The line that introduces a quote.
    Attribution,
    /// Everything from here on is the earlier message.
    QuoteToTheEnd,
    /// The sender's signature.
    Signature,
    /// Words that the sender set as a quote by hand: they are new.
    OwnQuote,
}

/// Whether the mark holds from its element to the end of the document, since the client puts the
/// earlier message behind the element instead of inside it.
pub(crate) fn holds_to_the_end(mark: Mark) -> bool {
    mark == Mark::QuoteToTheEnd
}

/// Class names and ids, compared whole or as a prefix (`*`), as clients prefix and number them.
const NAMES: &[(&str, Mark)] = &[
    // Gmail and clients that imitate it (Mimestream, Mailspring, Superhuman).
    ("gmail_quote*", Mark::Quote),
    ("gmail_extra", Mark::Quote),
    ("gmail_attr", Mark::Attribution),
    ("gmail_signature*", Mark::Signature),
    // Outlook on the web, new Outlook, Outlook for iOS and Android.
    ("divrplyfwdmsg", Mark::QuoteToTheEnd),
    ("x_divrplyfwdmsg", Mark::Quote),
    ("appendonsend", Mark::QuoteToTheEnd),
    ("mail-editor-reference-message-container", Mark::Quote),
    ("ms-outlook-mobile-reference-message", Mark::Quote),
    ("ms-outlook-mobile-signature", Mark::Signature),
    ("ms-outlook-mobile-body-separator-line", Mark::QuoteToTheEnd),
    ("reply-intro", Mark::Attribution),
    ("outlookmessageheader", Mark::QuoteToTheEnd),
    ("signature", Mark::Signature),
    // Outlook for Mac.
    ("olk_src_body_section", Mark::Quote),
    ("mac_outlook_signature*", Mark::Signature),
    // Yahoo and AOL.
    ("yahoo_quoted*", Mark::Quote),
    ("yahoo_qtd*", Mark::Quote),
    ("ymail_android_signature*", Mark::Signature),
    ("aolmail_*", Mark::Quote),
    ("aolreplacedbody", Mark::Quote),
    // Apple Mail.
    ("applemailsignature*", Mark::Signature),
    ("apple-mail-signature*", Mark::Signature),
    ("linebreakatbeginningofsignature", Mark::Signature),
    // Thunderbird and SeaMonkey.
    ("moz-cite-prefix", Mark::Attribution),
    ("moz-signature", Mark::Signature),
    ("moz-forward-container", Mark::Quote),
    ("moz-email-headers-table", Mark::Quote),
    // Proton, Tutanota, Zoho, Spark, Airmail, Newton, Front, Missive, Freshdesk.
    ("protonmail_quote", Mark::Quote),
    ("protonmail_signature*", Mark::Signature),
    ("tutanota_quote", Mark::Quote),
    ("zmail_extra*", Mark::Quote),
    ("messagereplysection", Mark::Quote),
    ("messagesignaturesection", Mark::Signature),
    ("bloop_original_html", Mark::Quote),
    ("bloop_sign*", Mark::Signature),
    ("airmail_sign*", Mark::Signature),
    ("cm_quote", Mark::Quote),
    ("cm_signature", Mark::Signature),
    ("front-blockquote", Mark::Quote),
    ("missive_quote", Mark::Quote),
    ("freshdesk_quote", Mark::Quote),
    ("nylas-quote", Mark::Quote),
    // QQ Mail and NetEase.
    ("isreplycontent", Mark::Quote),
    ("qmbox_quote", Mark::Quote),
    ("composer_signature", Mark::Signature),
    // GMX and WEB.DE name the element instead.
    ("quote", Mark::Quote),
    ("zwchr", Mark::QuoteToTheEnd),
    ("stopspelling", Mark::QuoteToTheEnd),
];

/// What the element says, by its name and attributes.
pub(crate) fn of(name: &str, attributes: &str) -> Option<Mark> {
    if attributes.is_empty() {
        return None;
    }
    let named = ["class", "id", "name"]
        .into_iter()
        .filter_map(|key| attribute(attributes, key))
        .flat_map(str::split_ascii_whitespace)
        .find_map(by_name);
    // Gmail wraps the earlier message in a div; the blockquote alone is its "quote" button.
    if name == "blockquote"
        && named == Some(Mark::Quote)
        && attribute(attributes, "class").is_some_and(|class| class.starts_with("gmail_quote"))
    {
        return Some(Mark::OwnQuote);
    }
    named
        .or_else(|| zimbra(attributes))
        .or_else(|| (name == "blockquote").then(|| cited(attributes)).flatten())
        .or_else(|| outlook(name, attributes))
}

fn by_name(name: &str) -> Option<Mark> {
    if name.len() > 80 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    // Yahoo prefixes class names of an earlier message with "ydp" and a hash, Outlook with "x_".
    let name = name
        .rsplit_once("yahoo_quoted")
        .map_or(name.as_str(), |_| "yahoo_quoted");
    NAMES.iter().find_map(|(known, mark)| {
        let same = match known.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *known,
        };
        same.then_some(*mark)
    })
}

/// Zimbra marks its parts with data attributes.
fn zimbra(attributes: &str) -> Option<Mark> {
    match attribute(attributes, "data-marker")? {
        "__QUOTED_TEXT__" => Some(Mark::Quote),
        "__DIVIDER__" | "__HEADERS__" => Some(Mark::QuoteToTheEnd),
        "__SIG_PRE__" | "__SIG_POST__" => Some(Mark::Signature),
        _ => None,
    }
}

/// `<blockquote type="cite">`: Apple Mail, Thunderbird, Roundcube, Fastmail.
fn cited(attributes: &str) -> Option<Mark> {
    let cite = attribute(attributes, "type")
        .is_some_and(|value| value.eq_ignore_ascii_case("cite"))
        || attribute(attributes, "cite").is_some();
    cite.then_some(Mark::Quote)
}

/// Outlook for Windows and Windows Mail draw a line above the earlier message's header: a div whose
/// only border is the upper one, with a padding of 3 points (Outlook) or 5 pixels (Windows Mail).
fn outlook(name: &str, attributes: &str) -> Option<Mark> {
    if !matches!(name, "div" | "hr") {
        return None;
    }
    let style = attribute(attributes, "style")?;
    if style.len() > 1_000 {
        return None;
    }
    let style: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if name == "hr" {
        // Outlook.com: <hr tabindex="-1" style="display:inline-block; width:98%">
        let separator =
            attribute(attributes, "tabindex") == Some("-1") && style.contains("width:98%");
        return separator.then_some(Mark::QuoteToTheEnd);
    }
    let line_above = style.contains("border-top:solid#")
        || style.contains("border-top:1pxsolid")
        || style.contains("border-top:1.0ptsolid")
        || style.contains("border-style:solidnonenone");
    let padded = style.contains("padding:3.0pt0")
        || style.contains("padding:3pt0")
        || style.contains("padding-top:5px");
    let windows_mail = style.contains("padding-top:5px") && style.contains("border-top-color:");
    (line_above && padded || windows_mail).then_some(Mark::QuoteToTheEnd)
}

/// Whether clients do not show the element: hidden preview texts of newsletters.
pub(crate) fn is_hidden(attributes: &str) -> bool {
    let Some(style) = attribute(attributes, "style") else {
        return false;
    };
    style
        .split(';')
        .filter_map(|rule| rule.split_once(':'))
        .any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("display")
                && value
                    .trim()
                    .get(..4)
                    .is_some_and(|value| value.eq_ignore_ascii_case("none"))
        })
}
