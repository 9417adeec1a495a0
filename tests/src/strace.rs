//! Faults at chosen steps of a program, by `strace`: the program is watched once, and then run again
//! for each system call by which it touched the disk, to be killed there, or told that the disk
//! failed. It is the very program that people run; nothing in it knows of this.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Pid;

use crate::peers::Peer;
use crate::process::{Running, wait_for};

/// What makes a fault.
pub const STRACE: Peer = Peer::new("strace", &["strace"]);

/// More than any of these programs takes, also under `strace` on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whatever changes something on disk, or waits for it to be changed.
const CHANGES: &str = "open,openat,openat2,creat,mkdir,mkdirat,write,writev,pwrite64,\
    copy_file_range,sendfile,splice,fsync,fdatasync,syncfs,rename,renameat,renameat2,unlink,\
    unlinkat,link,linkat,ftruncate,fallocate,fchmod,fchmodat,fchown,fchownat,flock";

/// Whatever else asks the disk for something.
const LOOKS: &str = "read,pread64,getdents64,statx,newfstatat,fstat";

/// Why it cannot be had here: it is not installed, or the system forbids to trace.
#[must_use]
pub fn missing() -> Option<String> {
    STRACE.missing().or_else(|| {
        let mut tried = Command::new("strace");
        tried.args(["-o", "/dev/null", "true"]).stderr(Stdio::null());
        let works = tried.status().is_ok_and(|status| status.success());
        (!works).then(|| "strace may not trace here".into())
    })
}

/// A system call: the `nth` of that name that a thread of the program makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    call: String,
    nth: usize,
    /// How `strace` shows it.
    pub shown: String,
}

impl Step {
    /// Whether it changes something, as opposed to looking at it.
    #[must_use]
    pub fn changes(&self) -> bool {
        CHANGES.split(',').any(|call| call == self.call)
    }
}

/// What happens at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Fault {
    /// The program is killed before it.
    Kill,
    /// It is not done, and gives that error.
    Error(&'static str),
}

/// What may go wrong with a disk.
pub const DISK: [Fault; 3] = [Fault::Error("ENOSPC"), Fault::Error("EIO"), Fault::Error("EROFS")];

/// What came of a program.
#[derive(Debug)]
pub struct Ended {
    /// How it ended: as it would have without `strace`.
    pub status: ExitStatus,
    /// What it said on standard output.
    pub output: String,
    /// What it said on standard error, and `strace` with it.
    pub said: String,
}

/// Runs programs under `strace`; what it writes down lies in a directory.
#[derive(Debug)]
pub struct Tracer {
    scratch: PathBuf,
}

impl Tracer {
    /// One that may write into that directory.
    #[must_use]
    pub fn new(scratch: &Path) -> Self {
        Self { scratch: scratch.to_owned() }
    }

    /// Runs a program to its end, with that on standard input, and with a fault if one is given.
    ///
    /// # Errors
    /// When it does not end.
    pub fn run(
        &self,
        program: &Command,
        input: &[u8],
        fault: Option<(&Step, Fault)>,
    ) -> Result<Ended, String> {
        let (input_file, output) = (self.scratch.join("input"), self.scratch.join("output"));
        let text = |error: std::io::Error| error.to_string();
        fs::write(&input_file, input).map_err(text)?;
        let mut strace = self.strace(fault);
        strace.arg("--").arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => strace.env(name, value),
                None => strace.env_remove(name),
            };
        }
        strace.stdin(File::open(input_file).map_err(text)?);
        strace.stdout(File::create(&output).map_err(text)?);
        let log = self.scratch.join("strace.log");
        let mut child = strace.stderr(File::create(&log).map_err(text)?).spawn().map_err(text)?;
        let status = wait_for("a program under strace", PATIENCE, || child.try_wait().transpose());
        let status = status.inspect_err(|_| {
            // It may have ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        });
        Ok(Ended {
            status: status?.map_err(text)?,
            output: fs::read_to_string(output).map_err(text)?,
            said: String::from_utf8_lossy(&fs::read(log).map_err(text)?).into_owned(),
        })
    }

    /// Watches a program that is running, and has a fault happen in it from now on; until what is
    /// returned is dropped.
    ///
    /// # Errors
    /// When `strace` does not get hold of it.
    pub fn attach(&self, process: Pid, fault: Option<(&Step, Fault)>) -> Result<Running, String> {
        let mut strace = self.strace(fault);
        strace.args(["-p", &process.as_raw_nonzero().to_string()]);
        let mut strace = Running::start("strace", &mut strace, &self.scratch)?;
        strace.end_gently();
        wait_for("strace", PATIENCE, || strace.said().contains("attached").then_some(()))?;
        Ok(strace)
    }

    fn strace(&self, fault: Option<(&Step, Fault)>) -> Command {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-y", "-o"]).arg(self.trace());
        strace.arg(format!("--trace={CHANGES},{LOOKS}"));
        if let Some((Step { call, nth, .. }, fault)) = fault {
            let what = match fault {
                Fault::Kill => "signal=KILL".into(),
                Fault::Error(error) => format!("error={error}"),
            };
            strace.arg(format!("--inject={call}:{what}:when={nth}"));
        }
        strace
    }

    fn trace(&self) -> PathBuf {
        self.scratch.join("trace")
    }

    /// The steps of the last run that touched something below that directory, each once.
    ///
    /// # Errors
    /// When nothing was written down.
    pub fn steps(&self, below: &Path) -> Result<Vec<Step>, String> {
        let trace = fs::read(self.trace()).map_err(|error| format!("the trace: {error}"))?;
        let below = below.to_string_lossy();
        let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
        let (mut seen, mut steps) = (BTreeSet::new(), Vec::new());
        let trace = String::from_utf8_lossy(&trace);
        for line in trace.lines() {
            let Some((thread, shown)) = line.split_once(' ') else { continue };
            let shown = shown.trim_start();
            let is_call = shown.starts_with(|c: char| c.is_ascii_lowercase());
            let Some((call, _)) = shown.split_once('(').filter(|_| is_call) else { continue };
            let nth = counts.entry((thread, call)).or_default();
            *nth += 1;
            if shown.contains(&*below) && seen.insert((call, *nth)) {
                steps.push(Step { call: call.into(), nth: *nth, shown: shown.into() });
            }
        }
        Ok(steps)
    }
}
