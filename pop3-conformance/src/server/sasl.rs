//! The client's side of AUTH (RFC 5034), in raw octets.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use super::bench::{Bench, Halt, breach, expect, is_barred, skip};
use super::exchange::{is_challenge, without_end};
use super::peer::{Peer, Reply, Trouble};
use super::scram::Scram;
use super::wire::shown;

/// The mechanisms that are known here, those first that any user with a password may have.
pub(super) const KNOWN: [&str; 8] = [
    "PLAIN",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "OAUTHBEARER",
    "XOAUTH2",
];

/// The mechanisms that are listed before login, in capitals.
pub(super) fn listed(bench: &Bench<'_>) -> Vec<String> {
    let words = bench.offers().before.as_ref().and_then(|list| list.get("SASL"));
    let words = words.map(String::as_str).unwrap_or_default();
    words.split_ascii_whitespace().map(str::to_ascii_uppercase).collect()
}

/// Those of them that are known here.
///
/// # Errors
/// When there are none: the case cannot decide.
pub(super) fn known(bench: &Bench<'_>) -> Result<Vec<&'static str>, Halt> {
    let listed = listed(bench);
    let known = KNOWN.into_iter().filter(|known| listed.iter().any(|listed| listed == known));
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        skip("the server has no SASL mechanism that is known here")
    } else {
        Ok(known)
    }
}

/// A connection on which AUTH with this mechanism has been answered by a challenge.
pub(super) fn challenged(bench: &mut Bench<'_>, mechanism: &str) -> Result<(Peer, Reply), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let reply = peer.ask(&format!("AUTH {mechanism}"))?;
    if is_barred(&reply) {
        return skip(format!("the server takes no logins now: {}", reply.line()));
    }
    expect(is_challenge(&reply.status), &reply.status, format!("a challenge to AUTH {mechanism}"))?;
    Ok((peer, reply))
}

/// Sends a response and reads what the server says to it.
pub(super) fn respond(peer: &mut Peer, response: &[u8]) -> Result<Reply, Trouble> {
    peer.ask(&Base64::encode_string(response))
}

/// What a challenge carries; none when it is none, or not in Base64.
pub(super) fn carried(reply: &Reply) -> Option<Vec<u8>> {
    if !is_challenge(&reply.status) {
        return None;
    }
    let line = without_end(&reply.status).strip_prefix(b"+")?;
    let text = line.strip_prefix(b" ").unwrap_or(line);
    Base64::decode_vec(std::str::from_utf8(text).ok()?).ok()
}

/// The reply must be a refusal.
pub(super) fn refused(reply: &Reply) -> Result<(), Halt> {
    expect(reply.status.starts_with(b"-ERR"), &reply.status, "-ERR")
}

/// Gives up. The server must say so.
pub(super) fn cancel(peer: &mut Peer) -> Result<(), Halt> {
    refused(&peer.ask("*")?)
}

/// The digest of CRAM-MD5 (RFC 2195, section 2).
pub(super) fn cram_digest(password: &[u8], challenge: &[u8]) -> String {
    let mut mac = <Hmac<Md5> as KeyInit>::new_from_slice(password).expect("HMAC takes any key");
    mac.update(challenge);
    mac.finalize().into_bytes().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The message of OAUTHBEARER (RFC 7628, section 3.1) or XOAUTH2. A server may demand that the user is
/// named.
pub(super) fn bearer(mechanism: &str, user: &[u8], token: &str) -> Vec<u8> {
    let auth = format!("\x01auth=Bearer {token}\x01\x01");
    match mechanism {
        "XOAUTH2" => [b"user=", user, auth.as_bytes()].concat(),
        _ => [b"n,a=", user, b",", auth.as_bytes()].concat(),
    }
}

/// Tries to log in by a mechanism, as its document has it.
pub(super) fn attempt(bench: &Bench<'_>, peer: &mut Peer, mechanism: &str) -> Result<Reply, Halt> {
    bench.greet(peer)?;
    if mechanism.starts_with("SCRAM-") {
        return Ok(Scram::new(bench, peer, mechanism)?.run(peer)?.reply);
    }
    let account = &bench.target().account;
    let challenge = peer.ask(&format!("AUTH {mechanism}"))?;
    if !is_challenge(&challenge.status) {
        return Ok(challenge);
    }
    let token = || match &bench.target().token {
        Some(token) => Ok(token),
        None => skip("no token is known"),
    };
    let response = match mechanism {
        "PLAIN" => [b"\0", &account.user[..], b"\0", &account.password[..]].concat(),
        "CRAM-MD5" => {
            let challenge = carried(&challenge).unwrap_or_default();
            let digest = cram_digest(&account.password, &challenge);
            [&account.user[..], b" ", digest.as_bytes()].concat()
        }
        "OAUTHBEARER" | "XOAUTH2" => bearer(mechanism, &account.user, token()?),
        _ => return skip(format!("{mechanism} is not known here")),
    };
    let reply = respond(peer, &response)?;
    // The explanation of a refusal awaits an answer.
    if is_challenge(&reply.status) { Ok(peer.ask("*")?) } else { Ok(reply) }
}

/// Logs in by a mechanism. A server may offer it without every user having it: where it lets the
/// user not in, the case cannot decide.
pub(super) fn login_by(
    bench: &mut Bench<'_>,
    peer: &mut Peer,
    mechanism: &str,
) -> Result<(), Halt> {
    let is_new = peer.sent == 0;
    let reply = attempt(bench, peer, mechanism)?;
    if reply.is_positive() {
        return Ok(());
    }
    if !is_new {
        return breach(shown(&reply.status), "a login that succeeds");
    }
    // An earlier session may still hold the maildrop; behind one that is over none does.
    let mut usual = bench.session()?;
    leave(&mut usual)?;
    *peer = bench.connect()?;
    let reply = attempt(bench, peer, mechanism)?;
    if reply.is_positive() {
        return Ok(());
    }
    skip(format!("the server has no {mechanism} for this user: {}", shown(&reply.status)))
}

/// Logs in by a mechanism, whichever lets the user in.
pub(super) fn login_by_any(bench: &mut Bench<'_>) -> Result<(Peer, &'static str), Halt> {
    for mechanism in known(bench)? {
        let mut peer = bench.connect()?;
        match login_by(bench, &mut peer, mechanism) {
            Ok(()) => return Ok((peer, mechanism)),
            Err(Halt::Skip(_)) => {}
            Err(halt) => return Err(halt),
        }
    }
    skip("the server has no SASL mechanism that lets this user in")
}

/// Makes sure that the user comes in by a mechanism, and leaves.
pub(super) fn proven(bench: &mut Bench<'_>, mechanism: &str) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    login_by(bench, &mut peer, mechanism)?;
    leave(&mut peer)
}

/// Says good-bye: behind the reply the maildrop is free.
pub(super) fn leave(peer: &mut Peer) -> Result<(), Halt> {
    let reply = peer.ask("QUIT")?;
    expect(reply.is_positive(), &reply.status, "+OK to QUIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_cram_md5_is_that_of_the_rfc() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        assert_eq!(cram_digest(b"tanstaaftanstaaf", challenge), "b913a602c7eda7a495b4e6e7334d3890");
    }

    #[test]
    fn a_challenge_carries_what_its_base64_stands_for() {
        let carried =
            |line: &str| carried(&Reply { status: line.as_bytes().to_vec(), content: None });
        assert_eq!(carried("+ PGE+\r\n").unwrap(), b"<a>");
        assert_eq!(carried("+ \r\n").unwrap(), b"");
        assert_eq!(carried("+\r\n").unwrap(), b"");
        assert_eq!(carried("+OK\r\n"), None);
        assert_eq!(carried("+ go ahead\r\n"), None);
    }
}
