//! Every cell of the README's table of features has a test behind it.
//!
//! A row of the table names one feature or several, parted by commas; a row without marks begins a
//! group. `tests/features.txt` has the same groups, `[Commands]`, with a line for each feature and
//! below it the proofs of each side: `client: file::function`, or a transcript.

use std::collections::{BTreeMap, BTreeSet};

use pop3_conformance::script;
use pop3_tests::proofs::{read, stands};
use pop3_tests::transcript::{Step, Transcript};

/// Group, feature, side.
type Cell = (String, String, &'static str);

/// What a list of proofs holds: the features, and the proofs of each cell.
#[derive(Default)]
struct Proofs {
    features: Vec<(String, String)>,
    proofs: BTreeMap<Cell, Vec<String>>,
}

#[test]
fn every_cell_has_a_proof_that_stands() {
    let (readme, list) = (read("README.md"), read("tests/features.txt"));
    let faults = faults(&readme, &list, stands);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(table(&readme).unwrap().len() > 100, "the table was found");
}

/// A transcript proves something of the side that it is played against, and of what is said in it.
#[test]
fn transcripts_are_of_the_right_side_and_about_the_feature() {
    for ((group, feature, side), proofs) in list(&read("tests/features.txt")).unwrap().proofs {
        for proof in proofs.iter().filter(|proof| proof.ends_with(".txt")) {
            let transcript = Transcript::parse(&read(proof)).unwrap();
            assert_eq!(transcript.head.client_side, side == "client", "{proof} of the {side}");
            let word = feature.split(' ').next().unwrap();
            let said = transcript.steps.iter().any(|(_, step)| match (&*group, step) {
                ("Commands", Step::Said(script::Step::Client(line)))
                | ("Capabilities", Step::Said(script::Step::Server(line))) => line
                    .split([' ', '\\'])
                    .next()
                    .is_some_and(|said| said.eq_ignore_ascii_case(word)),
                _ => false,
            });
            assert!(said, "{proof} says nothing of {feature}");
        }
    }
}

const BROKEN: &str = "
| | client | server |
|---|:-:|:-:|
| **Commands** | | |
| `STAT`, `LIST` | ✓ | ✓ |
| `XCLIENT` | — | ✓ |
| **Security** | | |
| STLS | ✓ | ✓ |
";

const PROOFS: &str = "
# A note.
[Commands]
STAT
    client: stat
    server: stat
LIST
    client: list
    server: list
XCLIENT
    server: xclient
[Security]
STLS
    client: one
    client: other
    server: one
";

#[test]
fn a_table_that_is_right_has_no_faults() {
    assert_eq!(faults(BROKEN, PROOFS, |_| true), [""; 0]);
}

#[test]
fn each_fault_is_found() {
    for (from, to, fault) in [
        ("LIST\n    client: list\n", "LIST\n", "Commands, LIST, client: ✓ without a proof"),
        (
            "LIST\n    client: list\n    server: list\n",
            "",
            "Commands, LIST, client: ✓ without a proof",
        ),
        ("XCLIENT\n", "XCLIENT\n    client: x\n", "Commands, XCLIENT, client: a proof of —"),
        ("[Security]\n", "TOP\n    client: x\n[Security]\n", "Commands, TOP, client: no cell"),
        ("[Security]\nSTLS", "[Security]\nPROXY", "Security, STLS, client: ✓ without a proof"),
        ("client: other", "client: lost", "Security, STLS, client: there is no lost"),
        ("[Security]\n", "[Security]\nEMPTY\n", "Security, EMPTY: no row"),
        ("server: one", "sever: one", "no proof of a side: sever: one"),
    ] {
        assert!(PROOFS.contains(from), "{from}");
        let faults = faults(BROKEN, &PROOFS.replacen(from, to, 1), |proof| proof != "lost");
        assert!(faults.contains(&fault.to_owned()), "{fault}: {faults:?}");
    }
    for (from, to, fault) in [
        ("| ✓ | ✓ |\n| `X", "| ? | ✓ |\n| `X", "Commands, STAT, client: what is \"?\"?"),
        ("| STLS |", "| `XCLIENT`, `STAT` |", "Security, STAT, client: ✓ without a proof"),
        ("| STLS |", "| STLS, STLS |", "Security, STLS, client: stands twice"),
        ("| client |", "| clients |", "there is no table"),
    ] {
        assert!(BROKEN.contains(from), "{from}");
        let faults = faults(&BROKEN.replacen(from, to, 1), PROOFS, |_| true);
        assert!(faults.contains(&fault.to_owned()), "{fault}: {faults:?}");
    }
}

/// What is wrong with a table and its proofs.
fn faults(readme: &str, proofs: &str, stands: impl Fn(&str) -> bool) -> Vec<String> {
    let (table, list) = match (table(readme), list(proofs)) {
        (Ok(table), Ok(list)) => (table, list),
        (table, list) => return [table.err(), list.err()].into_iter().flatten().collect(),
    };
    let mut faults = Vec::new();
    let mut fault = |(group, feature, side): &Cell, what: &str| {
        faults.push(format!("{group}, {feature}, {side}: {what}"));
    };
    for (cell, has) in &table {
        match (*has, list.proofs.contains_key(cell)) {
            (true, false) => fault(cell, "✓ without a proof"),
            (false, true) => fault(cell, "a proof of —"),
            _ => {}
        }
    }
    for (cell, proofs) in &list.proofs {
        if !table.contains_key(cell) {
            fault(cell, "no cell");
        }
        for proof in proofs.iter().filter(|proof| !stands(proof)) {
            fault(cell, &format!("there is no {proof}"));
        }
    }
    let rows: BTreeSet<_> = table.keys().map(|(group, feature, _)| (group, feature)).collect();
    for (group, feature) in &list.features {
        if !rows.contains(&(group, feature)) {
            faults.push(format!("{group}, {feature}: no row"));
        }
    }
    faults
}

/// The cells of the table, and whether each says ✓.
fn table(readme: &str) -> Result<BTreeMap<Cell, bool>, String> {
    let rows = readme.split_once("\n| | client | server |\n").ok_or("there is no table")?.1;
    let mut cells = BTreeMap::new();
    let mut group = String::new();
    for row in rows.lines().skip(1).take_while(|line| line.starts_with('|')) {
        let columns: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [features, client, server] = columns[..] else {
            return Err(format!("three columns: {row}"));
        };
        if let Some(name) = features.strip_prefix("**") {
            group = name.trim_end_matches('*').to_owned();
            continue;
        }
        for feature in features.split(", ").map(|feature| feature.replace('`', "")) {
            for (side, mark) in [("client", client), ("server", server)] {
                let cell = (group.clone(), feature.clone(), side);
                let has = match mark {
                    "✓" => true,
                    "—" => false,
                    _ => return Err(format!("{group}, {feature}, {side}: what is {mark:?}?")),
                };
                if cells.insert(cell, has).is_some() {
                    return Err(format!("{group}, {feature}, {side}: stands twice"));
                }
            }
        }
    }
    Ok(cells)
}

/// The proofs, as they are listed.
fn list(text: &str) -> Result<Proofs, String> {
    let mut list = Proofs::default();
    let mut group = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            group = name.trim_end_matches(']');
        } else if let Some(proof) = line.strip_prefix("    ") {
            let sides = ["client", "server"];
            let side = sides.into_iter().find(|side| proof.starts_with(&format!("{side}: ")));
            let Some((side, (_, feature))) = side.zip(list.features.last()) else {
                return Err(format!("no proof of a side: {proof}"));
            };
            let cell = (group.to_owned(), feature.clone(), side);
            list.proofs.entry(cell).or_default().push(proof[side.len() + 2..].to_owned());
        } else {
            list.features.push((group.to_owned(), line.to_owned()));
        }
    }
    Ok(list)
}
