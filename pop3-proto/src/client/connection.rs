//! The client's state machine.

use alloc::collections::VecDeque;
use core::fmt;
use core::time::Duration;

use bytes::BytesMut;

use crate::auth::{Channel, Timestamp};
use crate::capability::Capabilities;
use crate::client::config::Config;
use crate::client::error::{Error, Unfinished, Unsent};
use crate::client::event::{CommandId, Event, Quirk};
use crate::client::reading::Reading;
use crate::command::Command;
use crate::error::{ApiMisuse, Rule};
use crate::keyword::Keyword;
use crate::line::LineReader;
use crate::progress::Progress;
use crate::state::{self, Behind, Shape, State};
use crate::wire::{Input, Output, Transmit};

/// A client's session as a state machine: it never touches a socket, a clock or a thread.
///
/// Its methods come in four kinds. Any order of calls is lawful, and nothing is lost by calling
/// too often.
///
/// | kind | methods |
/// |---|---|
/// | in  | [`read_buffer`](Self::read_buffer) with [`filled`](Self::filled), [`receive`](Self::receive), [`closed`](Self::closed), [`timed_out`](Self::timed_out), [`tls_started`](Self::tls_started), [`already_in_tls`](Self::already_in_tls) |
/// | out | [`transmit`](Self::transmit), [`poll`](Self::poll) |
/// | ask | [`wants_read`](Self::wants_read), [`wants_write`](Self::wants_write), [`idle_limit`](Self::idle_limit), [`progress`](Self::progress), [`wants_tls`](Self::wants_tls), [`is_in_tls`](Self::is_in_tls), [`channel`](Self::channel), [`timestamp`](Self::timestamp), [`state`](Self::state), [`capabilities`](Self::capabilities), [`error`](Self::error), [`is_over`](Self::is_over), [`quirks`](Self::quirks), [`pending`](Self::pending), [`has_queue_room`](Self::has_queue_room) |
/// | act | [`send`](Self::send), [`respond`](Self::respond), [`abandon_body`](Self::abandon_body) |
///
/// Commands are released one at a time until CAPA has shown PIPELINING, then within a window;
/// nothing is sent before the greeting, and nothing behind PASS, APOP, AUTH, STLS or QUIT before
/// their reply has come.
pub struct Connection {
    pub(super) config: Config,
    pub(super) input: Input,
    pub(super) lines: LineReader,
    pub(super) reading: Reading,
    pub(super) events: VecDeque<Event>,
    pub(super) state: State,
    pub(super) capabilities: Option<Capabilities>,
    /// Commands on the wire whose answers have not ended, in order.
    pub(super) awaited: VecDeque<Awaited>,
    pub(super) abandoned: bool,
    output: Output,
    pub(super) progress: Progress,
    /// Commands that wait for their release, in order.
    queue: VecDeque<(CommandId, Command)>,
    next_id: u64,
    awaited_octets: usize,
    quitting: bool,
    /// How many STLS wait to be sent or to be answered.
    pending_stls: usize,
    challenged: bool,
    eof: bool,
    /// Whether UTF8 was sent and has not been refused.
    pub(super) utf8: bool,
    quirks: u32,
    pub(super) timestamp: Option<Timestamp>,
    /// What is known of the TLS session, once in TLS.
    channel: Option<Channel>,
    pub(super) outcome: Option<Result<(), Error>>,
}

/// A command on the wire, as far as its answer needs to know it.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) id: CommandId,
    pub(super) name: alloc::borrow::Cow<'static, str>,
    pub(super) keyword: Option<Keyword>,
    pub(super) shape: Shape,
    behind: Behind,
    octets: usize,
}

impl Connection {
    /// A connection that waits for its greeting.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let size = config.read_buffer.max(config.reply_line).get();
        Self {
            config,
            input: Input::new(size),
            lines: LineReader::default(),
            reading: Reading::Greeting,
            events: VecDeque::new(),
            state: State::Authorization,
            capabilities: None,
            awaited: VecDeque::new(),
            abandoned: false,
            output: Output::wiping(),
            progress: Progress::default(),
            queue: VecDeque::new(),
            next_id: 0,
            awaited_octets: 0,
            quitting: false,
            pending_stls: 0,
            challenged: false,
            eof: false,
            utf8: false,
            quirks: 0,
            timestamp: None,
            channel: None,
            outcome: None,
        }
    }

    // ---- in ----

    /// Lends the connection's own buffer, to read from the transport straight into it; then tell
    /// [`filled`](Self::filled) how much was read. Empty while what came before waits for
    /// [`poll`](Self::poll), and after the end.
    pub fn read_buffer(&mut self) -> &mut [u8] {
        if self.wants_read() { self.input.room() } else { &mut [] }
    }

    /// Says that this many octets were read into the [`read_buffer`](Self::read_buffer).
    pub fn filled(&mut self, octets: usize) {
        if self.wants_read() {
            self.input.fill(octets);
            self.progress.octets(octets);
        }
    }

    /// Copies octets in, and says how many there was room for; the others are to come again after
    /// [`poll`](Self::poll). Never an error.
    pub fn receive(&mut self, octets: &[u8]) -> usize {
        if !self.wants_read() {
            return 0;
        }
        let taken = self.input.receive(octets);
        self.progress.octets(taken);
        taken
    }

    /// Says that the server has closed its side. What came before is still worth a
    /// [`poll`](Self::poll).
    pub fn closed(&mut self) {
        self.eof = true;
    }

    /// Says that a silence has lasted for [`idle_limit`](Self::idle_limit): the session fails.
    pub fn timed_out(&mut self) {
        let unfinished = self.unfinished();
        self.finish(Err(Error::TimedOut(unfinished)));
    }

    /// Says that the TLS handshake is done. Everything that was known from before is forgotten:
    /// octets, capabilities (RFC 2595, section 4). Without effect when no STLS was accepted.
    pub fn tls_started(&mut self, channel: Channel) {
        if !matches!(self.reading, Reading::Handshake) || self.is_over() {
            return;
        }
        if !self.input.is_empty() {
            if !self.config.tolerance.behind_stls {
                return self.violated(Rule::BehindStls, &[]);
            }
            self.note(Quirk::BehindStls);
        }
        self.input.clear();
        self.capabilities = None;
        self.channel = Some(channel);
        self.reading = Reading::Status;
        self.progress.step();
        self.release();
    }

    /// Says that the transport was encrypted from the start (RFC 8314, section 3).
    pub fn already_in_tls(&mut self, channel: Channel) {
        self.channel = Some(channel);
    }

    // ---- out ----

    /// What is to be sent now; advance it by what the transport took.
    pub fn transmit(&mut self) -> Transmit<'_> {
        self.release();
        Transmit(&mut self.output)
    }

    /// The next event, or none until more is received.
    pub fn poll(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.outcome.is_some() {
                return None;
            }
            if !self.read_on() {
                if !self.eof {
                    return None;
                }
                let unfinished = self.unfinished();
                self.finish(Err(Error::Eof(unfinished)));
            }
        }
    }

    // ---- ask ----

    /// Whether there is room for octets from the server.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let listening = !self.eof && !matches!(self.reading, Reading::Handshake);
        self.outcome.is_none() && listening && self.input.has_room()
    }

    /// Whether there is something to send.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        !self.output.is_empty() || self.is_next_released()
    }

    /// How long the server may take to get on, counted from the last change of its
    /// [`progress`](Self::progress); then call [`timed_out`](Self::timed_out). `None` while nothing
    /// is due.
    #[must_use]
    pub fn idle_limit(&self) -> Option<Duration> {
        match (&self.outcome, self.unfinished()) {
            (Some(_), _) | (None, Unfinished::Session) => None,
            (None, Unfinished::Reply(command)) if command == Keyword::Quit.as_str() => {
                Some(self.config.quit_limit)
            }
            (None, _) => Some(self.config.reply_limit),
        }
    }

    /// A number that changes whenever something new is due, a status line or the end of an answer
    /// has come, or 512 octets have. So no server holds a client by an octet now and then.
    #[must_use]
    pub const fn progress(&self) -> u64 {
        self.progress.steps()
    }

    /// Whether STLS was accepted, so that the TLS handshake is to be done now; then call
    /// [`tls_started`](Self::tls_started).
    #[must_use]
    pub const fn wants_tls(&self) -> bool {
        matches!(self.reading, Reading::Handshake) && self.outcome.is_none()
    }

    /// Whether the session is in TLS.
    #[must_use]
    pub const fn is_in_tls(&self) -> bool {
        self.channel.is_some()
    }

    /// What is known of the TLS session, once in TLS.
    #[must_use]
    pub const fn channel(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// The timestamp of the greeting, if it had one: what APOP needs.
    #[must_use]
    pub const fn timestamp(&self) -> Option<&Timestamp> {
        self.timestamp.as_ref()
    }

    /// Where the session is, by the replies that have been polled.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What CAPA told last; `None` when it was not asked or was refused, and again after STLS.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_ref()
    }

    /// Why the session failed, once it has.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.outcome.as_ref().and_then(|outcome| outcome.as_ref().err())
    }

    /// Whether the session has ended, well or badly.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    /// The deviations that were forgiven so far.
    pub fn quirks(&self) -> impl Iterator<Item = Quirk> {
        let met = self.quirks;
        Quirk::ALL.iter().copied().filter(move |quirk| met & quirk.bit() != 0)
    }

    /// How many commands wait to be sent or to be answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len() + self.awaited.len()
    }

    /// Whether another command can be queued.
    #[must_use]
    pub fn has_queue_room(&self) -> bool {
        !self.takes_no_more() && self.pending() < self.config.commands.get()
    }

    /// Whether the session is over, or about to be.
    fn takes_no_more(&self) -> bool {
        self.quitting || self.outcome.is_some() || self.eof
    }

    // ---- act ----

    /// Queues a command; it is sent as soon as the protocol allows.
    ///
    /// # Errors
    /// Gives the command back when it is not lawful in this state, when the queue is full, when
    /// its line would be too long, when it may hold a secret and STLS has yet to be answered, or
    /// when QUIT was sent or the session is over.
    pub fn send(&mut self, command: Command) -> Result<CommandId, Unsent> {
        if let Err(reason) = self.can_send(&command) {
            return Err(Unsent { command: command.into(), reason });
        }
        let id = CommandId(self.next_id);
        self.next_id += 1;
        self.quitting |= command == Command::Quit;
        self.utf8 |= command == Command::Utf8;
        self.pending_stls += usize::from(command == Command::Stls);
        self.queue.push_back((id, command));
        self.progress.step();
        self.release();
        Ok(id)
    }

    /// Whether a command's line is as short as it has to be.
    #[cfg(feature = "sasl")]
    pub(super) fn fits(&self, command: &Command) -> bool {
        command.encoded_len() <= self.config.command_line.get()
    }

    #[cfg(feature = "sasl")]
    pub(super) const fn forgives_challenges(&self) -> bool {
        self.config.tolerance.odd_challenges
    }

    fn can_send(&self, command: &Command) -> Result<(), ApiMisuse> {
        if self.takes_no_more() {
            return Err(ApiMisuse::Over);
        }
        if let Some(keyword) = command.keyword()
            && !state::rule(keyword).lawful_in(self.state)
        {
            return Err(ApiMisuse::WrongState { command: command.name(), state: self.state });
        }
        if command.is_secret() && self.pending_stls > 0 {
            return Err(ApiMisuse::BehindStls { command: command.name() });
        }
        if *command == Command::Stls && self.utf8 {
            return Err(ApiMisuse::StlsBehindUtf8);
        }
        if !self.has_queue_room() {
            return Err(ApiMisuse::QueueFull);
        }
        let octets = command.encoded_len();
        if octets > self.config.command_line.get() {
            return Err(ApiMisuse::LineTooLong { command: command.name(), octets });
        }
        Ok(())
    }

    /// Responds to a challenge of AUTH: Base64, possibly empty, or `*` to cancel
    /// (RFC 5034, section 4).
    ///
    /// # Errors
    /// When no challenge waits, the response is neither Base64 nor `*`, or more than
    /// [`Config::window`] waits to be sent: a server that challenges without reading is not
    /// responded to without end.
    pub fn respond(&mut self, response: &[u8]) -> Result<(), ApiMisuse> {
        let base64 =
            |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
        if !self.challenged || !(response == b"*" || response.iter().all(base64)) {
            return Err(ApiMisuse::NoChallenge);
        }
        if self.output.len() > self.config.window.get() {
            return Err(ApiMisuse::QueueFull);
        }
        self.challenged = false;
        self.progress.step();
        self.output.reserve(response.len() + 2);
        self.output.buffer.extend_from_slice(response);
        self.output.buffer.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// Drops the rest of the message that is being received: it is read to its end, as the
    /// protocol demands, but not told. Without effect when none is being received.
    pub fn abandon_body(&mut self) {
        if matches!(self.reading, Reading::Message(_)) {
            self.abandoned = true;
        }
    }

    // ---- within ----

    /// Sends what the protocol allows to be sent now.
    pub(super) fn release(&mut self) {
        while self.is_next_released() {
            let Some((id, command)) = self.queue.pop_front() else { return };
            let octets = command.encoded_len();
            self.output.reserve(octets);
            command.encode(&mut self.output.buffer);
            self.awaited_octets += octets;
            self.awaited.push_back(Awaited {
                id,
                name: command.name(),
                keyword: command.keyword(),
                shape: command.shape(),
                behind: command.behind(),
                octets,
            });
        }
    }

    /// Whether the first command of the queue may be sent. Those that were answered before they were
    /// on the wire count as well, so that no server makes the output grow by answering in advance.
    fn is_next_released(&self) -> bool {
        let Some((_, command)) = self.queue.front() else { return false };
        let pipelining = self.config.pipelining
            && self.capabilities.as_ref().is_some_and(|list| list.has("PIPELINING"));
        let silent = matches!(self.reading, Reading::Greeting | Reading::Handshake);
        let held = self.awaited.back().is_some_and(|last| last.behind == Behind::Nothing);
        let window = self.config.window.get();
        let fits = |octets| octets + command.encoded_len() <= window;
        let in_turn = self.awaited.is_empty() || pipelining && fits(self.awaited_octets);
        let has_room = self.output.is_empty() || fits(self.output.len());
        !silent && !held && self.outcome.is_none() && in_turn && has_room
    }

    /// Everything about the first awaited command has been told; what comes next is read thus.
    pub(super) fn done(&mut self, next: Reading) {
        if let Some(awaited) = self.awaited.pop_front() {
            self.awaited_octets -= awaited.octets;
            self.pending_stls -= usize::from(awaited.keyword == Some(Keyword::Stls));
            self.events.push_back(Event::Done { id: awaited.id });
        }
        self.abandoned = false;
        self.challenged = false;
        self.reading = next;
        self.progress.step();
        self.release();
    }

    pub(super) fn challenge(&mut self, id: CommandId, challenge: BytesMut) {
        self.challenged = true;
        self.events.push_back(Event::Challenge { id, challenge: challenge.freeze() });
    }

    /// Tells of a quirk, once a session.
    pub(super) fn note(&mut self, quirk: Quirk) {
        if self.quirks & quirk.bit() == 0 {
            self.quirks |= quirk.bit();
            self.events.push_back(Event::Quirk(quirk));
        }
    }

    /// Ends the session, once.
    pub(super) fn finish(&mut self, outcome: Result<(), Error>) {
        if self.outcome.is_none() {
            self.outcome = Some(outcome.clone());
            self.events.push_back(Event::Closed(outcome));
            self.queue.clear();
            self.awaited.clear();
            self.awaited_octets = 0;
            self.challenged = false;
            self.output.clear();
            self.input.clear();
        }
    }

    fn unfinished(&self) -> Unfinished {
        match (&self.reading, self.awaited.front()) {
            (Reading::Greeting, _) => Unfinished::Greeting,
            (Reading::Handshake, _) => Unfinished::Handshake,
            (Reading::Listing { .. } | Reading::Message(_), Some(awaited)) => {
                Unfinished::Content(awaited.name.clone())
            }
            (_, Some(awaited)) => Unfinished::Reply(awaited.name.clone()),
            (_, None) => Unfinished::Session,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("state", &self.state)
            .field("pending", &self.pending())
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
