//! `pop3 check server`

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pop3_conformance::case::choose;
use pop3_conformance::server::fixture::{Maildir, Mbox};
use pop3_conformance::server::target::{Trust, tls_config};
use pop3_conformance::server::{self as judge, CannotRun, Security, Target};

use super::args::{Fixture, Server};
use super::{listing, reports};
use crate::account::{from_file, password_of, user_of};
use crate::args::TlsMode;
use crate::failure::Failure;
use crate::url::MailboxUrl;

/// How long one of several addresses may take to be reached.
const REACH: Duration = Duration::from_secs(10);

pub(super) fn run(args: &Server) -> Result<(), Failure> {
    if args.scope.list {
        let mut cases = judge::cases();
        choose(&mut cases, |case| &case.heading, &args.scope.only);
        return listing::print(cases.iter().map(|case| &case.heading));
    }
    let Some(url) = &args.url else {
        return Err(Failure::Usage("which server?".into()));
    };
    let mut check = judge::Check::new(target(args, url)?);
    check.only(&args.scope.only);
    check.destructive = args.mailbox.destructive;
    check.timers = args.scope.timers;
    check.at_once = args.scope.at_once.into();
    check.fixture = match &args.mailbox.fixture {
        Fixture::None => None,
        Fixture::Maildir(path) => Some(Arc::new(Maildir::new(path).map_err(at(path))?)),
        Fixture::Mbox(path) => Some(Arc::new(Mbox::new(path).map_err(at(path))?)),
    };
    args.reports.prepare()?;
    let bar = reports::progress(check.cases.len());
    let report = check.run(&mut |case| reports::advance(&bar, case));
    bar.finish_and_clear();
    let mut report = report.map_err(|error| {
        let advice = match &error {
            CannotRun::NotEmpty(_) => "; --destructive allows that",
            _ => "",
        };
        Failure::Server(format!("{url}: {error}{advice}"))
    })?;
    report.peer = url.to_string();
    args.reports.write(&mut report)
}

fn at(path: &Path) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::local(path.display(), error)
}

/// The server, and who logs in to it.
fn target(args: &Server, url: &MailboxUrl) -> Result<Target, Failure> {
    if url.method.is_some() {
        return Err(Failure::Usage("a check has its own ways to log in; leave ;AUTH= out".into()));
    }
    let implicit = match args.security.tls {
        Some(mode) => mode == TlsMode::Implicit,
        None => url.tls,
    };
    let port = url.port.unwrap_or(if implicit { 995 } else { 110 });
    let address = address(&url.host, port)?;
    let other = args.security.other_port.map(|port| SocketAddr::new(address.ip(), port));

    let user = user_of(url)?;
    let password = password_of(url, user, args.password_file.as_deref())?;
    let account = judge::Account::new(user.as_str(), password.expose());
    let trust = match &args.security.ca {
        Some(file) => Trust::Roots(file),
        None if args.security.any_certificate => Trust::Anybody,
        None => Trust::System,
    };
    let tls = tls_config(trust).map_err(|error| match &args.security.ca {
        Some(file) => Failure::local(file.display(), error),
        None => Failure::local("TLS", error),
    })?;
    let mut target = Target::new(&*url.host, account, tls);
    (target.clear, target.implicit) = match implicit {
        true => (other.map(Into::into), Some(address.into())),
        false => (Some(address.into()), other.map(Into::into)),
    };
    target.security = match args.security.tls {
        _ if implicit => Security::Implicit,
        Some(TlsMode::None) => Security::None,
        None if address.ip().is_loopback() => Security::None,
        _ => Security::Stls,
    };
    target.patience = Duration::from_secs(args.scope.patience);
    let mailbox = &args.mailbox;
    if let (Some(user), Some(file)) = (&mailbox.second_user, &mailbox.second_password_file) {
        target.second = Some(judge::Account::new(user.as_str(), from_file(file)?.expose()));
    }
    if let Some(file) = &mailbox.token_file {
        let token = String::from_utf8(from_file(file)?.expose().to_vec());
        target.token = Some(token.map_err(|_| Failure::local(file.display(), "no token"))?);
    }
    Ok(target)
}

/// The address of the server: of several, the first at which somebody listens.
fn address(host: &str, port: u16) -> Result<SocketAddr, Failure> {
    let failed = |error| Failure::Server(format!("{host}:{port}: {error}"));
    let addresses: Vec<_> = (host, port).to_socket_addrs().map_err(failed)?.collect();
    if let [address] = addresses[..] {
        return Ok(address);
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, REACH) {
            Ok(_) => return Ok(address),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}
