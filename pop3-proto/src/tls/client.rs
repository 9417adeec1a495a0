//! How a client does TLS.

use std::fmt;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection, ConfigBuilder, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

use super::connection::TlsConnection;
use super::pem::{self, ConfigError};
use super::roots::Roots;

/// How a client does TLS: whom it trusts, and who it is. Cheap to clone; make one, and of it a
/// [`TlsConnection`] for each connection.
///
/// TLS 1.2 and 1.3, and a server certificate that is for the server's name: neither can be turned
/// off, but a configuration of one's own can do as it likes.
///
/// ```
/// use pop3_proto::tls::ClientTls;
/// use pop3_proto::{Pipe, client};
///
/// # let ca = rcgen::generate_simple_self_signed(["pop.example.org".to_owned()])?.cert.pem();
/// let tls = ClientTls::with_roots_pem(ca.as_bytes())?;
/// let connection = client::Connection::new(client::Config::default());
/// let mut pipe = Pipe::in_tls(connection, tls.connect("pop.example.org")?);
/// assert!(pipe.wants_write()); // the ClientHello
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Trusts whom the operating system trusts.
    ///
    /// # Errors
    /// When the system's certificate authorities cannot be found.
    pub fn system() -> Result<Self, ConfigError> {
        let builder = builder()?.with_platform_verifier().map_err(ConfigError::System)?;
        Ok(Self::without_certificate(builder))
    }

    /// Trusts these certificates (PEM) and no others. They may be those of authorities, or a
    /// server's own one that nobody else has signed.
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn with_roots_pem(pem: &[u8]) -> Result<Self, ConfigError> {
        let verifier = Roots::new(pem::certificates(pem)?)?;
        let builder = builder()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(Self::without_certificate(builder))
    }

    /// Does as a configuration says.
    #[must_use]
    pub const fn from_config(config: Arc<ClientConfig>) -> Self {
        Self { config }
    }

    fn without_certificate(builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> Self {
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![super::ALPN.to_vec()];
        Self { config: Arc::new(config) }
    }

    /// Shows this certificate (PEM, with its chain) to a server that asks for one; it is what SASL
    /// EXTERNAL logs in by.
    ///
    /// # Errors
    /// When the certificate or the key cannot be read, or they do not belong together.
    pub fn with_client_certificate(
        self,
        certificate: &[u8],
        key: &[u8],
    ) -> Result<Self, ConfigError> {
        let certified = pem::certified_key(certificate, key)?;
        let mut config = Arc::unwrap_or_clone(self.config);
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        Ok(Self { config: Arc::new(config) })
    }

    /// The configuration as rustls has it, for streams of its own.
    #[must_use]
    pub const fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// A connection to the server of that name: a domain name or an IP address, which has to stand
    /// in its certificate.
    ///
    /// # Errors
    /// When no certificate can be for such a name.
    pub fn connect(&self, server: &str) -> Result<TlsConnection, ConfigError> {
        let name = ServerName::try_from(server.to_owned())
            .map_err(|_| ConfigError::ServerName(server.escape_debug().to_string()))?;
        let connection =
            ClientConnection::new(Arc::clone(&self.config), name).map_err(ConfigError::Unusable)?;
        Ok(TlsConnection::client(connection, self.config.require_ems))
    }
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, ConfigError> {
    ClientConfig::builder_with_provider(pem::provider())
        .with_safe_default_protocol_versions()
        .map_err(ConfigError::Unusable)
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").finish_non_exhaustive()
    }
}
