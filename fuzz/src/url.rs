//! A URL of a mailbox: nothing in it gets into a command line, what it tells survives being
//! written again, and no error repeats a password.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use pop3_proto::Command;

use crate::secrets::{PASSWORD, shows_password};

#[allow(dead_code, reason = "the program uses more of it")]
#[path = "../../pop3-cli/src/url.rs"]
mod parser;

use parser::{InvalidUrl, MailboxUrl};

/// Takes octets for a URL, if they are text.
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    match text.parse::<MailboxUrl>() {
        Ok(url) => {
            gets_into_no_command(&url);
            survives(&url);
            hides_its_password(&url);
        }
        Err(error) => assert!(!shows_password(&format!("{error} {error:?}"))),
    }
}

fn gets_into_no_command(url: &MailboxUrl) {
    let is_one_line =
        |octets: &[u8]| !octets.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0));
    assert!(is_one_line(url.host.as_bytes()) && !url.host.is_empty());
    assert!(!url.host.contains(['@', '/', '[', ']', ' ']), "{:?}", url.host);
    assert_ne!(url.port, Some(0));
    let user = url.user.clone().map(Command::User);
    let pass = url.password.clone().map(Command::Pass);
    for command in [user, pass].into_iter().flatten() {
        let line = command.to_bytes();
        assert!(is_one_line(line.strip_suffix(b"\r\n").expect("a command ends with CRLF")));
        assert_eq!(Command::parse(&line[..line.len() - 2]), Ok(command));
    }
}

/// Written with everything encoded that can be, it means the same.
fn survives(url: &MailboxUrl) {
    let encode = |octets: &[u8]| percent_encode(octets, NON_ALPHANUMERIC).to_string();
    let user = url.user.as_ref().map(|user| encode(user.as_str().as_bytes()));
    let password = url.password.as_ref().map(|password| encode(password.expose()));
    let method = url.method.map(|method| format!(";AUTH={}", method.name()));
    let account = match (user, password) {
        (None, _) => String::new(),
        (Some(user), None) => format!("{user}{}@", method.unwrap_or_default()),
        (Some(user), Some(password)) => format!("{user}{}:{password}@", method.unwrap_or_default()),
    };
    let scheme = if url.tls { "pop3s" } else { "pop3" };
    let again = format!("{scheme}://{account}{url}").parse::<MailboxUrl>();
    assert_eq!(again.as_ref(), Ok(url));
}

/// Where it is does not depend on the password, nor is a password shown, nor its being there once
/// there is an error.
fn hides_its_password(url: &MailboxUrl) {
    let named = [Some(url.host.as_str()), url.user.as_ref().map(|user| user.as_str())];
    if named.into_iter().flatten().any(shows_password) {
        return;
    }
    assert!(!shows_password(&format!("{url} {url:?}")));
    let broken = format!("pop3://mark:{PASSWORD}@{url}:x").parse::<MailboxUrl>();
    let error: InvalidUrl = broken.expect_err("no port");
    assert!(!shows_password(&format!("{error} {error:?}")));
}
