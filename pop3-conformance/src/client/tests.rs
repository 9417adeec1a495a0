//! Every case says what can be done, and what can be judged.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::check::scenarios;
use super::scenario::{Action, read};
use super::{Check, Errand, Program, Progress, headings, watches};
use crate::report::Verdict;

#[test]
fn every_case_has_a_name_of_its_own() {
    let mut ids = HashSet::new();
    for heading in headings() {
        assert!(ids.insert(&heading.id), "{} stands twice", heading.id);
        assert!(heading.title.ends_with('.'), "{}: {}", heading.id, heading.title);
    }
    assert!(ids.len() > 200, "{}", ids.len());
}

#[test]
fn every_text_of_a_case_stands_for_something() {
    for scenario in scenarios() {
        let id = &scenario.heading.id;
        let check = |text: &str| {
            if let Err(what) = scenario.octets(text, "mark") {
                panic!("{id}: {what}");
            }
        };
        for action in scenario.rules.iter().flat_map(|rule| &rule.actions) {
            if let Action::Say(text) | Action::SayOctetwise(text) | Action::Endless(_, text) =
                action
            {
                check(text);
            }
        }
        let expect = &scenario.expect;
        let texts = [&expect.kept, &expect.unsaved, &expect.said, &expect.never];
        for text in texts.into_iter().flatten().chain(&scenario.needs) {
            check(text);
        }
        for watch in &expect.watches {
            assert!(watches::find(watch).is_some(), "{id}: there is no watch {watch:?}");
        }
        let numbers = [&expect.saved, &expect.needed];
        for number in numbers.into_iter().flatten().flatten() {
            assert!((1..=scenario.letters.len()).contains(number), "{id}: letter {number}");
        }
    }
}

#[test]
fn a_line_of_no_known_form_is_an_error() {
    for line in [
        "S: too early",
        "on QUIT\nS? what",
        "on QUIT\nlawful third",
        "on QUIT\nwait long",
        "on QUIT\ncut after",
        "on QUIT\nendless x",
        "expect\noutcome: luck",
        "expect\nsaved: x",
        "expect\nwhat",
    ] {
        let text = format!("== a/b\nRight.\nproves: 1939-3-end-detect\n\n{line}\n");
        assert!(read(&text).is_err(), "{line:?}");
    }
    for head in ["letters: many", "security: perhaps", "certificate: forged", "pace: slow", "x: y"]
    {
        let text = format!("== a/b\nRight.\nproves: 1939-3-end-detect\n{head}\n\n");
        assert!(read(&text).is_err(), "{head:?}");
    }
}

/// A client that connects, and never says a word nor ends before its server does.
fn idle(errand: &Errand) -> i32 {
    let mut octets = Vec::new();
    std::net::TcpStream::connect((errand.host.as_str(), errand.port))
        .and_then(|mut tcp| std::io::Read::read_to_end(&mut tcp, &mut octets))
        .map_or(1, |_| 0)
}

fn run(program: Program, id: &str) -> std::io::Result<Verdict> {
    let mut check = Check::new(program);
    check.patience = std::time::Duration::from_millis(300);
    let mut done = 0;
    let report = check.run(&[id.to_owned()], &mut |progress| {
        done += usize::from(matches!(progress, Progress::Done(_)));
    })?;
    assert_eq!((done, report.cases.len()), (1, 1));
    Ok(report.cases[0].verdict.clone())
}

#[test]
fn a_client_that_does_not_end_fails() {
    let verdict = run(Program::Function(Arc::new(idle)), "rfc1939/three-letters").unwrap();
    assert!(matches!(&verdict, Verdict::Failed(breach) if breach.came.contains("no end")));
}

#[test]
fn a_client_that_does_not_come_is_an_error() {
    let nobody = Program::Function(Arc::new(|_: &Errand| 0));
    assert!(run(nobody, "rfc1939/three-letters").unwrap_err().to_string().contains("connect"));
    let nothing = Program::Command(vec!["/nowhere/at/all".to_owned()]);
    assert!(run(nothing, "rfc1939/three-letters").is_err());
    assert!(run(Program::Command(Vec::new()), "rfc1939/three-letters").is_err());
}

#[test]
fn a_client_that_is_started_by_hand_is_waited_for_and_judged_by_what_it_says() {
    for (says, is_right) in [("QUIT\r\n", true), ("STAT\r\nQUIT\r\n", false)] {
        let mut check = Check::new(Program::ByHand);
        check.patience = std::time::Duration::from_secs(5);
        let only = ["rfc1939/login-refused", "commands/login-first"].map(str::to_owned);
        let report = check.run(&only, &mut |progress| {
            if let Progress::Waiting(_, address) = progress {
                std::thread::spawn(move || {
                    let mut tcp = std::net::TcpStream::connect(address)?;
                    std::io::Read::read_exact(&mut tcp, &mut [0; 4])?;
                    std::io::Write::write_all(&mut tcp, says.as_bytes())?;
                    std::io::copy(&mut tcp, &mut std::io::sink())
                });
            }
        });
        let report = report.unwrap();
        assert!(matches!(report.cases[0].verdict, Verdict::Skipped { .. }), "nobody logged in");
        assert_eq!(!matches!(report.cases[1].verdict, Verdict::Failed(_)), is_right, "{says}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_gets_what_it_asks_for_in_its_arguments_and_in_its_environment() {
    let script = r#"[ "$1" = "$POP3_PORT" ] && [ "$2" = "$POP3_OUTDIR/x" ] && [ -f "$POP3_CA" ] &&
                    [ "$POP3_USER-$POP3_PASSWORD-$POP3_HOST" = mark-swordfish-127.0.0.1 ] &&
                    exec 3<>"/dev/tcp/$POP3_HOST/$POP3_PORT""#;
    let words = ["bash", "-c", script, "bash", "{port}", "{outdir}/x"];
    if !PathBuf::from("/bin/bash").exists() {
        return;
    }
    let program = Program::Command(words.map(str::to_owned).to_vec());
    // A client that comes and goes has not collected anything; that it came shows that all fitted.
    let verdict = run(program, "rfc1939/three-letters").unwrap();
    assert!(
        matches!(&verdict, Verdict::Failed(breach) if breach.came.contains("letter 1 was not saved")),
        "{verdict:?}"
    );
}
