//! RFC 5802 and RFC 7677: SCRAM, by a client that does what is right but for one thing.

mod bound;
mod first;

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::Case;
use super::peer::Peer;
use super::sasl::{leave, listed, login_by, proven, refused};
use super::scram::{Outcome, Scram, bare, nonce};
use super::wire::shown;

const NEEDS: &str = "needs: SASL; maildrop";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = logins();
    cases.extend(deviations());
    cases.extend(first::cases());
    cases.extend(bound::cases());
    cases
}

fn logins() -> Vec<Case> {
    vec![
        Case::code(
            "5802-4/login-by-scram-sha-1",
            "SCRAM-SHA-1 lets the user in, and the server shows that it knows the password.",
            &["5802-4-sha1"],
            "needs: SASL SCRAM-SHA-1; maildrop",
            |bench| lets_in(bench, "SCRAM-SHA-1"),
        ),
        Case::code(
            "7677-3/login-by-scram-sha-256",
            "SCRAM-SHA-256 lets the user in, and the server shows that it knows the password.",
            &["7677-3-sha256"],
            "needs: SASL SCRAM-SHA-256; maildrop",
            |bench| lets_in(bench, "SCRAM-SHA-256"),
        ),
        Case::code(
            "5034-4/no-data-behind-ok",
            "The last message of SCRAM comes in a challenge, and the client answers before +OK.",
            &["5034-4-no-data-with-ok"],
            NEEDS,
            |bench| {
                let (_, outcome) = let_in(bench, |_| ())?;
                expect(outcome.reply.is_positive(), &outcome.reply.status, "+OK")?;
                match outcome.last {
                    Some(_) => Ok(()),
                    None => breach(shown(&outcome.reply.status), "v= in a challenge before +OK"),
                }
            },
        ),
        Case::code(
            "5802-5.1/optional-extensions",
            "Extensions that nobody knows are ignored.",
            &["5802-5.1-ext-optional"],
            NEEDS,
            |bench| {
                let (_, outcome) = let_in(bench, |scram| {
                    scram.bare.extend_from_slice(b",x=foo,y=bar=baz");
                    scram.last = Box::new(|c, r| format!("c={c},r={r},z=1"));
                })?;
                expect(outcome.reply.is_positive(), &outcome.reply.status, "+OK")
            },
        ),
        Case::code(
            "5802-5.1/error-where-a-last-message-is-sent",
            "Where a failure has a last message of the server, that is an error.",
            &["5802-5.1-e-included"],
            NEEDS,
            |bench| {
                let (_, outcome) = run(bench, |scram| scram.password.push(b'x'))?;
                refused(&outcome.reply)?;
                match outcome.last {
                    Some(last) => expect(last.starts_with("e="), last.as_bytes(), "e="),
                    None => Ok(()),
                }
            },
        ),
        Case::code(
            "5034-4/wrong-password-by-scram",
            "SCRAM with a wrong password is refused.",
            &["5034-4-auth-fail"],
            NEEDS,
            |bench| is_refused(bench, |scram| scram.password.push(b'x')),
        ),
    ]
}

/// Each says one thing that is not right, with a proof that is right for it.
fn deviations() -> Vec<Case> {
    vec![
        Case::code(
            "5802-5/header-of-another-letter",
            "A first message that begins with another letter than n, y or p is refused.",
            &["5802-5-first-char"],
            NEEDS,
            |bench| {
                is_refused(bench, |scram| scram.header = "x,,".to_owned())?;
                is_refused(bench, |scram| scram.header = "N,,".to_owned())
            },
        ),
        Case::code(
            "5802-5.1/for-another",
            "Whoever asks to act as another user, and may not, is refused.",
            &["5802-5.1-a-authorised"],
            "needs: SASL; second; maildrop",
            |bench| {
                let second = bench.target().second.as_ref();
                let Some(second) = second.and_then(|one| String::from_utf8(one.user.clone()).ok())
                else {
                    return skip("the name of the other user is no UTF-8");
                };
                is_refused(bench, |scram| scram.header = format!("n,a={second},"))
            },
        ),
        Case::code(
            "5802-5.1/escapes-that-are-none",
            "In a name = stands before 2C or 3D, and nowhere else.",
            &["5802-5.1-n-bad-escape"],
            NEEDS,
            escapes,
        ),
        Case::code(
            "5802-3/names-that-are-no-utf-8",
            "A name that is no UTF-8 is not taken for the one that it is without the odd octet.",
            &["5802-3-utf8"],
            NEEDS,
            |bench| {
                let (user, nonce) = (bench.target().account.user.clone(), nonce()?);
                is_refused(bench, |scram| scram.bare = bare(&[&user[..], b"\xff"].concat(), &nonce))
            },
        ),
        Case::code(
            "5802-5.1/mandatory-extension",
            "An extension that must be understood, and is not, makes the login fail.",
            &["5802-5.1-m-reserved", "5802-5.1-ext-mandatory"],
            NEEDS,
            |bench| is_refused(bench, |scram| scram.bare.splice(..0, *b"m=x,").for_each(drop)),
        ),
        Case::code(
            "5802-5.1/another-order",
            "Attributes in another order are refused.",
            &["5802-5.1-attr-order"],
            NEEDS,
            |bench| {
                let (user, nonce) = (bench.target().account.user.clone(), nonce()?);
                is_refused(bench, |scram| {
                    scram.bare = [b"r=", nonce.as_bytes(), b",n=", &user[..]].concat();
                })?;
                is_refused(bench, |scram| scram.last = Box::new(|c, r| format!("r={r},c={c}")))
            },
        ),
        Case::code(
            "5802-5.1/another-nonce",
            "The nonce of the last message is the one that the server sent.",
            &["5802-5.1-r-server-check"],
            NEEDS,
            |bench| {
                is_refused(bench, |scram| scram.last = Box::new(|c, r| format!("c={c},r={r}x")))?;
                is_refused(bench, |scram| {
                    scram.last = Box::new(|c, r| format!("c={c},r={}", &r[..r.len() / 2]));
                })?;
                is_refused(bench, |scram| scram.last = Box::new(|c, _| format!("c={c},r=")))
            },
        ),
        Case::code(
            "5802-6/another-header-at-the-end",
            "c= in the last message is the header of the first.",
            &["5802-6-validate-c"],
            NEEDS,
            |bench| {
                // "y,," and "n,a=x,", where "n,," was sent.
                is_refused(bench, |scram| scram.last = Box::new(|_, r| format!("c=eSws,r={r}")))?;
                is_refused(bench, |scram| {
                    scram.last = Box::new(|_, r| format!("c=bixhPXgs,r={r}"));
                })?;
                is_refused(bench, |scram| scram.last = Box::new(|_, r| format!("c=,r={r}")))
            },
        ),
        Case::code(
            "5802-7/binding-where-none-is",
            "Without p in the header c= carries no data behind it.",
            &["5802-7-cbind-data"],
            NEEDS,
            |bench| is_refused(bench, |scram| scram.binding = b"data".to_vec()),
        ),
        Case::code(
            "5802-6/bound-by-nothing",
            "Whoever binds to the channel by a mechanism without -PLUS is refused.",
            &["5802-6-p-unsupported", "5802-6-plus-needs-p"],
            NEEDS,
            |bench| {
                is_refused(bench, |scram| scram.header = "p=tls-exporter,,".to_owned())?;
                is_refused(bench, |scram| {
                    scram.header = "p=no-such-binding,,".to_owned();
                    scram.binding = b"data".to_vec();
                })
            },
        ),
    ]
}

/// The mechanism that the cases are about: without -PLUS, and the better one.
fn usual(bench: &Bench<'_>) -> Result<&'static str, Halt> {
    let listed = listed(bench);
    let is_listed = |name: &&str| listed.iter().any(|listed| listed == name);
    let found = ["SCRAM-SHA-256", "SCRAM-SHA-1"].into_iter().find(is_listed);
    found.ok_or_else(|| Halt::Skip("the server has no SCRAM".to_owned()))
}

/// An exchange that differs in this from what is right.
fn run_by(
    bench: &mut Bench<'_>,
    mechanism: &str,
    differ: impl FnOnce(&mut Scram),
) -> Result<(Peer, Outcome), Halt> {
    let mut peer = bench.connect()?;
    bench.greet(&mut peer)?;
    let mut scram = Scram::new(bench, &peer, mechanism)?;
    differ(&mut scram);
    let outcome = scram.run(&mut peer)?;
    Ok((peer, outcome))
}

fn run(bench: &mut Bench<'_>, differ: impl FnOnce(&mut Scram)) -> Result<(Peer, Outcome), Halt> {
    let mechanism = usual(bench)?;
    run_by(bench, mechanism, differ)
}

/// The same, behind a login that shows that the user comes in by SCRAM.
fn let_in(bench: &mut Bench<'_>, differ: impl FnOnce(&mut Scram)) -> Result<(Peer, Outcome), Halt> {
    let mechanism = usual(bench)?;
    proven(bench, mechanism)?;
    run_by(bench, mechanism, differ)
}

/// What differs in this is refused, though the user comes in otherwise.
fn is_refused(bench: &mut Bench<'_>, differ: impl FnOnce(&mut Scram)) -> Result<(), Halt> {
    refused(&let_in(bench, differ)?.1.reply)
}

fn lets_in(bench: &mut Bench<'_>, mechanism: &str) -> Result<(), Halt> {
    let mut peer = bench.connect()?;
    login_by(bench, &mut peer, mechanism)?;
    leave(&mut peer)?;
    let (_, outcome) = run_by(bench, mechanism, |_| ())?;
    outcome.is_mutual()
}

/// `=` and two digits stand for an octet elsewhere; a server that reads them so lets the user in.
fn escapes(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let (user, nonce) = (bench.target().account.user.clone(), nonce()?);
    let Some((last, start)) = user.split_last() else { return skip("the user has no name") };
    let hex = format!("={last:02X},r={nonce}");
    is_refused(bench, |scram| scram.bare = [b"n=", start, hex.as_bytes()].concat())?;
    for odd in ["=", "=3", "=2D"] {
        let bare = [b"n=", &user[..], odd.as_bytes(), b",r=", nonce.as_bytes()].concat();
        is_refused(bench, |scram| scram.bare = bare)?;
    }
    Ok(())
}
