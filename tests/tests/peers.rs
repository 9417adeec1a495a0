//! Other people's clients and servers carry letters that break programs.

use libtest_mimic::{Arguments, Trial};
use pop3_tests::compare::{LineEnds, compare};
use pop3_tests::letters::{Set, collect, lay_out};
use pop3_tests::peers::clients::{CLIENTS, Client, Errand};
use pop3_tests::peers::servers::{SERVERS, Server};
use pop3_tests::peers::{expected, trial_unless};
use pop3_tests::pop3::Serve;

fn main() {
    let clients = CLIENTS.iter().flat_map(|client| Set::ALL.map(|set| client_trial(client, set)));
    let servers = SERVERS.iter().flat_map(|server| Set::ALL.map(|set| server_trial(server, set)));
    let trials: Vec<Trial> = clients.chain(servers).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn client_trial(client: &'static Client, set: Set) -> Trial {
    let name = format!("{} collects {} from us", client.peer.name, set.name());
    client.peer.trial(name, move || {
        let (letters, expected) = expected(&client.peer, client.line_ends, set.letters());
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (mail, inbox) = (dir.path().join("mail"), dir.path().join("inbox"));
        lay_out(&mail.join("mark"), &letters).map_err(|error| error.to_string())?;
        lay_out(&inbox, &[]).map_err(|error| error.to_string())?;
        let server = Serve::start(&mail);
        let errand = Errand {
            server: server.address,
            letters: letters.len(),
            maildir: &inbox,
            scratch: dir.path(),
        };
        (client.collect)(&errand)?;
        compare(&expected, &collect(&inbox).map_err(|error| error.to_string())?)
    })
}

fn server_trial(server: &'static Server, set: Set) -> Trial {
    let name = format!("we collect {} from {}", set.name(), server.peer.name);
    trial_unless(server.missing(), name, move || {
        let (letters, expected) = expected(&server.peer, LineEnds::Wire, set.letters());
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let serving = (server.start)(&letters, dir.path())?;
        let arrived = by_library(serving.address).map_err(|error| error.to_string())?;
        compare(&expected, &arrived)
    })
}

fn by_library(address: std::net::SocketAddr) -> Result<Vec<Vec<u8>>, pop3_blocking::Error> {
    use std::io::Read;
    let mut session = pop3_blocking::Client::connect(address)?.login("mark", "swordfish")?;
    let numbers: Vec<_> = session.list()?.into_iter().map(|message| message.number).collect();
    let mut arrived = Vec::new();
    let mut letters = session.retrieve_all(numbers);
    while let Some((_, letter)) = letters.next_letter()? {
        let mut content = Vec::new();
        letter?.read_to_end(&mut content)?;
        arrived.push(content);
    }
    drop(letters);
    session.quit()?;
    Ok(arrived)
}
