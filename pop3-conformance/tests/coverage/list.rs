//! `requirements/*.txt` with the cases that there are.

use crate::Judged;

const CASE: &str = "    case: ";

/// A file of the list with its `case:` lines written anew: behind what is said of the requirement,
/// before the reason why it is not judged.
pub(crate) fn with_cases(text: &str, judged: &Judged) -> String {
    let entries: Vec<_> = text.trim_end().split("\n\n").map(|entry| one(entry, judged)).collect();
    entries.join("\n\n") + "\n"
}

fn one(entry: &str, judged: &Judged) -> String {
    let id = entry.split(' ').next().unwrap_or_default();
    let is_reason = |line: &&str| line.starts_with("    not judged: ");
    let lines = entry.lines().filter(|line| !line.starts_with(CASE));
    let (reasons, lines): (Vec<_>, Vec<_>) = lines.partition(is_reason);
    let cases = judged.get(id).into_iter().flatten().map(|case| format!("{CASE}{case}"));
    let lines = lines.into_iter().map(str::to_owned).chain(cases);
    lines.chain(reasons.into_iter().map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

#[test]
fn only_the_lines_with_cases_change() {
    let text = "document: RFC 1\n\na server MUST 1\n    Says.\n    seen by: looks\n    case: old\n\n\
                b both MAY 1\n    Says.\n    not judged: why\n\nc client MAY 2\n    Says.\n";
    let mut judged = Judged::new();
    judged.insert("a", vec!["new".to_owned(), "other".to_owned()]);
    judged.insert("b", vec!["new".to_owned()]);
    let expected = "document: RFC 1\n\na server MUST 1\n    Says.\n    seen by: looks\n    \
                    case: new\n    case: other\n\nb both MAY 1\n    Says.\n    case: new\n    \
                    not judged: why\n\nc client MAY 2\n    Says.\n";
    let written = with_cases(text, &judged);
    assert_eq!(written, expected);
    assert_eq!(with_cases(&written, &judged), written);
}
