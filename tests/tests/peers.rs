//! Other people's clients and servers carry letters that break programs.

use libtest_mimic::{Arguments, Trial};
use pop3_tests::compare::compare;
use pop3_tests::letters::{Set, collect, lay_out};
use pop3_tests::peers::clients::{CLIENTS, Client, Errand};
use pop3_tests::peers::expected;
use pop3_tests::pop3::Serve;

fn main() {
    let clients = CLIENTS.iter().flat_map(|client| Set::ALL.map(|set| client_trial(client, set)));
    let trials: Vec<Trial> = clients.collect();
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
