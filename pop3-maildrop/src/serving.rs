//! One session over one stream of an asynchronous runtime, whichever that is.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pop3_proto::Pipe;
use pop3_proto::adapter::{Silence, Transport};
use pop3_proto::bytes::Buf;
use pop3_proto::server::Ending;
use tracing::{debug, info, warn};

use crate::{Cut, Done, Lobby, Next, Reception, Service, Session, Work};

/// How long a refused client may take to read why.
const REFUSAL_LIMIT: Duration = Duration::from_millis(100);

/// So many times octets may move before other tasks have their turn: a client that never pauses
/// must not keep them from it.
const TURNS: u32 = 32;

/// What a server needs of its runtime besides a [`Transport`].
pub trait Runtime: Transport {
    /// Runs work that [may block](Work::is_blocking) where that does no harm.
    ///
    /// # Errors
    /// When it has panicked.
    fn run(work: Work) -> impl Future<Output = io::Result<Done>> + Send;
}

/// Sees to a client that was received, and tells the log and the caller how its session ended;
/// `None` if there was none.
///
/// Dropping the future ends the session and removes nothing, except that letters which are being
/// removed by a blocking store already are removed.
///
/// # Errors
/// When a store has panicked, or the stream failed before there was a session.
pub async fn attend<T: Runtime>(
    mut transport: T,
    mut received: Reception,
    service: &Service,
    mut cut: Cut,
) -> io::Result<Option<Ending>> {
    let until = transport.now() + Lobby::LIMIT;
    let served = loop {
        received = match received {
            Reception::Announced(lobby) => {
                match cut.unless(header(&mut transport, lobby, until)).await {
                    Some(Ok(received)) => received,
                    Some(Err(error)) => break Err(error),
                    None => Reception::Closed,
                }
            }
            Reception::Welcome(pipe, _permit) => {
                break Serving::new(transport, pipe, cut, None).run(service).await.map(Some);
            }
            Reception::SentAway(pipe) => {
                let limit = Some(transport.now() + REFUSAL_LIMIT);
                // Whether it has read why does not matter.
                let _ = Serving::new(transport, pipe, cut, limit).run(service).await;
                break Ok(None);
            }
            Reception::Closed => break Ok(None),
        }
    };
    match &served {
        Ok(Some(ending)) => info!(%ending, "session ended"),
        Ok(None) => debug!("sent away"),
        Err(error) => warn!(%error, "session failed"),
    }
    served
}

/// Reads more of what a load balancer says first.
async fn header(
    transport: &mut impl Transport,
    lobby: Box<Lobby>,
    until: Instant,
) -> io::Result<Reception> {
    let mut header = [0; 1_024];
    let read = poll_fn(|context| match transport.poll_read(context, &mut header) {
        Poll::Ready(read) => Poll::Ready(read),
        Poll::Pending => transport.poll_alarm(until, context).map(|()| Ok(0)),
    });
    Ok(match read.await? {
        0 => Reception::Closed,
        read => lobby.push(header.get(..read).unwrap_or_default()),
    })
}

/// A session, its stream, and what it waits for besides.
struct Serving<T> {
    transport: T,
    pipe: Box<Pipe<Session>>,
    cut: Cut,
    started: Instant,
    silence: Silence,
    /// By when all has to be over, where that is known.
    end: Option<Instant>,
    /// How long the client may take to get on, as far as that is known.
    idle_limit: Duration,
    /// Whether the stream may still hold back what was written.
    unflushed: bool,
}

impl<T: Runtime> Serving<T> {
    fn new(transport: T, pipe: Box<Pipe<Session>>, cut: Cut, end: Option<Instant>) -> Self {
        let started = transport.now();
        Self {
            transport,
            pipe,
            cut,
            started,
            silence: Silence::default(),
            end,
            idle_limit: REFUSAL_LIMIT,
            unflushed: false,
        }
    }

    /// Serves the session to its end.
    async fn run(mut self, service: &Service) -> io::Result<Ending> {
        let mut turns = 0_u32;
        loop {
            match self.pipe.connection().advance() {
                Next::Close(ending) => {
                    self.close(ending).await;
                    return Ok(ending);
                }
                Next::Wait(duration) => {
                    self.silence.pause(self.transport.now());
                    match self.within(duration, |_, _| Poll::<()>::Pending).await {
                        Err(Unfinished::Cut) => self.hung_up(),
                        _ => self.pipe.connection().waited(),
                    }
                }
                Next::Work(work) => {
                    self.silence.pause(self.transport.now());
                    let done = match work.is_blocking() {
                        true => self.meanwhile(T::run(work)).await?,
                        false => self.meanwhile(work.run_async()).await,
                    };
                    self.pipe.connection().done(done);
                }
                Next::StartTls => service.start_tls(&mut self.pipe),
                _ if self.pipe.pump() => {}
                _ => {
                    poll_fn(|context| self.poll_transport(context)).await;
                    turns += 1;
                    if turns.is_multiple_of(TURNS) {
                        yield_now().await;
                    }
                }
            }
        }
    }

    fn hung_up(&mut self) {
        self.pipe.connection().connection().hung_up();
    }

    /// Writes what waits while something else is done, which is waited for whatever happens: it may
    /// be removing letters.
    async fn meanwhile<R>(&mut self, something: impl Future<Output = R>) -> R {
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
        let moved = self.write(context).and_then(|wrote| Ok(self.read(context)? || wrote));
        // After reading, so that nothing is heeded that was said after the cut.
        let cut = self.cut.poll(context).is_ready();
        let (Ok(moved), false) = (moved, cut) else {
            self.hung_up();
            return Poll::Ready(());
        };
        if let Some(at) = self.deadline()
            && self.transport.poll_alarm(at, context).is_ready()
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

    /// When the client will not have got on for too long, or will have taken too long to log in.
    fn deadline(&mut self) -> Option<Instant> {
        let connection = self.pipe.connection().connection();
        let (idle, login) = (connection.idle_limit(), connection.login_limit());
        self.idle_limit = idle.unwrap_or(self.idle_limit);
        let idle = self.silence.until(connection.progress(), idle, self.transport.now());
        // A limit beyond all time is none.
        let login = login.and_then(|limit| self.started.checked_add(limit));
        [idle, login, self.end].into_iter().flatten().min()
    }

    /// Writes as much as the stream takes now; whether that was anything.
    fn write(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let mut moved = false;
        while self.pipe.wants_write() {
            let mut transmit = self.pipe.transmit();
            match self.transport.poll_write(context, transmit.chunk())? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(written) => transmit.advance(written),
                Poll::Pending => return Ok(moved),
            }
            (moved, self.unflushed) = (true, true);
        }
        if self.unflushed {
            self.unflushed = self.transport.poll_flush(context)?.is_pending();
        }
        Ok(moved)
    }

    /// Reads what has come; whether that was anything, be it the end.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        if !self.pipe.wants_read() {
            return Ok(false);
        }
        match self.transport.poll_read(context, self.pipe.read_buffer())? {
            Poll::Ready(0) => self.pipe.closed(),
            Poll::Ready(read) => self.pipe.filled(read),
            Poll::Pending => return Ok(false),
        }
        Ok(true)
    }

    /// Closes so that what was sent last still arrives: closing a socket with unread input would
    /// reset the connection and with it the goodbye.
    async fn close(&mut self, ending: Ending) {
        let limit = match ending {
            Ending::Hangup | Ending::TimedOut => REFUSAL_LIMIT,
            _ => self.idle_limit,
        };
        // In TLS, its end is still to be said. The session is over, however this goes.
        let written = self.within(limit, Self::poll_written).await;
        if !matches!(written, Err(Unfinished::Cut)) {
            let _ = self.within(REFUSAL_LIMIT, Self::poll_drained).await;
        }
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context)?;
        match self.pipe.wants_write() || self.unflushed {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }

    /// Says that this is all, and waits for the client to have read it.
    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.transport.poll_shutdown(context))?;
        let mut rest = [0; 4_096];
        for _ in 0..TURNS {
            if std::task::ready!(self.transport.poll_read(context, &mut rest))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        // The clock has its turn as well.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// What comes of something within that time, unless the session is cut before.
    async fn within<R>(
        &mut self,
        limit: Duration,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<R>,
    ) -> Result<R, Unfinished> {
        // A limit beyond all time is none.
        let until = self.transport.now().checked_add(limit);
        poll_fn(|context| {
            if let Poll::Ready(done) = poll(self, context) {
                return Poll::Ready(Ok(done));
            }
            if self.cut.poll(context).is_ready() {
                return Poll::Ready(Err(Unfinished::Cut));
            }
            match until {
                Some(until) => self.transport.poll_alarm(until, context),
                None => Poll::Pending,
            }
            .map(|()| Err(Unfinished::Late))
        })
        .await
    }
}

/// Why something was waited for no longer.
enum Unfinished {
    Cut,
    Late,
}

/// Lets other tasks have their turn.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
