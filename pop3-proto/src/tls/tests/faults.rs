//! Whatever is wrong with TLS is told in words for a person, and nothing is said in clear text.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, SerialNumber, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig};

use super::*;

/// Why the client, and why the server, has no session; by STLS as in TLS from the start.
#[track_caller]
fn faults(client: &ClientTls, server: &ServerTls) -> (TlsError, Option<TlsError>) {
    let faults = [Pair::stls, Pair::implicit].map(|way| {
        let pair = way(client, server).session();
        assert!(pair.told.last().unwrap().starts_with("closed: the server closed"));
        assert!(!holds(&pair.wire, b"PASS") && pair.body.is_empty());
        assert_eq!(pair.ending, Some(Ending::Hangup));
        (pair.client.tls_error().unwrap().clone(), pair.server.tls_error().cloned())
    });
    assert_eq!(faults[0], faults[1]);
    let [_, faults] = faults;
    faults
}

/// What the client finds in a certificate, and says of it; the server hears of it, too.
#[track_caller]
fn fault(client: &ClientTls, server: &Pem) -> (CertificateFault, String) {
    let (client, server) = faults(client, &serving(server));
    assert!(matches!(server, Some(TlsError::Alert(_))), "{server:?}");
    let said = client.to_string();
    let TlsError::Certificate(fault) = client else { panic!("{client:?}") };
    (fault, said)
}

#[test]
fn what_a_verifier_of_ones_own_says_is_told() {
    let own = rustls::OtherError(Arc::new(std::io::Error::other("it is Monday")));
    let fault = CertificateFault::from(rustls::CertificateError::Other(own));
    assert!(matches!(&fault, CertificateFault::Other(why) if why.contains("Monday")), "{fault:?}");
}

#[test]
fn an_expired_certificate_is_told_with_its_date() {
    let authority = Authority::new();
    let expired = authority.certify_with(NAME, |params| {
        params.not_after = date_time_ymd(2024, 5, 17);
    });
    let (fault, said) = fault(&trusting(&authority), &expired);
    assert!(matches!(fault, CertificateFault::Expired { since: Some(1_715_904_000) }));
    assert_eq!(said, "the certificate has expired on 2024-05-17T00:00:00Z");
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_told_with_its_date() {
    let authority = Authority::new();
    let early = authority.certify_with(NAME, |params| {
        params.not_before = date_time_ymd(3000, 1, 2);
    });
    let (_, said) = fault(&trusting(&authority), &early);
    assert_eq!(said, "the certificate is not valid yet: not before 3000-01-02T00:00:00Z");
}

#[test]
fn a_certificate_for_somebody_else_is_told_with_both_names() {
    let authority = Authority::new();
    let (fault, said) = fault(&trusting(&authority), &authority.certify("mail.example.net"));
    assert_eq!(
        fault,
        CertificateFault::WrongName {
            wanted: NAME.to_owned(),
            names: vec!["mail.example.net".to_owned()],
        }
    );
    assert_eq!(said, "the certificate is not for pop.example.org but for mail.example.net");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_told() {
    let stranger = Authority::named("a stranger");
    let (fault, said) = fault(&trusting(&Authority::new()), &stranger.certify(NAME));
    assert_eq!(fault, CertificateFault::UnknownIssuer);
    assert_eq!(said, "the certificate was signed by nobody who is trusted here");
}

#[test]
fn whom_the_system_does_not_trust_is_not_trusted() {
    match ClientTls::system() {
        Ok(client) => {
            let (fault, _) = fault(&client, &Authority::new().certify(NAME));
            assert_eq!(fault, CertificateFault::UnknownIssuer);
        }
        // A system may be so small that it trusts nobody.
        Err(error) => assert!(matches!(error, ConfigError::System(_)), "{error:?}"),
    }
}

#[test]
fn a_certificate_that_signs_itself_is_good_only_when_it_is_trusted_itself() {
    let own = Authority::self_signed(NAME, IsCa::NoCa);
    assert_eq!(fault(&trusting(&Authority::new()), &own).0, CertificateFault::UnknownIssuer);
    let client = ClientTls::with_roots_pem(own.certificate.as_bytes()).unwrap();
    assert_eq!(Pair::stls(&client, &serving(&own)).session().ending, Some(Ending::Quit));
}

/// As `openssl req -x509` makes them.
#[test]
fn an_authority_that_is_its_own_server_is_good_only_when_it_is_trusted_itself() {
    let is_ca = || IsCa::Ca(BasicConstraints::Unconstrained);
    let own = Authority::self_signed(NAME, is_ca());
    assert_eq!(fault(&trusting(&Authority::new()), &own).0, CertificateFault::Authority);
    let client = ClientTls::with_roots_pem(own.certificate.as_bytes()).unwrap();
    assert_eq!(Pair::stls(&client, &serving(&own)).session().ending, Some(Ending::Quit));

    let other = Authority::self_signed("mail.example.net", is_ca());
    let client = ClientTls::with_roots_pem(other.certificate.as_bytes()).unwrap();
    assert!(matches!(fault(&client, &other).0, CertificateFault::WrongName { .. }));
    let expired = Authority::self_signed_with(NAME, is_ca(), |params| {
        params.not_after = date_time_ymd(2024, 5, 17);
    });
    let client = ClientTls::with_roots_pem(expired.certificate.as_bytes()).unwrap();
    assert!(matches!(fault(&client, &expired).0, CertificateFault::Expired { .. }));
}

#[test]
fn a_certificate_that_its_authority_did_not_sign_is_told() {
    let impostor = Authority::new(); // of the same name, but with another key
    let (fault, said) = fault(&trusting(&Authority::new()), &impostor.certify(NAME));
    assert_eq!(fault, CertificateFault::BadSignature);
    assert_eq!(said, "the certificate has a bad signature");
}

#[test]
fn a_certificate_for_another_purpose_is_told() {
    let authority = Authority::new();
    let other = authority.certify_with(NAME, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(fault(&trusting(&authority), &other).0, CertificateFault::WrongPurpose);
}

#[test]
fn a_certificate_that_was_revoked_is_told() {
    let authority = Authority::new();
    let revoked = authority.certify_with(NAME, |params| {
        params.serial_number = Some(SerialNumber::from(7_u64));
    });
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(&authority), pem::provider())
        .with_crls([authority.revoking(7)])
        .build();
    let builder = ClientConfig::builder_with_provider(pem::provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = builder.with_webpki_verifier(verifier.unwrap()).with_no_client_auth();
    let client = ClientTls::from_config(config.into());
    assert_eq!(fault(&client, &revoked).0, CertificateFault::Revoked);
}

#[test]
fn a_client_with_a_foreign_certificate_is_refused() {
    let (authority, clients) = (Authority::new(), Authority::named("the clients' authority"));
    let server =
        serving(&authority.certify(NAME)).with_client_roots_pem(clients.pem().as_bytes()).unwrap();
    let mark = authority.certify("mark");
    let client = trusting(&authority)
        .with_client_certificate(mark.certificate.as_bytes(), mark.key.as_bytes())
        .unwrap();
    let pair = Pair::implicit(&client, &server).session();
    assert_eq!(
        pair.server.tls_error(),
        Some(&TlsError::Certificate(CertificateFault::UnknownIssuer))
    );
    let Some(TlsError::Alert(alert)) = pair.client.tls_error() else { panic!("no alert") };
    assert_eq!(alert, "UnknownCA");
    assert!(pair.body.is_empty());
}

#[test]
fn a_server_in_clear_text_is_told_from_one_in_tls_however_its_greeting_comes() {
    for cut in [1, 3, usize::MAX] {
        let (client, server) = both();
        let mut pair = Pair::implicit(&client, &server);
        pair.server = Pipe::new(server_connection());
        pair.cuts = vec![cut];
        while pair.client_host() | pair.server_host() | pair.carry(false) {}
        assert_eq!(pair.client.tls_error(), Some(&TlsError::ClearText));
    }
}

#[test]
fn what_is_no_tls_at_all_is_told() {
    let (client, _) = both();
    let connection = client::Connection::new(client::Config::default());
    let mut pipe = Pipe::in_tls(connection, client.connect(NAME).unwrap());
    pipe.read_buffer()[..8].copy_from_slice(b"SSH-2.0-");
    pipe.filled(8);
    assert_eq!(pipe.tls_error(), Some(&TlsError::NotTls));
    assert!(!pipe.wants_read() && !pipe.is_handshaking());
    let waiting = pipe.transmit().remaining();
    pipe.close();
    assert_eq!(pipe.transmit().remaining(), waiting, "there is nobody to take leave of");
}

#[test]
fn a_peer_that_hangs_up_in_the_handshake_is_told() {
    let (client, server) = both();
    for way in [Pair::implicit, Pair::stls] {
        let mut pair = way(&client, &server);
        pair.cuts = vec![100];
        while !pair.client.is_handshaking() {
            assert!(pair.client_host() | pair.server_host() | pair.carry(true) | pair.carry(false));
        }
        pair.client.closed();
        pair.client_host();
        assert_eq!(pair.client.tls_error(), Some(&TlsError::Unfinished));
        assert!(pair.told.last().unwrap().starts_with("closed: the server closed"));
    }
}

#[test]
fn two_that_have_no_version_in_common_are_told() {
    let authority = Authority::new();
    let client = trusting_in(&authority, &TLS12);
    let Pem { certificate, key } = authority.certify(NAME);
    let certified = certified_key(certificate.as_bytes(), key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(pem::provider());
    let builder = builder.with_protocol_versions(&[&TLS13]).unwrap().with_no_client_auth();
    let config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    let (client, server) = faults(&client, &ServerTls::from_config(config.into()));
    assert!(matches!(client, TlsError::Alert(alert) if alert == "ProtocolVersion"));
    assert!(matches!(server, Some(TlsError::Incompatible(_))));
}

#[test]
fn a_client_that_wants_another_protocol_is_refused() {
    let authority = Authority::new();
    let builder = ClientConfig::builder_with_provider(pem::provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots(&authority)).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let client = ClientTls::from_config(config.into());
    let (_, server) = faults(&client, &serving(&authority.certify(NAME)));
    assert!(matches!(server, Some(TlsError::Incompatible(_))), "{server:?}");
}

/// A pair in the middle of a long message.
fn in_mid_message() -> Pair {
    let (client, server) = both();
    let mut pair = Pair::implicit(&client, &server);
    pair.letter = b"line\r\n".repeat(100_000);
    pair.script.extend(["USER mark", "PASS swordfish", "RETR 1"]);
    while pair.body.len() < 10_000 {
        assert!(pair.client_host() | pair.server_host() | pair.carry(true) | pair.carry(false));
    }
    pair
}

#[test]
fn tls_that_is_cut_off_in_mid_message_is_an_error() {
    let mut pair = in_mid_message();
    pair.client.closed();
    while pair.client_host() {}
    let last = pair.told.last().unwrap();
    assert!(last.starts_with("closed: the server closed") && last.contains("RETR"), "{last}");
    assert!(pair.body.len() < pair.letter.len());
}

#[test]
fn tls_that_is_tampered_with_in_mid_message_is_an_error() {
    let mut pair = in_mid_message();
    let before = pair.body.len();
    let mut octets = pair.server.transmit().chunk()[..8_000].to_vec();
    pair.server.transmit().advance(octets.len());
    octets[100] ^= 1;
    pair.client.read_buffer()[..octets.len()].copy_from_slice(&octets);
    pair.client.filled(octets.len());
    pair.run();
    assert!(matches!(pair.client.tls_error(), Some(TlsError::Broken(_))));
    assert!(matches!(pair.server.tls_error(), Some(TlsError::Alert(_))));
    assert_eq!(pair.ending, Some(Ending::Hangup));
    assert!(pair.body.len() <= before + 32 * 1024);
}

#[test]
fn what_cannot_be_set_up_is_told() {
    let authority = Authority::new();
    let (one, other) = (authority.certify(NAME), authority.certify(NAME));
    let server = |certificate: &str, key: &str| {
        ServerTls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err()
    };
    assert!(matches!(server("", &one.key), ConfigError::NoCertificate));
    assert!(matches!(server(&one.certificate, ""), ConfigError::NoKey));
    assert!(matches!(server(&one.certificate, &one.certificate), ConfigError::NoKey));
    assert!(matches!(server(&one.certificate, &other.key), ConfigError::ForeignKey));
    let half = &one.certificate[..one.certificate.len() / 2];
    assert!(matches!(server(half, &one.key), ConfigError::NotPem));
    let client = trusting(&authority);
    assert!(matches!(client.connect("not a name"), Err(ConfigError::ServerName(_))));
    assert!(client.connect("192.0.2.1").is_ok() && client.connect("::1").is_ok());
}

#[test]
fn a_certificate_may_be_for_an_address() {
    let authority = Authority::new();
    let mut pair = Pair::implicit(&trusting(&authority), &serving(&authority.certify("192.0.2.1")));
    let tls = trusting(&authority).connect("192.0.2.1").unwrap();
    pair.client = Pipe::in_tls(client::Connection::new(client::Config::default()), tls);
    assert_eq!(pair.session().ending, Some(Ending::Quit));
}
