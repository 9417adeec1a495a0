//! Reports whose every text is hostile: what a peer said, or a file that somebody else wrote.

use super::super::{Breach, Report, Verdict, matrix};
use super::{failed, report, written};

const HOSTILE: &str =
    "<script>\"&'</script>]]>\x1b[2J\u{9b}31m\r\n\0\u{202e}\u{ffff}\x07--><!--\u{feff}";

/// Hostile wherever a report has text.
fn hostile() -> Report {
    let text = || HOSTILE.to_owned();
    let mut report = report();
    report.peer = text();
    report.side = text();
    report.about = vec![text()];
    for case in &mut report.cases {
        case.id.push_str(HOSTILE);
        case.title = text();
        case.wire = vec![text()];
        for demand in &mut case.requirements {
            demand.id = text();
            demand.document = text();
            demand.section = text();
            demand.says = text();
        }
        match &mut case.verdict {
            Verdict::Failed(breach) => *breach = Breach::new(text(), text(), text()),
            Verdict::Skipped { why } => *why = text(),
            Verdict::Passed => {}
        }
    }
    // A level decides how grave a breach is, and is shown.
    report.cases[1].level = format!("MUST{HOSTILE}");
    report
}

/// The characters that a form may hold but for those that can be seen.
fn nothing_but_line_ends(text: &str) {
    let odd = text.chars().find(|letter| {
        letter.is_control() && *letter != '\n' || "\u{202e}\u{ffff}\u{feff}".contains(*letter)
    });
    assert_eq!(odd, None, "{text}");
}

#[test]
fn text_keeps_each_of_them_on_its_line() {
    let text = written(|out| hostile().text().verbose(true).write_to(out));
    nothing_but_line_ends(&text);
    assert_eq!(text.lines().filter(|line| line.starts_with("  FAIL  ")).count(), 1);
}

#[test]
fn xml_says_what_they_say_and_is_well_formed() {
    let xml = written(|out| hostile().write_junit(out));
    nothing_but_line_ends(&xml);
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!(read.tests, 6, "{xml}");
    let name = read.test_suites[0].test_cases[0].name.as_str();
    assert!(name.contains("<script>\"&'</script>]]>\\u{1b}[2J"), "{name}");
}

#[test]
fn html_has_no_markup_but_its_own() {
    let page = written(|out| matrix::write(&[hostile(), hostile()], out));
    nothing_but_line_ends(&page);
    assert!(!page.contains("<script") && !page.contains("<!--"), "{page}");
    // Quotes are the page's own: a tag has an even number of them.
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split_once('>')) {
        assert_eq!(tag.0.matches('"').count() % 2, 0, "<{}>", tag.0);
    }
    assert_eq!(page.matches("id=\"p0-1\"").count(), 1);
}

#[test]
fn json_brings_them_back_unchanged() {
    let json = written(|out| hostile().write_json(out));
    let read = Report::read_json(json.as_bytes()).unwrap();
    assert_eq!(read.peer, HOSTILE);
    assert_ne!(read.cases[1].verdict, failed());
    assert!(json.bytes().all(|octet| octet == b'\n' || octet >= b' '), "{json}");
}
