//! A server's mechanism, whatever its client says: no panic, nobody let in by chance, no secret in
//! what is shown.
//!
//! The first line of an input is the name of a mechanism. Each line behind it is a call: `+` what
//! the client says, `-` that it says nothing, `k` the user's keys, `K` those of another hash, `d` no
//! keys, `n` and `y` what the host thinks of credentials.

use pop3_proto::UserName;
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys, ServerMechanism, ServerSetup, Step};

use crate::calls::calls;
use crate::cuts::first_line;
use crate::has_password;
use crate::office::{is_right, keys, mechanism, user};
use crate::sasl::client::channel;
use crate::secrets::shows_password;

/// Plays a script.
pub fn check(input: &[u8]) {
    let (name, script) = first_line(input);
    let Some(name) = mechanism(name) else { return };
    let setup = ServerSetup::new([2; 24], "host", [3; 32]).within(&channel());
    assert!(!shows_password(&format!("{setup:?}")));
    let Some(mut server) = ServerMechanism::new(&name, setup) else { return };
    let is_scram = name.as_str().starts_with("SCRAM");

    let mut asked = None;
    let mut is_over = false;
    for (which, with) in calls(script) {
        let said = match which {
            b'+' => Some(Some(with)),
            b'-' => Some(None),
            _ => None,
        };
        let step = match (said, which) {
            (Some(said), _) => server.step(said),
            (_, b'k' | b'K') => server.scram_keys(stored(name.as_str(), which == b'k')),
            (_, b'd') => server.scram_keys(None),
            (_, b'n') => server.checked(false),
            (_, b'y') => server.checked(true),
            _ => continue,
        };
        let was_asked = asked.take();
        keeps_the_secret(&server, &step);
        match &step {
            Step::Check(credentials) => {
                assert!(!is_scram, "SCRAM proves by itself");
                is_what_was_said(credentials, script);
                asked = Some(());
            }
            Step::Accepted => {
                let by_host = which == b'y' && was_asked.is_some();
                assert!(by_host && !is_over, "accepted without the host");
            }
            // Nobody who does not know the password can have made such a script, unless as a seed.
            Step::Proven(user) => {
                assert!(is_scram && !is_over && which == b'+' && user.as_str() == "mark");
            }
            Step::ScramKeys { .. } => assert!(is_scram && !is_over),
            _ => {}
        }
        is_over |=
            matches!(step, Step::Accepted | Step::Proven(_) | Step::Refused | Step::Malformed(_));
    }
}

/// The keys of `mark` for the hash of a mechanism, or for another one.
fn stored(name: &str, right: bool) -> Option<ScramKeys> {
    let fits = |hash: &ScramHash| {
        let plain = name.strip_suffix("-PLUS").unwrap_or(name);
        (hash.mechanism() == plain) == right
    };
    keys(&user(), ScramHash::ALL.into_iter().find(fits)?)
}

/// No password is right that is not in what the client said, and no name but that.
fn is_what_was_said(credentials: &Credentials, script: &[u8]) {
    let contains = |octets: &[u8]| script.windows(octets.len()).any(|window| window == octets);
    let by_knowledge = matches!(credentials, Credentials::CramMd5 { .. });
    let is_guest = matches!(credentials, Credentials::Anonymous { .. });
    if is_right(credentials) {
        assert!(by_knowledge || is_guest || has_password(script) || !script.is_ascii());
    }
    // Beyond ASCII, names are prepared, and so are others than were said.
    let named = credentials.user().map(UserName::as_str);
    if let Some(name) = named.filter(|_| script.is_ascii()) {
        let escaped = name.replace('=', "=3D").replace(',', "=2C");
        assert!(
            contains(name.as_bytes()) || contains(escaped.as_bytes()) || name.contains(['=', ','])
        );
    }
}

fn keeps_the_secret(server: &ServerMechanism, step: &Step) {
    assert!(!shows_password(&format!("{server:?}")));
    let told = match step {
        // A nonce is repeated, and names and traces are shown.
        Step::Challenge(_) | Step::ScramKeys { .. } | Step::Proven(_) => true,
        Step::Check(Credentials::Anonymous { .. }) => true,
        Step::Check(credentials) => {
            credentials.user().is_some_and(|user| shows_password(user.as_str()))
        }
        _ => false,
    };
    assert!(told || !shows_password(&format!("{step:?}")), "{step:?}");
    if let Step::Malformed(error) = step {
        assert!(!shows_password(&error.to_string()), "{error}");
    }
}
