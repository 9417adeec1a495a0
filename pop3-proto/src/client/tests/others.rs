//! What an exchange makes of what is not its own: answers to others, and what was given up.

use core::task::Poll;

use super::exchanges::password;
use super::*;
use crate::client::exchange::{self, Exchange, Retrieve};
use crate::command::Extension;
use crate::state::Shape;
use crate::types::MessageNumber;

#[test]
fn an_exchange_drops_what_is_not_its_own() {
    let mut scene = Scene::new().logged_in();
    scene.send("NOOP");
    let dialogue = [("NOOP", "+OK\r\n"), ("STAT", "+OK 1 2\r\n")];
    assert!(scene.drive(exchange::stat(), &dialogue).is_ok());
}

/// What the host has asked for besides is answered first, and to nobody's account.
#[test]
fn the_answers_to_others_are_not_an_exchanges_own() {
    let mut scene = Scene::new().logged_in();
    scene.send("LIST");
    let dialogue = [("LIST", "+OK\r\n1 100\r\n.\r\n"), ("UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n")];
    assert_eq!(scene.drive(exchange::unique_ids(), &dialogue).unwrap().len(), 2);
    scene.send("UIDL");
    let dialogue = [("UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n"), ("UIDL", "+OK\r\n1 a\r\n.\r\n")];
    assert_eq!(scene.drive(exchange::unique_ids(), &dialogue).unwrap().len(), 1);
    scene.send("NOOP");
    let dialogue = [("NOOP", "-ERR no\r\n"), ("STAT", "+OK 2 300\r\n")];
    assert_eq!(scene.drive(exchange::stat(), &dialogue).unwrap().messages, 2);
    scene.send("RETR 1");
    let many = Extension::new("XMANY", "", Shape::Message).unwrap();
    let dialogue = [("RETR 1", "+OK\r\na letter\r\n.\r\n"), ("XMANY", "+OK\r\nown\r\n.\r\n")];
    let (_, content) = scene.drive(exchange::extension(many), &dialogue).unwrap();
    assert_eq!(&content[..], b"own\r\n");

    scene.send("NOOP");
    let dialogue = [("NOOP", "-ERR no\r\n"), ("DELE 1", "+OK\r\n"), ("DELE 2", "-ERR no\r\n")];
    let numbers = [1, 2].map(|number| MessageNumber::new(number).unwrap());
    let marked = scene.drive(exchange::DeleteAll::new(numbers), &dialogue).unwrap();
    assert_eq!(marked.len(), 2);
    assert!(marked[0].1.is_ok() && marked[1].1.is_err());

    let mut scene = Scene::new();
    scene.send("CAPA");
    let dialogue = [
        ("CAPA", "-ERR no\r\n"),
        ("USER mark", "+OK\r\n"),
        ("PASS swordfish", "+OK in\r\n"),
        ("CAPA", "-ERR no\r\n"),
    ];
    let reply = scene.drive(password(), &dialogue);
    assert_eq!(reply.unwrap().text.to_string(), "in");
}

/// Nobody else will respond, and the server waits.
#[test]
fn a_login_that_was_given_up_is_cancelled_by_what_comes_after_it() {
    let dialogue = [("AUTH CRAM-MD5", "+ PDE+\r\n"), ("*", "-ERR cancelled\r\n")];
    let mut scene = Scene::new();
    scene.send("AUTH CRAM-MD5");
    let asks = [&dialogue[..], &[("CAPA", "+OK\r\nTOP\r\n.\r\n")]].concat();
    assert!(scene.drive(exchange::capabilities(), &asks).unwrap().has("TOP"));

    let mut scene = Scene::new();
    scene.send("AUTH CRAM-MD5");
    let rest =
        [("USER mark", "+OK\r\n"), ("PASS swordfish", "+OK in\r\n"), ("CAPA", "-ERR no\r\n")];
    let logs_in = [&dialogue[..], &rest].concat();
    assert_eq!(scene.drive(password(), &logs_in).unwrap().text.to_string(), "in");
}

/// Against the advice to drive one exchange after the other.
#[test]
fn two_messages_are_never_taken_for_one() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    let wanted = ["RETR 1", "RETR 2"].map(|line| Command::parse(line.as_bytes()).unwrap());
    let mut retrieve = Retrieve::new(wanted.into_iter());
    assert!(retrieve.poll_message(&mut scene.connection).is_pending());
    scene.connection.receive(b"+OK\r\n1\r\n");
    assert!(matches!(retrieve.poll_message(&mut scene.connection), Poll::Ready(Ok(Some(_)))));
    let chunk = retrieve.poll_chunk(&mut scene.connection);
    assert_eq!(chunk, Poll::Ready(Ok(Some("1\r\n".into()))));
    assert!(scene.says(".\r\n").iter().any(|event| event.ends_with("done")), "taken away");
    scene.connection.receive(b"+OK\r\n2\r\n.\r\n");
    assert!(retrieve.poll_chunk(&mut scene.connection).is_pending());
}

#[test]
fn the_letters_of_others_are_not_those_that_are_retrieved() {
    for capabilities in ["TOP", "PIPELINING"] {
        let mut scene = Scene::new().logged_in().offering(capabilities);
        for line in ["DELE 7", "RETR 9", "NOOP"] {
            scene.send(line);
        }
        let server = |line: &str| match line {
            "RETR 9" => "+OK\r\nof another\r\n.\r\n".to_string(),
            "RETR 1" => "+OK\r\nwanted\r\n.\r\n".to_string(),
            "DELE 7" => "-ERR no\r\n".to_string(),
            _ => "+OK\r\n".to_string(),
        };
        assert_eq!(scene.retrieve(&["RETR 1"], server), ["1: wanted\\r\\n"], "{capabilities}");
    }
}

#[test]
fn an_exchange_after_dropped_retrievals_reads_past_them() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    let wanted = ["RETR 1", "RETR 2"].map(|line| Command::parse(line.as_bytes()).unwrap());
    let mut retrieve = Retrieve::new(wanted.into_iter());
    assert!(retrieve.poll_message(&mut scene.connection).is_pending());
    drop(retrieve);
    let mut stat = exchange::stat();
    assert!(stat.poll(&mut scene.connection).is_pending());
    assert_eq!(scene.said(), "RETR 1\r\nRETR 2\r\nSTAT\r\n");
    scene.connection.receive(b"+OK\r\n1\r\n.\r\n+OK\r\n2\r\n.\r\n+OK 2 6\r\n");
    assert!(matches!(stat.poll(&mut scene.connection), Poll::Ready(Ok(_))));
}
