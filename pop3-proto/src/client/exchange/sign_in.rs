//! The strongest way to log in that both sides have.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Poll, ready};

use super::account::Kind;
use super::{Account, Exchange, Login, Method};
use crate::auth::sasl::{BindingType, ChannelBinding, ClientMechanism, Nonces, client};
use crate::client::{Connection, Error, Unfinished};
use crate::error::ApiMisuse;
use crate::reply::{CodeKind, Reply};

/// Logs in by the strongest method that both sides have, and by the next one where that is refused
/// (RFC 5034, section 4), as long as that shows the server something that it has not refused yet.
/// Then asks for the capabilities again.
///
/// A password or a token goes in clear text only if that was
/// [allowed](Self::allow_cleartext). A server that closes the connection after a refusal can be
/// connected to once more: hold the same `SignIn` on the new connection, and it goes on with the
/// next method; see [`wants_to_go_on`](Self::wants_to_go_on).
pub struct SignIn {
    account: Account,
    methods: Vec<Method>,
    cleartext: bool,
    nonces: Nonces,
    /// What was refused.
    refused: Vec<Way>,
    /// What was refused after the server had seen the proof. To show the same once more would be
    /// guessing, and servers lock accounts for that.
    disproved: Vec<Kind>,
    current: Option<(Way, Login)>,
    /// How many connections broke off.
    breaks: usize,
    /// As long as there is something left to try.
    first_refusal: Option<Error>,
}

/// A method, and what it binds the login to if it does.
type Way = (Method, Option<BindingType>);

impl SignIn {
    /// Logs an account in. The seed is what the nonces of its mechanisms are made of: 32 octets
    /// from a good source of randomness, never used before.
    #[must_use]
    pub fn new(account: Account, seed: [u8; 32]) -> Self {
        Self {
            account,
            methods: Method::ALL.to_vec(),
            cleartext: false,
            nonces: Nonces::new(seed),
            refused: Vec::new(),
            disproved: Vec::new(),
            current: None,
            breaks: 0,
            first_refusal: None,
        }
    }

    /// Uses these methods alone, in this order.
    pub fn set_methods(&mut self, methods: impl IntoIterator<Item = Method>) {
        self.methods = methods.into_iter().collect();
    }

    /// Allows a password or a token to be sent in clear text, where whoever listens has it.
    pub const fn allow_cleartext(&mut self, allowed: bool) {
        self.cleartext = allowed;
    }

    /// The method that is being tried, or that has worked.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.current.as_ref().map(|((method, _), _)| *method)
    }

    /// Whether, after the connection broke off behind a refusal, there is something left to try on
    /// another one.
    #[must_use]
    pub fn wants_to_go_on(&self) -> bool {
        // What it broke off is left to try. Each connection has to bring a refusal.
        self.first_refusal.is_some() && self.breaks <= self.refused.len()
    }

    /// Whether a method shows the server something that it has not refused yet. After a proof, only
    /// the password itself does: servers may have it in a form that is good for nothing else.
    fn may_help(&self, method: Method) -> bool {
        let last = method.kind() == Kind::Password && !self.disproved.contains(&Kind::Password);
        self.disproved.is_empty() || last
    }

    /// The next way to try, or why there is none.
    fn next(&mut self, connection: &Connection) -> Result<(Way, Login), Error> {
        let mut withheld = false;
        for method in self.methods.clone() {
            if !self.may_help(method) || !listed(method, connection) {
                continue;
            }
            let open = !connection.is_in_tls() && method.sends_secret() && !self.cleartext;
            match self.login(method, connection) {
                Some(_) if open => withheld = true,
                Some(login) => return Ok(login),
                None => {}
            }
        }
        match self.first_refusal.take() {
            Some(refusal) => Err(refusal),
            None if withheld => Err(Error::SecretInClearText),
            None => Err(Error::NoMethod {
                wanted: match &self.methods[..] {
                    [only] => Some(only.name()),
                    _ => None,
                },
            }),
        }
    }

    /// How a method logs this account in; `None` when it is not for such accounts, or when all
    /// that it can do was refused.
    fn login(&mut self, method: Method, connection: &Connection) -> Option<(Way, Login)> {
        let binding = match method {
            Method::ScramPlus(_) => {
                let possible = ChannelBinding::all(connection.channel()?);
                let tried = |kind| self.refused.contains(&(method, Some(kind)));
                Some(possible.into_iter().find(|binding| !tried(binding.kind()))?)
            }
            _ => None,
        };
        let way = (method, binding.as_ref().map(ChannelBinding::kind));
        if self.refused.contains(&way) {
            return None;
        }
        let nonce = self.nonces.next_nonce();
        let mechanism: Box<dyn ClientMechanism> = match (&self.account, method) {
            (Account::Password { user, password }, method) => match method {
                Method::User => {
                    return Some((way, Login::password(user.clone(), password.clone())));
                }
                #[cfg(feature = "apop")]
                Method::Apop => {
                    let timestamp = connection.timestamp()?;
                    return Some((way, Login::apop(user.clone(), password, timestamp)));
                }
                Method::ScramPlus(hash) | Method::Scram(hash) => {
                    client::scram(hash, user, password, nonce, binding)
                }
                Method::CramMd5 => client::cram_md5(user, password),
                Method::Plain => client::plain(user, password),
                Method::Login => client::login(user, password),
                _ => return None,
            },
            (Account::Token { user, token, server: (host, port) }, Method::OAuthBearer) => {
                client::oauth_bearer(Some(user), host, *port, token)
            }
            (Account::Token { user, token, .. }, Method::XOAuth2) => client::xoauth2(user, token),
            (Account::Certificate { user }, Method::External) => client::external(user.as_ref()),
            (Account::Anonymous { trace }, Method::Anonymous) => client::anonymous(trace),
            _ => return None,
        };
        Some((way, Login::sasl(mechanism)))
    }

    /// Takes a refusal: `Some` when it is the end.
    fn refused(&mut self, error: Error) -> Option<Error> {
        let (way, login) = self.current.take()?;
        let Error::Refused { reply, .. } = &error else {
            self.breaks += 1;
            // To a server that has closed nothing more can be said.
            let error = match error {
                Error::Misuse(ApiMisuse::Over) => Error::Eof(Unfinished::Session),
                error => error,
            };
            // One that has done so behind its refusal has told the reason by that.
            let closed = matches!(error, Error::Eof(_)) && !self.wants_to_go_on();
            return Some(if closed { self.first_refusal.take().unwrap_or(error) } else { error });
        };
        if login.has_shown_proof() {
            self.disproved.push(way.0.kind());
        }
        self.refused.push(way);
        if is_about_something_else(reply) {
            self.first_refusal = None;
            return Some(error);
        }
        self.first_refusal.get_or_insert(error);
        None
    }
}

impl Exchange for SignIn {
    type Output = (Method, Reply);

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Self::Output, Error>> {
        loop {
            if self.current.is_none() {
                self.current = Some(self.next(connection)?);
            }
            let Some(((method, _), login)) = &mut self.current else { continue };
            let method = *method;
            match ready!(login.poll(connection)) {
                Ok(reply) => return Poll::Ready(Ok((method, reply))),
                Err(error) => {
                    if let Some(error) = self.refused(error) {
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("account", &self.account)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

/// Whether a server offers a method. One that does not list its capabilities has USER and perhaps
/// APOP (RFC 5034, section 3).
fn listed(method: Method, connection: &Connection) -> bool {
    let capabilities = connection.capabilities();
    match method {
        Method::Apop => connection.timestamp().is_some(),
        Method::User => capabilities.is_none_or(|list| list.has("USER") || !list.has("SASL")),
        method => capabilities.is_some_and(|list| {
            list.sasl_mechanisms().any(|name| name.eq_ignore_ascii_case(method.name()))
        }),
    }
}

/// Whether a refusal is neither about the method nor about the credentials, so that no other
/// method helps (RFC 2449, section 8.1; RFC 3206, section 4).
fn is_about_something_else(reply: &Reply) -> bool {
    use CodeKind::{InUse, LoginDelay, SysPerm, SysTemp};
    let code = reply.code.as_ref().map(crate::reply::ResponseCode::kind);
    matches!(code, Some(InUse | LoginDelay | SysPerm | SysTemp))
}
