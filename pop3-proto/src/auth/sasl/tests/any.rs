//! Laws that hold for all octets.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Octets near to what mechanisms say, so that more than the first rule is met.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        any::<Vec<u8>>(),
        Just(b"n,,n=u,r=abc".to_vec()),
        Just(b"r=AgICAgICAgICAgICAgICAgICAgICAgIC".to_vec()),
        Just(b",s=c2FsdA==,i=4096".to_vec()),
        Just(b"c=biws,r=abcAgICAgICAgICAgICAgICAgICAgICAgIC,p=AAAA".to_vec()),
        Just(b"auth=Bearer t\x01\x01".to_vec()),
        Just(b"user=u\x01".to_vec()),
        Just(b"n,,\x01".to_vec()),
        Just(b"\0u\0p".to_vec()),
        Just(Vec::new()),
    ];
    vec(pieces, 0..3).prop_map(|pieces| pieces.concat())
}

const NAMES: [&str; 8] = [
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256-PLUS",
    "OAUTHBEARER",
    "XOAUTH2",
    "ANONYMOUS",
];

proptest! {
    #[test]
    fn no_client_makes_a_server_panic_or_proves_anything_by_chance(
        name in proptest::sample::select(&NAMES[..]),
        messages in vec(proptest::option::weighted(0.9, message()), 1..6),
    ) {
        let mut setup = setup();
        setup.bindings.push(ChannelBinding::tls_exporter(&[1; 32]));
        let mut server = server_with(name, setup);
        for message in messages {
            let mut step = server.step(message.as_deref());
            if matches!(step, Step::ScramKeys { .. }) {
                step = server.scram_keys(None);
            }
            if matches!(step, Step::Check(_)) {
                step = server.checked(false);
            }
            prop_assert!(!matches!(step, Step::Proven(_) | Step::Accepted));
        }
    }

    #[test]
    fn no_server_makes_a_client_panic_or_believe_it(messages in vec(message(), 0..4)) {
        let (user, password) = (user("u"), secret("p"));
        for mut client in [
            client::scram(ScramHash::Sha1, &user, &password, [2; NONCE], None),
            client::login(&user, &password),
            client::cram_md5(&user, &password),
            client::oauth_bearer(None, "h", 1, &password),
        ] {
            let _ = client.initial();
            for message in &messages {
                let _ = client.respond(message);
            }
            prop_assert!(!client.name().starts_with("SCRAM") || client.finish().is_err());
        }
    }

    #[test]
    fn there_is_one_base64_for_all_octets(octets: Vec<u8>, text in "[A-Za-d0-3+/]{0,8}={0,3}") {
        let encoded = base64::encode(&octets);
        let decoded = base64::decode(encoded.as_bytes());
        prop_assert_eq!(decoded, Some(Zeroizing::new(octets)));
        if let Some(decoded) = base64::decode(text.as_bytes()) {
            prop_assert_eq!(base64::encode(&decoded), Zeroizing::new(text));
        }
    }

    #[test]
    fn any_name_survives_its_escaping(name in "[a-c=,ä23CD]{1,8}") {
        let name = user(&name);
        let header = alloc::format!("n,a={},", scram::escape(&name));
        let header = scram::Header::split(&header).unwrap();
        prop_assert_eq!(header.authorization, Some(name));
    }
}
