//! Where the POP3 server of a mail domain is, by SRV records (RFC 6186).
//!
//! Nothing vouches for an answer of DNS, so it decides on nothing but where to connect to:
//!
//! - The session is in TLS, from the start or by STLS, or there is none.
//! - The certificate has to be for the mail domain, which the user has named. A server within that
//!   domain may have one for its own name instead, and is held to that one (RFC 6186, section 6): to
//!   have it, a forger would need a certificate for a host of the domain. A server elsewhere is thus
//!   never taken for the domain's on the word of DNS alone. SRV-IDs in certificates are not read.

mod ask;
mod order;

use hickory_resolver::proto::rr::Name;
use pop3_proto::adapter::{Endpoint, Security};
use tracing::info;

use self::ask::Answer;
use self::order::{Server, Service};
use crate::args::Account;
use crate::failure::Failure;
use crate::place::{Place, Places};
use crate::runtime::tokio_wait;

/// No more servers than this are tried.
const MOST: usize = 16;

/// Where the server of the mail domain may be.
pub(crate) fn places(account: &Account) -> Result<Places, Failure> {
    let domain = mail_domain(account)?;
    let services = services(account.security())?;
    let resolver = ask::resolver(account.discovery.dns)?;
    let mut servers = Vec::new();
    let mut withheld = false;
    for service in services {
        match tokio_wait(ask::servers(&resolver, *service, &domain))? {
            Answer::Servers(found) => servers.extend(found),
            Answer::Withheld => withheld = true,
            Answer::Nothing => {}
        }
    }
    let seed = getrandom::u64().map_err(|error| Failure::local("chance", error))?;
    let mut servers = order::in_order(servers, order::chance(seed)).into_iter().take(MOST);
    let first = servers.next().ok_or_else(|| nowhere(&domain, services, withheld))?;
    Ok(Places {
        first: place(account, &domain, &first)?,
        others: servers.map(|server| place(account, &domain, &server)).collect::<Result<_, _>>()?,
    })
}

/// There is no server, whether that is what the domain says or it says nothing.
fn nowhere(domain: &Name, services: &[Service], withheld: bool) -> Failure {
    let (shown, asked) = (text(domain), asked(services));
    Failure::Server(match withheld {
        true => format!("{shown} says that it does not offer POP3{asked}"),
        false => format!(
            "DNS does not tell where {shown} has its POP3 server{asked}; name it in the URL, \
             without --srv"
        ),
    })
}

/// The domain that the URL names.
fn mail_domain(account: &Account) -> Result<Name, Failure> {
    let url = &account.url;
    if url.port.is_some() {
        return Err(Failure::Usage("with --srv, DNS tells the port; the URL has none".into()));
    }
    let mut name = Name::from_utf8(&url.host)
        .ok()
        .filter(|name| !name.is_root() && url.host.parse::<std::net::IpAddr>().is_err())
        .ok_or_else(|| Failure::Usage(format!("{url} is no mail domain, as --srv needs one")))?;
    name.set_fqdn(true);
    Ok(name)
}

/// What to ask for, by when TLS is to begin.
fn services(security: Security) -> Result<&'static [Service], Failure> {
    match security {
        Security::Implicit => Ok(&[Service::Pop3s]),
        Security::StartTls => Ok(&[Service::Pop3]),
        Security::None => Err(Failure::Usage(
            "--srv does not go with --tls none: DNS can be forged, and the password with it".into(),
        )),
        _ => Ok(&[Service::Pop3s, Service::Pop3]),
    }
}

/// What was asked for, when it was not everything.
fn asked(services: &[Service]) -> &'static str {
    match services {
        [Service::Pop3s] => " in TLS from the start",
        [Service::Pop3] => " with STLS",
        _ => "",
    }
}

fn place(account: &Account, domain: &Name, server: &Server) -> Result<Place, Failure> {
    let host = text(&server.target);
    let shown = format!("{} ({host}:{})", text(domain), server.port);
    let endpoint = Endpoint::new(&host, server.port)
        .map_err(|error| Failure::Server(format!("{shown}: {error}")))?;
    let mut options = account.options()?;
    options.security = match server.service {
        Service::Pop3s => Security::Implicit,
        Service::Pop3 => Security::StartTls,
    };
    options.server_name = Some(certified(domain, &server.target));
    info!(server = %shown, certificate = options.server_name, "found by SRV");
    Ok(Place { endpoint, options, shown })
}

/// The name that the certificate of a server has to be for.
fn certified(domain: &Name, target: &Name) -> String {
    text(if domain.zone_of(target) { target } else { domain })
}

/// A name as it stands in a certificate.
fn text(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    #[test]
    fn a_server_within_the_domain_is_certified_by_its_own_name_others_by_the_domain() {
        for (target, wanted) in [
            ("pop.example.org.", "pop.example.org"),
            ("a.b.EXAMPLE.org.", "a.b.EXAMPLE.org"),
            ("example.org.", "example.org"),
            ("pop.example.net.", "example.org"),
            ("badexample.org.", "example.org"),
            ("example.org.evil.net.", "example.org"),
            ("org.", "example.org"),
        ] {
            assert_eq!(certified(&name("example.org."), &name(target)), wanted, "{target}");
        }
    }

    #[test]
    fn what_is_asked_for_follows_when_tls_begins_and_there_is_no_asking_for_clear_text() {
        let both: &[_] = &[Service::Pop3s, Service::Pop3];
        assert_eq!(services(Security::Auto).unwrap(), both);
        assert_eq!(services(Security::Implicit).unwrap(), [Service::Pop3s]);
        assert_eq!(services(Security::StartTls).unwrap(), [Service::Pop3]);
        assert!(matches!(services(Security::None), Err(Failure::Usage(_))));
    }
}
