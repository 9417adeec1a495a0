//! RFC 8314, and what else is to be seen of TLS itself: versions, suites, certificates.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64ct::{Base64, Encoding};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;

use super::bench::{Bench, Halt, breach, expect, skip};
use super::case::{Case, Door};
use super::handshake::{
    BROKEN_SUITES, SSL_3, TLS_1_0, TLS_1_1, TLS_1_2, before_tls, doors, hello, hello_with,
    recommended, refused,
};
use super::peer::Trouble;
use super::target::Account;
use super::transport::Place;
use super::wire::shown;

/// How long a server is listened to that should say nothing.
const SILENCE: Duration = Duration::from_secs(1);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::code(
            "8314-3.1/nothing-before-tls",
            "On the port for TLS nothing is said before the handshake, and the greeting after it.",
            &["8314-3.1-tls-first"],
            "door: tls",
            nothing_before_tls,
        ),
        Case::code(
            "8314-3.4/alert-before-the-end",
            "The server says in TLS that it will say no more before it closes the connection.",
            &["8314-3.4-close-alert"],
            "",
            alert_before_the_end,
        ),
        Case::code(
            "8314-4/tls",
            "There is TLS, of version 1.2 or later.",
            &["8314-4-msp-tls", "8314-4-tls12"],
            "",
            |bench| {
                each_door(bench, |bench, door| {
                    let mut peer = before_tls(bench, door)?;
                    bench.start_tls(&mut peer)
                })
            },
        ),
        Case::code(
            "8314-4/stls-beside-implicit-tls",
            "A server that has TLS has STLS, too, on the port for clear text.",
            &["8314-4-stls-instance"],
            "door: clear",
            |bench| {
                if bench.place(Door::Tls).is_err() {
                    return skip("the server has no port for TLS that is known");
                }
                let mut peer = bench.connect_clear()?;
                bench.greet(&mut peer)?;
                let reply = peer.ask("CAPA")?;
                let listed = reply.lines().iter().any(|line| line.eq_ignore_ascii_case("STLS"));
                expect(listed, &reply.status, "STLS in the list")
            },
        ),
        Case::code(
            "8314-4/recommended-suites",
            "A client that offers nothing but the suites of BCP 195 gets on.",
            &["8314-4-bcp-suites"],
            "",
            recommended_suites,
        ),
        Case::code(
            "8314-4/no-ssl3-no-tls1.0",
            "SSL 3 and TLS 1.0 are not spoken.",
            &["8314-4-drop-old"],
            "",
            |bench| refused(bench, &[hello(SSL_3), hello(TLS_1_0)], "SSL 3 or TLS 1.0"),
        ),
        Case::code(
            "8996-4-5/no-tls1.0-no-tls1.1",
            "TLS 1.0 and TLS 1.1 are not spoken.",
            &["8996-4-5-no-tls10-tls11"],
            "",
            |bench| refused(bench, &[hello(TLS_1_0), hello(TLS_1_1)], "TLS 1.0 or TLS 1.1"),
        ),
        Case::code(
            "8997-3/nothing-below-tls1.2",
            "No version below TLS 1.2 is spoken.",
            &["8997-3-drop-below-12"],
            "",
            |bench| {
                let hellos = [hello(SSL_3), hello(TLS_1_0), hello(TLS_1_1)];
                refused(bench, &hellos, "anything below TLS 1.2")
            },
        ),
        Case::code(
            "2595-9/no-broken-suites",
            "A client that offers no encryption, RC4, DES or keys for export is refused.",
            &["2595-9-refuse-weak"],
            "",
            |bench| refused(bench, &[hello_with(TLS_1_2, BROKEN_SUITES)], "broken suites"),
        ),
        Case::code(
            "8314-4.1/one-denial-for-all",
            "Where login in clear text is refused, right and wrong passwords get the same answer.",
            &["8314-4.1-same-denial", "8314-4.1-no-oracle"],
            "door: clear; needs: STLS; maildrop",
            one_denial_for_all,
        ),
        Case::code(
            "8314-4.2/certificate-asked-for-in-earnest",
            "A client certificate is asked for only where EXTERNAL is offered.",
            &["8314-4.2-no-needless-request", "8314-4.2-external-enabled"],
            "door: tls",
            certificate_asked_for,
        ),
        Case::code(
            "8314-7.1/port-995",
            "POP3 in TLS is spoken on port 995.",
            &["8314-7.1-port-995"],
            "door: tls",
            |bench| {
                if let Some(Place::Address(address)) = &bench.target().implicit
                    && address.port() == 995
                {
                    let mut peer = bench.connect()?;
                    return bench.greet(&mut peer);
                }
                skip("the server has its port for TLS elsewhere, as whoever judges it chose")
            },
        ),
        Case::code(
            "7817-5/name-in-the-certificate",
            "The certificate names the host.",
            &["7817-5-csr-dns", "6186-5-provider-cert"],
            "",
            |bench| {
                let host = bench.target().host.clone();
                each_door(bench, |bench, door| names(bench, door, &host))
            },
        ),
        Case::code(
            "7817-5/domain-in-the-certificate",
            "The certificate names the mail domain.",
            &["7817-5-csr-domain"],
            "",
            |bench| {
                let user = String::from_utf8_lossy(&bench.target().account.user).into_owned();
                let Some((_, domain)) = user.rsplit_once('@') else {
                    return skip("the server has users without a domain");
                };
                each_door(bench, |bench, door| names(bench, door, domain))
            },
        ),
    ]
}

/// Does the same behind each door where there is TLS.
fn each_door(
    bench: &mut Bench<'_>,
    mut act: impl FnMut(&mut Bench<'_>, Door) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let doors = doors(bench);
    if doors.is_empty() {
        return skip("the server has no TLS that is known");
    }
    doors.into_iter().try_for_each(|door| act(bench, door))
}

fn nothing_before_tls(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let mut peer = bench.connect_raw(Door::Tls)?;
    if let Some(said) = peer.says_within(SILENCE)? {
        return breach(shown(&said), "no octet before the handshake");
    }
    bench.start_tls(&mut peer)?;
    bench.greet(&mut peer)
}

fn alert_before_the_end(bench: &mut Bench<'_>) -> Result<(), Halt> {
    each_door(bench, |bench, door| {
        let mut peer = before_tls(bench, door)?;
        bench.start_tls(&mut peer)?;
        if door == Door::Tls {
            bench.greet(&mut peer)?;
        }
        let reply = peer.ask("QUIT")?;
        expect(reply.is_positive(), &reply.status, "+OK to QUIT")?;
        peer.rest()?;
        expect(peer.ended_well, b"the end of the connection", "close_notify before the end")
    })
}

fn recommended_suites(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let config = recommended().map_err(|error| Halt::Skip(error.to_string()))?;
    each_door(bench, |bench, door| {
        let mut peer = before_tls(bench, door)?;
        let name = bench.target().name().map_err(Trouble::from)?;
        Ok(peer.start_tls(config.clone(), name)?)
    })
}

/// Whether a password that is told to the server in clear text stays on this machine.
fn stays_here(bench: &Bench<'_>) -> bool {
    match &bench.target().clear {
        Some(Place::Address(address)) => address.ip().is_loopback(),
        Some(Place::Within(_)) => true,
        None => false,
    }
}

fn one_denial_for_all(bench: &mut Bench<'_>) -> Result<(), Halt> {
    if !stays_here(bench) {
        return skip("the server has another machine, and the password would cross the network");
    }
    let Account { user, password, .. } = bench.target().account.clone();
    let wrong = [b"not-", &password[..]].concat();
    for attempt in [login, plain] {
        let right = denial(bench, &attempt(&user, &password))?;
        for other in [attempt(&user, &wrong), attempt(b"nobody-of-this-name", &password)] {
            let other = denial(bench, &other)?;
            if other != right {
                let right = shown(&right.concat());
                return breach(shown(&other.concat()), format!("as for the right one: {right}"));
            }
        }
    }
    Ok(())
}

/// A login by USER and PASS.
fn login(user: &[u8], password: &[u8]) -> Vec<u8> {
    [b"USER ", user, b"\r\nPASS ", password, b"\r\n"].concat()
}

/// A login by AUTH PLAIN, in one line.
fn plain(user: &[u8], password: &[u8]) -> Vec<u8> {
    let response = Base64::encode_string(&[b"\0", user, b"\0", password].concat());
    format!("AUTH PLAIN {response}\r\n").into_bytes()
}

/// Whether a login was taken. To whom the maildrop is in use still, by the session before, the
/// password was good (RFC 2449, section 8.1.2).
fn is_let_in(status: &[u8]) -> bool {
    status.starts_with(b"+OK") || status.starts_with(b"-ERR [IN-USE]")
}

/// What is said to these commands, which must not let in.
fn denial(bench: &mut Bench<'_>, commands: &[u8]) -> Result<Vec<Vec<u8>>, Halt> {
    let mut peer = bench.connect_clear()?;
    bench.greet(&mut peer)?;
    let mut said = Vec::new();
    let commands: Vec<_> = commands.split_inclusive(|octet| *octet == b'\n').collect();
    for (n, command) in (1..).zip(&commands) {
        peer.send(command)?;
        match peer.line() {
            Ok(line) if n == commands.len() && is_let_in(&line) => {
                return skip("the server has login in clear text");
            }
            Ok(line) => said.push(line),
            Err(Trouble::Closed(_)) => break,
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(said)
}

/// Has no certificate, and notes that one was asked for.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn certificate_asked_for(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let asked = Arc::new(Asked::default());
    let mut config = (*bench.target().tls).clone();
    config.client_auth_cert_resolver = asked.clone();
    let mut peer = bench.connect_raw(Door::Tls)?;
    let name = bench.target().name().map_err(Trouble::from)?;
    // A server that insists on a certificate ends the handshake: it has asked for one.
    let listed = match peer.start_tls(Arc::new(config), name) {
        Ok(()) => bench.greet(&mut peer).and_then(|()| Ok(peer.ask("CAPA")?.lines())),
        Err(trouble) => Err(trouble.into()),
    };
    if !asked.0.load(Ordering::Relaxed) {
        return listed.map(drop);
    }
    let Ok(listed) = listed else {
        return skip("the server has no session for whoever has no certificate");
    };
    let external = listed.iter().any(|line| {
        let mut words = line.split(' ');
        words.next().is_some_and(|tag| tag.eq_ignore_ascii_case("SASL"))
            && words.any(|word| word.eq_ignore_ascii_case("EXTERNAL"))
    });
    expect(external, b"CertificateRequest", "none, or EXTERNAL in the list of CAPA")
}

/// The certificate must have a DNS-ID of this name; the common name does not count (RFC 9525,
/// section 2).
fn names(bench: &mut Bench<'_>, door: Door, name: &str) -> Result<(), Halt> {
    let name = match ServerName::try_from(name) {
        Ok(ServerName::DnsName(name)) => ServerName::DnsName(name.to_owned()),
        _ => return skip("the server has no name, but an address"),
    };
    let mut peer = before_tls(bench, door)?;
    // Whether it satisfies those whom the user trusts is another question.
    let config = recommended().map_err(|error| Halt::Skip(error.to_string()))?;
    peer.start_tls(config, name.clone())?;
    let certificate = peer.tls().and_then(|tls| tls.peer_certificates()?.first().cloned());
    let Some(certificate) = certificate else { return breach("no certificate", "a certificate") };
    let read = webpki::EndEntityCert::try_from(&certificate);
    match read.and_then(|certificate| certificate.verify_is_valid_for_subject_name(&name)) {
        Ok(()) => Ok(()),
        Err(error) => breach(error.to_string(), format!("a DNS-ID of {}", name.to_str())),
    }
}
