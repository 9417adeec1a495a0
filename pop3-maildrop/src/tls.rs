//! A server's certificate in files (feature `tls`), read again when they change.

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pop3_proto::tls::rustls::server::{ClientHello, ResolvesServerCert};
use pop3_proto::tls::rustls::sign::CertifiedKey;
use pop3_proto::tls::{ConfigError, ServerTls, certified_key};
use zeroize::Zeroizing;

use crate::stamp::Stamp;

/// More than this in a file is no certificate and no key, in octets.
const LARGEST: u64 = 1024 * 1024;

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFilesError {
    /// A file cannot be read, or has more than 1 MiB.
    #[error("{} cannot be read", path.display())]
    Io {
        /// Which of the two.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What they hold is of no use.
    #[error("{} and {} are of no use", certificate.display(), key.display())]
    Config {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        source: ConfigError,
    },
}

/// A certificate and its private key, each in a file (PEM; the server's certificate first, then its
/// chain). Both may be the same file.
///
/// **The files are read again when they change**, so that a renewed certificate needs no restart:
/// each handshake looks at them. While they cannot be read, or do not fit together since only one
/// of them has been replaced yet, the old certificate stays, and the log says so once.
///
/// ```
/// use pop3_maildrop::tls::CertificateFiles;
///
/// # let dir = tempfile::tempdir()?;
/// # let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
/// # let made = rcgen::generate_simple_self_signed(["pop.example.org".to_owned()])?;
/// # std::fs::write(&certificate, made.cert.pem())?;
/// # std::fs::write(&key, made.signing_key.serialize_pem())?;
/// let tls = CertificateFiles::open(&certificate, &key)?.into_server_tls()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    certified: Arc<CertifiedKey>,
    /// None when a file was so young that a change since could go unnoticed.
    stamps: Option<Stamps>,
    /// Whether the log has been told that the files are of no use now.
    complained: bool,
}

/// How both files looked.
type Stamps = (Stamp, Stamp);

impl CertificateFiles {
    /// The certificate and the key of those files.
    ///
    /// # Errors
    /// When one cannot be read, holds nothing of use, or they do not belong together.
    pub fn open(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, CertificateFilesError> {
        let (certificate, key) = (certificate.into(), key.into());
        let loaded = Mutex::new(load(&certificate, &key)?);
        Ok(Self { certificate, key, loaded })
    }

    /// TLS that shows this certificate.
    ///
    /// # Errors
    /// When TLS cannot be set up at all.
    pub fn into_server_tls(self) -> Result<ServerTls, ConfigError> {
        ServerTls::from_resolver(Arc::new(self))
    }

    /// The certificate as it is now, or as it was last of use.
    fn certified(&self) -> Arc<CertifiedKey> {
        // Loading either replaces all or nothing, so a panic leaves nothing half done.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.certificate).and_then(|first| Some((first, stamp(&self.key)?)));
        if now.is_none() || loaded.stamps != now {
            match load(&self.certificate, &self.key) {
                Ok(anew) => {
                    if anew.certified.cert != loaded.certified.cert {
                        tracing::info!(path = %self.certificate.display(), "a new certificate");
                    }
                    *loaded = anew;
                }
                Err(error) => {
                    if !loaded.complained {
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::warn!(%error, cause, "the old certificate stays");
                    }
                    loaded.complained = true;
                }
            }
        }
        Arc::clone(&loaded.certified)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().as_ref().map(Stamp::of)
}

fn load(certificate: &Path, key: &Path) -> Result<Loaded, CertificateFilesError> {
    let (chain, first) = read(certificate)?;
    let (secret, second) = read(key)?;
    let certified =
        certified_key(&chain, &secret).map_err(|source| CertificateFilesError::Config {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        })?;
    let stamps = first.zip(second);
    Ok(Loaded { certified: Arc::new(certified), stamps, complained: false })
}

fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Option<Stamp>), CertificateFilesError> {
    read_limited(path).map_err(|source| CertificateFilesError::Io { path: path.to_owned(), source })
}

fn read_limited(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, Option<Stamp>)> {
    let file = File::open(path)?;
    // Taken before reading: what changes meanwhile is read again next time.
    let metadata = file.metadata()?;
    let stamp = Stamp::settled(&metadata)?;
    // Room for all of it at once, so that no part of a key is left behind by growing.
    let room = usize::try_from(metadata.len().min(LARGEST)).unwrap_or_default() + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 1 MiB"));
    }
    Ok((content, stamp))
}

impl ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified())
    }
}

impl fmt::Debug for CertificateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateFiles")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
