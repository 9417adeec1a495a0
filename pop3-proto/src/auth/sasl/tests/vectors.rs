//! The examples of the RFCs, octet for octet, by both sides.

use super::super::scram::{Gs2, ScramClient, ScramServer};
use super::*;

struct Example {
    hash: ScramHash,
    client_nonce: &'static str,
    server_nonce: &'static str,
    salt: &'static str,
    proof: &'static str,
    verifier: &'static str,
}

/// RFC 5802, section 5, and RFC 7677, section 3.
const EXAMPLES: [Example; 2] = [
    Example {
        hash: ScramHash::Sha1,
        client_nonce: "fyko+d2lbbFgONRv9qkxdawL",
        server_nonce: "3rfcNHYJY1ZVvWVs7j",
        salt: "QSXCR+Q6sek8bf92",
        proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        verifier: "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    },
    Example {
        hash: ScramHash::Sha256,
        client_nonce: "rOprNGfwEbeRWgbNEkqO",
        server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
        proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        verifier: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    },
];

#[test]
fn scram_as_the_rfcs_show_it() {
    for Example { hash, client_nonce, server_nonce, salt, proof, verifier } in EXAMPLES {
        let (user, password) = (user("user"), secret("pencil"));
        let mut client = ScramClient::new(hash, &user, &password, client_nonce, Gs2::Cannot);
        let bindings = Vec::new();
        let key = Zeroizing::new([0; 32]);
        let mut server = ScramServer::new(hash, false, server_nonce.into(), bindings, key);

        let first = client.initial().unwrap().unwrap();
        assert_eq!(first.as_slice(), alloc::format!("n,,n=user,r={client_nonce}").as_bytes());
        assert!(matches!(server.step(&first), Ok(Step::ScramKeys { .. })));
        let salt_octets = base64::decode(salt.as_bytes()).unwrap();
        let keys = ScramKeys::derive(hash, &password, &salt_octets, 4096).unwrap();
        let server_first = challenge(server.keys(Some(keys)).unwrap());
        assert_eq!(server_first, alloc::format!("r={client_nonce}{server_nonce},s={salt},i=4096"));
        let last = client.respond(server_first.as_bytes()).unwrap();
        let expected = alloc::format!("c=biws,r={client_nonce}{server_nonce},p={proof}");
        assert_eq!(last.as_slice(), expected.as_bytes());
        let server_final = challenge(server.step(&last).unwrap());
        assert_eq!(server_final, alloc::format!("v={verifier}"));
        assert!(client.respond(server_final.as_bytes()).unwrap().is_empty());
        client.finish().unwrap();
        let Ok(Step::Proven(proven)) = server.step(b"") else { panic!() };
        assert_eq!(proven, user);
    }
}

#[test]
fn cram_md5_as_rfc_2195_shows_it() {
    let mut client = client::cram_md5(&user("tim"), &secret("tanstaaftanstaaf"));
    assert_eq!(client.initial().unwrap(), None);
    let answer = client.respond(b"<1896.697170952@postoffice.reston.mci.net>").unwrap();
    assert_eq!(answer.as_slice(), b"tim b913a602c7eda7a495b4e6e7334d3890");
    client.finish().unwrap();
}

/// RFC 7628, section 4.1, but for the pair behind `port`, and Google's own example.
#[test]
fn tokens_as_their_makers_show_them() {
    let token = secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
    let user = user("user@example.com");
    let mut client = client::oauth_bearer(Some(&user), "server.example.com", 143, &token);
    assert_eq!(
        client.initial().unwrap().unwrap().as_slice(),
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01\
          auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    );
    let mut client = client::xoauth2(&user, &token);
    assert_eq!(
        client.initial().unwrap().unwrap().as_slice(),
        b"user=user@example.com\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    );
}
