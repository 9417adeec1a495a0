//! One session over one stream.

use std::future::{pending, poll_fn};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{io, mem};

use async_io::Timer;
use async_std::io::ReadExt;
use async_std::task::yield_now;
use blocking::unblock;
use futures_io::{AsyncRead, AsyncWrite};
use pop3_maildrop::{Done, Door, Lobby, Next, Reception, Service, Session, Work};
use pop3_proto::Pipe;
use pop3_proto::bytes::Buf;
use pop3_proto::server::Ending;
use tracing::{Span, debug, info, warn};

use crate::alarm::{Alarm, timeout};
use crate::cut::Cut;

/// How long a refused client may take to read why.
const REFUSAL_LIMIT: Duration = Duration::from_millis(100);

/// Closes the half of a stream that is written to, where [`AsyncWrite::poll_close`] does not.
pub(crate) type HalfClose<S> = fn(&S) -> io::Result<()>;

/// Serves a client over a stream that is brought along, such as a Unix socket, and tells how its
/// session ended; `None` if there was none, because there was no place for one.
///
/// The address counts at the service's [gate](Service::gate). A client from nowhere is taken for
/// one on this machine, whose passwords are taken in clear text: what comes out of an encrypted
/// stream is best served so.
///
/// Dropping the future ends the session and removes nothing, except that letters which are being
/// removed by a blocking store already are removed.
///
/// # Errors
/// When a store has panicked.
///
/// ```
/// use std::sync::Arc;
/// use pop3_async_std::{Client, Options, serve_stream};
/// use pop3_maildrop::{Service, memory::MemoryMaildrops};
/// use smol::net::unix::UnixStream;
///
/// # smol::block_on(async {
/// let office = Arc::new(MemoryMaildrops::new());
/// let service = Service::new(office.clone(), office);
/// let (here, there) = UnixStream::pair()?;
/// let serving = smol::spawn(async move { serve_stream(there, None, &service).await });
///
/// Client::with_stream(here, &Options::default()).await?.quit().await?;
/// assert!(serving.await?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub async fn serve_stream<S>(
    stream: S,
    peer: Option<IpAddr>,
    service: &Service,
) -> io::Result<Option<Ending>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let received = service.receive(peer, Door::PLAIN);
    attend(stream, |_| Ok(()), received, service, Cut::when(pending())).await
}

/// Sees to a client that was received: how its session ended, unless there was none.
pub(crate) async fn attend<S>(
    mut stream: S,
    half_close: HalfClose<S>,
    mut received: Reception,
    service: &Service,
    mut cut: Cut,
) -> io::Result<Option<Ending>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let until = Instant::now() + Lobby::LIMIT;
    loop {
        received = match received {
            Reception::Announced(lobby) => {
                let mut header = [0; 1_024];
                let left = until.saturating_duration_since(Instant::now());
                let read = timeout(left, stream.read(&mut header));
                match cut.unless(read).await {
                    None => Reception::Closed,
                    Some(read) => match read?? {
                        0 => Reception::Closed,
                        read => lobby.push(header.get(..read).unwrap_or_default()),
                    },
                }
            }
            Reception::Welcome(pipe, _permit) => {
                return Serving::new(stream, half_close, pipe, cut).run(service).await.map(Some);
            }
            Reception::SentAway(pipe) => {
                // Whether it has read why does not matter.
                let _ = timeout(
                    REFUSAL_LIMIT,
                    Serving::new(stream, half_close, pipe, cut).run(service),
                )
                .await;
                return Ok(None);
            }
            _ => return Ok(None),
        }
    }
}

/// Tells the log how a client was served.
pub(crate) fn tell(served: &io::Result<Option<Ending>>) {
    match served {
        Ok(Some(ending)) => info!(%ending, "session ended"),
        Ok(None) => debug!("sent away"),
        Err(error) => warn!(%error, "session failed"),
    }
}

/// A session, its stream, and what it waits for besides.
struct Serving<S> {
    stream: S,
    half_close: HalfClose<S>,
    pipe: Box<Pipe<Session>>,
    cut: Cut,
    started: Instant,
    /// When the last octet went in either direction.
    moved: Instant,
    /// How long a silence may last, as far as that is known.
    idle_limit: Duration,
    alarm: Alarm,
    /// Whether the stream may still hold back what was written.
    unflushed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Serving<S> {
    fn new(stream: S, half_close: HalfClose<S>, pipe: Box<Pipe<Session>>, cut: Cut) -> Self {
        let started = Instant::now();
        Self {
            stream,
            half_close,
            pipe,
            cut,
            started,
            moved: started,
            idle_limit: REFUSAL_LIMIT,
            alarm: Alarm::default(),
            unflushed: false,
        }
    }

    /// Serves the session to its end.
    async fn run(mut self, service: &Service) -> io::Result<Ending> {
        loop {
            match self.pipe.connection().advance() {
                Next::Close(ending) => {
                    self.close(ending).await;
                    return Ok(ending);
                }
                Next::Wait(duration) => match self.cut.unless(Timer::after(duration)).await {
                    Some(_) => self.pipe.connection().waited(),
                    None => self.hung_up(),
                },
                Next::Work(work) => {
                    let done = self.done(work).await?;
                    self.pipe.connection().done(done);
                }
                Next::StartTls => service.start_tls(&mut self.pipe),
                _ if self.pipe.pump() => {}
                _ => {
                    poll_fn(|context| self.poll_transport(context)).await;
                    // A client that never pauses leaves the others their turn.
                    yield_now().await;
                }
            }
        }
    }

    fn hung_up(&mut self) {
        self.pipe.connection().connection().hung_up();
    }

    /// What comes of a piece of work, which is waited for whatever happens: it may be removing
    /// letters.
    async fn done(&mut self, work: Work) -> io::Result<Done> {
        if !work.is_blocking() {
            return Ok(self.meanwhile(work.run_async()).await);
        }
        let span = Span::current();
        // A panic there ends this session and nothing else; the work is lost in it either way.
        let run = AssertUnwindSafe(move || span.in_scope(|| work.run()));
        let done = self.meanwhile(unblock(|| catch_unwind(run))).await;
        done.map_err(|_| io::Error::other("a store has panicked"))
    }

    /// Writes what waits while something else is done.
    async fn meanwhile<T>(&mut self, something: impl Future<Output = T>) -> T {
        let mut something = pin!(something);
        poll_fn(|context| {
            let done = something.as_mut().poll(context);
            if done.is_pending() && self.write(context).is_err() {
                self.hung_up();
            }
            done
        })
        .await
    }

    /// Waits until octets have moved, or never will again. No buffer is kept for those that have
    /// not come.
    fn poll_transport(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.cut.poll(context).is_ready() {
            self.hung_up();
            return Poll::Ready(());
        }
        let Ok(moved) = self.write(context).and_then(|wrote| Ok(self.read(context)? || wrote))
        else {
            self.hung_up();
            return Poll::Ready(());
        };
        if let Some(at) = self.deadline()
            && self.alarm.poll(at, context).is_ready()
        {
            self.pipe.connection().connection().timed_out();
            return Poll::Ready(());
        }
        if moved {
            return Poll::Ready(());
        }
        self.pipe.connection().connection().release_buffers();
        Poll::Pending
    }

    /// When the client will have been silent for too long, or will have taken too long to log in.
    fn deadline(&mut self) -> Option<Instant> {
        let connection = self.pipe.connection().connection();
        let (idle, login) = (connection.idle_limit(), connection.login_limit());
        self.idle_limit = idle.unwrap_or(self.idle_limit);
        // A limit beyond all time is none.
        let idle = idle.and_then(|limit| self.moved.checked_add(limit));
        let login = login.and_then(|limit| self.started.checked_add(limit));
        idle.into_iter().chain(login).min()
    }

    /// Writes as much as the stream takes now; whether that was anything.
    fn write(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let mut moved = false;
        while self.pipe.wants_write() {
            let mut transmit = self.pipe.transmit();
            match Pin::new(&mut self.stream).poll_write(context, transmit.chunk())? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(written) => transmit.advance(written),
                Poll::Pending => return Ok(moved),
            }
            (moved, self.unflushed, self.moved) = (true, true, Instant::now());
        }
        if self.unflushed {
            let flushed = Pin::new(&mut self.stream).poll_flush(context)?;
            self.unflushed = flushed.is_pending();
        }
        Ok(moved)
    }

    /// Reads what has come; whether that was anything, be it the end.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        if !self.pipe.wants_read() {
            return Ok(false);
        }
        match Pin::new(&mut self.stream).poll_read(context, self.pipe.read_buffer())? {
            Poll::Ready(0) => self.pipe.closed(),
            Poll::Ready(read) => self.pipe.filled(read),
            Poll::Pending => return Ok(false),
        }
        self.moved = Instant::now();
        Ok(true)
    }

    /// Closes so that what was sent last still arrives: closing a socket with unread input would
    /// reset the connection and with it the goodbye.
    async fn close(&mut self, ending: Ending) {
        let limit = match ending {
            Ending::Hangup | Ending::TimedOut => REFUSAL_LIMIT,
            _ => self.idle_limit,
        };
        let mut cut = mem::replace(&mut self.cut, Cut::when(pending()));
        // The session is over, however this goes.
        let closing = async {
            // In TLS, its end is still to be said.
            let _ = timeout(limit, poll_fn(|context| self.poll_written(context))).await;
            let _ = timeout(REFUSAL_LIMIT, self.drain()).await;
        };
        cut.unless(closing).await;
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context)?;
        match self.pipe.wants_write() || self.unflushed {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }

    async fn drain(&mut self) -> io::Result<()> {
        poll_fn(|context| Pin::new(&mut self.stream).poll_close(context)).await?;
        (self.half_close)(&self.stream)?;
        let mut rest = [0; 4_096];
        while self.stream.read(&mut rest).await? > 0 {}
        Ok(())
    }
}
