//! Writes what the clients of all scripts say into a directory, a file each: seeds for a fuzzer of
//! servers. The first line of each is empty, which fuzz/src/cuts.rs takes for no cuts.
//!
//! ```sh
//! cargo run -p pop3-conformance --example seeds -- DIRECTORY
//! ```

use std::fs;
use std::path::PathBuf;

use pop3_conformance::server::cases;

/// Longer ones teach a fuzzer nothing.
const LONGEST: usize = 4_096;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("seeds DIRECTORY")?);
    fs::create_dir_all(&directory)?;
    let names = |name: &str| {
        let known: &[u8] = match name {
            "user" => b"mark",
            "password" => b"swordfish",
            "plain" => b"AG1hcmsAc3dvcmRmaXNo",
            _ => b"1",
        };
        Some(known.to_vec())
    };
    for case in cases() {
        let Some(said) = case.said(&names) else { continue };
        if said.len() <= LONGEST {
            let file = directory.join(case.heading.id.replace('/', "-"));
            fs::write(file, [b"\n", &said[..]].concat())?;
        }
    }
    Ok(())
}
