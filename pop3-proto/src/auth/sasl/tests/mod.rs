mod any;
mod client_side;
mod exchange;
mod server_side;
mod vectors;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::command::Mechanism;
use crate::{Secret, UserName};

const SALT: &[u8] = b"salt of some kind";

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn secret(octets: &str) -> Secret {
    Secret::new(octets).unwrap()
}

fn setup() -> ServerSetup {
    ServerSetup::new([2; NONCE], "pop.example.org", [3; 32])
}

fn server(name: &str) -> ServerMechanism {
    server_with(name, setup())
}

fn server_with(name: &str, setup: ServerSetup) -> ServerMechanism {
    ServerMechanism::new(&Mechanism::new(name).unwrap(), setup).unwrap()
}

fn keys(hash: ScramHash, password: &str) -> ScramKeys {
    ScramKeys::derive(hash, &secret(password), SALT, 4096).unwrap()
}

#[track_caller]
fn challenge(step: Step) -> String {
    match step {
        Step::Challenge(octets) => String::from_utf8(octets).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn malformed(step: Step) -> SaslError {
    match step {
        Step::Malformed(error) => error,
        other => panic!("{other:?}"),
    }
}
