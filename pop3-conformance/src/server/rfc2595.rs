//! RFC 2595, for what a script cannot say.

use std::time::Duration;

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::{Case, Door};
use super::handshake::{Answer, TLS_1_2, answer, before_tls, hello_with};
use super::peer::{Peer, Trouble};
use super::survey::capa;
use super::wire::shown;

/// How long a server is listened to that should say nothing.
const SILENCE: Duration = Duration::from_millis(500);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "2595-4/capa-beside-stls",
            "A server that has STLS has CAPA.",
            &["2595-4-needs-capa"],
            "door: clear",
            capa_beside_stls,
        ),
        Case::code(
            "2595-4/stls-not-listed-in-tls",
            "CAPA does not list STLS in TLS where it is refused.",
            &["2595-4-stls-listed"],
            "door: clear; needs: STLS",
            not_listed_in_tls,
        ),
        Case::code(
            "2595-4/stls-not-listed-after-login",
            "CAPA does not list STLS after login, where it is not to be used.",
            &["2595-4-stls-listed", "2595-8-stls-registration"],
            "needs: STLS; maildrop",
            not_listed_after_login,
        ),
        Case::code(
            "2595-4/command-behind-stls",
            "A command that came in one segment with STLS is not carried out in TLS.",
            &["2595-4-no-injected-commands"],
            "door: clear; needs: STLS",
            |bench| {
                let Some(mut peer) = with_injection(bench, b"CAPA\r\n")? else { return Ok(()) };
                alone_is_answered(&mut peer, "CAPA", true)
            },
        ),
        Case::code(
            "2595-4/half-a-command-behind-stls",
            "Half a command that came in one segment with STLS is not completed in TLS.",
            &["2595-4-no-injected-commands"],
            "door: clear; needs: STLS",
            |bench| {
                let Some(mut peer) = with_injection(bench, b"CA")? else { return Ok(()) };
                alone_is_answered(&mut peer, "PA", false)
            },
        ),
        Case::code(
            "2595-4/name-behind-stls",
            "A name that came in one segment with STLS does not count in TLS.",
            &["2595-4-no-injected-commands"],
            "door: clear; needs: STLS, USER; maildrop",
            name_behind_stls,
        ),
        Case::code(
            "2595-4/many-commands-behind-stls",
            "Of many commands behind STLS none is carried out in TLS.",
            &["2595-4-no-injected-commands"],
            "door: clear; needs: STLS",
            |bench| {
                let commands = b"CAPA\r\n".repeat(2_000);
                let Some(mut peer) = with_injection(bench, &commands)? else { return Ok(()) };
                alone_is_answered(&mut peer, "CAPA", true)
            },
        ),
        Case::code(
            "2595-4/no-way-back-from-clear-text",
            "Commands in clear text where a handshake is due get no reply.",
            &["2595-4-handshake-fail"],
            "door: clear; needs: STLS",
            |bench| no_way_back(bench, &b"CAPA\r\n".repeat(4)),
        ),
        Case::code(
            "2595-4/no-way-back-from-a-failed-handshake",
            "Commands in clear text behind a handshake that failed get no reply.",
            &["2595-4-handshake-fail"],
            "door: clear; needs: STLS",
            // A suite that nobody has.
            |bench| no_way_back(bench, &hello_with(TLS_1_2, &[0xcafe])),
        ),
        Case::code(
            "2595-6/plain-not-in-clear",
            "PLAIN is not offered in clear text, where not even USER is.",
            &["2595-6-plain-needs-encryption"],
            "door: clear; needs: STLS",
            plain_not_in_clear,
        ),
    ]
}

fn capa_beside_stls(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect_clear()?;
    bench.greet(&mut peer)?;
    if !peer.ask("STLS")?.is_positive() {
        return skip("the server has no STLS");
    }
    let mut peer = bench.connect_clear()?;
    bench.greet(&mut peer)?;
    capa(&mut peer).map(drop)
}

fn not_listed_in_tls(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = before_tls(bench, Door::Clear)?;
    bench.start_tls(&mut peer)?;
    if capa(&mut peer)?.contains_key("STLS") {
        let reply = peer.ask("STLS")?;
        expect(reply.is_positive(), &reply.status, "+OK to STLS, or a list without it")?;
    }
    Ok(())
}

fn not_listed_after_login(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.session()?;
    let listed = capa(&mut peer)?.contains_key("STLS");
    expect(!listed, b"STLS", "a list without STLS")
}

/// Says STLS and something else in one segment, and goes over to TLS; nothing if the server will
/// not.
fn with_injection(bench: &mut Bench<'_>, injected: &[u8]) -> Result<Option<Peer>, Halt> {
    let mut peer = bench.connect_clear()?;
    bench.greet(&mut peer)?;
    peer.send(&[b"STLS\r\n", injected].concat())?;
    match peer.line() {
        Ok(reply) if reply.starts_with(b"+OK") => {}
        // It may refuse what is said out of turn.
        Ok(_) | Err(Trouble::Closed(_)) => return Ok(None),
        Err(trouble) => return Err(trouble.into()),
    }
    match peer.says_within(SILENCE) {
        Ok(None) => {}
        // An alert: what was injected is no handshake.
        Ok(Some(said)) if said.first() == Some(&21) => return Ok(None),
        Ok(Some(said)) => return breach(shown(&said), "nothing in clear text behind +OK to STLS"),
        Err(Trouble::Closed(_)) => return Ok(None),
        Err(trouble) => return Err(trouble.into()),
    }
    // Whoever takes the injected octets for a handshake fails here, and rightly so.
    Ok(bench.start_tls(&mut peer).is_ok().then_some(peer))
}

/// Nothing is said until this command is, and then the reply to it alone.
fn alone_is_answered(peer: &mut Peer, command: &str, positively: bool) -> Result<(), Halt> {
    if let Some(said) = peer.says_within(SILENCE)? {
        return breach(shown(&said), "no word in TLS before a command");
    }
    let reply = peer.ask(command)?;
    let wanted = if positively { "+OK" } else { "-ERR" };
    expect(reply.is_positive() == positively, &reply.status, format!("{wanted} to {command}"))?;
    match peer.says_within(SILENCE)? {
        Some(said) => breach(shown(&said), format!("no further reply after that to {command}")),
        None => Ok(()),
    }
}

fn name_behind_stls(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let account = &bench.target().account;
    let injected = [b"USER ", &account.user[..], b"\r\n"].concat();
    let Some(mut peer) = with_injection(bench, &injected)? else { return Ok(()) };
    if let Some(said) = peer.says_within(SILENCE)? {
        return breach(shown(&said), "no word in TLS before a command");
    }
    peer.send(&[b"PASS ", &account.password[..], b"\r\n"].concat())?;
    let reply = peer.reply()?;
    expect(!reply.is_positive(), &reply.status, "-ERR to PASS without USER")
}

/// Says this where a handshake is due, and then a command in clear text.
fn no_way_back(bench: &mut Bench<'_>, instead: &[u8]) -> Result<(), Halt> {
    let mut peer = before_tls(bench, Door::Clear)?;
    peer.send(instead)?;
    match answer(&mut peer) {
        Ok(Answer::Refused) | Err(Trouble::Silent(_)) => {}
        Ok(Answer::ServerHello(_)) => return skip("the server has a suite that nobody has"),
        Ok(Answer::Else(said)) => return breach(shown(&said), "no word in clear text"),
        Err(trouble) => return Err(trouble.into()),
    }
    if matches!(peer.command("CAPA"), Err(Trouble::Closed(_))) {
        return Ok(());
    }
    let said = match peer.rest() {
        Ok(said) => said,
        // It is deaf rather than gone.
        Err(Trouble::Silent(_)) => return Ok(()),
        Err(trouble) => return Err(trouble.into()),
    };
    let in_clear =
        ["+OK", "-ERR"].iter().any(|sign| memchr::memmem::find(&said, sign.as_bytes()).is_some());
    expect(!in_clear, &said, "no word in clear text")
}

fn plain_not_in_clear(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect_clear()?;
    bench.greet(&mut peer)?;
    let list = capa(&mut peer)?;
    let offered = list
        .get("SASL")
        .is_some_and(|words| words.split(' ').any(|one| one.eq_ignore_ascii_case("PLAIN")));
    if offered && list.contains_key("USER") {
        return skip(
            "the server has USER in clear text, and PLAIN perhaps for the same old clients",
        );
    }
    expect(!offered, b"SASL PLAIN", "a list without PLAIN")
}
