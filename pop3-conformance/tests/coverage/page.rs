//! `docs/conformance.md`: prose by hand, and between marks what is generated.

use std::fmt::Write;

use pop3_conformance::requirement::{self, Requirement, Side};

use crate::{Judged, is_seen_of_a_server};

const LANGUAGE: &str = include_str!("../../src/script/mod.rs");
const NEEDS: &str = include_str!("../../src/server/case.rs");

/// The page with its generated parts written anew. Each stands between `<!-- generated: name -->`
/// and `<!-- end -->`.
pub(crate) fn filled(page: &str, judged: &Judged) -> String {
    let mut pieces = page.split("<!-- generated: ");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(" -->").expect("a name");
        let (_, rest) = rest.split_once("<!-- end -->").expect("an end");
        let part = match name {
            "language" => table_in(LANGUAGE, "//! |"),
            "needs" => table_in(NEEDS, "/// |"),
            "sums" => sums(judged),
            "requirements" => requirements(judged),
            _ => panic!("nothing is generated as {name:?}"),
        };
        write!(filled, "<!-- generated: {name} -->\n\n{part}\n<!-- end -->{rest}").unwrap();
    }
    filled
}

/// The first table in the documentation of a source file.
fn table_in(source: &str, mark: &str) -> String {
    let lines = source.lines().skip_while(|line| !line.starts_with(mark));
    let lines = lines.map_while(|line| line.strip_prefix(mark));
    lines.map(|line| format!("|{line}\n")).collect()
}

/// How many requirements there are of each document, and how many of them are judged.
fn sums(judged: &Judged) -> String {
    let mut table = "| document | requirements | a server shows | judged | reason why not |\n\
                     |---|--:|--:|--:|--:|\n"
        .to_owned();
    let all = requirement::all();
    let row = |of: &[Requirement]| {
        let seen: Vec<_> = of.iter().filter(|one| is_seen_of_a_server(one)).collect();
        let with_case = seen.iter().filter(|one| judged.contains_key(one.id)).count();
        let with_reason = seen.iter().filter(|one| one.not_judged.is_some()).count();
        format!("{} | {} | {with_case} | {with_reason} |\n", of.len(), seen.len())
    };
    for document in all.chunk_by(|one, next| one.document == next.document) {
        write!(table, "| {} | {}", document[0].document, row(document)).unwrap();
    }
    table + "| **all** | " + &row(all)
}

/// The whole list, a table for each document.
fn requirements(judged: &Judged) -> String {
    let mut tables = String::new();
    for document in requirement::all().chunk_by(|one, next| one.document == next.document) {
        write!(tables, "### {}\n\n", document[0].document).unwrap();
        tables.push_str("| id | level | side | what it says | cases |\n|---|---|---|---|---|\n");
        for one in document {
            let side = match one.side {
                Side::Server => "server",
                Side::Client => "client",
                _ => "both",
            };
            let (says, cases) = (escaped(one.says), cases(one, judged));
            writeln!(tables, "| {} | {} | {side} | {says} | {cases} |", one.id, one.level).unwrap();
        }
        tables.push('\n');
    }
    tables.truncate(tables.trim_end().len());
    tables + "\n"
}

fn cases(requirement: &Requirement, judged: &Judged) -> String {
    match (judged.get(requirement.id), requirement.not_judged) {
        (Some(cases), _) => cases.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "),
        (None, Some(why)) => format!("not judged: {}", escaped(why)),
        (None, None) if requirement.seen_by.is_empty() => "cannot be seen from outside".to_owned(),
        (None, None) => "—".to_owned(),
    }
}

/// Text in a cell of a table of Markdown.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        if "\\|<*_[]`".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
        escaped
    })
}

#[test]
fn only_what_stands_between_the_marks_changes() {
    let page = "a\n<!-- generated: needs -->old<!-- end -->\nb\n";
    let filled = filled(page, &Judged::new());
    assert!(filled.starts_with("a\n<!-- generated: needs -->\n\n| line | meaning |\n"), "{filled}");
    assert!(filled.ends_with(" |\n\n<!-- end -->\nb\n"), "{filled}");
    assert_eq!(self::filled(&filled, &Judged::new()), filled);
}
