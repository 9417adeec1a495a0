//! Certificates and keys from PEM (RFC 7468).

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};
use zeroize::Zeroize;

/// Why TLS cannot be set up with what was handed in.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The PEM holds no certificate.
    #[error("there is no certificate in it (PEM is expected)")]
    NoCertificate,
    /// The PEM holds no private key that can be used: PKCS#8, PKCS#1 and SEC1 can, encrypted keys
    /// cannot.
    #[error("there is no private key in it (PEM is expected, not encrypted)")]
    NoKey,
    /// The text is not PEM.
    #[error("it is not PEM")]
    NotPem,
    /// The private key is not that of the certificate.
    #[error("the private key does not belong to the certificate")]
    ForeignKey,
    /// A certificate or the key cannot be used.
    #[error("the certificate or its key cannot be used")]
    Unusable(#[source] Error),
    /// The system's certificate authorities cannot be found.
    #[error("the system's certificate authorities cannot be used")]
    System(#[source] Error),
    /// Neither a domain name nor an IP address, so that no certificate can be for it.
    #[error("\"{0}\" is neither a domain name nor an address")]
    ServerName(String),
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// All certificates, in their order.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| ConfigError::NotPem)?;
    if certificates.is_empty() {
        return Err(ConfigError::NoCertificate);
    }
    Ok(certificates)
}

/// Certificates that are trusted, and no others.
pub(super) fn roots(
    certificates: Vec<CertificateDer<'static>>,
) -> Result<Arc<RootCertStore>, ConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(ConfigError::Unusable)?;
    }
    Ok(Arc::new(roots))
}

/// A certificate with its chain (the server's or client's own first), and its private key.
///
/// # Errors
/// When either is missing, not PEM, or not of use, and when they do not belong together.
pub fn certified_key(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, ConfigError> {
    let chain = certificates(certificate)?;
    let mut key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => ConfigError::NoKey,
        _ => ConfigError::NotPem,
    })?;
    let signing = ring::sign::any_supported_type(&key);
    key.zeroize();
    let certified = CertifiedKey::new(chain, signing.map_err(ConfigError::Unusable)?);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(ConfigError::ForeignKey),
        Err(error) => Err(ConfigError::Unusable(error)),
    }
}
