//! What every form of a report must show, and what none may let through.

mod forms;
mod hostile;

use std::time::Duration;

use super::{Breach, CaseReport, Report, Verdict};
use crate::case::Heading;

fn case(id: &str, requirement: &str, verdict: Verdict) -> CaseReport {
    let heading = Heading::new(id, "What is right.", &[requirement]).unwrap();
    let wire = match verdict {
        Verdict::Failed(_) => vec!["C: NOOP\\r\\n".to_owned(), "S: +ok\\r\\n".to_owned()],
        _ => Vec::new(),
    };
    CaseReport::new(&heading, verdict, wire, Duration::from_millis(1_500))
}

fn failed() -> Verdict {
    Verdict::Failed(Breach::new("NOOP\\r\\n", "+ok\\r\\n", "+OK"))
}

/// One case of each outcome; the sections come in another order than in the list.
fn report() -> Report {
    let mut report = Report::new("pop.example.org", "server");
    report.about.push("greeting: +OK".to_owned());
    report.cases = vec![
        case("2449/a", "2449-5-capa-states", Verdict::Passed),
        case("1939-5/a", "1939-5-noop", failed()),
        case("1939-3/a", "1939-3-keyword-nocase", Verdict::Passed),
        case("1939-3/b", "1939-3-lockstep", Verdict::Skipped { why: "it is dark".to_owned() }),
        case("1939-3/c", "1939-3-err-session-survives", failed()),
        case("iana/a", "iana-pop3-capabilities-top", failed()),
    ];
    report
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut text = Vec::new();
    write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}
