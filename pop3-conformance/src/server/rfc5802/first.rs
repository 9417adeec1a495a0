//! What the server says first: nonce, salt and iterations.

use super::super::bench::{Bench, Halt, breach, expect};
use super::super::case::Case;
use super::super::sasl::{cancel, carried, challenged, respond};
use super::super::scram::{Told, bare, nonce};
use super::super::wire::shown;
use super::usual;

/// How many nonces are compared.
const SEVERAL: usize = 5;

/// The least number of iterations (RFC 5802, section 5.1; RFC 7677, section 3).
const LEAST: u32 = 4_096;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "5802-5.1/salt-and-iterations",
            "The first message of the server has nonce, salt and iterations, in this order.",
            &["5802-5.1-s-i"],
            "needs: SASL",
            |bench| {
                let mechanism = usual(bench)?;
                told(bench, mechanism, None, &nonce()?).map(drop)
            },
        ),
        Case::code(
            "5802-5.1/iterations-for-sha-1",
            "SCRAM-SHA-1 has 4096 iterations at least.",
            &["5802-5.1-i-4096"],
            "needs: SASL SCRAM-SHA-1",
            |bench| iterations(bench, "SCRAM-SHA-1"),
        ),
        Case::code(
            "7677-3/iterations-for-sha-256",
            "SCRAM-SHA-256 has 4096 iterations at least.",
            &["7677-3-i-4096"],
            "needs: SASL SCRAM-SHA-256",
            |bench| iterations(bench, "SCRAM-SHA-256"),
        ),
        Case::code(
            "5802-5.1/nonces-are-new",
            "What the server adds to a nonce is something else each time.",
            &["5802-5.1-r-unique"],
            "needs: SASL",
            |bench| {
                let (mechanism, own) = (usual(bench)?, nonce()?);
                let mut seen = Vec::new();
                for _ in 0..SEVERAL {
                    let came = told(bench, mechanism, None, &own)?.nonce;
                    expect(!seen.contains(&came), came.as_bytes(), "another one than before")?;
                    seen.push(came);
                }
                Ok(())
            },
        ),
        Case::code(
            "5802-5.1/nonces-are-printable",
            "The nonce is that of the client with printable characters behind it, none a comma.",
            &["5802-5.1-r-printable"],
            "needs: SASL",
            |bench| {
                let (mechanism, own) = (usual(bench)?, nonce()?);
                let came = told(bench, mechanism, None, &own)?.nonce;
                let added = came.strip_prefix(&own).unwrap_or_default();
                let is_right = !added.is_empty() && added.bytes().all(|one| one.is_ascii_graphic());
                expect(is_right, came.as_bytes(), "the nonce of the client, and more")
            },
        ),
        Case::code(
            "5802-9/users-that-are-not-there",
            "A user who is not there has a salt, the same each time, and the usual iterations.",
            &["5802-9-no-user-oracle"],
            "needs: SASL",
            not_there,
        ),
    ]
}

/// What the server says first, to the user of the run or to somebody else.
fn told(
    bench: &mut Bench<'_>,
    mechanism: &str,
    user: Option<&str>,
    own: &str,
) -> Result<Told, Halt> {
    let account = bench.target().account.user.clone();
    let user = user.map_or(&account[..], str::as_bytes);
    let (mut peer, _) = challenged(bench, mechanism)?;
    let reply = respond(&mut peer, &[b"n,,", &bare(user, own)[..]].concat())?;
    let Some(first) = carried(&reply) else {
        return breach(shown(&reply.status), "nonce, salt and iterations");
    };
    let read = std::str::from_utf8(&first).ok().and_then(Told::read);
    let Some(told) = read else { return breach(shown(&first), "r=, s= and i=") };
    cancel(&mut peer)?;
    Ok(told)
}

fn iterations(bench: &mut Bench<'_>, mechanism: &str) -> Result<(), Halt> {
    let told = told(bench, mechanism, None, &nonce()?)?;
    let came = format!("i={}", told.iterations);
    expect(told.iterations >= LEAST, came.as_bytes(), format!("{LEAST} at least"))
}

fn not_there(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let (mechanism, own) = (usual(bench)?, nonce()?);
    let user = told(bench, mechanism, None, &own)?;
    let nobody = told(bench, mechanism, Some("nobody-of-this-name"), &own)?;
    let again = told(bench, mechanism, Some("nobody-of-this-name"), &own)?;
    let other = told(bench, mechanism, Some("nobody-of-that-name"), &own)?;
    let shape = |told: &Told| format!("{} octets of salt, i={}", told.salt.len(), told.iterations);
    expect(nobody.salt == again.salt, b"another salt the second time", "the same one")?;
    expect(nobody.salt != other.salt, b"one salt for two names", "two")?;
    expect(shape(&nobody) == shape(&user), shape(&nobody).as_bytes(), shape(&user))
}
