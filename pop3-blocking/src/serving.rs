//! One session over one socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use pop3_maildrop::{Lobby, Next, Reception, Service, Session};
use pop3_proto::Pipe;
use pop3_proto::adapter::Silence;
use pop3_proto::bytes::Buf;
use pop3_proto::server::Ending;

/// How long a refused client may take to read why.
const REFUSAL_LIMIT: Duration = Duration::from_millis(100);

/// Sees to a client that was received: how its session ended, unless there was none.
pub(crate) fn attend(
    mut received: Reception,
    service: &Service,
    mut stream: &TcpStream,
) -> io::Result<Option<Ending>> {
    let until = Instant::now() + Lobby::LIMIT;
    loop {
        received = match received {
            Reception::Announced(lobby) => {
                let left = until.saturating_duration_since(Instant::now());
                stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
                let mut header = [0; 1_024];
                match stream.read(&mut header)? {
                    0 => Reception::Closed,
                    read => lobby.push(&header[..read]),
                }
            }
            Reception::Welcome(mut pipe, _permit) => {
                return serve(&mut pipe, service, stream).map(Some);
            }
            Reception::SentAway(mut pipe) => return refuse(&mut pipe, stream).map(|()| None),
            _ => return Ok(None),
        }
    }
}

/// Serves a session to its end.
fn serve(pipe: &mut Pipe<Session>, service: &Service, stream: &TcpStream) -> io::Result<Ending> {
    stream.set_nodelay(true)?;
    let started = Instant::now();
    let (mut armed, mut silence) = (None, Silence::default());
    loop {
        match pipe.connection().advance() {
            Next::Close(ending) => {
                // In TLS, its end is still to be said.
                while pipe.wants_write() && write(pipe, stream).is_ok() {}
                close(stream);
                return Ok(ending);
            }
            Next::Wait(duration) => {
                std::thread::sleep(duration);
                pipe.connection().waited();
            }
            Next::Work(work) => pipe.connection().done(work.run()),
            Next::StartTls => service.start_tls(pipe),
            _ if pipe.pump() => {}
            _ => {
                let limit = limit(pipe, started, &mut silence);
                // A client that never pauses never lets a read time out.
                if limit.is_some_and(|limit| limit.is_zero()) {
                    pipe.connection().connection().timed_out();
                    continue;
                }
                if limit != armed {
                    stream.set_read_timeout(limit)?;
                    stream.set_write_timeout(limit)?;
                    armed = limit;
                }
                transport(pipe, stream);
                silence.pause(Instant::now());
            }
        }
    }
}

/// How long the socket may block: what is left of the time to get on, or of the time to log in; zero
/// when nothing is left.
fn limit(pipe: &mut Pipe<Session>, started: Instant, silence: &mut Silence) -> Option<Duration> {
    let connection = pipe.connection().connection();
    let now = Instant::now();
    let idle = silence.until(connection.progress(), connection.idle_limit(), now);
    let login = connection.login_limit().and_then(|limit| started.checked_add(limit));
    let until = [idle, login].into_iter().flatten().min()?;
    Some(until.saturating_duration_since(now))
}

/// Writes what is to be written; if that is nothing, reads.
fn transport(pipe: &mut Pipe<Session>, mut stream: &TcpStream) {
    let moved = if pipe.wants_write() {
        write(pipe, stream)
    } else {
        stream.read(pipe.read_buffer()).map(|read| match read {
            0 => pipe.closed(),
            read => pipe.filled(read),
        })
    };
    match moved.map_err(|error| error.kind()) {
        Ok(()) | Err(io::ErrorKind::Interrupted) => {}
        Err(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            pipe.connection().connection().timed_out();
        }
        Err(_) => pipe.connection().connection().hung_up(),
    }
}

fn write(pipe: &mut Pipe<Session>, mut stream: &TcpStream) -> io::Result<()> {
    let mut transmit = pipe.transmit();
    let written = stream.write(transmit.chunk())?;
    transmit.advance(written);
    Ok(())
}

/// Tells a client that it cannot be served, without waiting for it.
pub(crate) fn refuse(pipe: &mut Pipe<Session>, stream: &TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(REFUSAL_LIMIT))?;
    while let Next::Transport = pipe.connection().advance() {
        transport(pipe, stream);
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
