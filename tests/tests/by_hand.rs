//! The client without std (`tests/by-hand`) is built and tested as it is: without anything that
//! this workspace would switch on below it.

use std::path::Path;
use std::process::Command;

#[test]
fn a_client_without_std_is_driven_by_hand() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("by-hand/Cargo.toml");
    let out = Command::new(env!("CARGO"))
        .args(["test", "--locked", "--manifest-path"])
        .arg(&manifest)
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(said.contains("test a_client_without_std_collects_octet_by_octet ... ok"), "{said}");
}
