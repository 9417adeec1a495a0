//! RFC 5034, for what a script cannot say.

mod challenges;
mod listing;

use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};

use super::bench::{Bench, Halt, expect};
use super::case::Case;
use super::exchange::is_challenge;
use super::peer::Trouble;
use super::rfc6856::full_width;
use super::sasl::{
    attempt, cancel, carried, challenged, known, leave, login_by_any, proven, refused, respond,
};
use super::wire::shown;

/// How many exchanges are cancelled on one connection.
const CANCELLED: usize = 100;

/// How long that lasts at most: servers take their time to refuse.
const FLOOD: Duration = Duration::from_secs(20);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = listing::cases();
    cases.extend(exchanges());
    cases.extend(challenges::cases());
    cases
}

fn exchanges() -> Vec<Case> {
    vec![
        Case::code(
            "5034-4/auth-once",
            "After a successful AUTH another one is refused.",
            &["5034-4-once"],
            "needs: SASL; maildrop",
            |bench| {
                let (mut peer, mechanism) = login_by_any(bench)?;
                refused(&peer.ask(&format!("AUTH {mechanism}"))?)?;
                let reply = peer.ask("NOOP")?;
                expect(reply.is_positive(), &reply.status, "+OK")
            },
        ),
        Case::code(
            "5034-4/auth-opens-the-maildrop",
            "After a successful AUTH the maildrop is open.",
            &["5034-4-auth-ok"],
            "needs: SASL; maildrop",
            |bench| {
                let (mut peer, _) = login_by_any(bench)?;
                let (stat, count) = (peer.ask("STAT")?, bench.count());
                expect(stat.line().starts_with(&format!("+OK {count} ")), &stat.status, "+OK")
            },
        ),
        Case::code(
            "5034-4/auth-takes-the-maildrop",
            "While a session is open AUTH is refused, or does not disturb it.",
            &["5034-4-lock"],
            "needs: SASL; letters: 2; destructive",
            takes_the_maildrop,
        ),
        Case::code(
            "5034-4/mechanism-in-any-case",
            "AUTH and the names of mechanisms are known whatever their letter case.",
            &["5034-4-mech-nocase", "5034-5-nocase-tokens"],
            "needs: SASL",
            |bench| {
                for mechanism in known(bench)? {
                    let mixed = mixed(&format!("AUTH {mechanism}"));
                    let mut peer = bench.connect()?;
                    bench.greet(&mut peer)?;
                    for spelt in [mixed, format!("auth {}", mechanism.to_ascii_lowercase())] {
                        let reply = peer.ask(&spelt)?;
                        let right = format!("a challenge to {spelt}");
                        expect(is_challenge(&reply.status), &reply.status, right)?;
                        cancel(&mut peer)?;
                    }
                }
                Ok(())
            },
        ),
        Case::code(
            "5034-4/cancelled",
            "An exchange that the client cancels is refused, and the session goes on.",
            &["5034-4-cancel-reject"],
            "needs: SASL",
            |bench| {
                for mechanism in known(bench)? {
                    let mut peer = challenged(bench, mechanism)?.0;
                    cancel(&mut peer)?;
                    leave(&mut peer)?;
                }
                Ok(())
            },
        ),
        Case::code(
            "5034-4/initial-response-where-the-server-speaks-first",
            "An initial response is refused where the server speaks first.",
            &["5034-4-ir-unsupported"],
            "needs: SASL CRAM-MD5",
            |bench| {
                let mut peer = bench.connect()?;
                bench.greet(&mut peer)?;
                refused(&peer.ask("AUTH CRAM-MD5 YWJjZA==")?)
            },
        ),
        Case::code(
            "5034-4/padding-at-the-end-alone",
            "A response with padding elsewhere than at its end is refused.",
            &["5034-4-pad-at-end"],
            "needs: SASL PLAIN; maildrop",
            padding,
        ),
        Case::code(
            "5034-4/authzid-in-other-letters",
            "An authorization identity in letters of full width is the name in plain ones.",
            &["5034-4-authzid-prep"],
            "needs: SASL PLAIN; maildrop",
            |bench| {
                let (user, password) = account(bench);
                let wide = full_width(bench)?;
                plain_lets_in(bench, &[&wide[..], b"\0", &user, b"\0", &password].concat())
            },
        ),
        Case::code(
            "4616-2/names-in-other-letters",
            "A name in letters of full width is the name in plain ones.",
            &["4616-2-saslprep"],
            "needs: SASL PLAIN; maildrop",
            |bench| {
                let (_, password) = account(bench);
                let wide = full_width(bench)?;
                plain_lets_in(bench, &[b"\0", &wide[..], b"\0", &password].concat())
            },
        ),
        Case::code(
            "beyond/auth-cut-at-every-octet",
            "AUTH in two segments is answered alike wherever it is cut.",
            &["1939-3-command-ends-crlf"],
            "needs: SASL PLAIN",
            cut_at_every_octet,
        ),
        Case::code(
            "beyond/auth-cancelled-many-times",
            "A hundred exchanges that are cancelled are refused one by one, unless the session ends.",
            &["5034-4-cancel-reject"],
            "needs: SASL PLAIN",
            cancelled_many_times,
        ),
    ]
}

fn account(bench: &Bench<'_>) -> (Vec<u8>, Vec<u8>) {
    let account = &bench.target().account;
    (account.user.clone(), account.password.clone())
}

/// aUtH pLaIn.
fn mixed(command: &str) -> String {
    let letters = command.chars().enumerate();
    letters.map(|(n, one)| if n % 2 == 0 { one.to_ascii_lowercase() } else { one }).collect()
}

fn takes_the_maildrop(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let (mut first, mechanism) = login_by_any(bench)?;
    let stat = first.ask("STAT")?;
    let mut second = bench.connect()?;
    let reply = attempt(bench, &mut second, mechanism)?;
    if reply.is_positive() {
        second.ask("DELE 1")?;
        leave(&mut second)?;
    } else {
        refused(&reply)?;
    }
    let after = first.ask("STAT")?;
    expect(after == stat, &after.status, shown(&stat.status))?;
    let letter = first.ask("RETR 1")?;
    expect(letter.is_positive(), &letter.status, "+OK to RETR 1")
}

fn padding(bench: &mut Bench<'_>) -> Result<(), Halt> {
    proven(bench, "PLAIN")?;
    let (user, password) = account(bench);
    let whole = Base64::encode_string(&[b"\0", &user[..], b"\0", &password].concat());
    let bare = whole.trim_end_matches('=');
    let missing = "=".repeat((4 - bare.len() % 4) % 4);
    // Whole groups of four each; and what comes before the padding is right as it is.
    for odd in [format!("{bare}{missing}AAAA"), format!("{bare}{missing}=AAA"), format!("={bare}")]
    {
        if odd == format!("{bare}AAAA") {
            continue;
        }
        let mut peer = challenged(bench, "PLAIN")?.0;
        refused(&peer.ask(&odd)?)?;
    }
    Ok(())
}

fn plain_lets_in(bench: &mut Bench<'_>, message: &[u8]) -> Result<(), Halt> {
    proven(bench, "PLAIN")?;
    let mut peer = challenged(bench, "PLAIN")?.0;
    let reply = respond(&mut peer, message)?;
    expect(reply.is_positive(), &reply.status, "+OK")
}

fn cut_at_every_octet(bench: &mut Bench<'_>) -> Result<(), Halt> {
    const COMMAND: &[u8] = b"AUTH PLAIN\r\n";
    // A few on each connection, for servers that count failures.
    for cuts in (1..COMMAND.len()).collect::<Vec<_>>().chunks(3) {
        let mut peer = bench.connect()?;
        bench.greet(&mut peer)?;
        for cut in cuts {
            let (first, second) = COMMAND.split_at(*cut);
            for (first, second) in [(first, second), (&b"*"[..], &b"\r\n"[..])] {
                peer.send(first)?;
                // Long enough for the server to read what is there.
                std::thread::sleep(Duration::from_millis(2));
                peer.send(second)?;
                let reply = peer.reply()?;
                if first == b"*" {
                    refused(&reply)?;
                } else {
                    expect(carried(&reply).is_some(), &reply.status, "a challenge")?;
                }
            }
        }
    }
    Ok(())
}

fn cancelled_many_times(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let until = Instant::now() + FLOOD;
    for _ in 0..CANCELLED {
        if Instant::now() > until {
            return Ok(());
        }
        // A server that has had enough may refuse at once, or hang up.
        let reply = match peer.ask("AUTH PLAIN") {
            Ok(reply) if is_challenge(&reply.status) => peer.ask("*"),
            other => other,
        };
        match reply {
            Ok(reply) => refused(&reply)?,
            Err(Trouble::Closed(_)) => return Ok(()),
            Err(trouble) => return Err(trouble.into()),
        }
    }
    match peer.ask("QUIT") {
        Ok(reply) => expect(reply.is_positive(), &reply.status, "+OK to QUIT"),
        Err(Trouble::Closed(_)) => Ok(()),
        Err(trouble) => Err(trouble.into()),
    }
}
