//! A certificate authority of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

/// What an authority has signed, each in a file (PEM): a certificate for `localhost`, and one for
/// user `mark`. Whoever trusts another authority trusts neither.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The authority's own certificate.
    pub root: PathBuf,
    /// The server's certificate.
    pub server: PathBuf,
    /// Its key.
    pub server_key: PathBuf,
    /// The certificate whose common name is `mark`.
    pub client: PathBuf,
    /// Its key.
    pub client_key: PathBuf,
}

impl Authority {
    /// A new authority, in a directory that is made for it.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn found(directory: &Path) -> Result<Self, String> {
        fs::create_dir_all(directory).map_err(|error| error.to_string())?;
        let made = Self {
            root: directory.join("root.pem"),
            server: directory.join("server.pem"),
            server_key: directory.join("server.key"),
            client: directory.join("client.pem"),
            client_key: directory.join("client.key"),
        };
        made.sign().map_err(|error| error.to_string())?;
        Ok(made)
    }

    fn sign(&self) -> Result<(), Box<dyn std::error::Error>> {
        let mut root = named("the tests' authority", CertificateParams::default());
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        fs::write(&self.root, root.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(root, key);

        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut server = named("localhost", CertificateParams::new(names)?);
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut client = named("mark", CertificateParams::default());
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        for (mut holder, certificate, secret) in
            [(server, &self.server, &self.server_key), (client, &self.client, &self.client_key)]
        {
            holder.use_authority_key_identifier_extension = true;
            holder.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let key = KeyPair::generate()?;
            fs::write(certificate, holder.signed_by(&key, &issuer)?.pem())?;
            fs::write(secret, key.serialize_pem())?;
        }
        Ok(())
    }
}

fn named(name: &str, mut holder: CertificateParams) -> CertificateParams {
    holder.distinguished_name = DistinguishedName::new();
    holder.distinguished_name.push(DnType::CommonName, name);
    holder
}

/// What a file of an authority holds.
///
/// # Errors
/// When it cannot be read.
pub fn pem(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
