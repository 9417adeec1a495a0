//! What CAPA lists, and whether it is there.

use super::super::bench::{Bench, Halt, breach, expect, skip};
use super::super::case::{Case, Watched};
use super::super::exchange::{Exchange, without_end};
use super::super::sasl::{cancel, challenged, known, listed, login_by_any, proven, refused};
use super::super::survey::{Offers, Way, capa};

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

pub(super) fn cases() -> Vec<Case> {
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
