//! Questions to DNS.

use std::net::SocketAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::order::{Server, Service};
use crate::failure::Failure;

/// What a domain says about a service.
pub(super) enum Answer {
    /// Here it is.
    Servers(Vec<Server>),
    /// There is none, and there is not meant to be one: the target is ".".
    Withheld,
    /// Nothing.
    Nothing,
}

/// Whom to ask: that name server, or those of the system.
pub(super) fn resolver(name_server: Option<SocketAddr>) -> Result<TokioResolver, Failure> {
    let builder = match name_server {
        None => TokioResolver::builder_tokio(),
        Some(address) => {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            let connections = connections.map(|mut connection| {
                connection.port = address.port();
                connection
            });
            let server = NameServerConfig::new(address.ip(), true, connections.into());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            Ok(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
        }
    };
    builder
        .and_then(hickory_resolver::ResolverBuilder::build)
        .map_err(|error| Failure::local("the name servers", error))
}

/// Asks where a domain has a service.
pub(super) async fn servers(
    resolver: &TokioResolver,
    service: Service,
    domain: &Name,
) -> Result<Answer, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Server(format!("DNS: {domain}: {error}"));
    let name = Name::from_ascii(service.label())
        .and_then(|label| label.append_domain(domain))
        .map_err(|error| failed(&error))?;
    let lookup = match resolver.lookup(name, RecordType::SRV).await {
        Ok(lookup) => lookup,
        Err(error) if error.is_no_records_found() => return Ok(Answer::Nothing),
        Err(error) => return Err(failed(&error)),
    };
    let mut withheld = false;
    let mut servers = Vec::new();
    for record in lookup.answers() {
        let RData::SRV(srv) = &record.data else { continue };
        if srv.target.is_root() {
            withheld = true;
            continue;
        }
        servers.push(Server {
            service,
            priority: srv.priority,
            weight: srv.weight,
            target: srv.target.clone(),
            port: srv.port,
        });
    }
    Ok(match (servers.is_empty(), withheld) {
        (false, _) => Answer::Servers(servers),
        (true, true) => Answer::Withheld,
        (true, false) => Answer::Nothing,
    })
}
