//! Whether the other side gets on, by a number.

/// What counts as getting on, in octets: who moves fewer within the time for a silence is as good
/// as silent. At the defaults, that is an octet a second for a client, and four for a server.
const STEP: usize = 512;

/// A number that changes whenever the other side has got on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    steps: u64,
    octets: usize,
}

impl Progress {
    /// It has done something whole.
    pub(crate) const fn step(&mut self) {
        self.steps = self.steps.wrapping_add(1);
        self.octets = 0;
    }

    /// It has moved so many octets of something.
    pub(crate) const fn octets(&mut self, octets: usize) {
        self.octets = self.octets.saturating_add(octets);
        if self.octets >= STEP {
            self.step();
        }
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.steps
    }
}
