//! `pop3 check`

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::office::Office;
use crate::run::{PASSWORD, Run, pop3};
use crate::script::serve_but;

/// A check that has no other case than that of NOOP.
fn check<'a>(url: &'a str, arguments: &[&'a str]) -> Run {
    let only = ["check", "server", url, "--only", "1939-5-noop", "--patience", "2"];
    pop3([&only, arguments].concat()).password(PASSWORD)
}

/// A server for which NOOP is nothing.
fn without_noop() -> String {
    serve_but(|line| (line == "NOOP").then_some("-ERR \x1b[2J<b>what?\r\n"))
}

#[test]
fn a_server_as_it_should_be_is_status_0() {
    let office = Office::with(&[b"Subject: x\n\nx\n"]);
    let report = check(&office.url(), &[]).run().ok();
    assert!(report.starts_with(&format!("server {}\n", office.address)), "{report}");
    assert!(report.contains("\nRFC 1939, section 5: 1 passed\n"), "{report}");
    assert!(report.ends_with("\n1 passed, 0 failed\n"), "{report}");
    let report = check(&office.url(), &["--verbose", "--name", "ours"]).run().ok();
    assert!(report.starts_with("server ours\n"), "{report}");
    assert!(report.contains("\n  pass  1939-5/noop: "), "{report}");
    assert_eq!(office.waiting(), 1);
}

#[test]
fn a_mailbox_that_can_be_filled_is_filled() {
    let office = Office::open();
    office.deliver(b"Subject: x\n\nx\n");
    let url = office.url();
    let fixture = ["--fixture", "maildir:mail/mark", "--only", "1939-5-noop"];
    let arguments = [&["check", "server", &url], &fixture[..]].concat();
    let error = office.pop3(&arguments).password(PASSWORD).run().fails(2);
    assert!(error.contains("1 letters, which would be removed"), "{error}");
    assert_eq!(office.waiting(), 1);
    let arguments = [&arguments, &["--destructive"][..]].concat();
    office.pop3(&arguments).password(PASSWORD).run().ok();
    assert!(office.waiting() > 1);
}

#[test]
fn a_breach_is_status_1_and_stands_in_every_report() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let url = without_noop();
    let outcome = check(&url, &["--json", "r.json", "--junit", "r.xml"]);
    let outcome = outcome.within(directory.path()).run();
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(1), "pop3: 1 case failed\n"));
    for part in
        ["  FAIL  1939-5/noop: ", "sent   NOOP\\r\\n\n", "came   -ERR \\x1b[2J<b>what?\\r\\n\n"]
    {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    let json: Value = serde_json::from_slice(&fs::read(path("r.json")).unwrap()).unwrap();
    assert_eq!(json["cases"][0]["id"], "1939-5/noop");
    assert_eq!(json["cases"][0]["verdict"], "failed");
    let xml = fs::read_to_string(path("r.xml")).unwrap();
    assert!(xml.contains("<testcase name=\"1939-5/noop\"") && xml.contains("<failure "), "{xml}");

    let matrix = ["check", "matrix", "r.json", "r.json", "--html", "r.html"];
    assert_eq!(pop3(matrix).within(directory.path()).run().ok(), "");
    let page = fs::read_to_string(path("r.html")).unwrap();
    assert_eq!(page.matches(">FAIL</a></td>").count(), 2, "{page}");
    assert!(page.contains("&lt;b&gt;what?") && !page.contains("<b>"), "{page}");
}

#[test]
fn what_could_not_run_is_status_2() {
    let nobody = check("pop3://mark@127.0.0.1:1", &[]).run().fails(2);
    assert!(nobody.contains("127.0.0.1:1: Connection refused"), "{nobody}");
    let url = without_noop();
    for wrong in [
        ["--fixture", "maildir:missing"],
        ["--ca", "missing"],
        ["--json", "missing/r.json"],
        ["--password-file", "missing"],
    ] {
        let error = check(&url, &wrong).run().fails(2);
        assert!(error.contains("missing"), "{error}");
    }
    let none = ["check", "server", &url, "--only", "none-such"];
    assert!(pop3(none).password(PASSWORD).run().fails(2).contains("no case"));
    assert!(
        pop3(["check", "server", "--list", "--only", "none-such"])
            .run()
            .fails(2)
            .contains("no case")
    );
    assert!(pop3(["check", "matrix", "missing", "--html", "x"]).run().fails(2).contains("missing"));
}

#[test]
fn a_password_that_is_wrong_is_not_tried_again_and_again() {
    let tried = Arc::new(AtomicUsize::new(0));
    let count = tried.clone();
    let url = serve_but(move |line| match line.split(' ').next() {
        Some("PASS" | "AUTH") => {
            count.fetch_add(1, Ordering::Relaxed);
            Some("-ERR [AUTH] wrong\r\n")
        }
        _ => None,
    });
    let error = check(&url, &[]).run().fails(2);
    assert!(error.contains("came -ERR [AUTH] wrong\\r\\n"), "{error}");
    assert!(tried.load(Ordering::Relaxed) <= 3, "{tried:?}");
}

#[test]
fn a_client_is_judged_by_a_command() {
    let directory = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_pop3");
    let check = ["check", "client", "--case", "framing/dots", "--json", "r.json", "--"];
    let fetch = [program, "fetch", "pop3://{user}@{host}:{port}", "--to", "{outdir}/mail"];
    let run = pop3([&check[..], &fetch].concat()).within(directory.path()).run();
    assert!(run.out.contains("1 passed, 0 failed\n"), "{run:?}");
    assert_eq!(run.code, Some(0), "{run:?}");
    let json: Value =
        serde_json::from_slice(&fs::read(directory.path().join("r.json")).unwrap()).unwrap();
    assert_eq!((&json["side"], &json["peer"]), (&"client".into(), &program.into()));

    let leaving = [&check[..4], &["--"], &fetch[..], &["--max-size", "1"]].concat();
    let run = pop3(leaving).run();
    assert_eq!((run.code, run.err.as_str()), (Some(1), "pop3: 1 case failed\n"), "{run:?}");
    assert!(run.out.contains("  FAIL  framing/dots: "), "{run:?}");
    let silent = [&check[..4], &["--", "true"]].concat();
    assert!(pop3(silent).run().fails(2).contains("did not connect"));
    let nobody = [&check[..4], &["--", "./no-such-program"]].concat();
    assert!(!pop3(nobody).run().fails(2).is_empty());
    let none = ["check", "client", "--case", "none-such", "--", "true"];
    assert!(pop3(none).run().fails(2).contains("no case"));
}

#[test]
fn cases_are_listed_without_a_server() {
    let cases = pop3(["check", "server", "--list"]).run().ok();
    assert!(cases.lines().count() > 50, "{cases}");
    assert!(cases.lines().all(|line| line.split('\t').count() == 3), "{cases}");
    let one = pop3(["check", "server", "--list", "--only", "1939-5-noop,none-such"]).run().ok();
    assert!(one.starts_with("1939-5/noop\tMUST\t") && one.lines().count() == 1, "{one}");
    let cases = pop3(["check", "client", "--list"]).run().ok();
    assert!(cases.contains("\nframing/dots\tMUST"), "{cases}");
}
