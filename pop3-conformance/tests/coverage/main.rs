//! The list of requirements, the cases, and `docs/conformance.md` say the same.
//!
//! `BLESS=1 cargo test -p pop3-conformance --test coverage` writes the `case:` lines of
//! `requirements/*.txt` and the generated parts of `docs/conformance.md` anew.

mod list;
mod page;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use pop3_conformance::requirement::{self, LISTS, Requirement, Side};
use pop3_conformance::{client, server};

/// The ids of the cases that judge each requirement, in the order of the cases.
type Judged = BTreeMap<&'static str, Vec<String>>;

fn judged() -> Judged {
    let mut judged = Judged::new();
    let servers = server::cases().into_iter().map(|case| case.heading);
    for heading in servers.chain(client::headings().cloned()) {
        for requirement in &heading.proves {
            judged.entry(requirement.id).or_default().push(heading.id.clone());
        }
    }
    judged
}

/// What a test finds in a file must be this, and is made so when that is asked for.
fn is_or_becomes(path: &Path, expected: &str) {
    let found =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if found == expected {
        return;
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, expected).unwrap();
        return;
    }
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    panic!(
        "{} is not what the cases say, from this line on: {differs:?}; to write it anew:\n    \
         BLESS=1 cargo test -p pop3-conformance --test coverage",
        path.display()
    );
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Whether one sees from outside whether a server obeys.
fn is_seen_of_a_server(requirement: &Requirement) -> bool {
    requirement.side != Side::Client && !requirement.seen_by.is_empty()
}

#[test]
fn requirements_and_cases_name_each_other() {
    let judged = judged();
    for (name, _) in LISTS {
        let path = file(&format!("requirements/{name}.txt"));
        let text = fs::read_to_string(&path).unwrap();
        is_or_becomes(&path, &list::with_cases(&text, &judged));
    }
}

#[test]
fn what_can_be_seen_of_a_server_is_judged_or_there_is_a_reason_why_not() {
    let judged = judged();
    let open: Vec<_> = requirement::all()
        .iter()
        .filter(|requirement| is_seen_of_a_server(requirement))
        .filter(|requirement| !judged.contains_key(requirement.id))
        .filter(|requirement| requirement.not_judged.is_none())
        .map(|requirement| requirement.id)
        .collect();
    assert!(open.is_empty(), "{} without a case or a reason:\n{}", open.len(), open.join("\n"));
}

/// Of what binds both sides, a case may judge the client, and the reason be one about servers.
#[test]
fn nothing_is_judged_and_said_not_to_be() {
    let of_clients: HashSet<_> = client::headings().map(|heading| heading.id.clone()).collect();
    let mut judged = judged();
    for one in requirement::all().iter().filter(|one| one.side == Side::Both) {
        judged.entry(one.id).or_default().retain(|case| !of_clients.contains(case));
    }
    judged.retain(|_, cases| !cases.is_empty());
    let both = |requirement: &&Requirement| {
        requirement.not_judged.is_some() && judged.contains_key(requirement.id)
    };
    let both: Vec<_> = requirement::all().iter().filter(both).map(|one| one.id).collect();
    assert!(both.is_empty(), "{both:?}");
}

#[test]
fn an_id_names_one_case() {
    let mut ids = HashSet::new();
    let servers = server::cases().into_iter().map(|case| case.heading.id);
    for id in servers.chain(client::headings().map(|heading| heading.id.clone())) {
        assert!(ids.insert(id.clone()), "{id} stands twice");
    }
}

#[test]
fn conformance_md_is_what_the_list_and_the_cases_say() {
    let path = file("../docs/conformance.md");
    let page = fs::read_to_string(&path).unwrap();
    is_or_becomes(&path, &page::filled(&page, &judged()));
}

#[test]
fn the_example_in_conformance_md_is_a_case() {
    let page = fs::read_to_string(file("../docs/conformance.md")).unwrap();
    let examples: Vec<_> = page.split("```text\n").filter(|text| text.starts_with("== ")).collect();
    assert!(!examples.is_empty());
    let files: Vec<_> = fs::read_dir(file("cases/server"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for example in examples {
        let (example, _) = example.split_once("```").unwrap();
        assert!(files.iter().any(|text| text.contains(example)), "{example}");
    }
}
