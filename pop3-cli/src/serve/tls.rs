//! The server's certificate.

use std::path::Path;

use pop3_maildrop::tls::CertificateFiles;
use pop3_proto::tls::ServerTls;
use tracing::info;

use crate::args;
use crate::failure::{Failure, chain};

/// How the server does TLS, if it does.
pub(super) fn of(args: &args::ServerTls, host: &str) -> Result<Option<ServerTls>, Failure> {
    let tls = match (&args.cert, &args.key, &args.self_signed) {
        (Some(certificate), Some(key), _) => CertificateFiles::open(certificate, key)
            .map_err(|error| Failure::Local(chain(&error)))?
            .into_server_tls()
            .map_err(unusable)?,
        (_, _, Some(file)) => self_signed(host, file.as_deref())?,
        _ if args.client_ca.is_some() => {
            return Err(Failure::Usage("--client-ca needs --cert and --key".into()));
        }
        _ => return Ok(None),
    };
    let Some(path) = &args.client_ca else { return Ok(Some(tls)) };
    let roots = std::fs::read(path).map_err(|error| Failure::local(path.display(), error))?;
    let tls = tls.with_client_roots_pem(&roots);
    tls.map(Some).map_err(|error| Failure::local(path.display(), error))
}

/// A certificate for trying out, made anew.
fn self_signed(host: &str, file: Option<&Path>) -> Result<ServerTls, Failure> {
    let mut names = vec![host.to_owned(), "localhost".into(), "127.0.0.1".into(), "::1".into()];
    names.sort_unstable();
    names.dedup();
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| Failure::local("--self-signed", error))?;
    let certificate = made.cert.pem();
    if let Some(path) = file {
        std::fs::write(path, &certificate)
            .map_err(|error| Failure::local(path.display(), error))?;
        info!(file = %path.display(), "the certificate is there, for the --ca of clients");
    }
    let key = zeroize::Zeroizing::new(made.signing_key.serialize_pem());
    ServerTls::from_pem(certificate.as_bytes(), key.as_bytes()).map_err(unusable)
}

fn unusable(error: pop3_proto::tls::ConfigError) -> Failure {
    Failure::local("TLS", error)
}
