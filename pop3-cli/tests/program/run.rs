//! Running the program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The password of everybody in these tests.
pub(crate) const PASSWORD: &str = "open sesame";

/// One run of the program.
pub(crate) struct Run(Command);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn pop3<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pop3"));
    command.args(arguments).env_remove("POP3_PASSWORD").env_remove("RUST_LOG");
    Run(command)
}

impl Run {
    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    pub(crate) fn password(mut self, password: &str) -> Self {
        self.0.env("POP3_PASSWORD", password);
        self
    }

    pub(crate) fn run(self) -> Outcome {
        self.input("")
    }

    /// Runs it to its end with something on standard input.
    pub(crate) fn input(mut self, input: impl AsRef<[u8]>) -> Outcome {
        let piped = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // It may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        let output = child.wait_with_output().unwrap();
        let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
        let outcome = Outcome {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        for said in [&outcome.out, &outcome.err] {
            assert!(!said.contains(PASSWORD), "a password is shown: {said}");
            assert!(!said.contains("panicked"), "{said}");
        }
        outcome
    }
}

impl Outcome {
    /// It went well, without a word on standard error; returns what it said.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    /// It failed so, and said why in one line, which is returned.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.starts_with("pop3: ") && self.err.ends_with('\n'), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        self.err.trim_end().to_owned()
    }
}
