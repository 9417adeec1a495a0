//! When a command goes out (RFC 2449, section 6.6).

use super::*;
use crate::error::ApiMisuse;

#[test]
fn without_pipelining_one_command_waits_for_the_other() {
    let mut scene = Scene::new().logged_in().offering("TOP");
    for _ in 0..3 {
        scene.send("NOOP");
    }
    for _ in 0..3 {
        assert_eq!(scene.said(), "NOOP\r\n");
        scene.says("+O");
        assert_eq!(scene.said(), "");
        scene.says("K\r\n");
    }
    assert_eq!(scene.said(), "");
}

#[test]
fn a_multi_line_reply_has_to_end_before_the_next_command() {
    let mut scene = Scene::new().logged_in();
    scene.send("RETR 1");
    scene.send("NOOP");
    assert_eq!(scene.said(), "RETR 1\r\n");
    scene.says("+OK\r\ntext\r\n");
    assert_eq!(scene.said(), "");
    scene.says(".\r\n");
    assert_eq!(scene.said(), "NOOP\r\n");
}

#[test]
fn with_pipelining_commands_go_out_within_the_window() {
    let mut config = Config::default();
    config.window = 20.try_into().unwrap();
    let mut scene = Scene::with(config).logged_in().offering("PIPELINING");
    for _ in 0..5 {
        scene.send("NOOP");
    }
    assert_eq!(scene.said(), "NOOP\r\n".repeat(3));
    scene.says("+OK\r\n");
    assert_eq!(scene.said(), "NOOP\r\n");
    scene.says("+OK\r\n+OK\r\n");
    assert_eq!(scene.said(), "NOOP\r\n");
}

#[test]
fn a_server_that_answers_without_reading_makes_the_output_grow_no_further() {
    let mut config = Config::default();
    config.window = 20.try_into().unwrap();
    for capabilities in ["TOP", "PIPELINING"] {
        let mut scene = Scene::with(config.clone()).logged_in().offering(capabilities);
        for _ in 0..5 {
            scene.send("NOOP");
        }
        assert_eq!(scene.says("+OK\r\n".repeat(3)).len(), 6);
        assert_eq!(scene.connection.pending(), 2);
        assert_eq!(scene.said(), "NOOP\r\n".repeat(3), "{capabilities}");
        assert!(scene.connection.wants_write(), "{capabilities}");
        assert_eq!(scene.said()[..6], *"NOOP\r\n");
    }
}

#[test]
fn a_command_larger_than_the_window_goes_out_alone() {
    let mut config = Config::default();
    config.window = 1.try_into().unwrap();
    let mut scene = Scene::with(config).logged_in().offering("PIPELINING");
    scene.send("RETR 1");
    scene.send("RETR 2");
    assert_eq!(scene.said(), "RETR 1\r\n");
}

#[test]
fn pipelining_can_be_left_alone() {
    let mut config = Config::default();
    config.pipelining = false;
    let mut scene = Scene::with(config).logged_in().offering("PIPELINING");
    scene.send("NOOP");
    scene.send("NOOP");
    assert_eq!(scene.said(), "NOOP\r\n");
}

#[test]
fn nothing_is_sent_behind_pass_auth_stls() {
    let apop = "APOP mark c4c9334bac560ecc979e58001b3e22fb";
    for line in ["PASS swordfish", "AUTH PLAIN", "STLS", apop] {
        let mut scene = Scene::new().offering("PIPELINING");
        scene.send("CAPA");
        scene.send(line);
        scene.send("CAPA");
        assert_eq!(scene.said(), alloc::format!("CAPA\r\n{line}\r\n"));
        scene.says("+OK\r\n.\r\n");
        assert_eq!(scene.said(), "", "{line}");
        scene.says("-ERR no\r\n");
        assert_eq!(scene.said(), "CAPA\r\n", "{line}");
    }
}

#[test]
fn nothing_is_sent_behind_quit_or_an_extension() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    scene.send("XFOO bar");
    scene.send("NOOP");
    assert_eq!(scene.said(), "XFOO bar\r\n");
    scene.says("+OK\r\n");
    scene.send("QUIT");
    assert_eq!(scene.said(), "NOOP\r\nQUIT\r\n");
    let unsent = scene.connection.send(Command::Noop).unwrap_err();
    assert_eq!((*unsent.command, unsent.reason), (Command::Noop, ApiMisuse::Over));
}

#[test]
fn commands_are_given_back_when_they_cannot_be_sent() {
    let mut config = Config::default();
    config.commands = 2.try_into().unwrap();
    config.command_line = 12.try_into().unwrap();
    let mut scene = Scene::with(config);
    let reason = |scene: &mut Scene, line: &str| {
        let command = Command::parse(line.as_bytes()).unwrap();
        let unsent = scene.connection.send(command.clone()).unwrap_err();
        assert_eq!(*unsent.command, command);
        unsent.reason
    };
    assert!(matches!(reason(&mut scene, "STAT"), ApiMisuse::WrongState { .. }));
    let mut longest = Scene::with(scene.connection.config.clone());
    longest.send("USER marcu");
    assert_eq!(longest.said(), "USER marcu\r\n");
    let too_long = reason(&mut scene, "USER marcus");
    assert!(matches!(too_long, ApiMisuse::LineTooLong { octets: 13, .. }));
    scene.send("CAPA");
    scene.send("CAPA");
    assert!(!scene.connection.has_queue_room());
    assert_eq!(reason(&mut scene, "CAPA"), ApiMisuse::QueueFull);
    scene.closes();
    assert_eq!(reason(&mut scene, "CAPA"), ApiMisuse::Over);
}

#[test]
fn replies_are_paired_with_commands_in_order() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    let ids: Vec<u64> = ["DELE 1", "STAT", "RETR 9", "NOOP"].map(|line| scene.send(line).0).into();
    let told = scene.says("+OK\r\n+OK 2 300\r\n-ERR no\r\n+OK\r\n");
    let expected = [
        "0 +OK",
        "0 done",
        "1 +OK 2 300",
        "1 2 messages 300",
        "1 done",
        "2 -ERR no",
        "2 done",
        "3 +OK",
        "3 done",
    ];
    let expected = expected.map(|line| {
        let (index, rest) = line.split_at(1);
        alloc::format!("{}{rest}", ids[index.parse::<usize>().unwrap()])
    });
    assert_eq!(told, expected);
}

#[test]
fn partial_writes_lose_nothing() {
    let mut scene = Scene::new();
    scene.send("USER mark");
    let mut said = Vec::new();
    while scene.connection.wants_write() {
        let mut transmit = scene.connection.transmit();
        said.push(transmit.chunk()[0]);
        transmit.advance(1);
    }
    assert_eq!(said, b"USER mark\r\n");
}

#[test]
fn secret_in_no_log() {
    let mut scene = Scene::new();
    scene.send("PASS s3cr3t");
    let mut shown = alloc::format!("{:?}", scene.connection);
    shown += &alloc::format!("{:?}", scene.connection.transmit());
    assert!(!shown.contains("s3cr3t"), "{shown}");
    let told = scene.says("PASS s3cr3t\r\n");
    assert!(told[0].contains("(withheld)"), "a server that echoes: {told:?}");
    let again = Scene::new().connection.send(Command::parse(b"XFOO s3cr3t").unwrap());
    assert!(!alloc::format!("{again:?}").contains("s3cr3t"));
    let unsent = scene.connection.send(Command::parse(b"PASS s3cr3t").unwrap()).unwrap_err();
    assert!(!alloc::format!("{unsent:?} {unsent}").contains("s3cr3t"));
}
