//! A client's mechanism, whatever its server says: no panic, no secret shown or said where none is
//! to be said, and no server believed that has proven nothing.
//!
//! The first line of an input is the name of a mechanism. Each line behind it is a call: `i` the
//! initial response, `+` a challenge, `f` the server's `+OK`.

use pop3_proto::auth::Channel;
use pop3_proto::auth::sasl::{
    ChannelBinding, ClientMechanism, NONCE, SaslError, ScramHash, client,
};
use pop3_proto::{Secret, Text};

use super::is_affordable;
use crate::calls::calls;
use crate::cuts::first_line;
use crate::has_password;
use crate::office::{password, user};
use crate::secrets::shows_password;

/// Not random, so that a seed can hold what a server would say to it.
pub(crate) const CLIENT_NONCE: [u8; NONCE] = [1; NONCE];

/// Plays a script.
pub fn check(input: &[u8]) {
    let (name, script) = first_line(input);
    let Some(mut mechanism) = mechanism(name, &password()) else { return };
    let mut proven = false;
    for (which, with) in calls(script) {
        let result = match which {
            b'i' => mechanism.initial().map(Option::unwrap_or_default),
            b'+' if is_affordable(with) => mechanism.respond(with),
            b'f' => {
                let finished = mechanism.finish();
                proven |= finished.is_ok();
                finished.map(|()| Default::default())
            }
            _ => continue,
        };
        keeps_the_secret(&*mechanism, script, result.as_deref().map(Vec::as_slice));
    }
    // Nobody who does not know the password can have made such a script.
    assert!(!proven || !name.starts_with(b"SCRAM"), "a server is believed that proves nothing");
}

/// Each mechanism by its name, for `mark`.
pub(crate) fn mechanism(name: &[u8], password: &Secret) -> Option<Box<dyn ClientMechanism>> {
    let user = user();
    Some(match name {
        b"PLAIN" => client::plain(&user, password),
        b"LOGIN" => client::login(&user, password),
        b"CRAM-MD5" => client::cram_md5(&user, password),
        b"OAUTHBEARER" => client::oauth_bearer(Some(&user), "host", 110, password),
        b"XOAUTH2" => client::xoauth2(&user, password),
        b"EXTERNAL" => client::external(Some(&user)),
        b"ANONYMOUS" => client::anonymous(&Text::literal("a guest")),
        name => {
            let known = |hash: &ScramHash| name.starts_with(hash.mechanism().as_bytes());
            let hash = ScramHash::ALL.into_iter().find(known)?;
            match &name[hash.mechanism().len()..] {
                b"" => client::scram(hash, &user, password, CLIENT_NONCE, None),
                b"-PLUS" => {
                    let binding = ChannelBinding::all(&channel()).into_iter().next();
                    client::scram(hash, &user, password, CLIENT_NONCE, binding)
                }
                b" " => client::scram_not_offered(hash, &user, password, CLIENT_NONCE),
                _ => return None,
            }
        }
    })
}

/// A channel with all that mechanisms can bind to.
pub(crate) fn channel() -> Channel {
    let mut channel = Channel::default();
    channel.exporter = Some(vec![7; 32].into());
    channel.server_end_point = Some(vec![8; 32]);
    channel.peer_certificate = Some(b"a certificate".to_vec());
    channel
}

fn keeps_the_secret(
    mechanism: &dyn ClientMechanism,
    script: &[u8],
    result: Result<&[u8], &SaslError>,
) {
    assert!(!shows_password(&format!("{mechanism:?}")), "{mechanism:?}");
    // What the server says may be repeated.
    if shows_password(&String::from_utf8_lossy(script)) {
        return;
    }
    match result {
        Err(error) => assert!(!shows_password(&format!("{error} {error:?}")), "{error}"),
        Ok(said) => {
            let proves = matches!(mechanism.name(), "CRAM-MD5" | "EXTERNAL" | "ANONYMOUS")
                || mechanism.name().starts_with("SCRAM");
            assert!(!proves || !has_password(said), "the password itself is said");
        }
    }
}
