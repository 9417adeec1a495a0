//! Challenges, empty ones above all, and what an empty response is.

use base64ct::{Base64, Encoding};

use super::super::bench::{Bench, Halt, expect, skip};
use super::super::case::{Case, Watched};
use super::super::sasl::{challenged, known};

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

pub(super) fn cases() -> Vec<Case> {
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
        Case::code(
            "5034-4/empty-initial-response",
            "An initial response of = is one that is there and empty.",
            &["5034-4-ir-empty-server"],
            "needs: SASL",
            empty_initial_response,
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
