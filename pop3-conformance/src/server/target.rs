//! The server that is judged: where it listens, who logs in, whom its certificate must satisfy.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::ConfigVerifierExt;

use super::transport::Place;

/// How the cases speak to the server, unless one is about something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// In clear text.
    #[default]
    None,
    /// In clear text until STLS (RFC 2595).
    Stls,
    /// In TLS from the first octet on (RFC 8314).
    Implicit,
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "clear text",
            Self::Stls => "STLS",
            Self::Implicit => "implicit TLS",
        })
    }
}

/// A user of the server.
#[derive(Clone)]
#[non_exhaustive]
pub struct Account {
    /// The name.
    pub user: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
}

impl Account {
    /// A user of this name, with this password.
    pub fn new(user: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.escape_ascii();
        f.debug_struct("Account").field("user", &format_args!("{user}")).finish_non_exhaustive()
    }
}

/// The server that is judged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Its name, as it stands in its certificate.
    pub host: String,
    /// Where it speaks clear text first.
    pub clear: Option<Place>,
    /// Where it speaks TLS from the first octet on.
    pub implicit: Option<Place>,
    /// How the cases speak to it.
    pub security: Security,
    /// Who logs in.
    pub account: Account,
    /// Another user, for the cases that need one.
    pub second: Option<Account>,
    /// Whether the user is to get in by APOP: where there is APOP, not everybody need have it.
    pub apop: bool,
    /// A token that OAUTHBEARER and XOAUTH2 take for the user, for the cases that need one.
    pub token: Option<String>,
    /// Whom its certificate must satisfy.
    pub tls: Arc<ClientConfig>,
    /// How long it may take to answer. Default: 30 s, since servers delay those who guess.
    pub patience: Duration,
}

impl Target {
    /// A server that listens here in clear text.
    #[must_use]
    pub fn new(host: impl Into<String>, account: Account, tls: Arc<ClientConfig>) -> Self {
        Self {
            host: host.into(),
            clear: None,
            implicit: None,
            security: Security::None,
            account,
            second: None,
            apop: false,
            token: None,
            tls,
            patience: Duration::from_secs(30),
        }
    }

    pub(crate) fn name(&self) -> io::Result<ServerName<'static>> {
        ServerName::try_from(self.host.clone()).map_err(io::Error::other)
    }
}

/// Whom a server's certificate must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust<'a> {
    /// This system.
    System,
    /// Somebody whose root certificates are in this file (PEM).
    Roots(&'a Path),
    /// Nobody: for a server on this machine with a certificate made for the occasion.
    Anybody,
}

/// The configuration for that.
///
/// # Errors
/// When the roots cannot be read.
pub fn tls_config(trust: Trust<'_>) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = match trust {
        Trust::System => ClientConfig::with_platform_verifier().map_err(io::Error::other)?,
        Trust::Roots(file) => {
            let mut roots = RootCertStore::empty();
            let pem = fs::read(file)?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
            }
            if roots.is_empty() {
                return Err(io::Error::other(format!("{}: no certificate", file.display())));
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::Anybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// Is satisfied by everybody who holds the key of the certificate.
#[derive(Debug)]
pub(super) struct Anybody(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
