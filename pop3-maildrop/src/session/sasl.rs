//! AUTH: the steps of a mechanism, between the connection and whom the session asks.

use pop3_proto::auth::sasl::{ScramKeys, ServerMechanism, ServerSetup, Step};
use pop3_proto::command::Mechanism;
use pop3_proto::server::{AuthenticateTicket, Refusal};
use pop3_proto::{Text, UserName};
use tracing::debug;

use super::Session;
use crate::LoginRefused;
use crate::work::Task;

impl Session {
    /// Begins with a mechanism that CAPA lists.
    pub(super) fn begin_mechanism(&mut self, name: &Mechanism) -> Result<(), Refusal> {
        if let Some(why) = self.barred() {
            return Err(why);
        }
        let unusable = |error: &dyn std::fmt::Display| {
            debug!(mechanism = name.as_str(), %error, "a mechanism cannot be used");
            Refusal::Temporary(Text::literal("the mechanism cannot be used now"))
        };
        let secrets = self.secrets.take().map_err(|error| unusable(&error))?;
        let setup = ServerSetup::new(secrets.nonce, &*secrets.host, secrets.decoy_key);
        let setup = match self.connection.channel() {
            Some(channel) => setup.within(channel),
            None => setup,
        };
        let mechanism = ServerMechanism::new(name, setup);
        self.mechanism = Some(mechanism.ok_or_else(|| unusable(&"it lacks what it needs"))?);
        Ok(())
    }

    /// Gives the mechanism what the client said.
    pub(super) fn step(
        &mut self,
        response: Option<&[u8]>,
        ticket: AuthenticateTicket,
    ) -> Option<Task> {
        let step = match &mut self.mechanism {
            Some(mechanism) => mechanism.step(response),
            None => Step::Refused,
        };
        self.take_step(step, ticket)
    }

    /// Goes on with the keys that were looked up.
    pub(super) fn scram_keys(
        &mut self,
        user: &UserName,
        keys: Result<Option<ScramKeys>, LoginRefused>,
        ticket: AuthenticateTicket,
    ) {
        let step = match (keys, &mut self.mechanism) {
            (Ok(keys), Some(mechanism)) => mechanism.scram_keys(keys),
            (Err(refused), _) => {
                let verdict = self.judge(Some(user), Err(refused));
                return self.conclude(verdict, ticket);
            }
            (Ok(_), None) => Step::Refused,
        };
        self.take_step(step, ticket);
    }

    /// Goes on with what became of credentials; those of USER, PASS and APOP are done with.
    pub(super) fn checked(
        &mut self,
        verdict: Result<UserName, Refusal>,
        ticket: AuthenticateTicket,
    ) {
        let right = match &verdict {
            Ok(_) => true,
            Err(Refusal::Credentials) => false,
            // Not about the credentials, so the mechanism has no word for it.
            Err(_) => return self.conclude(verdict, ticket),
        };
        match self.mechanism.as_mut().map(|mechanism| mechanism.checked(right)) {
            Some(Step::Challenge(reason)) => {
                self.mechanism = None;
                let taken = self.connection.refused_because(ticket, &reason);
                self.note(taken);
            }
            _ => self.conclude(verdict, ticket),
        }
    }

    fn take_step(&mut self, step: Step, ticket: AuthenticateTicket) -> Option<Task> {
        match step {
            Step::Challenge(challenge) => {
                let taken = self.connection.challenge(ticket, &challenge);
                self.note(taken);
            }
            Step::ScramKeys { user, hash } => return Some(Task::ScramKeys { user, hash, ticket }),
            Step::Check(credentials) => return Some(Task::Authenticate { credentials, ticket }),
            Step::Proven(user) => {
                let verdict = self.judge(Some(&user), Ok(user.clone()));
                self.conclude(verdict, ticket);
            }
            Step::Malformed(error) => {
                debug!(%error, "a mechanism was broken off");
                let why = Text::literal("the response breaks the rules of the mechanism");
                self.conclude(Err(Refusal::Other(why)), ticket);
            }
            _ => {
                let verdict = self.judge(None, Err(LoginRefused::Credentials));
                self.conclude(verdict, ticket);
            }
        }
        None
    }

    fn conclude(&mut self, verdict: Result<UserName, Refusal>, ticket: AuthenticateTicket) {
        self.mechanism = None;
        let taken = self.connection.authenticated(ticket, verdict);
        self.note(taken);
    }
}
