//! A host for a server's connection: `mark` with `swordfish` and four letters, who may log in by
//! every mechanism.

use std::sync::LazyLock;

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{
    NONCE, ScramHash, ScramKeys, ServerMechanism, ServerSetup, Step, prepared_password,
};
use pop3_proto::command::Mechanism;
use pop3_proto::multiline::Counter;
use pop3_proto::server::{
    Action, AuthenticateTicket, Config, Connection, Ending, ExtensionCommand, Refusal, Removal,
    Tolerance,
};
use pop3_proto::state::State;
use pop3_proto::{Capability, MessageInfo, Reply, Secret, Text, UniqueId, UserName};

use crate::secrets::{PASSWORD, shows_password};

pub(crate) const USER: &str = "mark";

pub(crate) const LETTERS: &[&[u8]] = &[
    b"Subject: dots\n\n.\n..\n.one\nlast, without a line end",
    b"Subject: mixed\r\n\r\n\rbare CR\r\r\n.\r\n\n.\n",
    b"Subject: header alone\n",
    b"",
];

/// The limits, so narrow that short inputs meet them.
pub(crate) const HIGH_WATER: usize = 80;
pub(crate) const READ_BUFFER: usize = 64;
pub(crate) const SASL_RESPONSE: usize = 300;

/// Not random, so that a seed can hold the right answer.
const SERVER_NONCE: [u8; NONCE] = [2; NONCE];
const SALT: &[u8] = b"the salt of mark";

static KEYS: LazyLock<Vec<ScramKeys>> = LazyLock::new(|| {
    let derive = |hash| ScramKeys::derive(hash, &password(), SALT, 4096).expect("keys");
    ScramHash::ALL.into_iter().map(derive).collect()
});

/// What is stored for a user.
pub(crate) fn keys(user: &UserName, hash: ScramHash) -> Option<ScramKeys> {
    KEYS.iter().find(|keys| user.as_str() == USER && keys.hash() == hash).cloned()
}

pub(crate) fn password() -> Secret {
    Secret::new(PASSWORD).expect("a secret")
}

pub(crate) fn user() -> UserName {
    UserName::new(USER).expect("a name")
}

/// Narrow limits, and all that can be offered without TLS.
pub(crate) fn config(tolerance: Tolerance) -> Config {
    let mut config = Config::default();
    config.tolerance = tolerance;
    config.capabilities.set(Capability::parse(&b"XLONG ".repeat(100)));
    let sasl = b"SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER XOAUTH2 ANONYMOUS";
    config.capabilities.set(Capability::parse(sasl));
    let states = [State::Authorization, State::Transaction];
    config.extensions.push(ExtensionCommand::new("XECHO", &states));
    config.command_line = 60.try_into().unwrap();
    config.sasl_response = SASL_RESPONSE.try_into().unwrap();
    config.read_buffer = READ_BUFFER.try_into().unwrap();
    config.high_water = HIGH_WATER.try_into().unwrap();
    config.bad_commands = 8.try_into().unwrap();
    config
}

#[derive(Debug, Default)]
pub(crate) struct Office {
    mechanism: Option<ServerMechanism>,
    pub(crate) removed: Option<Vec<u32>>,
    pub(crate) ending: Option<Ending>,
}

impl Office {
    /// Does what the connection asks for; `flush` takes what is to be sent, since a letter does not
    /// fit at once.
    pub(crate) fn act(
        &mut self,
        action: Action,
        connection: &mut Connection,
        mut flush: impl FnMut(&mut Connection),
    ) {
        keeps_the_secret(&action);
        assert_eq!(self.ending, None, "something comes behind the end: {action:?}");
        match action {
            Action::Authenticate { credentials, ticket } => {
                let user = credentials.user().cloned();
                let verdict = user.filter(|_| is_right(&credentials)).ok_or(Refusal::Credentials);
                connection.authenticated(ticket, verdict).unwrap();
            }
            Action::Sasl { mechanism, begins, response, ticket } => {
                if begins {
                    let setup = ServerSetup::new(SERVER_NONCE, "host", [3; 32]);
                    self.mechanism = ServerMechanism::new(&mechanism, setup);
                }
                // Another host may have begun.
                let machine = self.mechanism.as_mut().filter(|one| *one.name() == mechanism);
                let response = response.as_ref().map(|response| response.expose());
                let step = machine.map_or(Step::Refused, |machine| machine.step(response));
                self.step(step, ticket, connection);
            }
            Action::Open { user, ticket } => {
                assert_eq!(user.as_str(), USER);
                let maildrop = LETTERS.iter().enumerate();
                let maildrop = maildrop.map(|(index, letter)| info(index, letter)).collect();
                connection.opened(ticket, Ok(maildrop)).unwrap();
            }
            Action::Fetch { number, ticket, .. } => {
                // Another host may have opened a larger maildrop.
                let mut rest = LETTERS.get(number.index()).copied().unwrap_or_default();
                while !rest.is_empty() {
                    let taken = connection.message(&ticket, rest).unwrap();
                    rest = if taken.enough { &[] } else { &rest[taken.octets..] };
                    flush(connection);
                }
                connection.message_complete(ticket).unwrap();
            }
            Action::Commit { removals, ticket } => {
                connection.committed(ticket, &vec![Removal::Gone; removals.len()]).unwrap();
                let removals = removals.iter().map(|number| number.get()).collect();
                assert_eq!(self.removed.replace(removals), None, "removed twice");
            }
            Action::Wait { ticket, .. } => connection.waited(ticket).unwrap(),
            Action::Extension { command, ticket } => {
                let reply = Reply::ok(Text::new(command.arguments()).unwrap());
                connection.extension_answered(ticket, reply, None).unwrap();
            }
            Action::Close(ending) => self.ending = Some(ending),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// Goes on with a mechanism until the client is asked again, or knows.
    fn step(&mut self, step: Step, ticket: AuthenticateTicket, connection: &mut Connection) {
        let step = match (step, &mut self.mechanism) {
            (Step::ScramKeys { user, hash }, Some(machine)) => {
                machine.scram_keys(keys(&user, hash))
            }
            (Step::Check(credentials), Some(machine)) => {
                match machine.checked(is_right(&credentials)) {
                    Step::Challenge(reason) => {
                        return connection.refused_because(ticket, &reason).unwrap();
                    }
                    step => step,
                }
            }
            (step, _) => step,
        };
        let verdict = match step {
            Step::Challenge(challenge) => return connection.challenge(ticket, &challenge).unwrap(),
            Step::Accepted => Ok(user()),
            Step::Proven(user) => Ok(user),
            Step::Refused => Err(Refusal::Credentials),
            Step::Malformed(error) => {
                assert!(!shows_password(&error.to_string()), "{error}");
                Err(Refusal::Other(Text::literal("malformed")))
            }
            other => panic!("nobody asked for {other:?}"),
        };
        connection.authenticated(ticket, verdict).unwrap();
    }
}

/// No action shows the password, unless the client gave it for its name.
pub(crate) fn keeps_the_secret(action: &Action) {
    let named = match action {
        Action::Authenticate { credentials, .. } => credentials.user(),
        Action::Open { user, .. } => Some(user),
        _ => None,
    };
    let told = named.is_some_and(|user| shows_password(user.as_str()));
    let told = told || matches!(action, Action::Relayed(_));
    assert!(told || !shows_password(&format!("{action:?}")));
}

/// Whether a host whose only user is `mark` lets somebody in. Guests are let in as well.
pub(crate) fn is_right(credentials: &Credentials) -> bool {
    let password = PASSWORD.as_bytes();
    let right = match credentials {
        Credentials::Password { password: given, .. } => {
            prepared_password(given).is_ok_and(|given| given.expose() == password)
        }
        Credentials::Apop { timestamp, digest, .. } => digest.matches(timestamp, password),
        Credentials::CramMd5 { challenge, digest, .. } => {
            digest.matches(challenge.as_str().as_bytes(), password)
        }
        Credentials::Token { token, .. } => token.expose() == password,
        Credentials::Anonymous { .. } => true,
        _ => false,
    };
    right && credentials.user().is_none_or(|user| user.as_str() == USER)
}

pub(crate) fn info(index: usize, letter: &[u8]) -> MessageInfo {
    let mut counter = Counter::new();
    counter.push(letter);
    let unique_id = UniqueId::new(format!("id-{}", index + 1)).unwrap();
    MessageInfo { octets: counter.finish(), unique_id }
}

/// The mechanisms by name, for whoever wants to try all.
pub(crate) fn mechanism(name: &[u8]) -> Option<Mechanism> {
    Mechanism::new(str::from_utf8(name).ok()?).ok()
}
