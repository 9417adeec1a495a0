//! The adapters are alike: the same sessions, the same hostile inputs and the same Maildir through
//! all of them, both sides, in clear text, by STLS and in TLS from the start. The same octets on the
//! wire, the same results.
//!
//! Each combination is one test, so that it can be seen by name; all are compared with the first.

mod client;
mod server;
mod tls;

use pop3_tests::adapters::Adapter;
use tls::Security;

/// Three adapters, two sides, three kinds of security.
#[test]
fn eighteen_combinations_are_alike() {
    let mut combinations = 0;
    for security in Security::ALL {
        let clients = Adapter::ALL.map(|adapter| (adapter, client::play(adapter, security)));
        let servers = Adapter::ALL.map(|adapter| (adapter, server::play(adapter, security)));
        for (adapter, played) in clients.iter().chain(&servers) {
            assert!(
                played.len() > 10,
                "{adapter:?}, {security:?}: nothing was played: {played:#?}"
            );
        }
        for side in [&clients, &servers] {
            let (first, measure) = &side[0];
            for (adapter, played) in side {
                combinations += 1;
                for ((scene, one), (_, other)) in measure.iter().zip(played) {
                    assert!(
                        one == other,
                        "{scene}, {security:?}: {first:?}:\n{}\nbut {adapter:?}:\n{}",
                        one.escape_ascii(),
                        other.escape_ascii()
                    );
                }
                assert_eq!(measure.len(), played.len(), "{adapter:?}, {security:?}");
            }
        }
    }
    assert_eq!(combinations, 18);
    pop3_tests::tell(&format!("{combinations} combinations were played and are alike"));
}
