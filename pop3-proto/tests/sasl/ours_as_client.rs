//! Our client, rsasl's server.

use pop3_proto::auth::sasl::{
    ChannelBinding, ClientMechanism, NONCE, SaslError, ScramHash, client,
};
use pop3_proto::{Secret, Text, UserName};
use rsasl::prelude::{Mechname, SASLServer};

use crate::peer::{Channel, EXPORTED, Judged, PASSWORD, Peer, TOKEN, USER};

/// Whom rsasl takes the client for, if for anybody; or what the client does not like.
fn play(mut client: Box<dyn ClientMechanism>) -> Result<Option<String>, SaslError> {
    let server = SASLServer::<Judged, _>::with_cb(Peer::default().config(), Channel);
    let name = client.name().to_owned();
    let mut server = server.start_suggested(Mechname::parse(name.as_bytes()).unwrap()).unwrap();
    let mut message = client.initial()?;
    for _ in 0..5 {
        let mut challenge = Vec::new();
        let Ok(state) = server.step(message.as_ref().map(|octets| &octets[..]), &mut challenge)
        else {
            return Ok(None);
        };
        if state.has_sent_message() {
            message = Some(client.respond(&challenge)?);
        }
        if state.is_finished() {
            let judged = server.validation().flatten();
            return if judged.is_some() { client.finish().map(|()| judged) } else { Ok(None) };
        }
    }
    panic!("{name} has no end");
}

fn user() -> UserName {
    UserName::new(USER).unwrap()
}

fn secret(secret: &str) -> Secret {
    Secret::new(secret).unwrap()
}

fn scram(hash: ScramHash, password: &str, binding: bool) -> Box<dyn ClientMechanism> {
    let binding = binding.then(|| ChannelBinding::tls_exporter(&EXPORTED));
    client::scram(hash, &user(), &secret(password), [42; NONCE], binding)
}

#[test]
fn who_knows_the_password_is_let_in() {
    let mut clients =
        vec![client::plain(&user(), &secret(PASSWORD)), client::login(&user(), &secret(PASSWORD))];
    for hash in ScramHash::ALL {
        clients.extend([scram(hash, PASSWORD, false), scram(hash, PASSWORD, true)]);
    }
    for client in clients {
        let shown = format!("{client:?}");
        assert_eq!(play(client).unwrap().as_deref(), Some(USER), "{shown}");
    }
}

#[test]
fn who_does_not_is_not() {
    for client in [
        client::plain(&user(), &secret("wrong")),
        client::login(&user(), &secret("wrong")),
        client::oauth_bearer(Some(&user()), "pop.example.org", 995, &secret("wrong")),
        client::xoauth2(&user(), &secret("wrong")),
    ] {
        let shown = format!("{client:?}");
        assert_eq!(play(client).unwrap(), None, "{shown}");
    }
    for hash in ScramHash::ALL {
        let refused = play(scram(hash, "wrong", false)).unwrap_err();
        assert!(matches!(refused, SaslError::Server(_)), "{refused}");
    }
}

#[test]
fn a_binding_of_another_channel_is_refused() {
    let binding = Some(ChannelBinding::tls_exporter(&[0; 32]));
    let client = client::scram(ScramHash::Sha256, &user(), &secret(PASSWORD), [42; NONCE], binding);
    assert!(matches!(play(client), Err(SaslError::Server(_))));
}

#[test]
fn tokens_certificates_and_guests() {
    for client in [
        client::oauth_bearer(Some(&user()), "pop.example.org", 995, &secret(TOKEN)),
        client::xoauth2(&user(), &secret(TOKEN)),
        client::external(Some(&user())),
    ] {
        let shown = format!("{client:?}");
        assert_eq!(play(client).unwrap().as_deref(), Some(USER), "{shown}");
    }
    let guest = client::anonymous(&Text::literal("guest@example.org"));
    assert_eq!(play(guest).unwrap().as_deref(), Some("guest@example.org"));
}
