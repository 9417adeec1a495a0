//! Users whom their TLS certificate names.

use std::time::Duration;

use pop3_proto::UserName;
use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;

use super::{Authenticator, LoginRefused};

/// The attribute type of a common name (RFC 4519, section 2.3).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Lets those in by EXTERNAL (RFC 4422, appendix A) whose TLS certificate has their user name as
/// its common name, and all others as another authenticator does. A client that names another user
/// than its certificate does is refused.
///
/// That the certificate is to be trusted was found out by TLS: see
/// [`with_client_roots_pem`](pop3_proto::tls::ServerTls::with_client_roots_pem).
#[derive(Clone, Debug)]
pub struct Certificates<A> {
    others: A,
}

impl<A: Authenticator> Certificates<A> {
    /// Lets others in as that authenticator does.
    pub const fn new(others: A) -> Self {
        Self { others }
    }
}

/// The one common name of a certificate.
fn common_name(certificate: &[u8]) -> Option<UserName> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let mut names = certificate.tbs_certificate().subject().iter();
    let name = names.find(|name| name.oid == COMMON_NAME)?;
    if names.any(|other| other.oid == COMMON_NAME) {
        return None;
    }
    let text = if let Ok(text) = name.value.decode_as::<Utf8StringRef<'_>>() {
        UserName::new(text.as_str())
    } else if let Ok(text) = name.value.decode_as::<PrintableStringRef<'_>>() {
        UserName::new(text.as_str())
    } else {
        UserName::new(name.value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str())
    };
    text.ok()
}

impl<A: Authenticator> Authenticator for Certificates<A> {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        match credentials {
            Credentials::External { user, certificate } => common_name(certificate)
                .filter(|name| user.as_ref().is_none_or(|user| user == name))
                .ok_or(LoginRefused::Credentials),
            others => self.others.authenticate(others),
        }
    }

    fn mechanisms(&self) -> Vec<&'static str> {
        let mut mechanisms = self.others.mechanisms();
        mechanisms.push("EXTERNAL");
        mechanisms
    }

    fn scram_keys(
        &self,
        user: &UserName,
        hash: ScramHash,
    ) -> Result<Option<ScramKeys>, LoginRefused> {
        self.others.scram_keys(user, hash)
    }

    fn offers_apop(&self) -> bool {
        self.others.offers_apop()
    }

    fn login_delay(&self, user: &UserName) -> Option<Duration> {
        self.others.login_delay(user)
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;
    use crate::memory::MemoryMaildrops;

    fn shown(names: &[&str], user: Option<&str>) -> Result<UserName, LoginRefused> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        for name in names {
            parameters.distinguished_name.push(DnType::CommonName, *name);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().der().to_vec();
        let user = user.map(|user| UserName::new(user).unwrap());
        let credentials = Credentials::External { user, certificate };
        Certificates::new(MemoryMaildrops::new()).authenticate(&credentials)
    }

    #[test]
    fn the_common_name_is_the_user() {
        assert_eq!(shown(&["mark"], None).unwrap().as_str(), "mark");
        assert_eq!(shown(&["mark"], Some("mark")).unwrap().as_str(), "mark");
        assert!(shown(&["mark"], Some("mary")).is_err());
        assert!(shown(&[], None).is_err());
        assert!(shown(&["two words"], None).is_err(), "no user name");
    }

    #[test]
    fn what_is_no_certificate_names_nobody() {
        assert_eq!(common_name(b""), None);
        assert_eq!(common_name(b"0\x80"), None);
    }
}
