//! Other people's clients and servers.
//!
//! Where one is not installed, what would be tested with it is reported as ignored, by name; with
//! `POP3_REQUIRE_PEERS=1` in the environment it fails instead.

mod accepting;
pub mod authority;
pub mod clients;
mod courier;
pub mod dovecot;
pub mod embedded;
mod exceptions;
mod introspection;
pub mod login;
mod mailutils;
pub mod office;
pub mod ours;
mod popa3d;
pub mod post_office;
pub mod servers;
mod system;
pub mod table;

pub use exceptions::{EXCEPTIONS, Exception, Instead, expected};

use libtest_mimic::{Failed, Trial};

use crate::process::find;

/// Somebody else's program.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// What people call it.
    pub name: &'static str,
    /// Which programs must be there.
    pub programs: &'static [&'static str],
}

/// No peer at all, and so without exceptions.
pub const OURSELVES: Peer = Peer::new("ourselves", &[]);

impl Peer {
    /// A peer that needs these programs.
    #[must_use]
    pub const fn new(name: &'static str, programs: &'static [&'static str]) -> Self {
        Self { name, programs }
    }

    /// Which of its programs is not installed.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let missing = self.programs.iter().find(|program| find(program).is_none())?;
        Some(format!("{missing} is not installed"))
    }

    /// A test that needs this peer, or says why it cannot run here.
    pub fn trial(
        &self,
        name: impl Into<String>,
        test: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> Trial {
        trial_unless(self.missing(), name, test)
    }
}

/// A test that says why it cannot run here, if it cannot: it is then ignored, never passed, and
/// fails when peers are required or ignored tests are asked for.
pub fn trial_unless(
    missing: Option<String>,
    name: impl Into<String>,
    test: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Trial {
    let Some(why) = missing else {
        return Trial::test(name, || test().map_err(Failed::from));
    };
    let trial = Trial::test(name, {
        let why = why.clone();
        move || Err(Failed::from(why))
    });
    trial.with_kind(why).with_ignored_flag(!peers_are_required())
}

/// Whether a missing peer is a failure.
#[must_use]
pub fn peers_are_required() -> bool {
    std::env::var_os("POP3_REQUIRE_PEERS").is_some_and(|value| value == "1")
}
