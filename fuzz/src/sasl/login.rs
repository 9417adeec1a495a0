//! Both sides of each mechanism: whoever has the password is let in by any name, whoever has
//! another is not, and whoever changes a message of SCRAM on the way is found out.
//!
//! The first line of an input is the name of a mechanism, the second what happens on the way: the
//! number of a message, the place in it and what is done to the octet there, a character each, or
//! nothing. The third is the user, and the password is the rest.

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{
    ChannelBinding, ClientMechanism, ScramHash, ScramKeys, ServerMechanism, ServerSetup, Step,
    client, prepared_password, prepared_user,
};
use pop3_proto::{Secret, Text, UserName};

use super::client::{CLIENT_NONCE, channel};
use super::is_affordable;
use crate::calls::number;
use crate::cuts::first_line;
use crate::office::mechanism;
use crate::secrets::{PASSWORD, shows_password};

/// Logs in.
pub fn check(input: &[u8]) {
    let (name, rest) = first_line(input);
    let (on_the_way, rest) = first_line(rest);
    let (user, password) = first_line(rest);
    let Some(party) = Party::new(name, user, password) else { return };
    let is_scram = name.starts_with(b"SCRAM");
    let Some(honest) = party.play(&party.password, &[]) else { return };
    assert_eq!(honest.user, Ok(party.prepared.clone()));
    assert!(honest.believed && honest.as_sent);

    if !name.starts_with(b"EXTERNAL") && !name.starts_with(b"ANONYMOUS") {
        let other = Secret::new([party.password.expose(), b"x"].concat()).expect("a secret");
        if let Some(wrong) = party.play(&other, &[]) {
            assert!(wrong.user.is_err(), "let in by a wrong password");
        }
    }
    if is_scram && !on_the_way.is_empty() {
        let Some(changed) = party.play(&party.password, on_the_way) else { return };
        let is_found_out = changed.user.is_err() || !changed.believed;
        assert!(changed.as_sent || is_found_out, "what was changed on the way is believed");
    }
}

/// Who logs in, and by what.
struct Party<'a> {
    mechanism: &'a [u8],
    user: UserName,
    password: Secret,
    /// What the server knows them by.
    prepared: UserName,
}

/// How an exchange went.
struct Outcome {
    /// Who the server takes the client for.
    user: Result<UserName, String>,
    /// Whether the client believes the server.
    believed: bool,
    /// Whether each message came as it was sent, but for what nobody signs.
    as_sent: bool,
}

impl<'a> Party<'a> {
    /// None where the two cannot be carried by the mechanism, which refuses them.
    fn new(mechanism: &'a [u8], user: &[u8], password: &[u8]) -> Option<Self> {
        let user = UserName::from_bytes(user).ok()?;
        // So that it is found wherever it does not belong.
        let password = Secret::new([password, PASSWORD.as_bytes()].concat()).ok()?;
        let fits = user.as_str().len() + password.expose().len() <= 500;
        let prepared = prepared_user(&user).ok()?;
        prepared_password(&password).ok()?;
        let is_token = password.expose().iter().all(u8::is_ascii_graphic);
        let fits =
            fits && (is_token || !mechanism.ends_with(b"AUTH2") && mechanism != b"OAUTHBEARER");
        fits.then_some(Self { mechanism, user, password, prepared })
    }

    fn client(&self) -> Option<Box<dyn ClientMechanism>> {
        let Self { user, password, .. } = self;
        Some(match self.mechanism {
            b"PLAIN" => client::plain(user, password),
            b"LOGIN" => client::login(user, password),
            b"CRAM-MD5" => client::cram_md5(user, password),
            b"OAUTHBEARER" => client::oauth_bearer(Some(user), "host", 110, password),
            b"XOAUTH2" => client::xoauth2(user, password),
            b"EXTERNAL" => client::external(Some(user)),
            b"ANONYMOUS" => client::anonymous(&Text::new(user.as_str()).ok()?),
            name => {
                let hash = hash(name)?;
                let mut bindings = ChannelBinding::all(&channel()).into_iter();
                let binding = bindings.next().filter(|_| name.ends_with(b"-PLUS"));
                client::scram(hash, user, password, CLIENT_NONCE, binding)
            }
        })
    }

    /// One exchange with a server that takes that password for the right one.
    fn play(&self, right: &Secret, on_the_way: &[u8]) -> Option<Outcome> {
        let mut client = self.client()?;
        let name = mechanism(self.mechanism)?;
        let setup = ServerSetup::new([2; 24], "host", [3; 32]).within(&channel());
        let mut server = ServerMechanism::new(&name, setup)?;
        let (mut number, mut as_sent) = (0, true);
        let mut carry = |message: &[u8]| {
            let changed = change(message, number, on_the_way);
            number += 1;
            // Behind the signature stand extensions, which it does not cover.
            let signed = |message: &[u8]| match message.starts_with(b"v=") {
                true => message.split(|octet| *octet == b',').next().map(<[u8]>::to_vec),
                false => Some(message.to_vec()),
            };
            as_sent &= signed(message) == signed(&changed);
            changed
        };
        let initial = client.initial().ok()?;
        let mut said = initial.as_ref().map(|message| carry(message));
        let user = loop {
            let mut step = server.step(said.as_deref());
            if let Step::ScramKeys { user, hash } = &step {
                let keys = (*user == self.prepared).then(|| stored(*hash, right)).flatten();
                step = server.scram_keys(keys);
            }
            if let Step::Check(credentials) = &step {
                let is_right = self.is_right(credentials, right);
                step = server.checked(is_right);
                if matches!(step, Step::Accepted) {
                    break Ok(self.prepared.clone());
                }
            }
            match step {
                Step::Challenge(challenge) => {
                    let challenge = carry(&challenge);
                    self.keeps_the_secret(&format!("{client:?} {server:?}"));
                    if !is_affordable(&challenge) {
                        break Err("dear".to_owned());
                    }
                    match client.respond(&challenge) {
                        Ok(response) => said = Some(carry(&response)),
                        Err(error) => break Err(self.shown(&error)),
                    }
                }
                Step::Proven(user) => break Ok(user),
                Step::Refused => break Err("refused".to_owned()),
                Step::Malformed(error) => break Err(self.shown(&error)),
                other => panic!("{other:?}"),
            }
        };
        let believed = client.finish().is_ok();
        Some(Outcome { user, believed, as_sent })
    }

    fn is_right(&self, credentials: &Credentials, right: &Secret) -> bool {
        let prepared = prepared_password(right).ok();
        let right = match credentials {
            Credentials::Password { password, .. } => Some(password) == prepared.as_ref(),
            Credentials::CramMd5 { challenge, digest, .. } => {
                digest.matches(challenge.as_str().as_bytes(), right.expose())
            }
            Credentials::Token { token, .. } => token == right,
            Credentials::External { certificate, .. } => certificate == b"a certificate",
            Credentials::Anonymous { .. } => true,
            _ => false,
        };
        right && credentials.user().is_none_or(|user| *user == self.prepared)
    }

    fn shown(&self, error: &pop3_proto::auth::sasl::SaslError) -> String {
        let shown = format!("{error} {error:?}");
        self.keeps_the_secret(&shown);
        shown
    }

    /// Names may be shown, also those that happen to contain the password.
    fn keeps_the_secret(&self, shown: &str) {
        let named = [&self.user, &self.prepared].iter().any(|user| shows_password(user.as_str()));
        assert!(named || !shows_password(shown), "{shown}");
    }
}

fn hash(name: &[u8]) -> Option<ScramHash> {
    let plain = name.strip_suffix(b"-PLUS").unwrap_or(name);
    ScramHash::ALL.into_iter().find(|hash| hash.mechanism().as_bytes() == plain)
}

fn stored(hash: ScramHash, password: &Secret) -> Option<ScramKeys> {
    let keys = ScramKeys::derive(hash, password, b"a salt", 4096).ok()?;
    let text = keys.expose();
    assert_eq!(text.parse::<ScramKeys>().map(|keys| keys.expose()), Ok(text));
    Some(keys)
}

/// Changes an octet of one message; cuts off there, or adds one, where the octet would stay.
fn change(message: &[u8], number_of_it: usize, on_the_way: &[u8]) -> Vec<u8> {
    let [which, at, what @ ..] = on_the_way else { return message.to_vec() };
    if number(&[*which]) != number_of_it {
        return message.to_vec();
    }
    let (mut changed, at) = (message.to_vec(), number(&[*at]));
    match (changed.get_mut(at), what) {
        (Some(octet), [what, ..]) if octet != what => *octet = *what,
        (Some(_), [_, ..]) => changed.truncate(at),
        (Some(_), []) => {
            changed.remove(at);
        }
        (None, what) => changed.extend_from_slice(what),
    }
    changed
}
