//! Our server within the tests, with one way to log in and no other.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use pop3_blocking::{Server, Stop};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Authenticator, Certificates, Door, LoginRefused, Service};
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::client::exchange::Method;
use pop3_proto::tls::ServerTls;
use pop3_proto::{Secret, UserName};

use super::authority::{Authority, pem};
use super::login::{Security, is_good};
use crate::letters::Letter;

/// A server that runs until it is stopped.
#[derive(Debug)]
pub struct Embedded {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Stop,
    running: JoinHandle<io::Result<()>>,
}

impl Embedded {
    /// Serves these letters to user `mark`, who comes by this method: no other is offered or taken,
    /// so that whoever has come in has come by it.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn start(
        letters: &[Letter],
        method: Method,
        security: Security,
        authority: &Authority,
    ) -> Result<Self, String> {
        Self::set_up(letters, method, security, authority).map_err(|error| error.to_string())
    }

    fn set_up(
        letters: &[Letter],
        method: Method,
        security: Security,
        authority: &Authority,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let users = MemoryMaildrops::new();
        let (mark, secret) = (UserName::new("mark")?, Secret::new("swordfish")?);
        match method {
            Method::Apop => users.add_apop_user(mark.clone(), secret),
            _ => users.add_user(mark.clone(), secret),
        }
        for letter in letters {
            users.deliver(&mark, &letter.content)?;
        }
        let bearers = Certificates::new(Bearers(users.clone()));
        let mut service = Service::new(Arc::new(bearers), Arc::new(users));
        let sasl = !matches!(method, Method::Apop | Method::User);
        service.set_mechanisms(sasl.then(|| method.name()));
        if method != Method::User {
            service.config_mut().capabilities.remove("USER");
        }
        service.config_mut().failed_login_delay = Duration::from_millis(1);
        if security != Security::Clear {
            let tls = ServerTls::from_pem(&pem(&authority.server)?, &pem(&authority.server_key)?)?;
            service.set_tls(tls.with_client_roots_pem(&pem(&authority.root)?)?);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let mut server = Server::with_listeners(Vec::new(), service)?;
        let implicit = security == Security::Implicit;
        server.add_listener(listener, if implicit { Door::TLS } else { Door::PLAIN })?;
        let stop = server.stop();
        Ok(Self { address, stop, running: std::thread::spawn(|| server.run()) })
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it has failed before.
    pub fn stop(self) -> Result<(), String> {
        self.stop.stop();
        let ended = self.running.join().map_err(|_| "the server has panicked")?;
        ended.map_err(|error| error.to_string())
    }
}

/// Users who have a password; `mark` has tokens as well.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Bearers(pub MemoryMaildrops);

impl Authenticator for Bearers {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        let Credentials::Token { user, token, .. } = credentials else {
            return self.0.authenticate(credentials);
        };
        let mark = UserName::new("mark").ok().filter(|_| is_good(token.expose()));
        let mark = mark.filter(|mark| user.as_ref().is_none_or(|user| user == mark));
        mark.ok_or(LoginRefused::Credentials)
    }

    fn mechanisms(&self) -> Vec<&'static str> {
        let mut mechanisms = self.0.mechanisms();
        mechanisms.extend(["OAUTHBEARER", "XOAUTH2"]);
        mechanisms
    }

    fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        self.0.scram_keys(user, hash)
    }

    fn offers_apop(&self) -> bool {
        self.0.offers_apop()
    }
}
