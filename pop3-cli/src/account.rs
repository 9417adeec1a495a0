//! Whose mailbox, and the password to it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::Path;

use pop3_proto::adapter::{Cleartext, Endpoint, Options, Security};
use pop3_proto::client::exchange::{Account as Credentials, Method};
use pop3_proto::tls::ClientTls;
use pop3_proto::{Secret, Text, UserName};

use crate::args::{Account, Tls, TlsMode};
use crate::failure::Failure;
use crate::output::complain;
use crate::place::{Place, Places};
use crate::url::MailboxUrl;

/// The environment variable that may hold the password.
const VARIABLE: &str = "POP3_PASSWORD";

/// A password is no longer than this, in octets.
const LONGEST: u64 = 4_096;

impl Account {
    /// Who logs in to that server.
    pub(crate) fn credentials(&self, server: &Endpoint) -> Result<Credentials, Failure> {
        if let Some(path) = &self.login.token_file {
            let server = (server.host().to_owned(), server.port());
            return Ok(Credentials::Token {
                user: user_of(&self.url)?.clone(),
                token: from_file(path)?,
                server,
            });
        }
        Ok(match self.method() {
            Some(Method::External) => Credentials::Certificate { user: self.url.user.clone() },
            Some(Method::Anonymous) => Credentials::Anonymous { trace: Text::literal("pop3") },
            Some(method @ (Method::OAuthBearer | Method::XOAuth2)) => {
                return Err(Failure::Usage(format!("{method} needs --token-file")));
            }
            _ => {
                let user = user_of(&self.url)?.clone();
                let password = password_of(&self.url, &user, self.password_file.as_deref())?;
                Credentials::Password { user, password }
            }
        })
    }

    /// The one way to log in, when there is to be one.
    fn method(&self) -> Option<Method> {
        self.login.auth.or(self.url.method)
    }

    /// The ways to log in, in order.
    pub(crate) fn methods(&self) -> Vec<Method> {
        self.method().map_or_else(|| Method::ALL.to_vec(), |method| vec![method])
    }

    pub(crate) fn security(&self) -> Security {
        match (self.tls.tls, self.url.tls) {
            (Some(TlsMode::Implicit), _) | (None, true) => Security::Implicit,
            (Some(TlsMode::Starttls), _) => Security::StartTls,
            (Some(TlsMode::None), _) => Security::None,
            (None, false) => Security::Auto,
        }
    }

    /// Where the server may be.
    pub(crate) fn places(&self) -> Result<Places, Failure> {
        #[cfg(feature = "srv")]
        if self.discovery.srv {
            return crate::srv::places(self);
        }
        let (endpoint, options) = (self.endpoint()?, self.options()?);
        let first = Place { endpoint, options, shown: self.url.to_string() };
        Ok(Places { first, others: Vec::new() })
    }

    /// Where the URL says the server is.
    fn endpoint(&self) -> Result<Endpoint, Failure> {
        let usual = if self.security() == Security::Implicit { 995 } else { 110 };
        Endpoint::new(&self.url.host, self.url.port.unwrap_or(usual))
            .map_err(|error| Failure::Usage(format!("{}: {error}", self.url)))
    }

    /// How to get there.
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let mut options = Options::default();
        options.security = self.security();
        if self.login.allow_cleartext {
            options.cleartext = Cleartext::Always;
        }
        options.tls = self.client_tls()?;
        Ok(options)
    }

    /// How to do TLS, when it is not to be done as the system does.
    fn client_tls(&self) -> Result<Option<ClientTls>, Failure> {
        let Tls { ca, client_cert, client_key, .. } = &self.tls;
        let mut tls = match ca {
            Some(path) => Some(
                ClientTls::with_roots_pem(&contents(path)?)
                    .map_err(|error| Failure::local(path.display(), error))?,
            ),
            None => None,
        };
        if let (Some(certificate), Some(key)) = (client_cert, client_key) {
            let base = match tls {
                Some(tls) => tls,
                None => ClientTls::system().map_err(|error| Failure::local("TLS", error))?,
            };
            let shown = base
                .with_client_certificate(&contents(certificate)?, &contents(key)?)
                .map_err(|error| Failure::local(certificate.display(), error))?;
            tls = Some(shown);
        }
        Ok(tls)
    }
}

/// The user, whom the URL must name.
pub(crate) fn user_of(url: &MailboxUrl) -> Result<&UserName, Failure> {
    url.user.as_ref().ok_or_else(|| {
        Failure::Usage("the URL names no user; write pop3://USER@HOST[:PORT]".into())
    })
}

/// The password of the user: from a file, the environment, the URL, or a prompt.
pub(crate) fn password_of(
    url: &MailboxUrl,
    user: &UserName,
    file: Option<&Path>,
) -> Result<Secret, Failure> {
    if let Some(path) = file {
        return from_file(path);
    }
    if let Some(password) = std::env::var_os(VARIABLE) {
        return secret(VARIABLE, password.as_encoded_bytes());
    }
    if let Some(password) = &url.password {
        complain("warning: other users of this machine may see a password in a URL");
        return Ok(password.clone());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "no password: give --password-file, or set {VARIABLE}"
        )));
    }
    let typed = rpassword::prompt_password(format!("password of {user} at {url}: "))
        .map_err(|error| Failure::local("the password prompt", error))?;
    secret("the password", typed.as_bytes())
}

fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::local(path.display(), error))
}

/// The first line of a file, as a secret.
pub(crate) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::local(&shown, error))?;
    let line = first_line(file).map_err(|error| Failure::local(&shown, error))?;
    secret(&shown, line.expose_line())
}

/// A line that may be a password.
pub(crate) struct Line(zeroize::Zeroizing<Vec<u8>>);

impl Line {
    /// The line without its end.
    pub(crate) fn expose_line(&self) -> &[u8] {
        let line = self.0.strip_suffix(b"\n").unwrap_or(&self.0);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

/// The first line of a file that holds a password.
pub(crate) fn first_line(input: impl Read) -> io::Result<Line> {
    let mut line = Vec::with_capacity(LONGEST as usize);
    BufReader::new(input.take(LONGEST)).read_until(b'\n', &mut line)?;
    Ok(Line(line.into()))
}

/// Octets as a secret; what is wrong is told without showing them.
pub(crate) fn secret(source: &str, octets: &[u8]) -> Result<Secret, Failure> {
    Secret::new(octets).map_err(|error| Failure::Local(format!("{source}: {error}")))
}
