//! `pop3 serve`: the Maildirs below a directory.

mod post_office;
mod tls;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use pop3_maildrop::Door;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing::info;

use crate::args::Serve;
use crate::failure::Failure;
use crate::server::{Server, Stop};

/// Where to listen when nothing is said.
const USUAL: &str = "127.0.0.1:1110";

pub(crate) fn run(args: &Serve) -> Result<(), Failure> {
    let service = post_office::open(args)?;
    let drain = Duration::from_secs(args.limits.drain);
    let server = Server::new(args.runtime, listeners(args)?, service, drain)
        .map_err(|error| Failure::local("listening", error))?;
    let signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Failure::local("waiting for signals", error))?;
    announce(server.addresses())?;
    stop_on(signals, server.stop());
    server.run().map_err(|error| Failure::local("serving", error))?;
    info!("stopped");
    Ok(())
}

/// The sockets, those in clear text first.
fn listeners(args: &Serve) -> Result<Vec<(TcpListener, Door)>, Failure> {
    let tls = &args.tls;
    if !tls.listen_tls.is_empty() && tls.cert.is_none() && tls.self_signed.is_none() {
        return Err(Failure::Usage("--listen-tls needs --cert and --key, or --self-signed".into()));
    }
    let usual = [USUAL.to_owned()];
    let plain = match (args.listen.is_empty(), tls.listen_tls.is_empty()) {
        (true, true) => &usual[..],
        _ => &args.listen,
    };
    let plain = plain.iter().map(|address| (address, Door::PLAIN));
    let in_tls = tls.listen_tls.iter().map(|address| (address, Door::TLS));
    plain
        .chain(in_tls)
        .map(|(address, door)| {
            let resolved = resolve(address)?;
            if !door.tls {
                exposed(args, address, &resolved)?;
            }
            let listener = TcpListener::bind(resolved.as_slice())
                .map_err(|error| not_listening(address, error))?;
            Ok((listener, if args.limits.proxy { door.proxied() } else { door }))
        })
        .collect()
}

fn not_listening(address: &str, error: io::Error) -> Failure {
    Failure::local(format!("listening on {address}"), error)
}

fn resolve(address: &str) -> Result<Vec<SocketAddr>, Failure> {
    let resolved = address.to_socket_addrs().map_err(|error| not_listening(address, error))?;
    Ok(resolved.collect())
}

/// Where other machines can come and there is no TLS, nobody could log in: passwords are taken in
/// clear text only on demand.
fn exposed(args: &Serve, address: &str, resolved: &[SocketAddr]) -> Result<(), Failure> {
    let exposed = resolved.iter().any(|address| !address.ip().to_canonical().is_loopback());
    let tls = args.tls.cert.is_some() || args.tls.self_signed.is_some();
    if exposed && !tls && !args.allow_cleartext {
        return Err(Failure::Usage(format!(
            "{address} is not loopback: passwords would cross the network in clear text; \
             --cert and --key bring TLS, --allow-cleartext permits it"
        )));
    }
    Ok(())
}

fn announce(addresses: &[SocketAddr]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for address in addresses {
        writeln!(out, "listening on {address}")?;
    }
    out.flush()
}

/// The first signal lets sessions finish, the second cuts them.
fn stop_on(mut signals: Signals, stop: Stop) {
    thread::spawn(move || {
        let mut stopping = false;
        for _ in signals.forever() {
            if stopping {
                info!("cutting the sessions that are left");
                stop.cut();
            } else {
                info!("stopping; sessions may finish");
                stopping = true;
                stop.stop();
            }
        }
    });
}
