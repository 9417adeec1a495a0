//! Reports as JSON: what programs read, and what is kept to be joined with others later.

use std::io;

use super::Report;

impl Report {
    /// Writes it as JSON. The names of the fields are those of [`Report`] and
    /// [`CaseReport`](super::CaseReport); a case has `"verdict": "passed"`, `"failed"` (with `sent`,
    /// `came` and `right`) or `"skipped"` (with `why`).
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// Reads what [`write_json`](Self::write_json) has written.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read_json(text: &[u8]) -> io::Result<Self> {
        Ok(serde_json::from_slice(text)?)
    }
}
