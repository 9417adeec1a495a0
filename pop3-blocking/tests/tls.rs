//! TLS, by STLS and from the start, and what it is good for.

mod office;

use std::net::TcpListener;

use office::{Office, mark};
use pop3_blocking::{Client, Endpoint, Error, Options, Security};
use pop3_maildrop::Door;
use pop3_proto::auth::sasl::ScramHash;
use pop3_proto::client;
use pop3_proto::client::exchange::Method;
use pop3_proto::tls::{CertificateFault, ClientTls, ServerTls, TlsError};

struct Encrypted {
    office: Office,
    stls: Endpoint,
    implicit: Endpoint,
    options: Options,
}

fn encrypted() -> Encrypted {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let tls = ServerTls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let office = Office::build(
        &[b"Subject: one\n\n.\n"],
        |service| service.set_tls(tls),
        |server| server.add_listener(listener, Door::TLS).unwrap(),
    );
    let mut options = Options::default();
    options.tls = Some(ClientTls::with_roots_pem(certificate.as_bytes()).unwrap());
    let stls = Endpoint::new("localhost", office.address.port()).unwrap();
    let implicit = Endpoint::new("localhost", port).unwrap();
    Encrypted { office, stls, implicit, options }
}

#[test]
fn a_session_in_tls_by_either_way() {
    let Encrypted { office, stls, implicit, mut options } = encrypted();
    for (endpoint, security) in
        [(stls.clone(), Security::Auto), (stls, Security::StartTls), (implicit, Security::Implicit)]
    {
        options.security = security;
        let client = Client::connect_with(endpoint, &options).unwrap();
        assert!(client.is_in_tls() && !client.capabilities().unwrap().has("STLS"));
        let mut session = client.login("mark", "swordfish").unwrap();
        assert_eq!(session.method(), Method::ScramPlus(ScramHash::Sha512));
        assert_eq!(session.list().unwrap().len(), 1);
        session.quit().unwrap();
    }
    assert_eq!(office.count(), 1);
}

#[test]
fn a_certificate_that_is_not_trusted_is_named_and_nothing_is_sent() {
    let Encrypted { office, stls, implicit, .. } = encrypted();
    for (endpoint, security) in [(stls, Security::Auto), (implicit, Security::Implicit)] {
        let mut options = Options::default();
        options.security = security;
        let error = Client::connect_with(endpoint, &options).unwrap_err();
        let unknown = TlsError::Certificate(CertificateFault::UnknownIssuer);
        assert!(matches!(&error, Error::Tls(fault) if *fault == unknown), "{error}");
    }
    drop(office);
}

#[test]
fn the_certificate_is_held_against_the_name_that_was_asked_for() {
    let Encrypted { office, stls, implicit, mut options } = encrypted();
    for (endpoint, security) in [(stls, Security::StartTls), (implicit, Security::Implicit)] {
        options.security = security;
        options.server_name = Some("example.org".to_owned());
        let error = Client::connect_with(endpoint.clone(), &options).unwrap_err();
        let wrong = |fault: &TlsError| {
            matches!(fault, TlsError::Certificate(CertificateFault::WrongName { wanted, .. })
                if wanted == "example.org")
        };
        assert!(matches!(&error, Error::Tls(fault) if wrong(fault)), "{error}");
        options.server_name = Some("localhost".to_owned());
        let elsewhere = Endpoint::new("127.0.0.1", endpoint.port()).unwrap();
        assert!(Client::connect_with(elsewhere, &options).unwrap().is_in_tls());
    }
    drop(office);
}

#[test]
fn where_tls_is_wanted_there_is_no_session_without_it() {
    let office = Office::open(&[]);
    let mut options = Options::default();
    options.security = Security::StartTls;
    let error = Client::connect_with(office.address, &options).unwrap_err();
    assert!(matches!(error, Error::Pop3(client::Error::NoTls)), "{error}");
    options.security = Security::Implicit;
    let error = Client::connect_with(office.address, &options).unwrap_err();
    assert!(matches!(error, Error::Tls(TlsError::ClearText)), "{error}");
    assert!(office.letters.letters(&mark()).is_empty());
}
