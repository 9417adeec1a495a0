//! The seeds, and with them every finding that was kept, on stable Rust.

mod hold;

macro_rules! targets {
    ($($target:ident $law:path)*) => {$(
        #[test]
        fn $target() {
            hold::hold(stringify!($target), $law);
        }
    )*};
}

targets! {
    capability pop3_fuzz::capability::check
    client_bytes pop3_fuzz::client_bytes::check
    command pop3_fuzz::command::check
    maildir pop3_fuzz::maildir::check
    message pop3_fuzz::message::check
    multiline pop3_fuzz::multiline::check
    pair pop3_fuzz::pair::check
    reply pop3_fuzz::reply::check
    sasl_client pop3_fuzz::sasl::client::check
    sasl_login pop3_fuzz::sasl::login::check
    sasl_server pop3_fuzz::sasl::server::check
    server_bytes pop3_fuzz::server_bytes::check
    url pop3_fuzz::url::check
}

/// What the clients of the conformance suite's scripts say.
#[test]
fn the_cases_of_the_conformance_suite() {
    let names = |name: &str| {
        let known: &[u8] = match name {
            "user" => b"mark",
            "password" => b"swordfish",
            _ => b"1",
        };
        Some(known.to_vec())
    };
    let cases = pop3_conformance::server::cases();
    let said: Vec<_> = cases.iter().filter_map(|case| case.said(&names)).collect();
    assert!(said.len() > 200, "only {} scripts", said.len());
    for octets in said.iter().filter(|octets| octets.len() <= 4_096) {
        pop3_fuzz::server_bytes::check(&[b"\n", &octets[..]].concat());
    }
}
