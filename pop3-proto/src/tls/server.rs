//! How a server does TLS.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection};

use super::connection::{Chosen, TlsConnection};
use super::pem::{self, ConfigError};

/// How a server does TLS: who it is, and whose clients it knows. Cheap to clone; make one, and of
/// it a [`TlsConnection`] for each connection.
///
/// ```
/// use pop3_proto::tls::ServerTls;
/// use pop3_proto::{Capability, Pipe, server};
///
/// # let made = rcgen::generate_simple_self_signed(["pop.example.org".to_owned()])?;
/// # let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
/// let tls = ServerTls::from_pem(certificate.as_bytes(), key.as_bytes())?;
/// let mut config = server::Config::default();
/// config.capabilities.set(Capability::Stls);
/// let mut pipe = Pipe::new(server::Connection::new(config, None));
/// pipe.start_tls(tls.accept()?); // as soon as the client asks for it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// Shows this certificate (PEM, the server's own first, then its chain).
    ///
    /// # Errors
    /// When the certificate or the key cannot be read, or they do not belong together.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, ConfigError> {
        let certified = pem::certified_key(certificate, key)?;
        Self::from_resolver(Arc::new(SingleCertAndKey::from(certified)))
    }

    /// Shows what the resolver chooses, anew for each connection.
    ///
    /// # Errors
    /// When TLS cannot be set up at all.
    pub fn from_resolver(resolver: Arc<dyn ResolvesServerCert>) -> Result<Self, ConfigError> {
        Self::new(resolver, WebPkiClientVerifier::no_client_auth())
    }

    /// Does as a configuration says.
    #[must_use]
    pub const fn from_config(config: Arc<ServerConfig>) -> Self {
        Self { config }
    }

    /// Asks clients for a certificate that one of these (PEM) has signed. A client without one is
    /// welcome; one with another is not.
    ///
    /// All but the server's certificate is as this crate has it, also after
    /// [`from_config`](Self::from_config).
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn with_client_roots_pem(self, pem: &[u8]) -> Result<Self, ConfigError> {
        let roots = pem::roots(pem::certificates(pem)?)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, pem::provider())
            .allow_unauthenticated()
            .build()
            .map_err(|error| ConfigError::Unusable(rustls::Error::General(error.to_string())))?;
        Self::new(Arc::clone(&self.config.cert_resolver), verifier)
    }

    fn new(
        resolver: Arc<dyn ResolvesServerCert>,
        verifier: Arc<dyn rustls::server::danger::ClientCertVerifier>,
    ) -> Result<Self, ConfigError> {
        let mut config = ServerConfig::builder_with_provider(pem::provider())
            .with_safe_default_protocol_versions()
            .map_err(ConfigError::Unusable)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![super::ALPN.to_vec()];
        // A session is long and logs in anew each time: resuming would save little.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config) })
    }

    /// A connection to a client.
    ///
    /// # Errors
    /// When the configuration is at odds with itself.
    pub fn accept(&self) -> Result<TlsConnection, ConfigError> {
        let chosen = Chosen::default();
        let mut config = ServerConfig::clone(&self.config);
        config.cert_resolver = Arc::new(Remembering {
            resolver: Arc::clone(&self.config.cert_resolver),
            chosen: Arc::clone(&chosen),
        });
        let extended = config.require_ems;
        let connection = ServerConnection::new(Arc::new(config)).map_err(ConfigError::Unusable)?;
        Ok(TlsConnection::server(connection, chosen, extended))
    }
}

/// Remembers which certificate a connection has got: a server has to know its own one for
/// `tls-server-end-point`.
#[derive(Debug)]
struct Remembering {
    resolver: Arc<dyn ResolvesServerCert>,
    chosen: Arc<OnceLock<Arc<CertifiedKey>>>,
}

impl ResolvesServerCert for Remembering {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let certified = self.resolver.resolve(client_hello)?;
        Some(Arc::clone(self.chosen.get_or_init(|| certified)))
    }

    fn only_raw_public_keys(&self) -> bool {
        self.resolver.only_raw_public_keys()
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}
