//! How far it is, on a terminal.

use std::fmt::Display;

use indicatif::{ProgressBar, ProgressStyle};
use pop3_proto::reply::ScanListing;

use crate::output::complain;

/// A bar of octets with a count of messages; nothing where standard error is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    messages: usize,
}

impl Progress {
    pub(super) fn new(quiet: bool, wanted: &[ScanListing]) -> Self {
        let octets = wanted.iter().map(|message| message.octets).sum::<pop3_proto::Octets>();
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(octets.0) };
        let style = ProgressStyle::with_template(
            "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, messages: wanted.len() }
    }

    pub(super) fn message(&self, position: u32) {
        self.bar.set_message(format!("message {position} of {}", self.messages));
    }

    pub(super) fn octets(&self, octets: usize) {
        self.bar.inc(octets as u64);
    }

    /// A line on standard error, above the bar.
    pub(super) fn say(&self, line: impl Display) {
        self.bar.suspend(|| complain(line));
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
