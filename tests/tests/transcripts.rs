//! Plays every transcript, each as a test of its own.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Trial};
use pop3_tests::transcript::{Transcript, play_client, play_server};

fn main() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let entries = fs::read_dir(&directory).expect("there are transcripts");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty(), "no transcripts in {}", directory.display());

    let trials = files.into_iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || {
            let text = fs::read_to_string(&file)?;
            let transcript = Transcript::parse(&text).map_err(|error| error.to_string())?;
            let play = if transcript.head.client_side { play_server } else { play_client };
            Ok(play(&transcript).map_err(|error| error.to_string())?)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
