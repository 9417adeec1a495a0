//! A POP3 service without its sockets: what every session shares.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pop3_proto::adapter::Cleartext;
use pop3_proto::auth::Timestamp;
use pop3_proto::bytes::Bytes;
use pop3_proto::command::Extension;
use pop3_proto::server::{Config, Connection, ExtensionCommand, Refusal};
#[cfg(feature = "tls")]
use pop3_proto::tls::{ConfigError, TlsConnection};
use pop3_proto::{Capability, Reply, UserName};

use crate::gate::Gate;
use crate::office::{AnyAuthenticator, AnyMaildrops, Office};
use crate::proxy::Trusted;
use crate::rules::{Expire, LoginDelay, Rules, announce};
use crate::secrets::Secrets;
use crate::session::Session;
use crate::{AsyncAuthenticator, AsyncMaildrops, Authenticator, Maildrops};

/// Answers commands beyond the RFCs: a status line and, for a multi-line answer, its content. Any
/// function of that form does.
pub trait Answers: Send + Sync {
    /// The answer to a command of a user, if one has logged in.
    fn answer(&self, command: &Extension, user: Option<&UserName>) -> (Reply, Option<Bytes>);
}

impl<F> Answers for F
where
    F: Fn(&Extension, Option<&UserName>) -> (Reply, Option<Bytes>) + Send + Sync,
{
    fn answer(&self, command: &Extension, user: Option<&UserName>) -> (Reply, Option<Bytes>) {
        self(command, user)
    }
}

/// Who may log in, where their mail is, and how the server behaves: everything that the sessions
/// of a server have in common, whatever runtime serves them. Clones share it.
///
/// ```
/// use pop3_maildrop::{Service, memory::MemoryMaildrops};
/// use std::sync::Arc;
/// let office = Arc::new(MemoryMaildrops::new());
/// let mut service = Service::new(office.clone(), office);
/// service.config_mut().idle_limit = std::time::Duration::from_secs(1_200);
/// ```
#[derive(Clone)]
pub struct Service {
    office: Office,
    rules: Rules,
    config: Config,
    secrets: Secrets,
    cleartext: Cleartext,
    #[cfg(feature = "tls")]
    tls: Option<pop3_proto::tls::ServerTls>,
    mechanisms: Mechanisms,
    trusted: Trusted,
    key: RandomState,
    greetings: Arc<AtomicU64>,
}

/// Which SASL mechanisms a service offers.
#[derive(Clone, Default)]
enum Mechanisms {
    /// Those that the authenticator has.
    #[default]
    All,
    /// These of them.
    Of(Vec<String>),
}

impl Service {
    /// A service with the default [`Config`] and the host name `localhost`.
    pub fn new(authenticator: Arc<dyn Authenticator>, maildrops: Arc<dyn Maildrops>) -> Self {
        Self::of(AnyAuthenticator::Blocking(authenticator), AnyMaildrops::Blocking(maildrops))
    }

    /// The same over stores that are asynchronous.
    pub fn asynchronous(
        authenticator: Arc<dyn AsyncAuthenticator>,
        maildrops: Arc<dyn AsyncMaildrops>,
    ) -> Self {
        let authenticator = AnyAuthenticator::Asynchronous(authenticator);
        Self::of(authenticator, AnyMaildrops::Asynchronous(maildrops))
    }

    /// The same where passwords are checked by what blocks, as hashing them does, and the mail lies
    /// in an asynchronous store.
    pub fn with_async_maildrops(
        authenticator: Arc<dyn Authenticator>,
        maildrops: Arc<dyn AsyncMaildrops>,
    ) -> Self {
        let authenticator = AnyAuthenticator::Blocking(authenticator);
        Self::of(authenticator, AnyMaildrops::Asynchronous(maildrops))
    }

    fn of(authenticator: AnyAuthenticator, maildrops: AnyMaildrops) -> Self {
        Self {
            office: Office { authenticator, maildrops, extensions: None },
            rules: Rules::default(),
            config: Config::default(),
            secrets: Secrets::default(),
            cleartext: Cleartext::default(),
            #[cfg(feature = "tls")]
            tls: None,
            mechanisms: Mechanisms::default(),
            trusted: Trusted::default(),
            key: RandomState::new(),
            greetings: Arc::default(),
        }
    }

    /// How the server behaves, to be changed before it serves.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// The host name that stands in APOP timestamps (RFC 1939, section 7) and in the challenges of
    /// CRAM-MD5 (RFC 2195, section 2).
    pub fn set_host(&mut self, host: impl Into<Arc<str>>) {
        self.secrets.host = host.into();
    }

    /// From whom passwords and tokens are taken in clear text. By default from clients on this
    /// machine alone: to all others, what would send them is neither listed nor taken before TLS
    /// (RFC 2595, section 2.3; RFC 5034, section 4).
    pub const fn set_cleartext(&mut self, cleartext: Cleartext) {
        self.cleartext = cleartext;
    }

    /// Offers these SASL mechanisms, of those that the [authenticator](Authenticator::mechanisms)
    /// has; none for none. By default it is all of them. Where there is TLS, each SCRAM comes with
    /// its -PLUS.
    pub fn set_mechanisms<M: Into<String>>(&mut self, names: impl IntoIterator<Item = M>) {
        self.mechanisms = Mechanisms::Of(names.into_iter().map(Into::into).collect());
    }

    /// Offers TLS: by STLS (RFC 2595, section 4), and from the start where a listener is for that.
    #[cfg(feature = "tls")]
    pub fn set_tls(&mut self, tls: pop3_proto::tls::ServerTls) {
        self.config.capabilities.set(Capability::Stls);
        self.tls = Some(tls);
    }

    /// A TLS connection for a client, if there is TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn accept_tls(&self) -> Option<Result<TlsConnection, ConfigError>> {
        self.tls.as_ref().map(pop3_proto::tls::ServerTls::accept)
    }

    /// Believes these peers when they tell on whose behalf they speak: they may use XCLIENT, and a
    /// listener behind a load balancer reads their PROXY header. Default: nobody.
    pub fn trust(&mut self, peers: Trusted) {
        self.trusted = peers;
    }

    /// Who is believed.
    #[must_use]
    pub fn trusted(&self) -> &Trusted {
        &self.trusted
    }

    /// Answers commands beyond the RFCs (see [`Config::extensions`]). A capability that announces
    /// them is set in [`Config::capabilities`].
    ///
    /// ```
    /// use pop3_maildrop::{Service, memory::MemoryMaildrops};
    /// use pop3_proto::command::Extension;
    /// use pop3_proto::server::ExtensionCommand;
    /// use pop3_proto::state::State;
    /// use pop3_proto::{Capability, Reply, Text, UserName};
    /// # use std::sync::Arc;
    /// # let office = Arc::new(MemoryMaildrops::new());
    /// # let mut service = Service::new(office.clone(), office);
    ///
    /// let moon = |_: &Extension, _: Option<&UserName>| (Reply::ok(Text::literal("full")), None);
    /// service.set_extensions(vec![ExtensionCommand::new("XMOON", &[State::Transaction])], moon);
    /// service.config_mut().capabilities.set(Capability::parse(b"XMOON"));
    /// ```
    pub fn set_extensions(
        &mut self,
        commands: Vec<ExtensionCommand>,
        answers: impl Answers + 'static,
    ) {
        self.config.extensions = commands;
        self.office.extensions = Some(Arc::new(answers));
    }

    /// Who may come in. An adapter lets a client [enter](Gate::enter) before it makes a session
    /// for it; failed logins are counted by the sessions.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.rules.gate
    }

    /// The gate, to be changed, or put in common with another service, before it serves.
    pub const fn gate_mut(&mut self) -> &mut Gate {
        &mut self.rules.gate
    }

    /// Makes users wait from one login to the next, and announces it as `LOGIN-DELAY` in seconds,
    /// rounded up (RFC 2449, section 6.5). An earlier login is refused with `[LOGIN-DELAY]`, but
    /// only to who knows the password. The last login of 65,536 users is remembered, in memory.
    /// Zero, the default, is no delay.
    pub fn set_login_delay(&mut self, delay: Duration) {
        self.delay_logins(delay, false);
    }

    /// The same where some users wait less than this, the longest: the authenticator
    /// [knows](Authenticator::login_delay) how long. It is announced with `USER` behind it, and
    /// exactly once a user has logged in.
    pub fn set_login_delay_by_user(&mut self, longest: Duration) {
        self.delay_logins(longest, true);
    }

    fn delay_logins(&mut self, delay: Duration, by_user: bool) {
        self.rules.login_delay = (!delay.is_zero()).then(|| LoginDelay::new(delay, by_user));
        announce(&mut self.config.capabilities, delay, by_user);
    }

    /// Keeps letters for so many days, and announces it as `EXPIRE` (RFC 2449, section 6.7).
    /// Without this they are kept for ever.
    ///
    /// What is older is removed when its maildrop is opened, before the session sees it: by
    /// [`Maildrop::expire`](crate::Maildrop::expire), as far as the store knows ages.
    ///
    /// With 0 days, letters are removed once they were retrieved: a QUIT removes, besides what is
    /// marked, what RETR (not TOP) has sent to its last octet in the session, also after RSET. The
    /// client is to have it first, so such a QUIT waits until all is sent.
    pub fn set_expire(&mut self, days: u32) {
        self.rules.expire = Expire::after(days);
        self.config.capabilities.set(Capability::Expire { days: Some(days), by_user: false });
    }

    /// A session for a client that has just connected, from nowhere in particular.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session_from(None)
    }

    /// A session for a client that has just connected from there. Its failed logins count for
    /// that address, and may bar it from further ones ([`Gate::may_log_in`]): these are refused
    /// with `[SYS/TEMP]`, so that a client does not take its password for wrong (RFC 3206,
    /// section 4). One that is [trusted](Self::trust) may use XCLIENT; behind a load balancer the
    /// address is the one that its PROXY header tells, so that no client becomes trusted by coming
    /// through it.
    #[must_use]
    pub fn session_from(&self, peer: Option<IpAddr>) -> Session {
        let authenticator = &self.office.authenticator;
        let timestamp =
            authenticator.offers_apop().then(|| Timestamp::fresh(self.nonce(), &self.secrets.host));
        let mut config = self.config.clone();
        let here = peer.is_none_or(|peer| peer.to_canonical().is_loopback());
        config.cleartext_logins = match self.cleartext {
            Cleartext::Never => false,
            Cleartext::Always => true,
            _ => here,
        };
        let mechanisms = self.offered();
        if !mechanisms.is_empty() {
            config.capabilities.set(Capability::Sasl(mechanisms));
        }
        let mut connection = Connection::new(config, timestamp);
        if peer.is_some_and(|peer| self.trusted.contains(peer)) {
            connection.allow_xclient();
        }
        self.with(connection, peer)
    }

    /// The mechanisms as CAPA lists them; the connection leaves out what is not for it.
    fn offered(&self) -> Vec<Box<str>> {
        let mut names: Vec<Box<str>> = Vec::new();
        for name in self.office.authenticator.mechanisms() {
            if let Mechanisms::Of(wanted) = &self.mechanisms
                && !wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
            {
                continue;
            }
            if name.starts_with("SCRAM-") {
                names.push(format!("{name}-PLUS").into());
            }
            names.push(name.into());
        }
        names
    }

    fn with(&self, connection: Connection, peer: Option<IpAddr>) -> Session {
        let (office, rules, secrets) =
            (self.office.clone(), self.rules.clone(), self.secrets.clone());
        Session::new(connection, office, rules, secrets, peer)
    }

    /// A session for a client that cannot be served because there are too many: a polite
    /// `-ERR [SYS/TEMP]`.
    #[must_use]
    pub fn too_many(&self) -> Session {
        self.with(Connection::refused(self.config.clone(), Refusal::TooManySessions), None)
    }

    /// A number that no greeting has had: the time, and a keyed hash of a counter.
    fn nonce(&self) -> u128 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        let count = self.greetings.fetch_add(1, Ordering::Relaxed);
        now << 64 | u128::from(self.key.hash_one((now, count)))
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("config", &self.config).finish_non_exhaustive()
    }
}
