//! One case played to a client, from the socket to the last file.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Check;
use super::authority::{self, Authority};
use super::program::{Ended, Errand, Program};
use super::record::Seen;
use super::saved::Saved;
use super::scenario::Scenario;
use super::server::{self, Clock, Stage};

/// Between two looks at the client.
const TICK: Duration = Duration::from_millis(4);

/// A client may connect so often in one case.
const CONNECTIONS: usize = 1000;

/// No case takes longer, however lively it is.
const LONGEST: Duration = Duration::from_secs(900);

/// What was seen of a client in one case.
pub(super) struct Run {
    /// Each connection, in the order of their ends.
    pub(super) sessions: Vec<Seen>,
    pub(super) ended: Ended,
    pub(super) saved: Saved,
    /// How often each rule of the case was applied.
    pub(super) fired: Vec<usize>,
    pub(super) took: Duration,
}

/// Plays a case.
pub(super) fn play(
    check: &Check,
    scenario: &Scenario,
    authority: &Authority,
    waiting: &dyn Fn(SocketAddr),
) -> io::Result<Run> {
    let began = Instant::now();
    let scratch = tempfile::tempdir()?;
    let outdir = scratch.path().join("out");
    let ca = scratch.path().join("ca.pem");
    fs::create_dir(&outdir)?;
    fs::write(&ca, &authority.pem)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, check.port));
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;

    let password = scenario.password.clone().unwrap_or_else(|| check.password.clone());
    let tls = authority.config(&scenario.certificate, scenario.tls12_only);
    let stage = Stage {
        scenario,
        security: check.tls,
        user: &check.user,
        password: &password,
        tls: Some(tls.map_err(io::Error::other)?),
        fired: Mutex::new(vec![0; scenario.rules.len()]),
        over: Arc::new(AtomicBool::new(false)),
        clock: Arc::new(Clock::new()),
    };
    let errand = Errand {
        host: check.host().to_owned(),
        port: address.port(),
        user: check.user.clone(),
        password: password.clone(),
        outdir: outdir.clone(),
        ca,
    };
    waiting(address);
    let (sessions, ended) = attend(check, &stage, &listener, &errand, scratch.path())?;
    let fired = stage.fired.into_inner().unwrap_or_default();
    let saved = Saved::in_directory(&outdir);
    Ok(Run { sessions, ended, saved, fired, took: began.elapsed() })
}

/// Lets the client in until it has ended, each connection in a thread of its own.
fn attend(
    check: &Check,
    stage: &Stage<'_>,
    listener: &TcpListener,
    errand: &Errand,
    scratch: &Path,
) -> io::Result<(Vec<Seen>, Ended)> {
    let sessions = Mutex::new(Vec::new());
    let open = AtomicUsize::new(0);
    let ended = std::thread::scope(|scope| {
        let admit = |tcp| {
            open.fetch_add(1, Ordering::AcqRel);
            stage.clock.stir();
            scope.spawn(|| {
                let seen = server::serve(stage, tcp);
                if let Ok(mut sessions) = sessions.lock() {
                    sessions.push(seen);
                }
                open.fetch_sub(1, Ordering::AcqRel);
            });
        };
        let is_open = || open.load(Ordering::Acquire) > 0;
        let ended = supervise(check, stage, listener, errand, scratch, admit, is_open);
        // What is still in the sockets of an ended client is read; one that hangs is let go.
        let until = Instant::now() + Duration::from_secs(1);
        while ended.as_ref().is_ok_and(|it| it.in_time) && is_open() && Instant::now() < until {
            std::thread::sleep(TICK);
        }
        stage.over.store(true, Ordering::Relaxed);
        ended
    });
    Ok((sessions.into_inner().unwrap_or_default(), ended?))
}

/// Starts the client and waits for its end, which comes one way or another.
fn supervise(
    check: &Check,
    stage: &Stage<'_>,
    listener: &TcpListener,
    errand: &Errand,
    scratch: &Path,
    mut admit: impl FnMut(TcpStream),
    is_open: impl Fn() -> bool,
) -> io::Result<Ended> {
    let mut client = check.program.start(errand, scratch)?;
    let began = Instant::now();
    let patience = stage.scenario.expect.ends.unwrap_or(check.patience);
    let mut count = 0;
    loop {
        while count < CONNECTIONS
            && let Ok((tcp, _)) = listener.accept()
        {
            count += 1;
            admit(tcp);
        }
        if let Some(ended) = client.poll()? {
            return Ok(ended);
        }
        if matches!(check.program, Program::ByHand) {
            // It has ended when it has not come back for a while.
            if count == 0 {
                stage.clock.stir();
            } else if !is_open() && stage.clock.quiet() > Duration::from_secs(1) {
                return Ok(Ended { in_time: true, ..Ended::default() });
            }
        }
        if stage.clock.quiet() > patience || began.elapsed() > LONGEST {
            return Ok(client.kill());
        }
        std::thread::sleep(TICK);
    }
}

impl Check {
    /// The name by which the client reaches the server.
    fn host(&self) -> &'static str {
        match self.tls {
            super::Security::None => "127.0.0.1",
            _ => authority::NAME,
        }
    }
}
