//! RFC 2195: CRAM-MD5.

use super::bench::{Bench, Halt, breach, expect};
use super::case::Case;
use super::peer::{Peer, Reply};
use super::sasl::{carried, challenged, cram_digest, proven, refused, respond};
use super::wire::shown;

/// How many challenges are looked at.
const SEVERAL: usize = 5;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "2195-2/challenge-like-a-message-id",
            "The challenge is a text in angle brackets with an @ in it.",
            &["2195-2-challenge"],
            "needs: SASL CRAM-MD5",
            |bench| {
                let (_, challenge) = text(bench)?;
                expect(is_msg_id(&challenge), &challenge, "<…@…>")
            },
        ),
        Case::code(
            "2195-2/challenges-are-new",
            "No challenge comes twice.",
            &["2195-2-challenge-fresh"],
            "needs: SASL CRAM-MD5",
            |bench| {
                let mut seen = Vec::new();
                for _ in 0..SEVERAL {
                    let (_, challenge) = text(bench)?;
                    expect(!seen.contains(&challenge), &challenge, "another one than before")?;
                    seen.push(challenge);
                }
                Ok(())
            },
        ),
        Case::code(
            "2195-2/digest-of-the-whole-challenge",
            "The digest of the challenge, brackets included, lets the user in.",
            &["2195-2-digest"],
            "needs: SASL CRAM-MD5; maildrop",
            |bench| proven(bench, "CRAM-MD5"),
        ),
        Case::code(
            "2195-2/another-digest",
            "A digest of something else than the challenge, or by another password, is refused.",
            &["2195-2-digest"],
            "needs: SASL CRAM-MD5; maildrop",
            another_digest,
        ),
    ]
}

/// A connection with a challenge, and what that says.
fn text(bench: &mut Bench<'_>) -> Result<(Peer, Vec<u8>), Halt> {
    let (peer, challenge) = challenged(bench, "CRAM-MD5")?;
    match carried(&challenge) {
        Some(text) => Ok((peer, text)),
        None => breach(shown(&challenge.status), "a challenge in Base64"),
    }
}

fn is_msg_id(text: &[u8]) -> bool {
    let Some(inner) = text.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) else {
        return false;
    };
    let halves: Vec<_> = inner.split(|octet| *octet == b'@').collect();
    let is_word = |word: &[u8]| {
        let is_odd = |octet: &u8| !octet.is_ascii_graphic() || matches!(octet, b'<' | b'>');
        !word.is_empty() && !word.iter().any(is_odd)
    };
    matches!(halves[..], [left, right] if is_word(left) && is_word(right))
}

fn another_digest(bench: &mut Bench<'_>) -> Result<(), Halt> {
    proven(bench, "CRAM-MD5")?;
    let account = bench.target().account.clone();
    let answer = |peer: &mut Peer, digest: &str| -> Result<Reply, Halt> {
        Ok(respond(peer, &[&account.user[..], b" ", digest.as_bytes()].concat())?)
    };
    let mut wrong = account.password.clone();
    wrong.push(b'x');
    let (mut peer, challenge) = text(bench)?;
    refused(&answer(&mut peer, &cram_digest(&wrong, &challenge))?)?;

    let (mut peer, challenge) = text(bench)?;
    let inner = challenge.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    let inner = inner.unwrap_or_default();
    refused(&answer(&mut peer, &cram_digest(&account.password, inner))?)?;

    let (_, before) = text(bench)?;
    let (mut peer, _) = text(bench)?;
    refused(&answer(&mut peer, &cram_digest(&account.password, &before))?)?;

    let (mut peer, challenge) = text(bench)?;
    let half = &cram_digest(&account.password, &challenge)[..16];
    refused(&answer(&mut peer, half)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_msg_id_has_brackets_and_one_at_sign() {
        assert!(is_msg_id(b"<1896.697170952@postoffice.reston.mci.net>"));
        for odd in ["", "<>", "<a>", "a@b", "<@b>", "<a@>", "<a@b@c>", "<a b@c>", "<a@b> "] {
            assert!(!is_msg_id(odd.as_bytes()), "{odd}");
        }
    }
}
