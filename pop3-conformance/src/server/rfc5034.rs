//! RFC 5034, for what a script cannot say.

use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::{Case, Watched};
use super::exchange::{Exchange, is_challenge, without_end};
use super::peer::Trouble;
use super::rfc6856::full_width;
use super::sasl::{
    cancel, carried, challenged, known, leave, listed, login_by_any, proven, refused, respond,
};
use super::survey::{Offers, Way, capa};
use super::wire::shown;

/// Mechanisms in which the client speaks first.
const CLIENT_FIRST: [&str; 9] = [
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256-PLUS",
    "OAUTHBEARER",
    "XOAUTH2",
    "ANONYMOUS",
    "EXTERNAL",
];

/// Mechanisms that show the password to nobody who does not know it.
const HIDING: [&str; 11] = [
    "SCRAM-",
    "CRAM-MD5",
    "DIGEST-MD5",
    "NTLM",
    "GSSAPI",
    "GS2-",
    "GSS-SPNEGO",
    "KERBEROS_V4",
    "OAUTHBEARER",
    "XOAUTH2",
    "EXTERNAL",
];

/// How many exchanges are cancelled on one connection.
const CANCELLED: usize = 100;

/// How long that lasts at most: servers take their time to refuse.
const FLOOD: Duration = Duration::from_secs(20);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = listing();
    cases.extend(exchanges());
    cases.extend(challenges());
    cases
}

fn listing() -> Vec<Case> {
    vec![
        Case::code(
            "5034-3/listed-mechanisms-are-there",
            "AUTH is there for each mechanism that CAPA lists.",
            &["5034-3-sasl-cap"],
            "needs: SASL",
            |bench| {
                for mechanism in known(bench)? {
                    cancel(&mut challenged(bench, mechanism)?.0)?;
                }
                Ok(())
            },
        ),
        Case::watch(
            "5034-3/mechanisms-between-single-spaces",
            "SASL in CAPA is followed by names of mechanisms, each behind one space.",
            &["5034-3-sasl-cap"],
            names_of_mechanisms,
        ),
        Case::code(
            "5034-3/sasl-listed-after-auth",
            "CAPA lists SASL after AUTH, too.",
            &["5034-3-sasl-after-auth"],
            "needs: SASL; maildrop",
            |bench| {
                let (mut peer, _) = login_by_any(bench)?;
                let is_listed = capa(&mut peer)?.contains_key("SASL");
                expect(is_listed, b"a list without it", "SASL in CAPA")
            },
        ),
        Case::code(
            "5034-4/mechanisms-that-hide-the-password",
            "There is a mechanism that does not show the password to the server.",
            &["5034-4-stronger-mechs"],
            "needs: SASL",
            |bench| {
                let listed = listed(bench);
                let hides = |name: &String| HIDING.iter().any(|hiding| name.starts_with(hiding));
                let came = format!("SASL {}", listed.join(" "));
                expect(listed.iter().any(hides), came.as_bytes(), "SCRAM or the like")
            },
        ),
        Case::code(
            "5034-4/plain-in-tls",
            "PLAIN lets the user in over TLS.",
            &["5034-4-plain-tls-mti"],
            "needs: SASL PLAIN; maildrop",
            plain_in_tls,
        ),
        Case::code(
            "5034-4/plaintext-unlisted-is-refused",
            "Where CAPA does not list PLAIN or LOGIN in clear text, AUTH with them is refused.",
            &["5034-4-no-plaintext-config"],
            "door: clear",
            unlisted_is_refused,
        ),
    ]
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
            "5034-4/empty-initial-response",
            "An initial response of = is one that is there and empty.",
            &["5034-4-ir-empty-server"],
            "needs: SASL",
            empty_initial_response,
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

fn challenges() -> Vec<Case> {
    vec![
        Case::watch(
            "5034-4/challenges-are-base64",
            "A challenge is +, one space, and Base64, with nothing else.",
            &["5034-4-challenge-form", "5034-4-challenge-only"],
            |exchange, _| {
                let is_right = |line: &Vec<u8>| {
                    let text = line.strip_prefix(b"+ ").and_then(|rest| rest.strip_suffix(b"\r\n"));
                    let text = text.and_then(|text| std::str::from_utf8(text).ok());
                    text.is_some_and(|text| Base64::decode_vec(text).is_ok())
                };
                match exchange.challenges.iter().find(|line| !is_right(line)) {
                    Some(line) => {
                        Watched::Wrong { came: line.clone(), right: "+, one space and Base64" }
                    }
                    None if exchange.challenges.is_empty() => Watched::Unconcerned,
                    None => Watched::Right,
                }
            },
        ),
        Case::code(
            "5034-4/empty-challenge",
            "Where the client speaks first, AUTH without an initial response is answered by an empty \
             challenge.",
            &["5034-4-empty-challenge"],
            "needs: SASL",
            |bench| {
                for mechanism in client_first(bench)? {
                    challenged(bench, mechanism)?;
                }
                Ok(())
            },
        ),
        Case::code(
            "5034-4/nothing-in-an-empty-challenge",
            "An empty challenge is + and a space, and nothing else.",
            &["5034-4-empty-challenge-form"],
            "needs: SASL",
            |bench| {
                for mechanism in client_first(bench)? {
                    let (_, challenge) = challenged(bench, mechanism)?;
                    expect(challenge.status == b"+ \r\n", &challenge.status, "+ and a space")?;
                }
                Ok(())
            },
        ),
    ]
}

fn client_first(bench: &Bench<'_>) -> Result<Vec<&'static str>, Halt> {
    let mut mechanisms = known(bench)?;
    mechanisms.retain(|mechanism| CLIENT_FIRST.contains(mechanism));
    if mechanisms.is_empty() {
        skip("the server has no mechanism in which the client speaks first")
    } else {
        Ok(mechanisms)
    }
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

fn names_of_mechanisms(exchange: &Exchange, _: &Offers) -> Watched {
    if exchange.keyword() != "CAPA" {
        return Watched::Unconcerned;
    }
    let is_sasl = |line: &&[u8]| {
        let tag = line.split(|octet| *octet == b' ').next().unwrap_or_default();
        tag.eq_ignore_ascii_case(b"SASL")
    };
    let Some(line) = exchange.content.iter().map(|line| without_end(line)).find(is_sasl) else {
        return Watched::Unconcerned;
    };
    let is_name = |name: &[u8]| {
        let is_letter = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        (1..=20).contains(&name.len()) && name.iter().all(is_letter)
    };
    if line.split(|octet| *octet == b' ').skip(1).all(is_name) {
        return Watched::Right;
    }
    Watched::Wrong { came: line.to_vec(), right: "names of mechanisms, each behind one space" }
}

fn plain_in_tls(bench: &mut Bench<'_>) -> Result<(), Halt> {
    if !listed(bench).iter().any(|listed| listed == "PLAIN") {
        return skip("the server has no PLAIN in this run");
    }
    let mut peer = bench.connect()?;
    if peer.tls().is_none() {
        return skip("the server has no TLS in this run");
    }
    bench.greet(&mut peer)?;
    drop(peer);
    drop(challenged(bench, "PLAIN")?);
    match proven(bench, "PLAIN") {
        // Name and password are good for USER, and PLAIN carries nothing else.
        Err(Halt::Skip(why)) if bench.offers().way == Way::User => breach(why, "+OK to AUTH PLAIN"),
        other => other,
    }
}

fn unlisted_is_refused(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let Some(list) = &bench.offers().clear else { return skip("the server has no CAPA") };
    let words = list.get("SASL").map(String::as_str).unwrap_or_default();
    let is_listed = |name: &&str| words.split(' ').any(|word| word.eq_ignore_ascii_case(name));
    let unlisted: Vec<_> = ["PLAIN", "LOGIN"].into_iter().filter(|name| !is_listed(name)).collect();
    if unlisted.is_empty() {
        return skip("the server has PLAIN and LOGIN in clear text, as it is set up");
    }
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    for mechanism in unlisted {
        refused(&peer.ask(&format!("AUTH {mechanism}"))?)?;
    }
    Ok(())
}

fn takes_the_maildrop(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let (mut first, mechanism) = login_by_any(bench)?;
    let stat = first.ask("STAT")?;
    let mut second = bench.connect()?;
    let reply = super::sasl::attempt(bench, &mut second, mechanism)?;
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

/// Only where an empty message is one that cannot be right.
fn empty_initial_response(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mechanisms = client_first(bench)?;
    let strict = |one: &&&str| **one == "PLAIN" || one.starts_with("SCRAM-");
    if !mechanisms.iter().any(|one| strict(&one)) {
        return skip("the server has neither PLAIN nor SCRAM");
    }
    for mechanism in mechanisms.iter().filter(strict) {
        let mut peer = bench.connect()?;
        bench.greet(&mut peer)?;
        let reply = peer.ask(&format!("AUTH {mechanism} ="))?;
        expect(reply.status.starts_with(b"-ERR"), &reply.status, "-ERR, for the message is empty")?;
    }
    Ok(())
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
