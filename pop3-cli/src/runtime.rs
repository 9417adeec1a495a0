//! The one place that knows which adapter does the work.

use std::net::TcpStream;

use pop3_blocking::{Client, Error, Session};
use pop3_proto::client::Error as ProtocolError;

use crate::args::{Account, Runtime};
use crate::failure::Failure;
use crate::url::Login;

/// A session with an open maildrop.
pub(crate) fn log_in(account: &Account) -> Result<Session<TcpStream>, Failure> {
    let user = account.user()?;
    let addresses = account.addresses()?;
    let password = account.password(user)?;
    let place = &account.url;
    let client = match account.runtime {
        Runtime::Blocking => Client::connect(addresses.as_slice()),
    };
    let client = client.map_err(|error| Failure::session(place, &error))?;
    let session = match place.login {
        Login::Password => client.login(user.as_str(), password.expose()),
        Login::Apop => client.login_apop(user.as_str(), password.expose()),
    };
    session.map_err(|failed| match failed.error {
        Error::Pop3(ProtocolError::Refused { reply, .. }) => {
            // Some servers repeat what they refuse.
            let shown = String::from_utf8_lossy(password.expose());
            let reply = reply.to_string().replace(&*shown, "********");
            Failure::Login(format!("{place}: the login was refused: {reply}"))
        }
        Error::Pop3(error @ ProtocolError::NoTimestamp) => {
            Failure::Login(format!("{place}: {error}"))
        }
        error => Failure::session(place, &error),
    })
}
