//! Several reports side by side: a page, in one file, that needs nothing else.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Display};
use std::io::{self, Write};

use super::harmless::harmless;
use super::sections::sections;
use super::text::lines_of_breach;
use super::{CaseReport, Outcome, Report, Summary, Verdict};

/// The look of the page.
const STYLE: &str = include_str!("matrix.css");

/// Writes a page that compares several peers: a row for each case, a column for each report, and
/// below it everything that departed from what is right. It is HTML with its style in it, without
/// any script.
///
/// ```
/// use pop3_conformance::report::{Report, matrix};
///
/// let reports = [Report::new("one", "server"), Report::new("another", "server")];
/// let mut page = Vec::new();
/// matrix::write(&reports, &mut page)?;
/// # std::io::Result::Ok(())
/// ```
///
/// # Errors
/// When it cannot be written.
pub fn write(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    let columns: Vec<_> = reports.iter().enumerate().map(Column::new).collect();
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>POP3 conformance</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>POP3 conformance</h1>"
    )?;
    write_legend(out)?;
    write_table(&columns, out)?;
    columns.iter().try_for_each(|column| write_peer(column, out))?;
    writeln!(out, "</body>\n</html>")
}

/// A report, and where its cases are.
struct Column<'a> {
    number: usize,
    report: &'a Report,
    cases: HashMap<&'a str, &'a CaseReport>,
}

impl<'a> Column<'a> {
    fn new((number, report): (usize, &'a Report)) -> Self {
        let cases = report.cases.iter().map(|case| (case.id.as_str(), case)).collect();
        Self { number, report, cases }
    }

    /// The name of the place on the page where a breach is told. Ids of cases are not trusted with
    /// being one.
    fn anchor(&self, case: &CaseReport) -> String {
        let at = self.report.cases.iter().position(|other| other.id == case.id);
        format!("p{}-{}", self.number, at.unwrap_or_default())
    }
}

/// Text within HTML, in an element or an attribute's quotes.
struct Html<'a>(&'a str);

impl Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        harmless(self.0).chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            letter => write!(f, "{letter}"),
        })
    }
}

const fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "pass",
        Outcome::Failed => "fail",
        Outcome::Warning => "warn",
        Outcome::Note => "note",
        Outcome::Skipped => "skip",
    }
}

fn write_legend(out: &mut dyn Write) -> io::Result<()> {
    let meanings = [
        (Outcome::Passed, "what is right"),
        (Outcome::Failed, "a breach of what MUST be"),
        (Outcome::Warning, "a breach of what SHOULD be"),
        (Outcome::Note, "lawful either way, and unusual"),
        (Outcome::Skipped, "not to be decided there"),
    ];
    write!(out, "<p>")?;
    for (outcome, meaning) in meanings {
        let class = class(outcome);
        writeln!(out, "<span class=\"word {class}\">{}</span> {meaning} &ensp;", outcome.word())?;
    }
    writeln!(out, "</p>")
}

fn write_table(columns: &[Column<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<table>\n<thead>\n<tr><th scope=\"col\">case</th><th scope=\"col\">level</th>")?;
    for column in columns {
        let about = column.report.about.iter().map(|line| harmless(line)).collect::<Vec<_>>();
        let (peer, about) = (Html(&column.report.peer), about.join(" · "));
        write!(
            out,
            "<th scope=\"col\" title=\"{}\"><a href=\"#p{}\">{peer}</a></th>",
            Html(&about),
            column.number
        )?;
    }
    writeln!(out, "</tr>\n</thead>\n<tbody>")?;
    write_sums(columns, out)?;
    let mut seen = HashSet::new();
    let cases = columns.iter().flat_map(|column| &column.report.cases);
    for section in sections(cases.filter(|case| seen.insert(case.id.as_str()))) {
        writeln!(
            out,
            "<tr class=\"section\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>",
            columns.len() + 2,
            Html(&section.name())
        )?;
        section.cases.iter().try_for_each(|case| write_row(case, columns, out))?;
    }
    writeln!(out, "</tbody>\n</table>")
}

fn write_sums(columns: &[Column<'_>], out: &mut dyn Write) -> io::Result<()> {
    let counts = columns.iter().map(|column| counts(&column.report.summary()));
    let counts: Vec<[usize; 5]> = counts.collect();
    for (at, name) in ["passed", "failed", "warnings", "notes", "skipped"].iter().enumerate() {
        write!(out, "<tr class=\"sum\"><th scope=\"row\" colspan=\"2\">{name}</th>")?;
        counts.iter().try_for_each(|counts| write!(out, "<td>{}</td>", counts[at]))?;
        writeln!(out, "</tr>")?;
    }
    Ok(())
}

const fn counts(sum: &Summary) -> [usize; 5] {
    let skipped = sum.skipped + sum.skipped_mandatory;
    [sum.passed, sum.failed, sum.warnings, sum.notes, skipped]
}

fn write_row(case: &CaseReport, columns: &[Column<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<tr><th scope=\"row\">{}<code>{}</code></th><td class=\"level\">{}</td>",
        Html(&case.title),
        Html(&case.id),
        Html(&case.level)
    )?;
    for column in columns {
        match column.cases.get(case.id.as_str()) {
            Some(case) => write_cell(case, column, out)?,
            None => write!(out, "<td class=\"cell none\" title=\"not run\">—</td>")?,
        }
    }
    writeln!(out, "</tr>")
}

fn write_cell(case: &CaseReport, column: &Column<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (class, word) = (class(case.outcome()), case.outcome().word());
    match &case.verdict {
        Verdict::Passed => write!(out, "<td class=\"cell {class}\">{word}</td>"),
        Verdict::Skipped { why } => {
            write!(out, "<td class=\"cell {class}\" title=\"{}\">{word}</td>", Html(why))
        }
        Verdict::Failed(breach) => write!(
            out,
            "<td class=\"cell {class}\" title=\"{}\"><a href=\"#{}\">{word}</a></td>",
            Html(&breach.to_string()),
            column.anchor(case)
        ),
    }
}

/// What is said of one peer below the table.
fn write_peer(column: &Column<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = column.report;
    writeln!(out, "<h2 id=\"p{}\">{}</h2>\n<ul>", column.number, Html(&report.peer))?;
    for line in &report.about {
        writeln!(out, "<li>{}</li>", Html(line))?;
    }
    writeln!(out, "<li>{}</li>\n</ul>", report.summary())?;
    let breaches = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_)));
    for case in breaches {
        let (class, word) = (class(case.outcome()), case.outcome().word());
        writeln!(
            out,
            "<h3 id=\"{}\"><span class=\"word {class}\">{word}</span> {} <code>{}</code></h3>",
            column.anchor(case),
            Html(&case.title),
            Html(&case.id)
        )?;
        write!(out, "<pre>")?;
        lines_of_breach(case).iter().try_for_each(|line| writeln!(out, "{}", Html(line)))?;
        writeln!(out, "</pre>")?;
    }
    Ok(())
}
