//! `--runtime`: each does what the others do, on either side.

use crate::office::Office;
use crate::run::pop3;

const RUNTIMES: [&str; 3] = ["tokio", "async-std", "blocking"];
const LETTER: &[u8] = b"Subject: the same\n\n.dot\n";

#[test]
fn every_client_collects_from_every_server() {
    for server in RUNTIMES {
        let tls = ["--listen-tls", "127.0.0.1:0", "--self-signed=ca.pem", "--runtime", server];
        let office = Office::open_with(&tls);
        for client in RUNTIMES {
            office.deliver(LETTER);
            let url = format!("pop3s://mark@{}", office.tls_address.as_ref().unwrap());
            let common = ["--ca", "ca.pem", "--runtime", client];
            let listed = office.client_at(&url, "list", &common).run().ok();
            assert!(listed.contains("the same"), "{server}, {client}: {listed}");
            let to = format!("{client}-from-{server}");
            let fetch = [&common[..], &["--to", &to, "--delete"]].concat();
            office.client_at(&url, "fetch", &fetch).run().ok();
            assert_eq!(office.files(&format!("{to}/new"))[0].1, LETTER, "{server}, {client}");
            assert!(office.files("mail/mark/cur").is_empty(), "{server}, {client}");
            let said = office.client_at(&url, "talk", &common).input("stat\nquit\n").ok();
            assert!(said.contains("+OK 0 0"), "{server}, {client}: {said}");
        }
    }
}

#[test]
fn every_runtime_has_its_demonstration() {
    let directory = tempfile::tempdir().unwrap();
    let shown = RUNTIMES.map(|runtime| {
        let to = directory.path().join(runtime);
        let said = pop3(["demo", "--runtime", runtime, "--to", to.to_str().unwrap()]).run().ok();
        assert_eq!(std::fs::read_dir(to.join("new")).unwrap().count(), 3, "{runtime}");
        // Ports and unique-ids are others in each run, and who speaks first is a matter of time.
        let mut lines: Vec<_> = said.lines().filter(|line| line.starts_with("C: ")).collect();
        lines.sort_unstable();
        lines.join("\n")
    });
    assert!(shown[0].contains("C: PASS ********"), "{}", shown[0]);
    assert!(shown[0] == shown[1] && shown[1] == shown[2], "{shown:?}");
}

#[test]
fn every_server_stops_when_it_is_told() {
    for runtime in RUNTIMES {
        let mut office = Office::open_with(&["--runtime", runtime]);
        let id = rustix::process::Pid::from_child(&office.server);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(office.server.wait().unwrap().success(), "{runtime}");
        assert!(office.log().contains("stopped"), "{runtime}: {}", office.log());
    }
}
