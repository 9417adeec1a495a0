//! The seeds, and with them every finding that was kept, on stable Rust.

use std::fs;
use std::path::Path;

fn hold(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut seeds = 0;
    for seed in fs::read_dir(folder).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds for {target}");
}

#[test]
fn command() {
    hold("command", pop3_fuzz::command::check);
}

#[test]
fn reply() {
    hold("reply", pop3_fuzz::reply::check);
}

#[test]
fn multiline() {
    hold("multiline", pop3_fuzz::multiline::check);
}

#[test]
fn message() {
    hold("message", pop3_fuzz::message::check);
}

#[test]
fn client_bytes() {
    hold("client_bytes", pop3_fuzz::client_bytes::check);
}

#[test]
fn server_bytes() {
    hold("server_bytes", pop3_fuzz::server_bytes::check);
}
