//! How TLS fails, in words for a person.

use core::time::Duration;

use der::DateTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::roots;

/// Why there is no TLS, or no more.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The peer's certificate is not to be trusted.
    #[error("the certificate {0}")]
    Certificate(CertificateFault),
    /// Where TLS should begin, a server speaks POP3 in clear text: the port is one for STLS, or for
    /// no TLS at all.
    #[error("the server speaks POP3 in clear text where TLS should begin")]
    ClearText,
    /// What the peer speaks is not TLS.
    #[error("the peer does not speak TLS here")]
    NotTls,
    /// The peer has closed its side before the handshake was done.
    #[error("the peer hung up during the TLS handshake")]
    Unfinished,
    /// The peer has ended TLS and named its reason, such as `HandshakeFailure`.
    #[error("the peer ended TLS: {0}")]
    Alert(String),
    /// Both sides speak TLS, but no version, cipher suite or protocol of it in common.
    #[error("there is no TLS that both sides speak")]
    Incompatible(#[source] rustls::Error),
    /// A message of TLS is larger than anybody's has to be.
    #[error("the peer sent a TLS message that is too large")]
    Oversized,
    /// The peer broke a rule of TLS, or somebody on the way has changed something.
    #[error("TLS was broken")]
    Broken(#[source] rustls::Error),
}

/// What is wrong with a certificate. The words go on after "the certificate".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// Its time is over.
    #[error("has expired{}", date(" on ", .since))]
    Expired {
        /// Until when it was good, in seconds since 1970, if that is known.
        since: Option<u64>,
    },
    /// Its time is yet to come (or the clock here is slow).
    #[error("is not valid yet{}", date(": not before ", .until))]
    NotYetValid {
        /// From when on it will be good, in seconds since 1970, if that is known.
        until: Option<u64>,
    },
    /// It is for another server.
    #[error("is not for {wanted} but for {}", listed(.names))]
    WrongName {
        /// What it should be for.
        wanted: String,
        /// What it is for; may be nothing.
        names: Vec<String>,
    },
    /// Nobody who is trusted here has signed it. Also the fault of a certificate that is signed by
    /// itself.
    #[error("was signed by nobody who is trusted here")]
    UnknownIssuer,
    /// It is that of an authority, which vouches for servers but is none. `openssl req -x509` makes
    /// such ones; they will do for a server when they are trusted themselves
    /// ([`ClientTls::with_roots_pem`](super::ClientTls::with_roots_pem)).
    #[error("is that of an authority, not of a server")]
    Authority,
    /// Its issuer has taken it back.
    #[error("has been revoked")]
    Revoked,
    /// Its signature, or that of one it stands on, is wrong.
    #[error("has a bad signature")]
    BadSignature,
    /// It is not a server's, or not a client's.
    #[error("is not for this purpose")]
    WrongPurpose,
    /// A client has none, and has to have one.
    #[error("is missing")]
    Missing,
    /// It cannot be read.
    #[error("is malformed")]
    Malformed,
    /// Something else.
    #[error("is not accepted: {0}")]
    Other(String),
}

impl TlsError {
    /// What rustls says, and with which octet the peer began when that is of interest.
    pub(super) fn new(error: rustls::Error, first: Option<u8>) -> Self {
        use rustls::Error as E;
        match error {
            E::InvalidCertificate(fault) => Self::Certificate(fault.into()),
            E::NoCertificatesPresented => Self::Certificate(CertificateFault::Missing),
            E::AlertReceived(alert) => Self::Alert(of_alert(alert)),
            E::PeerIncompatible(_) | E::NoApplicationProtocol => Self::Incompatible(error),
            E::PeerSentOversizedRecord
            | E::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => Self::Oversized,
            E::InvalidMessage(_) => match first {
                Some(b'+' | b'-') => Self::ClearText,
                // The content types of TLS (RFC 8446, section 5.1).
                Some(20..=24) | None => Self::Broken(error),
                Some(_) => Self::NotTls,
            },
            error => Self::Broken(error),
        }
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::new(error, None)
    }
}

impl From<CertificateError> for CertificateFault {
    fn from(error: CertificateError) -> Self {
        use CertificateError as E;
        match error {
            E::Expired => Self::Expired { since: None },
            E::ExpiredContext { not_after, .. } => {
                Self::Expired { since: Some(not_after.as_secs()) }
            }
            E::NotValidYet => Self::NotYetValid { until: None },
            E::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid { until: Some(not_before.as_secs()) }
            }
            E::NotValidForNameContext { expected, presented } => Self::WrongName {
                wanted: expected.to_str().into_owned(),
                names: presented.iter().map(|name| bare(name)).collect(),
            },
            E::UnknownIssuer => Self::UnknownIssuer,
            E::Revoked => Self::Revoked,
            E::BadSignature => Self::BadSignature,
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => Self::WrongPurpose,
            E::BadEncoding => Self::Malformed,
            E::Other(error) if roots::is_authority(&error) => Self::Authority,
            error => Self::Other(error.to_string()),
        }
    }
}

/// An alert's name as rustls has it, or its number.
fn of_alert(alert: AlertDescription) -> String {
    alert.as_str().map_or_else(|| format!("alert {}", u8::from(alert)), str::to_owned)
}

/// A name without the kind that webpki puts around it: `DnsName("pop.example.org")`. Its octets are
/// the peer's.
fn bare(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').escape_debug().to_string()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}

/// A moment as RFC 3339 writes it.
fn date(before: &str, moment: &Option<u64>) -> String {
    match moment.map(Duration::from_secs).map(DateTime::from_unix_duration) {
        Some(Ok(moment)) => format!("{before}{moment}"),
        _ => String::new(),
    }
}
