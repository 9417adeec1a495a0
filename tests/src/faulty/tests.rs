//! The lawful server is lawful, as far as a few sessions show; what is more, the cases of
//! `pop3-conformance` do.

mod client;
mod faults;
mod logins;
mod visible;

use client::Client;

use super::{Fault, FaultyServer};

const FIRST: &[u8] = b"Subject: one\n continued\n\n.dot\n\nlast";
const SECOND: &[u8] = b"Subject: two\r\n\r\nx\r\n";

fn with_two_letters(fault: Option<Fault>) -> FaultyServer {
    let server = FaultyServer::start(fault).unwrap();
    server.fill(&[FIRST.to_vec(), SECOND.to_vec()]);
    server
}

/// A whole session, from the greeting to the end of the connection.
fn collect(mut client: Client, server: &FaultyServer) {
    client.log_in();
    assert_eq!(client.ask("STAT"), "+OK 2 61");
    assert_eq!(client.ask_many("LIST"), ["1 42", "2 19"]);
    assert_eq!(client.ask("LIST 2"), "+OK 2 19");
    assert_eq!(client.ask_many("UIDL"), ["1 00000001", "2 00000002"]);
    assert_eq!(client.ask("UIDL 2"), "+OK 2 00000002");
    let lines = ["Subject: one", " continued", "", "..dot", "", "last"];
    assert_eq!(client.ask_many("RETR 1"), lines);
    assert_eq!(client.ask_many("TOP 1 0"), lines[..3]);
    assert_eq!(client.ask_many("TOP 1 1"), lines[..4]);
    assert_eq!(client.ask_many("top 1 99999999999999999999"), lines);
    for bad in ["RETR", "RETR x", "RETR 1x", "DELE +1", "LIST 1 2", "LIST ", "TOP 1", "TOP 1 -1"] {
        assert!(client.ask(bad).starts_with("-ERR "), "{bad}");
    }
    for none in ["RETR 0", "RETR 3", "LIST 4294967297", "UIDL 99999999999999999999"] {
        assert_eq!(client.ask(none), "-ERR there is no such message", "{none}");
    }
    assert_eq!(client.ask("DELE 1"), "+OK marked");
    for gone in ["DELE 1", "RETR 1", "TOP 1 0", "LIST 1", "UIDL 1"] {
        assert!(client.ask(gone).starts_with("-ERR "), "{gone}");
    }
    assert_eq!(client.ask("STAT"), "+OK 1 19");
    assert_eq!(client.ask_many("UIDL"), ["2 00000002"]);
    assert!(client.ask("RSET").starts_with("+OK"));
    assert_eq!(client.ask_many("LIST"), ["1 42", "2 19"]);
    assert!(client.ask("DELE 1").starts_with("+OK"));
    server.deliver(b"Subject: late\n");
    assert_eq!(client.ask("STAT"), "+OK 1 19");
    assert_eq!(server.holds().len(), 3);
    assert_eq!(client.ask("QUIT"), "+OK goodbye");
    assert_eq!(server.holds(), [SECOND, b"Subject: late\n"]);
    client.expect_end();
}

#[test]
fn a_session_in_clear_text_collects_and_removes() {
    let server = with_two_letters(None);
    collect(Client::clear(&server), &server);
}

#[test]
fn a_session_in_tls_from_the_first_octet_on_collects_and_removes() {
    let server = with_two_letters(None);
    collect(Client::tls(&server), &server);
}

#[test]
fn a_session_behind_stls_collects_and_removes() {
    let server = with_two_letters(None);
    let mut client = Client::clear(&server);
    assert!(client.ask_many("CAPA").contains(&"STLS".to_owned()));
    client.ask("USER mark");
    let mut client = client.stls(&server, b"NOOP\r\n");
    assert!(client.ask("PASS swordfish").starts_with("-ERR "));
    assert!(client.ask("STLS").starts_with("-ERR "));
    assert!(!client.ask_many("CAPA").contains(&"STLS".to_owned()));
    collect(client, &server);
}

#[test]
fn nothing_is_removed_without_quit_and_the_lock_is_free_again() {
    let server = with_two_letters(None);
    let mut client = Client::clear(&server);
    client.log_in();
    client.ask("DELE 1");
    let mut second = Client::clear(&server);
    second.ask("USER mark");
    assert!(second.ask("PASS swordfish").starts_with("-ERR [IN-USE] "));
    second.ask("USER mark");
    assert!(second.ask("PASS wrong").starts_with("-ERR [AUTH] "));
    drop(client);
    second.log_in_at_last();
    assert_eq!(second.ask("STAT"), "+OK 2 61");
}

#[test]
fn commands_are_taken_as_they_come() {
    let server = with_two_letters(None);
    let mut client = Client::clear(&server);
    client.send(b"NO");
    client.send(b"OP\r");
    client.send(b"\nUSER mark\r\nPASS swordfish\r\nNOOP\nno\0op\r\n\r\nSTAT\r\n");
    assert!(client.line().starts_with("-ERR not in this state"));
    for start in ["+OK now", "+OK welcome", "+OK nothing", "-ERR no NUL", "-ERR unknown", "+OK 2"] {
        let line = client.line();
        assert!(line.starts_with(start), "{line}");
    }
    client.send(&[b'x'; 200_000]);
    client.send(b"\r\nSTAT\r\n");
    assert_eq!(client.line(), "-ERR the line is too long");
    assert_eq!(client.line(), "+OK 2 61");
}

#[test]
fn a_letter_whose_header_is_utf8_needs_utf8() {
    let server = FaultyServer::start(None).unwrap();
    server.fill(&["Subject: Grüße\n\nx\n".as_bytes().to_vec(), "A: b\n\nü\n".as_bytes().to_vec()]);
    let mut client = Client::clear(&server);
    client.log_in();
    assert_eq!(client.ask_many("LIST"), ["1 23", "2 12"]);
    assert!(client.ask("RETR 1").starts_with("-ERR [UTF8] "));
    assert!(client.ask("TOP 1 0").starts_with("-ERR [UTF8] "));
    assert_eq!(client.ask_many("RETR 2"), ["A: b", "", "ü"]);
    assert!(client.ask("UTF8").starts_with("-ERR "));
    client.ask("QUIT");
    let mut client = Client::clear(&server);
    assert!(client.ask("UTF8").starts_with("+OK "));
    client.log_in();
    assert_eq!(client.ask_many("TOP 1 0"), ["Subject: Grüße", ""]);
}

#[test]
fn texts_are_in_the_language_that_was_chosen() {
    let server = FaultyServer::start(None).unwrap();
    let mut client = Client::clear(&server);
    assert_eq!(client.ask_many("LANG"), ["en English", "de Deutsch", "i-default English"]);
    assert!(client.ask("LANG DE-ch-1996").starts_with("+OK de "));
    assert!(client.ask("XYZZ").starts_with("-ERR unbekannt"));
    assert!(client.ask("LANG tlh").starts_with("-ERR "));
    client.log_in();
    assert_eq!(client.ask("NOOP"), "+OK nichts getan, wie gewünscht");
    assert!(client.ask("LANG *").starts_with("+OK en "));
    assert_eq!(client.ask("NOOP"), "+OK nothing done, as you wish");
}

#[test]
fn whoever_is_connected_when_the_server_stops_sees_the_end() {
    let server = FaultyServer::start(None).unwrap();
    let mut client = Client::clear(&server);
    client.ask("CAPA");
    let address = server.clear();
    drop(server);
    while !client.read_line().is_empty() {}
    // The listener is closed once its thread has seen that it is over.
    let until = std::time::Instant::now() + client::PATIENCE;
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(std::time::Instant::now() < until, "it still listens");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
