//! One session over one socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use pop3_maildrop::{Next, Session};
use pop3_proto::bytes::Buf;
use pop3_proto::server::Ending;

/// How long a refused client may take to read why.
const REFUSAL_LIMIT: Duration = Duration::from_millis(100);

/// Serves a session to its end.
pub(crate) fn serve(session: &mut Session, mut stream: &TcpStream) -> io::Result<Ending> {
    stream.set_nodelay(true)?;
    let started = Instant::now();
    let mut armed = None;
    loop {
        match session.advance() {
            Next::Close(ending) => {
                close(stream);
                return Ok(ending);
            }
            Next::Wait(duration) => {
                std::thread::sleep(duration);
                session.waited();
            }
            Next::Work(work) => session.done(work.run()),
            _ => {
                let limit = limit(session, started);
                if limit != armed {
                    stream.set_read_timeout(limit)?;
                    stream.set_write_timeout(limit)?;
                    armed = limit;
                }
                transport(session, &mut stream);
            }
        }
    }
}

/// How long the socket may block: the silence that is allowed, or what is left of the time to log
/// in.
fn limit(session: &mut Session, started: Instant) -> Option<Duration> {
    let connection = session.connection();
    let login = connection.login_limit().map(|limit| {
        // A timeout of zero would mean none at all.
        limit.saturating_sub(started.elapsed()).max(Duration::from_millis(1))
    });
    [connection.idle_limit(), login].into_iter().flatten().min()
}

/// Writes what is to be written; if that is nothing, reads.
fn transport(session: &mut Session, stream: &mut &TcpStream) {
    let connection = session.connection();
    let moved = if connection.wants_write() {
        let mut transmit = connection.transmit();
        stream.write(transmit.chunk()).map(|written| transmit.advance(written))
    } else {
        stream.read(connection.read_buffer()).map(|read| match read {
            0 => connection.closed(),
            read => connection.filled(read),
        })
    };
    match moved.map_err(|error| error.kind()) {
        Ok(()) | Err(io::ErrorKind::Interrupted) => {}
        Err(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => connection.timed_out(),
        Err(_) => connection.hung_up(),
    }
}

/// Tells a client that it cannot be served, without waiting for it.
pub(crate) fn refuse(session: &mut Session, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(REFUSAL_LIMIT))?;
    while let Next::Transport = session.advance() {
        transport(session, &mut stream);
    }
    close(stream);
    Ok(())
}

/// Closes so that what was sent last still arrives: closing a socket with unread input would reset
/// the connection and with it the goodbye.
fn close(mut stream: &TcpStream) {
    let drained = stream.shutdown(Shutdown::Write).and_then(|()| {
        stream.set_read_timeout(Some(REFUSAL_LIMIT))?;
        let mut rest = [0; 4_096];
        let until = Instant::now() + REFUSAL_LIMIT;
        while stream.read(&mut rest)? > 0 && Instant::now() < until {}
        Ok(())
    });
    // The session is over either way.
    drop(drained);
}
