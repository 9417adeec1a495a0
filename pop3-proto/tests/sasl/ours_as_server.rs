//! rsasl's client, our server.

use pop3_proto::Secret;
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{
    ChannelBinding, NONCE, SaslError, ScramHash, ScramKeys, ServerMechanism, ServerSetup, Step,
};
use pop3_proto::command::Mechanism;
use rsasl::prelude::{Mechname, SASLClient};

use crate::peer::{Channel, EXPORTED, PASSWORD, Peer, TOKEN, USER};

/// How an exchange ended for the server, and whether the client has gone along to that end.
fn play(name: &str, mut peer: Peer, exported: [u8; 32]) -> (Step, bool) {
    peer.binds = name.ends_with("-PLUS");
    let client = SASLClient::with_cb(peer.config(), Channel);
    let offered = Mechname::parse(name.as_bytes()).unwrap();
    let mut client = client.start_suggested(&[offered]).unwrap();
    let mut setup = ServerSetup::new([9; NONCE], "pop.example.org", [1; 32]);
    setup.certificate = Some(b"DER".to_vec());
    if name.ends_with("-PLUS") {
        setup.bindings = vec![ChannelBinding::tls_exporter(&exported)];
    }
    let mut server = ServerMechanism::new(&Mechanism::new(name).unwrap(), setup).unwrap();

    let mut message = None;
    let mut went_along = true;
    if client.are_we_first() {
        let mut first = Vec::new();
        client.step(None, &mut first).unwrap();
        message = Some(first);
    }
    let mut step = server.step(message.as_deref());
    loop {
        step = match step {
            Step::ScramKeys { user, hash } => {
                assert_eq!(user.as_str(), USER);
                let password = Secret::new(PASSWORD).unwrap();
                server.scram_keys(ScramKeys::derive(hash, &password, b"salt", 4096).ok())
            }
            Step::Check(credentials) => server.checked(is_right(&credentials)),
            Step::Challenge(challenge) => {
                let mut answer = Vec::new();
                went_along = client.step(Some(&challenge), &mut answer).is_ok();
                server.step(Some(&answer))
            }
            end => return (end, went_along),
        };
    }
}

fn is_right(credentials: &Credentials) -> bool {
    match credentials {
        Credentials::Password { user, password } => {
            user.as_str() == USER && password.expose() == PASSWORD.as_bytes()
        }
        Credentials::Token { user, token, .. } => {
            user.as_ref().is_some_and(|user| user.as_str() == USER)
                && token.expose() == TOKEN.as_bytes()
        }
        Credentials::External { user, certificate } => {
            user.as_ref().is_some_and(|user| user.as_str() == USER) && certificate == b"DER"
        }
        Credentials::Anonymous { trace } => trace.as_bytes() == b"guest@example.org",
        other => panic!("{other:?}"),
    }
}

fn scrams() -> impl Iterator<Item = &'static str> {
    ScramHash::ALL.into_iter().flat_map(|hash| [hash.mechanism(), hash.mechanism_plus()])
}

#[test]
fn who_knows_the_password_is_let_in() {
    for name in scrams() {
        let (end, went_along) = play(name, Peer::default(), EXPORTED);
        assert!(matches!(&end, Step::Proven(user) if user.as_str() == USER), "{name} {end:?}");
        assert!(went_along, "{name}: the client has verified the server's signature");
    }
    for name in ["PLAIN", "LOGIN", "ANONYMOUS"] {
        let (end, _) = play(name, Peer::default(), EXPORTED);
        assert!(matches!(end, Step::Accepted), "{name} {end:?}");
    }
}

#[test]
fn who_does_not_is_not() {
    for name in scrams().chain(["PLAIN", "LOGIN"]) {
        let peer = Peer { password: "wrong", ..Peer::default() };
        let (end, _) = play(name, peer, EXPORTED);
        assert!(matches!(end, Step::Refused), "{name} {end:?}");
    }
}

#[test]
fn a_binding_of_another_channel_is_refused() {
    let (end, _) = play("SCRAM-SHA-256-PLUS", Peer::default(), [0; 32]);
    assert!(matches!(end, Step::Malformed(SaslError::Binding)), "{end:?}");
}

#[test]
fn an_authorization_identity_is_for_oneself_only() {
    for name in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"] {
        let as_another = Peer { authorization: Some("admin"), ..Peer::default() };
        let (end, _) = play(name, as_another, EXPORTED);
        assert!(matches!(end, Step::Refused), "{name} {end:?}");
        let as_oneself = Peer { authorization: Some(USER), ..Peer::default() };
        let (end, _) = play(name, as_oneself, EXPORTED);
        assert!(matches!(end, Step::Accepted | Step::Proven(_)), "{name} {end:?}");
    }
}

#[test]
fn tokens_and_certificates() {
    for name in ["OAUTHBEARER", "XOAUTH2", "EXTERNAL"] {
        let peer = Peer { authorization: Some(USER), ..Peer::default() };
        let (end, _) = play(name, peer, EXPORTED);
        assert!(matches!(end, Step::Accepted), "{name} {end:?}");
    }
}

#[test]
fn a_refused_token_is_explained() {
    let wrong = Peer { token: "wrong", authorization: Some(USER), ..Peer::default() };
    let reason = wrong.reason.clone();
    assert!(matches!(play("XOAUTH2", wrong.clone(), EXPORTED).0, Step::Refused));
    assert!(reason.lock().unwrap().as_ref().unwrap().contains("401"));
    assert!(matches!(play("OAUTHBEARER", wrong, EXPORTED).0, Step::Refused));
}
