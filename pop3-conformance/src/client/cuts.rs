//! The connection cut at every stage: cases that are written by a table.

use std::fmt::Write;

/// How far a reply gets: the end of an id, the words for it, what is done, and whether all of a
/// letter has come.
type Cut = (&'static str, &'static str, &'static str, bool);

const NONE: Cut = ("unanswered", "before the reply", "", false);
const BEGUN: Cut = ("begun", "in the middle of the status line", "lawful first 2\n", false);
const HALF: Cut = ("half", "in the middle of the reply", "lawful half\n", false);
const BEFORE_DOT: Cut = ("before-the-dot", "before the final dot", "lawful but 3\n", false);
const WITHOUT_LINE_END: Cut = (
    "within-the-last-line-end",
    "within the line end before the final dot",
    "lawful but 4\n",
    false,
);
const DOT: Cut = ("behind-the-dot", "behind the final dot", "lawful but 2\n", true);
const DOT_CR: Cut = ("before-the-last-lf", "before the very last LF", "lawful but 1\n", true);
const WHOLE: Cut = ("answered", "behind the reply", "lawful\n", true);

const STATUS: &[Cut] = &[NONE, BEGUN, WHOLE];
const LISTING: &[Cut] = &[NONE, BEGUN, HALF, BEFORE_DOT, DOT, DOT_CR, WHOLE];
const LETTER: &[Cut] = &[NONE, BEGUN, HALF, WITHOUT_LINE_END, BEFORE_DOT, DOT, DOT_CR, WHOLE];

/// A command, the stages of its reply, the requirement, the outcomes, and what has to be said for
/// the case to decide.
struct Stage {
    command: &'static str,
    cuts: &'static [Cut],
    proves: &'static str,
    outcome: &'static str,
    needs: &'static str,
}

const fn stage(
    command: &'static str,
    cuts: &'static [Cut],
    proves: &'static str,
    outcome: &'static str,
) -> Stage {
    Stage { command, cuts, proves, outcome, needs: "" }
}

const STAGES: &[Stage] = &[
    stage("greeting", STATUS, "1939-4-greeting-negative", "fails"),
    stage("CAPA", LISTING, "2449-7-no-extension-required", "either"),
    stage("USER", STATUS, "1939-4-client-copes-close", "either"),
    stage("login", STATUS, "1939-4-client-copes-close", "fails"),
    stage("STAT", STATUS, "1939-3-end-detect", "either"),
    stage("LIST", LISTING, "1939-3-end-detect", "either"),
    stage("UIDL", LISTING, "1939-3-end-detect", "either"),
    stage("TOP 1 …", LETTER, "1939-3-end-detect", "either"),
    stage("RETR 1", LETTER, "1939-3-end-detect", "fails"),
    stage("RETR 2", LETTER, "1939-3-end-detect", "fails"),
    stage("RETR 3", LETTER, "1939-3-end-detect", "either"),
    Stage { needs: "DELE…", ..stage("DELE 3", STATUS, "1939-6-client-quit-err", "fails") },
    Stage { needs: "DELE…", ..stage("QUIT", &[NONE, BEGUN], "1939-6-client-quit-err", "fails") },
];

/// All of them, as a file of cases.
pub(super) fn text() -> String {
    let mut text = String::new();
    for Stage { command, cuts, proves, outcome, needs } in STAGES {
        let name = command.trim_end_matches(" …").replace(' ', "-").to_ascii_lowercase();
        let needs = if needs.is_empty() { String::new() } else { format!("needs: {needs}\n") };
        for (id, words, does, is_whole) in *cuts {
            // What has come in whole may be taken, if the rest can be had in another session.
            let may_pass = *is_whole && command.starts_with("RETR");
            let outcome = if may_pass { "either" } else { outcome };
            // Writing to a string cannot fail.
            _ = write!(
                text,
                "== cuts/{name}-{id}\n\
                 A connection that ends {words} ({command}) is no success, and no letter is lost.\n\
                 proves: {proves}\n{needs}\n\
                 on {command}\n{does}cut\n\n\
                 expect\noutcome: {outcome}\nwatch: commands/dele-behind-the-letter\n\n"
            );
        }
    }
    text
}
