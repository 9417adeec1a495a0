//! TLS handshakes that no TLS library would begin, and what a server says to them.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{CipherSuite, ClientConfig};

use super::bench::{Bench, Halt, expect, skip};
use super::case::Door;
use super::peer::{Peer, Trouble};
use super::target::Anybody;
use super::wire::shown;
use crate::report::Breach;

/// A version of TLS as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u16);

/// SSL 3 (RFC 6101).
pub(super) const SSL_3: Version = Version(0x0300);
/// TLS 1.0 (RFC 2246).
pub(super) const TLS_1_0: Version = Version(0x0301);
/// TLS 1.1 (RFC 4346).
pub(super) const TLS_1_1: Version = Version(0x0302);
/// TLS 1.2 (RFC 5246).
pub(super) const TLS_1_2: Version = Version(0x0303);

/// What every server of those versions had: AES and 3DES in CBC mode, by ECDHE, DHE and RSA.
const OLD_SUITES: &[u16] =
    &[0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x0035, 0x002f, 0xc012, 0x0016, 0x000a];

/// No encryption, RC4, DES, and keys for export.
pub(super) const BROKEN_SUITES: &[u16] = &[
    0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0x0003, 0x0004, 0x0005, 0x0006, 0x0008, 0x0009, 0x0014,
    0x0015, 0xc007, 0xc011,
];

/// A `ClientHello` that offers no later version than this one.
pub(super) fn hello(version: Version) -> Vec<u8> {
    hello_with(version, OLD_SUITES)
}

/// A `ClientHello` (RFC 5246, section 7.4.1.2) that offers these suites.
pub(super) fn hello_with(version: Version, suites: &[u16]) -> Vec<u8> {
    let mut body = version.0.to_be_bytes().to_vec();
    // The random octets: nothing is ever encrypted after them.
    body.extend_from_slice(&[0x5a; 32]);
    body.push(0);
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    body.extend(with_length(&suites));
    body.extend_from_slice(&[1, 0]);
    if version > SSL_3 {
        let mut extensions = Vec::new();
        let mut extension = |kind: u16, content: &[u8]| {
            extensions.extend_from_slice(&kind.to_be_bytes());
            extensions.extend(with_length(content));
        };
        // The curves P-256, P-384 and x25519, points as they are, no renegotiation, and the
        // signatures of every server then and now.
        extension(10, &[0, 6, 0, 23, 0, 24, 0, 29]);
        extension(11, &[1, 0]);
        extension(0xff01, &[0]);
        extension(13, &[0, 12, 4, 1, 4, 3, 8, 4, 2, 1, 2, 3, 5, 1]);
        body.extend(with_length(&extensions));
    }
    let mut handshake = vec![1, 0];
    handshake.extend(with_length(&body));
    let mut record = vec![22];
    record.extend_from_slice(&version.min(TLS_1_0).0.to_be_bytes());
    record.extend(with_length(&handshake));
    record
}

/// Behind its length, in two octets.
fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), content].concat()
}

/// What a server says to a `ClientHello`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It goes on, in this version.
    ServerHello(Version),
    /// It refuses, in an alert or by closing the connection.
    Refused,
    /// Something that is not TLS.
    Else(Vec<u8>),
}

/// Reads that: the head of a record (RFC 5246, section 6.2.1), and that of a `ServerHello`.
pub(super) fn answer(peer: &mut Peer) -> Result<Answer, Trouble> {
    let octets = peer.octets(6)?;
    Ok(match octets[..] {
        [22, 3, _, _, _, 2] => {
            let head = peer.octets(5)?;
            let version = head.get(3..5).map_or(0, |version| {
                version.iter().fold(0, |version, octet| version << 8 | u16::from(*octet))
            });
            Answer::ServerHello(Version(version))
        }
        [] | [21, ..] => Answer::Refused,
        _ => Answer::Else(octets),
    })
}

/// The doors behind which there is TLS.
pub(super) fn doors(bench: &Bench<'_>) -> Vec<Door> {
    let implicit = bench.place(Door::Tls).is_ok().then_some(Door::Tls);
    let clear = bench.place(Door::Clear).is_ok() && bench.offers().has("STLS");
    implicit.into_iter().chain(clear.then_some(Door::Clear)).collect()
}

/// Opens a connection on which the next octet belongs to the handshake.
pub(super) fn before_tls(bench: &mut Bench<'_>, door: Door) -> Result<Peer, Halt> {
    let mut peer = bench.connect_raw(door)?;
    if door == Door::Clear {
        bench.greet(&mut peer)?;
        let reply = peer.ask("STLS")?;
        expect(reply.is_positive(), &reply.status, "+OK to STLS")?;
    }
    Ok(peer)
}

/// No such hello may be answered by a `ServerHello`.
pub(super) fn refused(bench: &mut Bench<'_>, hellos: &[Vec<u8>], what: &str) -> Result<(), Halt> {
    let doors = doors(bench);
    if doors.is_empty() {
        return skip("the server has no TLS that is known");
    }
    for door in doors {
        for hello in hellos {
            let mut peer = before_tls(bench, door)?;
            peer.send(hello)?;
            match answer(&mut peer)? {
                Answer::Refused => {}
                Answer::ServerHello(version) => {
                    let came = format!("a ServerHello of version {:#06x}", version.0);
                    return wrong(what, came);
                }
                Answer::Else(octets) => return wrong(what, shown(&octets)),
            }
        }
    }
    Ok(())
}

fn wrong(what: &str, came: String) -> Result<(), Halt> {
    let sent = format!("a ClientHello that offers {what}");
    Err(Halt::Breach(Breach::new(sent, came, "an alert, or the end of the connection")))
}

/// A client that offers nothing but what BCP 195 recommends (RFC 9325, section 4.2), and the one
/// suite that every server of TLS 1.3 has (RFC 8446, section 9.1).
pub(super) fn recommended() -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|suite| {
        matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        )
    });
    client(provider)
}

/// A client that looks at no name: nothing is told to whom it speaks with.
fn client(provider: CryptoProvider) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(provider);
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_made_by_hand_can_be_read() {
        for version in [TLS_1_0, TLS_1_1, TLS_1_2] {
            let mut acceptor = rustls::server::Acceptor::default();
            acceptor.read_tls(&mut &hello(version)[..]).unwrap();
            let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
            let hello = accepted.client_hello();
            let suites = hello.cipher_suites().iter().map(|suite| u16::from(*suite));
            assert!(suites.eq(OLD_SUITES.iter().copied()));
        }
    }

    #[test]
    fn recommended_suites_are_there() {
        assert_eq!(recommended().unwrap().crypto_provider().cipher_suites.len(), 5);
    }
}
