//! `pop3 demo`

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::run::pop3;

#[test]
fn it_shows_the_dialogue_and_leaves_three_letters_each_time() {
    let directory = tempfile::tempdir().unwrap();
    for runs in 1..=2 {
        let shown = pop3(["demo"]).within(directory.path()).run().ok();
        let commands: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("C: ")).collect();
        let expected = [
            "USER mark",
            "PASS ********",
            "STAT",
            "LIST",
            "UIDL",
            "TOP 1 0",
            "RETR 1",
            "RETR 2",
            "RETR 3",
            "DELE 1",
            "DELE 2",
            "DELE 3",
            "QUIT",
        ];
        let without_capa: Vec<_> = commands.into_iter().filter(|line| *line != "CAPA").collect();
        assert_eq!(without_capa, expected);
        assert!(shown.contains("S: +OK POPMail") && !shown.contains("swordfish"), "{shown}");
        assert!(shown.contains("\nS: ..\n"), "a stuffed dot: {shown}");
        assert!(shown.lines().last().unwrap().contains("demo-mail"), "{shown}");
        let new = directory.path().join("demo-mail/new");
        let letters: Vec<_> = fs::read_dir(new).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(letters.len(), 3 * runs);
        for letter in letters {
            let letter = fs::read_to_string(letter.path()).unwrap();
            assert!(letter.contains("\nSubject: ") && !letter.contains('\r'), "{letter}");
        }
    }
}

#[test]
fn the_letters_go_where_they_are_asked_to() {
    let directory = tempfile::tempdir().unwrap();
    pop3(["demo", "--to", "elsewhere"]).within(directory.path()).run().ok();
    assert_eq!(fs::read_dir(directory.path().join("elsewhere/new")).unwrap().count(), 3);
}

#[test]
fn it_does_not_mind_when_nobody_looks_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_pop3"))
        .arg("demo")
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = demo.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(fs::read_dir(directory.path().join("demo-mail/new")).unwrap().count(), 3);
}
