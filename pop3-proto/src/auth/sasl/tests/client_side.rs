//! What a client takes from a server, and what not.

use super::*;

fn scram() -> Box<dyn ClientMechanism> {
    let mut client = client::scram(ScramHash::Sha1, &user("u"), &secret("p"), [0; NONCE], None);
    client.initial().unwrap();
    client
}

/// The nonce that `scram` sends.
const NONCE_SENT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn a_server_that_breaks_a_rule_of_scram_gets_no_proof() {
    let long = "A".repeat(1400);
    for (server_first, error) in [
        ("", SaslError::Malformed),
        ("r=NONCEx,s=c2FsdA==", SaslError::Malformed),
        ("s=c2FsdA==,r=NONCEx,i=4096", SaslError::Malformed),
        ("r=NONCEx,s=c2FsdA=,i=4096", SaslError::Malformed),
        ("r=NONCEx,s=,i=4096", SaslError::Malformed),
        ("r=NONCEx,s=c2FsdA==,i=04096", SaslError::Malformed),
        ("r=NONCEx,s=c2FsdA==,i=+4096", SaslError::Malformed),
        ("r=NONCEx,s=c2FsdA==,i=4096,", SaslError::Malformed),
        ("r=NONCEx,s=c2FsdA==,i=4096\0", SaslError::Malformed),
        ("r=NONCE,s=c2FsdA==,i=4096", SaslError::Nonce),
        ("r=xNONCE,s=c2FsdA==,i=4096", SaslError::Nonce),
        ("r=BBBB,s=c2FsdA==,i=4096", SaslError::Nonce),
        ("r=NONCEx y,s=c2FsdA==,i=4096", SaslError::Nonce),
        ("r=NONCEx,s=c2FsdA==,i=4095", SaslError::TooFewIterations(4095)),
        ("r=NONCEx,s=c2FsdA==,i=1", SaslError::TooFewIterations(1)),
        ("r=NONCEx,s=c2FsdA==,i=2000001", SaslError::TooManyIterations(2_000_001)),
        ("r=NONCEx,s=c2FsdA==,i=4294967297", SaslError::TooManyIterations(4_294_967_297)),
        ("r=NONCEx,s=c2FsdA==,i=99999999999999999999", SaslError::TooManyIterations(u64::MAX)),
        ("m=x,r=NONCEx,s=c2FsdA==,i=4096", SaslError::Extension),
        ("r=NONCEx,s=c2FsdA==,i=4096,m=x", SaslError::Extension),
        ("e=unknown-user", SaslError::Server(crate::Excerpt::of(b"unknown-user"))),
        ("r=NONCEx,s=LONG,i=4096", SaslError::Salt),
        ("r=NONCEx,s=LONGLONGLONG,i=4096", SaslError::TooLong),
    ] {
        let server_first = server_first.replace("NONCE", NONCE_SENT).replace("LONG", &long);
        let mut client = scram();
        assert_eq!(client.respond(server_first.as_bytes()).unwrap_err(), error, "{server_first}");
        assert_eq!(client.finish().unwrap_err(), SaslError::NotVerified);
        assert_eq!(client.respond(b"").unwrap_err(), SaslError::Unexpected, "it is over");
    }
}

#[test]
fn optional_extensions_are_ignored() {
    let server_first = alloc::format!("r={NONCE_SENT}x,s=c2FsdA==,i=4096,z=later,x=y=z");
    assert!(scram().respond(server_first.as_bytes()).is_ok());
}

#[test]
fn success_without_the_servers_signature_is_none() {
    let server_first = alloc::format!("r={NONCE_SENT}x,s=c2FsdA==,i=4096");
    let mut silent = scram();
    assert_eq!(silent.finish().unwrap_err(), SaslError::NotVerified);
    for (server_final, error) in [
        (None, SaslError::NotVerified),
        (Some("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="), SaslError::ServerSignature),
        (Some("v=AAAA"), SaslError::ServerSignature),
        (Some("v=AAA"), SaslError::Malformed),
        (Some("v="), SaslError::Malformed),
        (Some(""), SaslError::Malformed),
        (Some("e=invalid-proof"), SaslError::Server(crate::Excerpt::of(b"invalid-proof"))),
        (Some("e=a\x1b[2J,x=y"), SaslError::Server(crate::Excerpt::of(b"a\x1b[2J"))),
    ] {
        let mut client = scram();
        client.respond(server_first.as_bytes()).unwrap();
        if let Some(server_final) = server_final {
            assert_eq!(client.respond(server_final.as_bytes()).unwrap_err(), error);
        }
        assert_eq!(client.finish().unwrap_err(), SaslError::NotVerified);
    }
}

#[test]
fn what_a_client_says_of_channel_bindings() {
    let (user, password) = (user("a,b=c"), secret("p"));
    let binding = |binding| client::scram(ScramHash::Sha256, &user, &password, [0; NONCE], binding);
    let exporter = ChannelBinding::tls_exporter(&[7; 32]);
    let end_point = ChannelBinding::tls_server_end_point(&[7; 32]);
    for (mut client, name, header) in [
        (binding(None), "SCRAM-SHA-256", "n,,"),
        (binding(Some(exporter)), "SCRAM-SHA-256-PLUS", "p=tls-exporter,,"),
        (binding(Some(end_point)), "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,"),
        (
            client::scram_not_offered(ScramHash::Sha256, &user, &password, [0; NONCE]),
            "SCRAM-SHA-256",
            "y,,",
        ),
    ] {
        assert_eq!(client.name(), name);
        let first = client.initial().unwrap().unwrap();
        let expected = alloc::format!("{header}n=a=2Cb=3Dc,r={NONCE_SENT}");
        assert_eq!(core::str::from_utf8(&first).unwrap(), expected);
    }
}

#[test]
fn mechanisms_of_one_message_are_not_asked_again() {
    let (user, password) = (user("u"), secret("p"));
    for mut client in [
        client::plain(&user, &password),
        client::external(None),
        client::anonymous(&crate::Text::EMPTY),
    ] {
        assert!(client.initial().unwrap().is_some());
        assert_eq!(client.respond(b"").unwrap_err(), SaslError::Unexpected);
        assert_eq!(client.initial().unwrap_err(), SaslError::Unexpected);
    }
}

#[test]
fn login_gives_name_and_password_whatever_the_prompts() {
    let mut login = client::login(&user("u"), &secret("p w"));
    assert_eq!(login.initial().unwrap(), None);
    assert_eq!(login.respond(b"Benutzername:").unwrap().as_slice(), b"u");
    assert_eq!(login.respond(b"").unwrap().as_slice(), b"p w");
    assert_eq!(login.respond(b"").unwrap_err(), SaslError::Unexpected);
}

#[test]
fn a_refused_token_is_answered_once_and_never_good() {
    let (user, token) = (user("u"), secret("t"));
    for (mut client, dummy) in [
        (client::oauth_bearer(None, "h", 995, &token), b"\x01".as_slice()),
        (client::xoauth2(&user, &token), b""),
    ] {
        assert_eq!(client.respond(b"").unwrap_err(), SaslError::Unexpected, "not yet begun");
        client.initial().unwrap();
        assert_eq!(client.respond(b"{\"status\":\"400\"}").unwrap().as_slice(), dummy);
        assert!(client.finish().is_err());
        assert_eq!(client.respond(b"{}").unwrap_err(), SaslError::Unexpected);
    }
}

#[test]
fn what_a_message_cannot_carry_is_not_sent() {
    let user = user("u");
    for token in ["a b", "a\x01b", "ä"] {
        let mut client = client::xoauth2(&user, &secret(token));
        assert_eq!(client.initial().unwrap_err(), SaslError::Token);
    }
    for host in ["", "a b", "a\x01auth=x"] {
        let mut client = client::oauth_bearer(None, host, 1, &secret("t"));
        assert_eq!(client.initial().unwrap_err(), SaslError::Host);
    }
    let long = crate::Text::lossy(&"ä".repeat(256));
    assert_eq!(client::anonymous(&long).initial().unwrap_err(), SaslError::Trace);
    let fits = crate::Text::lossy(&"ä".repeat(255));
    assert!(client::anonymous(&fits).initial().is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let (user, password) = (user("u"), secret("swordfish"));
    let binding = Some(ChannelBinding::tls_exporter(b"swordfishswordfishswordfishsword"));
    for mut client in [
        client::plain(&user, &password),
        client::oauth_bearer(Some(&user), "host", 110, &password),
        client::login(&user, &password),
        client::cram_md5(&user, &password),
        client::scram(ScramHash::Sha1, &user, &password, [0; NONCE], binding.clone()),
        client::xoauth2(&user, &password),
    ] {
        let before = alloc::format!("{client:?}");
        assert!(!before.is_empty());
        let _ = client.initial();
        let shown = alloc::format!("{before}{client:?}{binding:?}");
        assert!(!shown.contains("swordfish") && !shown.contains("115, 119"), "{shown}");
    }
}
