//! Faults show, and where they have no part nothing changes.

use std::time::Duration;

use super::client::{Client, PATIENCE};
use super::with_two_letters;
use crate::faulty::{FAULTS, Fault, FaultyServer};

#[test]
fn a_server_with_any_fault_starts_and_lets_go() {
    for entry in FAULTS {
        let server = with_two_letters(Some(entry.fault));
        assert_eq!(server.holds().len(), 2, "{:?}", entry.fault);
    }
}

#[test]
fn a_faulty_dele_removes_at_once() {
    let server = with_two_letters(Some(Fault::DeleRemovesAtOnce));
    let mut client = Client::clear(&server);
    client.log_in();
    client.ask("DELE 1");
    assert_eq!(server.holds().len(), 1);
}

#[test]
fn faulty_lines_are_seen() {
    for (fault, command, reply) in [
        (Fault::StatusInSmallLetters, "STAT", "+ok 2 61"),
        (Fault::StatInWords, "STAT", "+OK 2 messages (61 octets)"),
        (Fault::NumbersWrap, "LIST 4294967297", "+OK 1 42"),
        (Fault::NumberWithPlus, "LIST +1", "+OK 1 42"),
        (Fault::NumberWithRest, "LIST 1x", "+OK 1 42"),
        (Fault::CountsFromZero, "LIST 0", "+OK 0 42"),
        (Fault::SizesCountLf, "LIST 1", "+OK 1 36"),
        (Fault::SizesCountStuffing, "LIST 1", "+OK 1 43"),
        (Fault::ListWithoutNumber, "LIST 1", "+OK 42"),
        (Fault::NoText, "NOOP", "+OK"),
        (Fault::SysForMistake, "RETR 3", "-ERR [SYS/PERM] there is no such message"),
    ] {
        let server = with_two_letters(Some(fault));
        let mut client = Client::clear(&server);
        client.send(b"USER mark\r\nPASS swordfish\r\n");
        client.line();
        client.line();
        assert_eq!(client.ask(command), reply, "{fault:?}");
    }
}

#[test]
fn faulty_letters_are_seen() {
    for (fault, command, lines) in [
        (Fault::RetrUnstuffed, "RETR 1", "Subject: one| continued||.dot||last"),
        (Fault::StuffsBehindCrlfOnly, "RETR 1", "Subject: one| continued||.dot||last"),
        (Fault::ExtraEmptyLine, "RETR 1", "Subject: one| continued||..dot||last|"),
        (Fault::TopZeroSendsAll, "TOP 1 0", "Subject: one| continued||..dot||last"),
        (Fault::TopOneMore, "TOP 1 1", "Subject: one| continued||..dot|"),
        (Fault::TopCountsHeader, "TOP 1 1", "Subject: one"),
        (Fault::TopWithoutEmptyLine, "TOP 1 1", "Subject: one| continued|..dot"),
        (Fault::TopCutsFields, "TOP 1 0", "Subject: one|"),
    ] {
        let server = with_two_letters(Some(fault));
        let mut client = Client::clear(&server);
        client.log_in();
        assert_eq!(client.ask_many(command).join("|"), lines, "{fault:?}");
    }
}

#[test]
fn what_was_injected_before_tls_is_answered_in_it() {
    let server = FaultyServer::start(Some(Fault::StlsInjection)).unwrap();
    let mut client = Client::clear(&server).stls(&server, b"XYZZ\r\n");
    assert_eq!(client.line(), "-ERR unknown command");
}

#[test]
fn a_server_that_waits_for_the_client_greets_afterwards() {
    let server = FaultyServer::start(Some(Fault::GreetingWaits)).unwrap();
    for _ in 0..3 {
        Client::clear(&server);
    }
    let mut client = Client::unread(&server);
    client.be_patient_for(Duration::from_millis(100));
    assert!(client.try_read().is_err(), "it says nothing, and does not close");
    client.be_patient_for(PATIENCE);
    client.send(b"NOOP\r\n");
    assert!(client.line().starts_with("+OK POP3"));
    assert!(client.line().starts_with("-ERR "));
}

#[test]
fn commands_that_come_together_are_answered_out_of_turn() {
    let server = with_two_letters(Some(Fault::PipelineOutOfTurn));
    let mut client = Client::clear(&server);
    client.log_in();
    client.send(b"STAT\r\nNOOP\r\n");
    assert!(client.line().starts_with("+OK nothing"));
    assert_eq!(client.line(), "+OK 2 61");
}

#[test]
fn the_last_message_of_scram_comes_with_ok() {
    let server = FaultyServer::start(Some(Fault::DataWithOk)).unwrap();
    let mut client = Client::clear(&server);
    assert!(super::logins::scram(&mut client, "n,,", "swordfish").starts_with("+OK v="));
}

#[test]
fn a_lock_that_lingers_is_free_in_the_end() {
    let server = FaultyServer::start(Some(Fault::LockedAfterQuit)).unwrap();
    let mut client = Client::clear(&server);
    client.log_in();
    client.ask("QUIT");
    let mut client = Client::clear(&server);
    assert!(client.try_log_in().starts_with("-ERR [IN-USE] "));
    client.log_in_at_last();
}
