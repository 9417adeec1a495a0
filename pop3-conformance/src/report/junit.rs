//! A report as `JUnit`'s XML, which continuous integration reads.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::harmless::harmless;
use super::sections::sections;
use super::text::lines_of_breach;
use super::{CaseReport, Outcome, Report, Verdict};

impl Report {
    /// Writes it as `JUnit`'s XML: a suite for each document, a test for each case, by its id. Only
    /// what is mandatory fails a test; warnings and notes are output of a test that passed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_junit(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut suites: Vec<TestSuite> = Vec::new();
        for section in sections(&self.cases) {
            let document = harmless(section.document);
            let tests = section.cases.iter().map(|case| test(case, &harmless(&section.name())));
            if suites.last().is_none_or(|suite| suite.name.as_str() != document) {
                suites.push(TestSuite::new(document));
            }
            if let Some(suite) = suites.last_mut() {
                suite.add_test_cases(tests);
            }
        }
        for suite in &mut suites {
            suite.set_time(suite.test_cases.iter().filter_map(|test| test.time).sum());
        }
        let mut report =
            quick_junit::Report::new(harmless(&format!("{} {}", self.side, self.peer)));
        report.add_test_suites(suites);
        report.serialize(out).map_err(io::Error::other)
    }
}

fn test(case: &CaseReport, section: &str) -> TestCase {
    let breach = lines_of_breach(case).join("\n");
    let (status, output) = match (&case.verdict, case.outcome()) {
        (Verdict::Skipped { why }, _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(harmless(why));
            (status, None)
        }
        (Verdict::Failed(_), Outcome::Failed) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(harmless(&case.title));
            status.set_type(harmless(&case.level)).set_description(breach);
            (status, None)
        }
        (Verdict::Failed(_), outcome) => (
            TestCaseStatus::success(),
            Some(format!("{}: {}\n{breach}", outcome.word(), harmless(&case.title))),
        ),
        (Verdict::Passed, _) => (TestCaseStatus::success(), None),
    };
    let mut test = TestCase::new(harmless(&case.id), status);
    test.set_classname(section).set_time(Duration::from_millis(case.milliseconds));
    if let Some(output) = output {
        test.set_system_out(output);
    }
    test
}
