//! Other people's clients and servers carry letters that break programs.

use std::fmt::Display;
use std::net::TcpStream;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use pop3_tests::compare::{LineEnds, compare};
use pop3_tests::letters::{Set, collect, lay_out};
use pop3_tests::peers::authority::Authority;
use pop3_tests::peers::clients::{CLIENTS, Client, Errand};
use pop3_tests::peers::login::{Login, Security};
use pop3_tests::peers::servers::{SERVERS, Server};
use pop3_tests::peers::{expected, post_office, trial_unless};
use pop3_tests::pop3::{Serve, fetch, fetch_all};
use pop3_tests::process::{run, wait_for};

/// How long it may take to collect everything.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    let clients = CLIENTS.iter().flat_map(|client| Set::ALL.map(|set| client_trial(client, set)));
    let servers = SERVERS.iter().flat_map(|server| {
        let sets = Set::ALL.map(|set| server_trial(server, set, Security::Clear));
        let in_tls = [Security::Stls, Security::Implicit].into_iter();
        let in_tls = in_tls.filter(|_| server.has_tls);
        let in_tls = in_tls.map(|security| server_trial(server, Set::Hard, security));
        sets.into_iter().chain(in_tls).chain([end_trial(server), version_trial(server)])
    });
    let ourselves = Set::ALL.map(our_trial);
    let post = trial_unless(
        post_office::missing(),
        "a letter goes by SMTP through exim and is collected by POP3",
        post_office::a_letter_arrives,
    );
    let trials: Vec<Trial> = clients.chain(servers).chain(ourselves).chain([post]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// `pop3 serve` and somebody else's client.
fn client_trial(client: &'static Client, set: Set) -> Trial {
    let name = format!("{} collects {} from us", client.peer.name, set.name());
    client.peer.trial(name, move || {
        let (letters, expected) = expected(&client.peer, client.line_ends, set.letters());
        let dir = tempfile::tempdir().map_err(text)?;
        let (mail, inbox) = (dir.path().join("mail"), dir.path().join("inbox"));
        lay_out(&mail.join("mark"), &letters).map_err(text)?;
        lay_out(&inbox, &[]).map_err(text)?;
        let server = Serve::start(&mail, dir.path())?;
        (client.collect)(&Errand {
            server: server.address,
            login: Login::USUAL,
            letters: letters.len(),
            maildir: &inbox,
            scratch: dir.path(),
        })?;
        server.stop()?;
        compare(&expected, &collect(&inbox).map_err(text)?)
    })
}

/// Somebody else's server and `pop3 fetch`.
fn server_trial(server: &'static Server, set: Set, security: Security) -> Trial {
    let name = format!("we collect {} from {} {security}", set.name(), server.peer.name);
    trial_unless(server.missing(), name, move || {
        let (letters, expected) = expected(&server.peer, LineEnds::Unix, set.letters());
        let dir = tempfile::tempdir().map_err(text)?;
        let inbox = dir.path().join("inbox");
        let authority = Authority::found(&dir.path().join("authority"))?;
        let office = server.open(dir.path(), &authority)?;
        office.maildrop.deliver(&letters).map_err(text)?;
        let (address, tls) = match security {
            Security::Clear => (office.clear, "none"),
            Security::Stls => (office.clear, "starttls"),
            Security::Implicit => (office.implicit_tls.ok_or("it has no port in TLS")?, "implicit"),
        };
        let mut fetch = fetch(address, &inbox);
        fetch.args(["--tls", tls]);
        if security != Security::Clear {
            fetch.arg("--ca").arg(office.ca.as_ref().ok_or("nobody has signed its certificate")?);
        }
        run(&mut fetch, dir.path(), PATIENCE)?;
        compare(&expected, &collect(&inbox).map_err(text)?)
    })
}

/// Nothing of a server is left behind.
fn end_trial(server: &'static Server) -> Trial {
    let name = format!("{} is gone with what holds it", server.peer.name);
    trial_unless(server.missing(), name, move || {
        let dir = tempfile::tempdir().map_err(text)?;
        let authority = Authority::found(&dir.path().join("authority"))?;
        let office = server.open(dir.path(), &authority)?;
        let doors: Vec<_> = office.implicit_tls.into_iter().chain([office.clear]).collect();
        if doors.iter().any(|door| TcpStream::connect(door).is_err()) {
            return Err("it is not there at all".to_owned());
        }
        drop(office);
        wait_for("its end", Duration::from_secs(10), || {
            doors.iter().all(|door| TcpStream::connect(door).is_err()).then_some(())
        })
    })
}

/// The version of each server is known.
fn version_trial(server: &'static Server) -> Trial {
    let name = format!("the version of {} is known", server.peer.name);
    trial_unless(server.missing(), name, || {
        let version = server.version()?;
        let number = version.starts_with(|c: char| c.is_ascii_digit());
        if number { Ok(()) } else { Err(format!("{version:?} is no version")) }
    })
}

/// Our own two ends: no exception is made for them.
fn our_trial(set: Set) -> Trial {
    Trial::test(format!("we collect {} from ourselves", set.name()), move || {
        let (letters, expected) =
            expected(&pop3_tests::peers::OURSELVES, LineEnds::Unix, set.letters());
        let dir = tempfile::tempdir()?;
        let (mail, inbox) = (dir.path().join("mail"), dir.path().join("inbox"));
        lay_out(&mail.join("mark"), &letters)?;
        let server = Serve::start(&mail, dir.path())?;
        fetch_all(server.address, &inbox, dir.path())?;
        server.stop()?;
        Ok(compare(&expected, &collect(&inbox)?)?)
    })
}

fn text(error: impl Display) -> String {
    error.to_string()
}
