//! Each form, of a report in which every outcome stands.

use super::super::{Outcome, Report, Summary, matrix};
use super::{failed, report, written};

fn text(report: &Report, verbose: bool) -> String {
    written(|out| report.text().verbose(verbose).write_to(out))
}

#[test]
fn a_breach_is_as_grave_as_what_was_demanded() {
    let summary = report().summary();
    let right =
        Summary { passed: 2, failed: 1, warnings: 1, notes: 1, skipped_mandatory: 1, skipped: 0 };
    assert_eq!(summary, right);
}

#[test]
fn text_is_in_the_order_of_the_documents_and_tells_everything_about_a_breach() {
    let text = text(&report(), false);
    let expected = "\
server pop.example.org
  greeting: +OK

RFC 1939, section 3: 1 passed
  skip  1939-3/b: it is dark
  warn  1939-3/c: What is right.
        SHOULD: ";
    assert!(text.starts_with(expected), "{text}");
    let breach = "  FAIL  1939-5/a: What is right.\n        MUST: ";
    assert!(text.contains(breach), "{text}");
    let breach = "(1939-5-noop)
        sent   NOOP\\r\\n
        came   +ok\\r\\n
        right  +OK
        wire   C: NOOP\\r\\n
               S: +ok\\r\\n
";
    assert!(text.contains(breach), "{text}");
    let end = "
2 passed, 1 failed, 1 warnings, 1 notes, 1 skipped (1 of them mandatory)
failed:
  1939-5/a: What is right.
warnings:
  1939-3/c: What is right.
";
    assert!(text.ends_with(end), "{text}");
    let at = |name: &str| text.find(name).unwrap_or_else(|| panic!("no {name}: {text}"));
    assert!(at("RFC 1939, section 5") < at("RFC 2449, section 5"), "{text}");
    assert!(at("RFC 2449, section 5") < at("IANA registry"), "{text}");
}

#[test]
fn what_passed_is_named_only_when_that_is_asked_for() {
    assert!(!text(&report(), false).contains("1939-3/a"));
    assert!(text(&report(), true).contains("  pass  1939-3/a: What is right.\n"));
}

#[test]
fn words_that_tell_an_outcome_are_painted() {
    let paint = |outcome: Outcome, word: &str| format!("<{outcome:?} {word}>");
    let text = written(|out| report().text().painted(&paint).write_to(out));
    for word in ["<Passed 1 passed>", "<Failed FAIL>", "<Warning warn>", "<Skipped skip>"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn json_keeps_the_names_of_its_fields_and_is_read_back() {
    let json = written(|out| report().write_json(out));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let breach = &value["cases"][1];
    assert_eq!(value["peer"], "pop.example.org");
    assert_eq!(value["side"], "server");
    assert_eq!(value["about"][0], "greeting: +OK");
    assert_eq!(breach["id"], "1939-5/a");
    assert_eq!(breach["title"], "What is right.");
    assert_eq!(breach["level"], "MUST");
    assert_eq!(breach["verdict"], "failed");
    assert_eq!((&breach["sent"], &breach["right"]), (&"NOOP\\r\\n".into(), &"+OK".into()));
    assert_eq!(breach["came"], "+ok\\r\\n");
    assert_eq!(breach["wire"][1], "S: +ok\\r\\n");
    assert_eq!(breach["milliseconds"], 1_500);
    assert_eq!(breach["requirements"][0]["id"], "1939-5-noop");
    assert_eq!(breach["requirements"][0]["document"], "RFC 1939");
    assert_eq!(value["cases"][3]["why"], "it is dark");

    let read = Report::read_json(json.as_bytes()).unwrap();
    assert_eq!(read.summary(), report().summary());
    assert_eq!(read.cases[1].verdict, failed());
    assert_eq!(written(|out| read.write_json(out)), json);
    assert!(Report::read_json(b"{}").is_err());
}

#[test]
fn junit_has_a_suite_for_each_document_and_fails_what_is_mandatory() {
    let xml = written(|out| report().write_junit(out));
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    let suites: Vec<_> = read
        .test_suites
        .iter()
        .map(|suite| (suite.name.as_str(), suite.tests, suite.failures, suite.skipped))
        .collect();
    assert_eq!(
        suites,
        [("RFC 1939", 4, 1, 1), ("RFC 2449", 1, 0, 0), ("IANA registry", 1, 0, 0)],
        "{xml}"
    );
    let warning = &read.test_suites[0].test_cases[2];
    assert_eq!(warning.name.as_str(), "1939-3/c");
    assert_eq!(warning.classname.as_deref(), Some("RFC 1939, section 3"));
    assert!(warning.system_out.as_ref().unwrap().contains("came   +ok\\r\\n"), "{xml}");
    assert!(xml.contains("<failure message=\"What is right.\" type=\"MUST\">"), "{xml}");
    assert!(xml.contains("<skipped message=\"it is dark\"/>"), "{xml}");
}

#[test]
fn the_page_has_a_row_for_each_case_of_any_report_and_a_column_for_each_report() {
    let mut other = report();
    other.peer = "another.example.org".to_owned();
    other.cases.remove(0);
    let page = written(|out| matrix::write(&[report(), other], out));
    assert_eq!(page.matches("<tr><th scope=\"row\">").count(), 6, "{page}");
    assert_eq!(page.matches(">2449/a</code>").count(), 1);
    assert_eq!(page.matches("title=\"not run\"").count(), 1);
    assert_eq!(page.matches(">FAIL</a></td>").count(), 2);
    assert_eq!(page.matches("class=\"cell skip\" title=\"it is dark\"").count(), 2);
    assert!(page.contains(
        "title=\"sent NOOP\\r\\n, came +ok\\r\\n, right: +OK\"><a href=\"#p1-0\">FAIL</a>"
    ));
    assert_eq!(page.matches("<h3 id=\"p1-0\">").count(), 1);
    assert!(page.contains("colspan=\"2\">passed</th><td>2</td><td>1</td>"), "{page}");
    let sections: Vec<_> = page.split("scope=\"rowgroup\"").skip(1).collect();
    assert_eq!(sections.len(), 4);
    assert!(sections[0].contains("RFC 1939, section 3") && sections[3].contains("IANA registry"));
}
