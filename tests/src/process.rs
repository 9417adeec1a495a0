//! Programs that are started, waited for within bounds, and ended.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Between two looks at something that takes its time.
const TICK: Duration = Duration::from_millis(2);

/// Where a program is, as a shell would find it; system programs too, which are not on everybody's
/// path.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|dir| dir.join(program)).find(|p| p.is_file())
}

/// Looks until something is there.
///
/// # Errors
/// When it is not within the limit.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, String> {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if Instant::now() >= until {
            return Err(format!("{what}: not within {limit:?}"));
        }
        std::thread::sleep(TICK);
    }
}

/// A loopback address that nobody uses now.
///
/// # Errors
/// When there is none.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A program that runs beside the tests. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    log: PathBuf,
    gently: bool,
}

impl Running {
    /// Starts a program. What it says on standard error goes into a file of that directory.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, directory: &Path) -> Result<Self, String> {
        let log = directory.join(format!("{name}.log"));
        let file = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|error| format!("{name} cannot be started: {error}"))?;
        Ok(Self { child, name: name.to_owned(), log, gently: false })
    }

    /// When this is dropped, asks it to end before it is killed: for programs with children.
    pub const fn end_gently(&mut self) {
        self.gently = true;
    }

    /// Its process.
    ///
    /// # Panics
    /// Never: a child has a process.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the first line on its standard output, which must be piped.
    ///
    /// # Errors
    /// When there is none within the limit, with what the program said instead.
    pub fn first_line(&mut self, limit: Duration) -> Result<String, String> {
        let output = self.child.stdout.take().ok_or("standard output is not piped")?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines();
            // Nobody may be waiting any more.
            let _ = sender.send(lines.next());
            // Whatever else comes is read, so that the program does not stand still.
            lines.for_each(drop);
        });
        match receiver.recv_timeout(limit) {
            Ok(Some(Ok(line))) => Ok(line),
            other => Err(format!("{} said nothing: {other:?}\n{}", self.name, self.said())),
        }
    }

    /// Waits until something accepts connections at an address.
    ///
    /// # Errors
    /// When nothing does within the limit, or the program ends before.
    pub fn wait_until_it_listens(&mut self, at: SocketAddr, limit: Duration) -> Result<(), String> {
        let until = Instant::now() + limit;
        while TcpStream::connect_timeout(&at, limit).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{} has ended: {status}\n{}", self.name, self.said()));
            }
            if Instant::now() >= until {
                return Err(format!("{} does not listen\n{}", self.name, self.said()));
            }
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for it to end by itself.
    ///
    /// # Errors
    /// When it has not ended within the limit: it is then killed.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus, String> {
        self.wait_while(limit, |_| ())
    }

    /// As [`wait`](Self::wait), doing something at each look.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_while(
        &mut self,
        limit: Duration,
        mut meanwhile: impl FnMut(Pid),
    ) -> Result<ExitStatus, String> {
        let (pid, child) = (self.pid(), &mut self.child);
        let ended = wait_for(&self.name, limit, || {
            meanwhile(pid);
            child.try_wait().transpose()
        });
        match ended {
            Ok(status) => status.map_err(|error| format!("{}: {error}", self.name)),
            Err(late) => {
                self.kill();
                Err(format!("{late}\n{}", self.said()))
            }
        }
    }

    /// Asks it to end (SIGTERM).
    pub fn ask_to_end(&self) {
        // It may have ended already.
        let _ = kill_process(self.pid(), Signal::TERM);
    }

    /// Kills it (SIGKILL) and waits for its end.
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The last that it said on standard error.
    #[must_use]
    pub fn said(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let from = log.len().saturating_sub(2_000);
        String::from_utf8_lossy(&log[from..]).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.gently {
            self.ask_to_end();
            // It is killed when it does not.
            let _ = self.wait(Duration::from_secs(10));
        }
        self.kill();
    }
}

/// Runs a program to its end.
///
/// # Errors
/// When it fails, or takes longer than the limit; with what it said.
pub fn run(command: &mut Command, directory: &Path, limit: Duration) -> Result<(), String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let mut running = Running::start(&name, command.stdout(Stdio::null()), directory)?;
    let status = running.wait(limit)?;
    if status.success() { Ok(()) } else { Err(format!("{name}: {status}\n{}", running.said())) }
}
