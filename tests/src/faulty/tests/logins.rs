//! Every way to log in, and what is refused.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};

use super::client::Client;
use crate::faulty::login::hex;
use crate::faulty::{FaultyServer, TOKEN};

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn decoded(challenge: &str) -> String {
    let text = challenge.strip_prefix("+ ").unwrap_or_else(|| panic!("{challenge}"));
    String::from_utf8(Base64::decode_vec(text).unwrap()).unwrap()
}

fn encoded(text: &str) -> String {
    Base64::encode_string(text.as_bytes())
}

/// Logs in by SCRAM-SHA-256 with that header, up to the reply to the client's proof.
pub(super) fn scram(client: &mut Client, header: &str, password: &str) -> String {
    let said = (header, "n=mark,r=rOprNGfwEbeRWgbNEkqO");
    scram_with(client, said, password, ("", "")).pop().unwrap_or_default()
}

/// Logs in by SCRAM-SHA-256 with that first message, the header and the rest, and with the second
/// one changed: the server's first message, and the reply to the client's proof.
pub(super) fn scram_with(
    client: &mut Client,
    (header, bare): (&str, &str),
    password: &str,
    (old, new): (&str, &str),
) -> Vec<String> {
    let reply = client.ask(&format!("AUTH SCRAM-SHA-256 {}", encoded(&format!("{header}{bare}"))));
    if !reply.starts_with("+ ") {
        return vec![reply];
    }
    let server_first = decoded(&reply);
    let (nonce, rest) = server_first.split_once(",s=").unwrap();
    let (salt, iterations) = rest.split_once(",i=").unwrap();
    let mut without_proof = format!("c={},{nonce}", encoded(header));
    if !old.is_empty() {
        without_proof = without_proof.replacen(old, new, 1);
    }
    let mut salted = [0; 32];
    let salt = Base64::decode_vec(salt).unwrap();
    let iterations = iterations.parse().unwrap();
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, iterations, &mut salted);
    let signed = format!("{bare},{server_first},{without_proof}");
    let key = mac(&salted, "Client Key");
    let signature = mac(&Sha256::digest(&key), &signed);
    let proof: Vec<_> = key.iter().zip(signature).map(|(key, mask)| key ^ mask).collect();
    let last = format!("{without_proof},p={}", Base64::encode_string(&proof));
    let mut reply = client.ask(&encoded(&last));
    if reply.starts_with("+ ") {
        let verifier = Base64::encode_string(&mac(&mac(&salted, "Server Key"), &signed));
        assert_eq!(decoded(&reply), format!("v={verifier}"));
        reply = "+ v=".to_owned();
    }
    vec![server_first, reply]
}

/// The digest of CRAM-MD5.
pub(super) fn keyed(password: &str, challenge: &str) -> String {
    let mut digest = Hmac::<Md5>::new_from_slice(password.as_bytes()).unwrap();
    digest.update(challenge.as_bytes());
    hex(&digest.finalize().into_bytes())
}

fn is_in(client: &mut Client) -> bool {
    client.ask("STAT") == "+OK 0 0"
}

#[test]
fn scram_proves_both_sides() {
    let server = FaultyServer::start(None).unwrap();
    let mut client = Client::clear(&server);
    assert!(scram(&mut client, "n,,", "wrong").starts_with("-ERR [AUTH] "));
    assert!(scram(&mut client, "n,a=mary,", "swordfish").starts_with("-ERR [AUTH] "));
    assert!(client.ask("AUTH SCRAM-SHA-256 eCwsbj11LHI9YWJj").starts_with("-ERR "));
    assert!(scram(&mut client, "y,,", "swordfish").starts_with("+ "));
    assert!(client.ask("").starts_with("+OK "));
    assert!(is_in(&mut client));
    assert!(client.ask("AUTH CRAM-MD5").starts_with("-ERR "));
}

#[test]
fn plain_is_for_tls_and_for_oneself() {
    let server = FaultyServer::start(None).unwrap();
    let right = encoded("\0mark\0swordfish");
    let mut client = Client::clear(&server);
    assert!(client.ask(&format!("AUTH PLAIN {right}")).starts_with("-ERR "));
    let mut client = Client::tls(&server);
    for wrong in ["\0mark\0wrong", "\0nobody\0swordfish", "mary\0mark\0swordfish"] {
        let reply = client.ask(&format!("AUTH PLAIN {}", encoded(wrong)));
        assert!(reply.starts_with("-ERR [AUTH] "), "{wrong:?}: {reply}");
    }
    for malformed in ["=", "!!!", "AAA=BBB", &right[1..], &encoded("mark\0swordfish")] {
        let reply = client.ask(&format!("AUTH PLAIN {malformed}"));
        assert!(reply.starts_with("-ERR "), "{malformed:?}: {reply}");
    }
    for command in ["AUTH", "AUTH FOO", "AUTH PLAIN "] {
        assert!(client.ask(command).starts_with("-ERR "), "{command}");
    }
    assert_eq!(client.ask("AUTH PLAIN"), "+ ");
    assert!(client.ask("*").starts_with("-ERR "));
    assert_eq!(client.ask("auth plain"), "+ ");
    assert!(client.ask(&right).starts_with("+OK "));
    assert!(is_in(&mut client));
}

#[test]
fn cram_md5_takes_no_initial_response() {
    let server = FaultyServer::start(None).unwrap();
    let mut client = Client::clear(&server);
    assert!(client.ask("AUTH CRAM-MD5 abcd").starts_with("-ERR "));
    let challenge = decoded(&client.ask("AUTH CRAM-MD5"));
    let digest = keyed("tanstaaf", &challenge);
    assert!(client.ask(&encoded(&format!("mary {digest}"))).starts_with("+OK "));
    assert!(is_in(&mut client));
}

#[test]
fn oauthbearer_explains_a_refusal_and_then_refuses() {
    let server = FaultyServer::start(None).unwrap();
    let mut client = Client::tls(&server);
    let port = server.implicit().port();
    for (header, extra, token) in [
        ("n,,", "", "another"),
        ("n,a=mary,", "", TOKEN),
        ("n,,", "host=example.org\x01", TOKEN),
        ("n,,", "port=1\x01", TOKEN),
    ] {
        let message = encoded(&format!("{header}\x01{extra}auth=Bearer {token}\x01\x01"));
        let explanation = decoded(&client.ask(&format!("AUTH OAUTHBEARER {message}")));
        assert!(explanation.starts_with("{\"status\":"), "{explanation}");
        assert!(client.ask("AQ==").starts_with("-ERR [AUTH] "));
    }
    let extra = format!("host=localhost\x01port={port}\x01foo=bar\x01");
    let message = encoded(&format!("n,a=mark,\x01{extra}auth=bearer {TOKEN}\x01\x01"));
    assert_eq!(client.ask("AUTH OAUTHBEARER"), "+ ");
    assert!(client.ask(&message).starts_with("+OK "));
    assert!(is_in(&mut client));
}

#[test]
fn apop_takes_the_digest_of_this_greeting() {
    let server = FaultyServer::start(None).unwrap();
    let old = Client::clear(&server).digest("swordfish");
    let mut client = Client::clear(&server);
    assert!(client.ask(&format!("APOP mark {old}")).starts_with("-ERR [AUTH] "));
    assert!(client.ask("APOP mark").starts_with("-ERR "));
    let digest = client.digest("swordfish");
    assert!(client.ask(&format!("APOP mark {digest}")).starts_with("+OK "));
    assert!(is_in(&mut client));
    assert!(client.ask(&format!("APOP mark {digest}")).starts_with("-ERR "));
}

#[test]
fn pass_follows_user_at_once() {
    let server = FaultyServer::start(None).unwrap();
    let mut client = Client::clear(&server);
    for (commands, reply) in [
        (&["PASS swordfish"][..], "-ERR USER"),
        (&["USER"], "-ERR these"),
        (&["USER mark "], "-ERR these"),
        (&["USER mark", "NOOP", "PASS swordfish"], "-ERR USER"),
        (&["USER mark", "PASS wrong", "PASS swordfish"], "-ERR USER"),
        (&["USER mark", "PASS tanstaaf"], "-ERR [AUTH]"),
        (&["USER mark", "PASS swordfish x"], "-ERR [AUTH]"),
        (&["USER nobody", "PASS swordfish"], "-ERR [AUTH]"),
        // A soft hyphen is mapped to nothing (RFC 4013, section 2.1).
        (&["USER ma\u{ad}rk", "PASS sword\u{ad}fish"], "+OK welcome"),
    ] {
        let replies: Vec<_> = commands.iter().map(|command| client.ask(command)).collect();
        assert!(replies.last().unwrap().starts_with(reply), "{commands:?}: {replies:?}");
    }
    assert!(client.ask("USER mark").starts_with("-ERR "));
}
