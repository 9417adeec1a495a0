//! Proofs by name: what a list of requirements or of features points at.
//!
//! A proof is `file::function`, a test in that file, or a transcript. Paths begin at the root of the
//! workspace.

use std::fs;
use std::path::Path;

use crate::transcript::Transcript;

/// A file of the workspace.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn read(path: &str) -> String {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a proof is there: a function that is a test, or a transcript that can be played.
///
/// # Panics
/// When its file cannot be read.
#[must_use]
pub fn stands(proof: &str) -> bool {
    match proof.split_once("::") {
        Some((file, function)) => is_test(&read(file), function),
        None => proof.ends_with(".txt") && Transcript::parse(&read(proof)).is_ok(),
    }
}

/// Whether a function is there and is run as a test.
fn is_test(source: &str, function: &str) -> bool {
    let head = format!("fn {function}(");
    let Some((before, _)) = source.split_once(&head) else { return false };
    let (above, _) = before.rsplit_once('\n').unwrap_or_default();
    // Its attributes stand right above it.
    let mut attributes = above
        .lines()
        .rev()
        .map(str::trim)
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    let path =
        |line: &str| line.split(['(', ']']).next().is_some_and(|path| path.ends_with("test"));
    attributes.any(|line| line.starts_with("#[") && path(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_run_proves_something() {
        let source = "#[test]\nfn one() {}\n\nfn helper() {}\n\n    #[tokio::test]\n    \
                      /// Why.\n    async fn two() {}\n// #[test]\nfn off() {}\n#[cfg(test)]\nfn there() {}\n\
                      #[tokio::test(start_paused = true)]\nasync fn six() {}\n";
        assert!(["one", "two", "six"].iter().all(|function| is_test(source, function)));
        for function in ["helper", "off", "three", "on", "there"] {
            assert!(!is_test(source, function), "{function}");
        }
    }
}
