//! The client that is judged: a command, a function, or somebody's hand.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Who is judged.
#[derive(Clone)]
#[non_exhaustive]
pub enum Program {
    /// A command and its arguments, run anew for each case. In each of them `{host}`, `{port}`,
    /// `{user}`, `{password}`, `{outdir}` and `{ca}` are filled in; the environment has the same as
    /// `POP3_HOST` and so on.
    Command(Vec<String>),
    /// A function of this process, which returns the exit status.
    Function(Arc<Client>),
    /// A client that somebody starts by hand: what it saves and its exit status are not seen.
    ByHand,
}

/// A client as a function: it is told its errand, and returns an exit status.
pub type Client = dyn Fn(&Errand) -> i32 + Send + Sync;

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Its arguments may hold a password.
            Self::Command(words) => write!(f, "Command({:?}, …)", words.first()),
            Self::Function(_) => f.write_str("Function"),
            Self::ByHand => f.write_str("ByHand"),
        }
    }
}

/// What a client is to do: collect this maildrop into this directory.
#[derive(Clone)]
#[non_exhaustive]
pub struct Errand {
    /// Where the server is: a name that the certificates have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whose maildrop.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// Where the letters go; it is empty.
    pub outdir: PathBuf,
    /// A file with the certificate (PEM) that is to be trusted.
    pub ca: PathBuf,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errand({}:{}, {})", self.host, self.port, self.outdir.display())
    }
}

impl Errand {
    fn values(&self) -> [(&'static str, String); 6] {
        [
            ("host", self.host.clone()),
            ("port", self.port.to_string()),
            ("user", self.user.clone()),
            ("password", self.password.clone()),
            ("outdir", self.outdir.display().to_string()),
            ("ca", self.ca.display().to_string()),
        ]
    }

    /// An argument with everything filled in.
    fn filled(&self, argument: &str) -> String {
        self.values().iter().fold(argument.to_owned(), |filled, (name, value)| {
            filled.replace(&format!("{{{name}}}"), value)
        })
    }
}

impl Program {
    /// Whether something is filled in anywhere in its command.
    pub(super) fn mentions(&self, name: &str) -> bool {
        match self {
            Self::Command(words) => words.iter().any(|it| it.contains(&format!("{{{name}}}"))),
            Self::Function(_) => name != "password",
            Self::ByHand => false,
        }
    }

    /// Begins an errand. What the program says goes into files of the scratch directory.
    pub(super) fn start(&self, errand: &Errand, scratch: &Path) -> io::Result<Running> {
        match self {
            Self::ByHand => Ok(Running::ByHand),
            Self::Function(client) => {
                let (client, errand) = (client.clone(), errand.clone());
                let done = Arc::new(AtomicBool::new(false));
                let is_done = done.clone();
                let thread = std::thread::spawn(move || {
                    let status = client(&errand);
                    is_done.store(true, Ordering::Release);
                    status
                });
                Ok(Running::Function { thread: Some(thread), done })
            }
            Self::Command(words) => {
                let [program, arguments @ ..] = &words[..] else {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command"));
                };
                let said = scratch.join("said");
                let output = File::create(&said)?;
                let mut command = Command::new(errand.filled(program));
                command.args(arguments.iter().map(|argument| errand.filled(argument)));
                for (name, value) in errand.values() {
                    command.env(format!("POP3_{}", name.to_uppercase()), value);
                }
                command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
                Ok(Running::Child { child: command.spawn()?, said, peak: None })
            }
        }
    }
}

/// A client at work. A child is killed when this is dropped.
pub(super) enum Running {
    Child { child: Child, said: PathBuf, peak: Option<u64> },
    Function { thread: Option<JoinHandle<i32>>, done: Arc<AtomicBool> },
    ByHand,
}

/// How a client ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    /// Its exit status; `None` where there is none, as when it was killed or works by hand.
    pub(super) status: Option<i32>,
    /// By a signal, a panic, or as it should.
    pub(super) crashed: bool,
    /// It ended by itself.
    pub(super) in_time: bool,
    /// The most memory that it had, in KiB, where the system tells.
    pub(super) peak: Option<u64>,
    /// The last lines that it said on its outputs.
    pub(super) said: String,
}

impl Running {
    /// How it ended, once it has. Looks at its memory as well.
    pub(super) fn poll(&mut self) -> io::Result<Option<Ended>> {
        match self {
            Self::ByHand => Ok(None),
            Self::Function { thread, done } => {
                if !done.load(Ordering::Acquire)
                    && !thread.as_ref().is_none_or(JoinHandle::is_finished)
                {
                    return Ok(None);
                }
                let status = thread.take().map(JoinHandle::join);
                let status = status.and_then(Result::ok);
                Ok(Some(Ended {
                    crashed: status.is_none(),
                    status,
                    in_time: true,
                    ..Ended::default()
                }))
            }
            Self::Child { child, said, peak } => {
                *peak = (*peak).max(high_water(child.id()));
                let Some(status) = child.try_wait()? else { return Ok(None) };
                Ok(Some(Ended {
                    status: status.code(),
                    crashed: status.code().is_none(),
                    in_time: true,
                    peak: *peak,
                    said: tail(said),
                }))
            }
        }
    }

    /// Ends it.
    pub(super) fn kill(&mut self) -> Ended {
        match self {
            Self::Child { child, said, peak } => {
                _ = child.kill();
                _ = child.wait();
                Ended { peak: *peak, said: tail(said), ..Ended::default() }
            }
            Self::Function { .. } | Self::ByHand => Ended::default(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last that a client said, shortened.
fn tail(path: &Path) -> String {
    const KEPT: usize = 1000;
    let mut said = Vec::new();
    if let Ok(file) = File::open(path) {
        _ = file.take(1 << 20).read_to_end(&mut said);
    }
    let said = &said[said.len().saturating_sub(KEPT)..];
    String::from_utf8_lossy(said).trim().to_owned()
}

/// The most memory that a process had at any time, in KiB, where the system tells.
fn high_water(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
