//! Channel binding: the mechanisms with -PLUS, and what goes without them (RFC 5802, section 6; RFC
//! 9266).

use rustls::ProtocolVersion;

use super::super::bench::{Bench, Halt, breach, expect, skip};
use super::super::case::Case;
use super::super::sasl::{leave, listed, proven, refused};
use super::super::scram::Scram;
use super::{run_by, usual};

const NEEDS: &str = "needs: SASL; maildrop";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "9266-2/bound-by-tls-exporter",
            "A mechanism with -PLUS lets the user in who is bound by tls-exporter over TLS 1.3.",
            &["9266-2-exporter", "9266-3-default-13", "9266-3-mti-13"],
            NEEDS,
            by_exporter,
        ),
        Case::code(
            "9266-2/bound-to-another-channel",
            "Who is bound to another channel is refused.",
            &["9266-2-exporter", "5802-6-validate-c"],
            NEEDS,
            |bench| {
                is_refused(bench, |scram| scram.binding = vec![0; 32])?;
                is_refused(bench, |scram| scram.binding.truncate(31))?;
                is_refused(bench, |scram| scram.binding.extend_from_slice(b"\0"))
            },
        ),
        Case::code(
            "9266-3/no-tls-unique-in-tls-1.3",
            "Nobody is bound by tls-unique in TLS 1.3.",
            &["9266-3-no-unique-13"],
            NEEDS,
            |bench| {
                let (peer, version) = (bench.connect()?, Some(ProtocolVersion::TLSv1_3));
                if peer.tls().and_then(|tls| tls.protocol_version()) != version {
                    return skip("the server has no TLS 1.3 in this run");
                }
                drop(peer);
                is_refused(bench, |scram| scram.header = "p=tls-unique,,".to_owned())
            },
        ),
        Case::code(
            "5802-4/names-with-plus",
            "The mechanism that binds to the channel is named as the other one, with -PLUS.",
            &["5802-4-names"],
            "needs: SASL",
            |bench| {
                let plus = plus(bench)?;
                drop(super::super::sasl::challenged(bench, &plus)?);
                Ok(())
            },
        ),
        Case::code(
            "5802-6/listed-with-plus-and-without",
            "What is listed with -PLUS is listed without it, too.",
            &["5802-6-advertise-both"],
            "needs: SASL",
            |bench| {
                plus(bench)?;
                let listed = listed(bench);
                let is_alone = |name: &&String| {
                    let without = name.strip_suffix("-PLUS");
                    without.is_some_and(|without| !listed.iter().any(|one| one == without))
                };
                match listed.iter().find(is_alone) {
                    Some(alone) => breach(format!("{alone} alone"), "the one without -PLUS, too"),
                    None => Ok(()),
                }
            },
        ),
        Case::code(
            "5802-6/listed-without-plus-works",
            "What is listed without -PLUS lets a user in who cannot bind to the channel.",
            &["5802-6-advertise-plus-only"],
            NEEDS,
            |bench| {
                let (plus, usual) = (plus(bench)?, usual(bench)?);
                proven(bench, &plus)?;
                let (mut peer, outcome) = run_by(bench, usual, |_| ())?;
                expect(outcome.reply.is_positive(), &outcome.reply.status, "+OK")?;
                leave(&mut peer)
            },
        ),
        Case::code(
            "5802-6/downgrade-is-noticed",
            "A client that can bind, and takes the server for one that cannot, is refused.",
            &["5802-6-y-downgrade"],
            NEEDS,
            |bench| {
                plus(bench)?;
                super::is_refused(bench, |scram| scram.header = "y,,".to_owned())
            },
        ),
        Case::code(
            "5802-6/plus-without-binding",
            "A mechanism with -PLUS refuses who is not bound.",
            &["5802-6-plus-needs-p"],
            NEEDS,
            |bench| {
                is_refused(bench, |scram| unbound(scram, "n,,"))?;
                is_refused(bench, |scram| unbound(scram, "y,,"))
            },
        ),
        Case::code(
            "5802-6.1/binding-of-no-known-type",
            "A binding of a type that is not known is refused, whatever it is called.",
            &["5802-6-p-unsupported", "5802-6.1-type-by-client"],
            NEEDS,
            |bench| {
                is_refused(bench, |scram| scram.header = "p=no-such-binding,,".to_owned())?;
                is_refused(bench, |scram| scram.header = "p=,,".to_owned())
            },
        ),
        Case::code(
            "5802-7/no-binding-where-one-is-due",
            "With p in the header c= carries the data of the binding.",
            &["5802-7-cbind-data"],
            NEEDS,
            |bench| is_refused(bench, |scram| scram.binding.clear()),
        ),
    ]
}

fn unbound(scram: &mut Scram, header: &str) {
    scram.header = header.to_owned();
    scram.binding.clear();
}

/// The mechanism that the cases are about: with -PLUS, and the better one.
fn plus(bench: &Bench<'_>) -> Result<String, Halt> {
    let listed = listed(bench);
    let is_listed = |name: &&str| listed.iter().any(|listed| listed == name);
    match ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"].into_iter().find(is_listed) {
        Some(name) => Ok(name.to_owned()),
        None => skip("the server has no SCRAM with -PLUS in this run"),
    }
}

/// What differs in this is refused, though the user comes in otherwise.
fn is_refused(bench: &mut Bench<'_>, differ: impl FnOnce(&mut Scram)) -> Result<(), Halt> {
    let plus = plus(bench)?;
    proven(bench, &plus)?;
    refused(&run_by(bench, &plus, differ)?.1.reply)
}

fn by_exporter(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let plus = plus(bench)?;
    let peer = bench.connect()?;
    let version = peer.tls().and_then(|tls| tls.protocol_version());
    if version != Some(ProtocolVersion::TLSv1_3) {
        return skip("the server has no TLS 1.3 in this run");
    }
    drop(peer);
    // Whoever comes in without binding has what it takes for the other.
    proven(bench, plus.trim_end_matches("-PLUS"))?;
    let (_, outcome) = run_by(bench, &plus, |_| ())?;
    outcome.is_mutual()
}
