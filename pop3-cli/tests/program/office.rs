//! `pop3 serve` for a test, with one user.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::run::{PASSWORD, Run, pop3};

/// A post office of which `mark` is the only customer. It is killed when this is dropped.
pub(crate) struct Office {
    pub(crate) directory: TempDir,
    pub(crate) server: Child,
    pub(crate) address: String,
    /// Where it is in TLS from the start, if it is.
    pub(crate) tls_address: Option<String>,
}

impl Office {
    pub(crate) fn open() -> Self {
        Self::open_with(&[])
    }

    pub(crate) fn open_with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("mail")).unwrap();
        fs::write(directory.path().join("users"), format!("mark:{{PLAIN}}{PASSWORD}\n")).unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_pop3"))
            .args(["serve", "--mail", "mail", "--users", "users", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(directory.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut announced = || {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix("listening on ").expect(&line).to_owned()
        };
        let address = announced();
        let tls_address = arguments.contains(&"--listen-tls").then(announced);
        Self { directory, server, address, tls_address }
    }

    /// The same with these letters in the mailbox.
    pub(crate) fn with(letters: &[&[u8]]) -> Self {
        let office = Self::open();
        for letter in letters {
            office.deliver(letter);
        }
        office
    }

    pub(crate) fn url(&self) -> String {
        format!("pop3://mark@{}", self.address)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A run in the directory of the office.
    pub(crate) fn pop3(&self, arguments: &[&str]) -> Run {
        pop3(arguments.iter().copied()).within(self.directory.path())
    }

    /// A run on behalf of mark: `LIST` stands for the first argument, the others follow the URL.
    pub(crate) fn client(&self, command: &str, arguments: &[&str]) -> Run {
        let url = self.url();
        self.pop3(&[&[command, &url], arguments].concat()).password(PASSWORD)
    }

    /// The same at another URL.
    pub(crate) fn client_at(&self, url: &str, command: &str, arguments: &[&str]) -> Run {
        self.pop3(&[&[command, url], arguments].concat()).password(PASSWORD)
    }

    pub(crate) fn deliver(&self, letter: &[u8]) {
        self.pop3(&["deliver", "--mail", "mail", "mark"]).input(letter).ok();
    }

    /// The files below a directory, in order of their names.
    pub(crate) fn files(&self, directory: &str) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.path(directory)).unwrap();
        let file = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        };
        let mut files: Vec<_> = entries.map(|entry| file(entry.unwrap())).collect();
        files.sort();
        files
    }

    /// What is in these files, in order of their names.
    pub(crate) fn contents(&self, directory: &str) -> Vec<Vec<u8>> {
        self.files(directory).into_iter().map(|(_, content)| content).collect()
    }

    /// How many letters are waiting in the mailbox.
    pub(crate) fn waiting(&self) -> usize {
        self.client("list", &[]).run().ok().lines().count()
    }

    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if !std::thread::panicking() {
            let log = self.log();
            assert!(!log.contains(PASSWORD) && !log.contains("panicked"), "{log}");
        }
    }
}
