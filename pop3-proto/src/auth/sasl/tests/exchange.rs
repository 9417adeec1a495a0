//! Both sides of SCRAM against each other, and somebody in between.

use core::slice;

use super::*;

/// One exchange up to its end; `tamper` sees and may change every message.
fn play(
    mut client: Box<dyn ClientMechanism>,
    setup: ServerSetup,
    stored: Option<&ScramKeys>,
    mut tamper: impl FnMut(usize, Vec<u8>) -> Vec<u8>,
) -> Result<UserName, String> {
    let broken = |error: SaslError| alloc::format!("client: {error}");
    let mut server = server_with(client.name(), setup);
    let mut message = client.initial().map_err(broken)?.unwrap().to_vec();
    for number in 0.. {
        let mut step = server.step(Some(&tamper(2 * number, message)));
        if matches!(step, Step::ScramKeys { .. }) {
            step = server.scram_keys(stored.cloned());
        }
        message = match step {
            Step::Challenge(challenge) => {
                client.respond(&tamper(2 * number + 1, challenge)).map_err(broken)?.to_vec()
            }
            Step::Proven(user) => return client.finish().map(|()| user).map_err(broken),
            Step::Refused => return Err("refused".into()),
            Step::Malformed(error) => return Err(alloc::format!("server: {error}")),
            other => panic!("{other:?}"),
        };
    }
    unreachable!()
}

fn untouched(_: usize, message: Vec<u8>) -> Vec<u8> {
    message
}

fn scram(password: &str, binding: Option<ChannelBinding>) -> Box<dyn ClientMechanism> {
    client::scram(ScramHash::Sha256, &user("a,b=c"), &secret(password), [1; NONCE], binding)
}

fn bound(bindings: &[ChannelBinding]) -> ServerSetup {
    let mut setup = setup();
    setup.bindings = bindings.to_vec();
    setup
}

#[test]
fn who_knows_the_password_is_let_in() {
    for hash in ScramHash::ALL {
        let client = client::scram(hash, &user("a,b=c"), &secret("p w"), [1; NONCE], None);
        let proven = play(client, setup(), Some(&keys(hash, "p w")), untouched);
        assert_eq!(proven.unwrap().as_str(), "a,b=c");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let stored = keys(ScramHash::Sha256, "right");
    let other = keys(ScramHash::Sha1, "wrong");
    for stored in [Some(&stored), None, Some(&other)] {
        let mut seen = Vec::new();
        let refused = play(scram("wrong", None), setup(), stored, |_, message| {
            seen.push(message.clone());
            message
        });
        assert_eq!(refused.unwrap_err(), "refused");
        let server_first = core::str::from_utf8(&seen[1]).unwrap();
        assert!(server_first.ends_with(",i=4096"), "{server_first}");
    }
}

#[test]
fn a_decoy_has_the_same_salt_each_time_and_another_for_another_name() {
    let decoy = |name: &str, key| ScramKeys::decoy(ScramHash::Sha1, key, &user(name), 5000);
    let (one, again) = (decoy("a", &[1; 32]), decoy("a", &[1; 32]));
    assert_eq!((one.salt(), one.iterations()), (again.salt(), 5000));
    for other in [decoy("b", &[1; 32]), decoy("a", &[2; 32])] {
        assert_ne!(one.salt(), other.salt());
    }
    let sha256 = ScramKeys::decoy(ScramHash::Sha256, &[1; 32], &user("a"), 5000);
    assert_ne!(one.salt(), sha256.salt(), "real salts differ by mechanism, too");
}

#[test]
fn both_ends_of_one_channel_agree() {
    let exporter = ChannelBinding::tls_exporter(&[7; 32]);
    let end_point = ChannelBinding::tls_server_end_point(&[8; 32]);
    let stored = keys(ScramHash::Sha256, "pw");
    for binding in [&exporter, &end_point] {
        let setup = bound(&[end_point.clone(), exporter.clone()]);
        let proven = play(scram("pw", Some(binding.clone())), setup, Some(&stored), untouched);
        assert!(proven.is_ok(), "{proven:?}");
    }
    let elsewhere = bound(&[ChannelBinding::tls_exporter(&[6; 32])]);
    let refused = play(scram("pw", Some(exporter)), elsewhere, Some(&stored), untouched);
    assert_eq!(refused.unwrap_err(), alloc::format!("server: {}", SaslError::Binding));
}

#[test]
fn whoever_changes_a_message_on_the_way_is_found_out() {
    let binding = ChannelBinding::tls_exporter(&[7; 32]);
    let stored = keys(ScramHash::Sha256, "pw");
    let count = {
        let mut lengths = Vec::new();
        let client = scram("pw", Some(binding.clone()));
        let proven = play(client, bound(slice::from_ref(&binding)), Some(&stored), |_, message| {
            lengths.push(message.len());
            message
        });
        assert!(proven.is_ok());
        lengths
    };
    for (number, length) in count.into_iter().enumerate() {
        for at in (0..length).step_by(3) {
            let client = scram("pw", Some(binding.clone()));
            let setup = bound(slice::from_ref(&binding));
            let result = play(client, setup, Some(&stored), |this, mut message| {
                if this == number {
                    message[at] ^= 1;
                }
                message
            });
            assert!(result.is_err(), "octet {at} of message {number}");
        }
    }
}

#[test]
fn a_list_without_plus_is_noticed() {
    let setup = bound(&[ChannelBinding::tls_exporter(&[7; 32])]);
    let client =
        client::scram_not_offered(ScramHash::Sha256, &user("u"), &secret("pw"), [1; NONCE]);
    let refused = play(client, setup, Some(&keys(ScramHash::Sha256, "pw")), untouched);
    assert_eq!(refused.unwrap_err(), alloc::format!("server: {}", SaslError::Downgraded));
}

#[test]
fn stored_keys_are_read_back_as_they_were_written() {
    for hash in ScramHash::ALL {
        let keys = keys(hash, "pw");
        let text = keys.expose();
        let read: ScramKeys = text.parse().unwrap();
        assert_eq!(
            alloc::format!("{read:?}"),
            alloc::format!("ScramKeys({}, …)", read.hash().mechanism())
        );
        assert_eq!(read.expose(), text);
        assert_eq!((read.hash(), read.salt(), read.iterations()), (hash, SALT, 4096));
        assert!(read.matches(&secret("pw")) && !read.matches(&secret("pW")));
        assert!(!alloc::format!("{read:?}").contains(text.rsplit(',').next().unwrap()));
    }
    let good = keys(ScramHash::Sha1, "pw").expose();
    let (short, long) = (good.strip_suffix('=').unwrap(), alloc::format!("{},", good.as_str()));
    for wrong in ["", "4096", "4096,,,", short, &long, &good.replace("4096", "x")] {
        assert_eq!(wrong.parse::<ScramKeys>().unwrap_err(), SaslError::StoredKeys, "{wrong}");
    }
    assert_eq!(
        good.replace("4096", "100").parse::<ScramKeys>().unwrap_err(),
        SaslError::TooFewIterations(100)
    );
}

#[cfg(not(feature = "saslprep"))]
#[test]
fn without_saslprep_scram_is_for_ascii_alone() {
    let refused = ScramKeys::derive(ScramHash::Sha1, &secret("pä"), SALT, 4096);
    assert_eq!(refused.unwrap_err(), SaslError::NotAscii);
    let mut client = client::scram(ScramHash::Sha1, &user("ä"), &secret("p"), [1; NONCE], None);
    assert_eq!(client.initial().unwrap_err(), SaslError::NotAscii);
    let step = server("SCRAM-SHA-1").step(Some("n,,n=ä,r=abc".as_bytes()));
    assert_eq!(malformed(step), SaslError::NotAscii);
    let step = server("PLAIN").step(Some("\0ä\0ö".as_bytes()));
    assert!(matches!(step, Step::Check(_)), "the others carry it as it is");
}

/// RFC 4013, section 3, and two spellings of one name.
#[cfg(feature = "saslprep")]
#[test]
fn names_and_passwords_are_prepared() {
    for (raw, prepared) in [
        ("I\u{ad}X", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u{aa}", "a"),
        ("\u{2168}", "IX"),
    ] {
        assert_eq!(prepared_user(&user(raw)).unwrap().as_str(), prepared);
        assert_eq!(prepared_password(&secret(raw)).unwrap().expose(), prepared.as_bytes());
    }
    for wrong in ["\u{627}\u{31}", "\u{ad}", "a\u{e000}"] {
        assert_eq!(prepared_user(&user(wrong)).unwrap_err(), SaslError::Prohibited);
        assert_eq!(prepared_password(&secret(wrong)).unwrap_err(), SaslError::Prohibited);
    }
    let (composed, decomposed) = ("b\u{e4}r", "ba\u{308}r");
    let stored = keys(ScramHash::Sha256, composed);
    let client =
        client::scram(ScramHash::Sha256, &user(decomposed), &secret(decomposed), [1; NONCE], None);
    assert_eq!(play(client, setup(), Some(&stored), untouched).unwrap().as_str(), composed);
}
