//! The adapters are thin: they hold no protocol text at all.

use std::fs;
use std::path::{Path, PathBuf};

/// What only the core may say or look for. `Retr` as a name of Rust is fine, `"RETR"` is not.
const WORDS: [&str; 17] = [
    "USER", "PASS", "APOP", "AUTH", "STLS", "UTF8", "LANG", "CAPA", "STAT", "LIST", "UIDL", "RETR",
    "TOP", "DELE", "RSET", "NOOP", "QUIT",
];

/// The octets of the wire, as Rust would write them.
const OCTETS: [&str; 4] = ["\\r\\n", "b\".\"", "b'.'", "b\"..\""];

const ADAPTERS: [&str; 3] = ["pop3-blocking", "pop3-tokio", "pop3-async-std"];

#[test]
fn no_protocol_text_stands_in_an_adapter() {
    for adapter in ADAPTERS {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(adapter).join("src");
        let files = rust_files(&source);
        assert!(files.len() >= 5, "the source of {adapter} was not found: {files:?}");

        let found: Vec<String> = files.iter().flat_map(|file| offences(file)).collect();
        assert!(found.is_empty(), "protocol text in {adapter}:\n{}", found.join("\n"));
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("thick.rs");
    let lines = ["write(b\"+OK\");", "read == *b\"retr\"", "/// QUIT: ends", "Command::Retr(1)"];
    fs::write(&file, lines.join("\n")).unwrap();
    assert_eq!(offences(&file).len(), 3);
}

/// Lines with protocol text in them, comments included: they point at the core, which names it.
fn offences(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let word = |line: &str| {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric());
        words.into_iter().any(|word| WORDS.contains(&word))
    };
    text.lines()
        .enumerate()
        .filter(|(_, line)| {
            word(line)
                || first_words(line).any(|word| WORDS.contains(&&*word.to_ascii_uppercase()))
                || ["+OK", "-ERR"].iter().chain(&OCTETS).any(|text| line.contains(text))
        })
        .map(|(number, line)| format!("{}:{}: {}", file.display(), number + 1, line.trim()))
        .collect()
}

/// With which word each string or byte literal of a line begins, as a command would, in whatever
/// case.
fn first_words(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2).filter_map(|literal| literal.split([' ', '\\']).next())
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => rust_files(&path),
            Some(extension) if extension == "rs" => vec![path],
            _ => vec![],
        })
        .collect()
}
