//! Certificates for the scripted server: good ones, and ones that a client has to refuse.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a case can ask for. All but the first three are to be refused.
pub(super) const KINDS: &[&str] = &[
    "good",
    "name in capitals",
    "several names",
    "another name",
    "name in the common name alone",
    "name in another part of the subject",
    "partial wildcard",
    "expired",
    "not yet valid",
    "unknown authority",
    "self-signed",
    "for clients",
    "signed by no authority",
];

/// The name by which the client reaches the server.
pub(super) const NAME: &str = "localhost";

/// An authority that the client is told to trust, and what it and others have signed.
pub(super) struct Authority {
    /// Its certificate, in PEM.
    pub(super) pem: String,
    chains: HashMap<&'static str, (Vec<CertificateDer<'static>>, Vec<u8>)>,
}

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        Self::made().map_err(|error| io::Error::other(format!("no certificates: {error}")))
    }

    fn made() -> Result<Self, rcgen::Error> {
        let trusted = root("The authority of this check")?;
        let unknown = root("An authority that nobody knows")?;
        let mut chains = HashMap::new();
        for kind in KINDS {
            let key = KeyPair::generate()?;
            let params = leaf(kind)?;
            let chain = match *kind {
                "self-signed" => vec![params.self_signed(&key)?.der().clone()],
                "unknown authority" => {
                    let signed = params.signed_by(&key, &unknown)?;
                    vec![signed.der().clone(), unknown.der().clone()]
                }
                "signed by no authority" => {
                    let between = leaf("good")?;
                    let between =
                        CertifiedIssuer::signed_by(between, KeyPair::generate()?, &trusted)?;
                    let signed = params.signed_by(&key, &between)?;
                    vec![signed.der().clone(), between.der().clone()]
                }
                _ => vec![params.signed_by(&key, &trusted)?.der().clone()],
            };
            chains.insert(*kind, (chain, key.serialize_der()));
        }
        Ok(Self { pem: trusted.pem(), chains })
    }

    /// How a server with that certificate does TLS.
    pub(super) fn config(&self, kind: &str, tls12_only: bool) -> Result<Arc<ServerConfig>, String> {
        let (chain, key) = self.chains.get(kind).ok_or(format!("no certificate is {kind:?}"))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
        let versions: &[&rustls::SupportedProtocolVersion] =
            if tls12_only { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain.clone(), key))
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(config))
    }
}

fn root(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn leaf(kind: &str) -> Result<CertificateParams, rcgen::Error> {
    let names: &[&str] = match kind {
        "name in capitals" => &["LOCALHOST"],
        "several names" => &["pop.example.org", NAME, "mail.example.org"],
        "another name" => &["pop.example.org", "localhost.example.org", "xlocalhost"],
        "name in the common name alone" | "name in another part of the subject" => &[],
        "partial wildcard" => &["local*"],
        _ => &[NAME],
    };
    let mut params = CertificateParams::default();
    params.subject_alt_names = names
        .iter()
        .map(|name| Ok(SanType::DnsName((*name).try_into()?)))
        .collect::<Result<_, rcgen::Error>>()?;
    let subject = match kind {
        "name in the common name alone" => (DnType::CommonName, NAME),
        "name in another part of the subject" => (DnType::OrganizationName, NAME),
        // Some clients want a common name beside the names that count.
        _ => (DnType::CommonName, names.first().copied().unwrap_or_default()),
    };
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(subject.0, subject.1);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if kind == "expired" {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    if kind == "not yet valid" {
        params.not_before = date_time_ymd(2999, 1, 1);
        params.not_after = date_time_ymd(3000, 1, 1);
    }
    params.extended_key_usages = vec![match kind {
        "for clients" => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    Ok(params)
}
