//! Whose mailbox, and the password to it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use pop3_proto::{Secret, UserName};

use crate::args::Account;
use crate::failure::Failure;
use crate::output::complain;

/// The environment variable that may hold the password.
const VARIABLE: &str = "POP3_PASSWORD";

/// A password is no longer than this, in octets.
const LONGEST: u64 = 4_096;

impl Account {
    /// The user, who must be named.
    pub(crate) fn user(&self) -> Result<&UserName, Failure> {
        self.url.user.as_ref().ok_or_else(|| {
            Failure::Usage("the URL names no user; write pop3://USER@HOST[:PORT]".into())
        })
    }

    /// The password: from a file, the environment, the URL, or a prompt.
    pub(crate) fn password(&self, user: &UserName) -> Result<Secret, Failure> {
        if let Some(path) = &self.password_file {
            return from_file(path);
        }
        if let Some(password) = std::env::var_os(VARIABLE) {
            return secret(VARIABLE, password.as_encoded_bytes());
        }
        if let Some(password) = &self.url.password {
            complain("warning: other users of this machine may see a password in a URL");
            return Ok(password.clone());
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::Usage(format!(
                "no password: give --password-file, or set {VARIABLE}"
            )));
        }
        let prompt = format!("password of {user} at {}: ", self.url);
        let typed = rpassword::prompt_password(prompt)
            .map_err(|error| Failure::local("the password prompt", error))?;
        secret("the password", typed.as_bytes())
    }

    /// The addresses of the server. Warns when a password would cross a network in clear text.
    pub(crate) fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let addresses: Vec<_> = (self.url.host.as_str(), self.url.port)
            .to_socket_addrs()
            .map_err(|error| Failure::Server(format!("{}: {error}", self.url)))?
            .collect();
        if addresses.iter().any(|address| !address.ip().to_canonical().is_loopback()) {
            complain(format_args!("warning: everything goes to {} in clear text", self.url));
        }
        Ok(addresses)
    }
}

fn from_file(path: &Path) -> Result<Secret, Failure> {
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
