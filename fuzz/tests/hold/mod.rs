//! Holds what stands in a folder of seeds against the laws of its target, and, where
//! `POP3_FUZZ_CORPUS` names a folder of corpora, what was learnt as well.

use std::path::{Path, PathBuf};
use std::{env, fs};

pub fn hold(target: &str, check: impl Fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    assert!(hold_all(&seeds, &check) > 0, "no seeds for {target}");
    if let Some(corpora) = env::var_os("POP3_FUZZ_CORPUS") {
        hold_all(&PathBuf::from(corpora).join(target), check);
    }
}

/// How many there were.
fn hold_all(folder: &Path, check: impl Fn(&[u8])) -> usize {
    let files =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut held = 0;
    for file in files {
        let path = file.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        held += 1;
    }
    held
}
