//! The server's state machine.

use alloc::collections::VecDeque;
use core::fmt;
use core::time::Duration;

use crate::auth::{Channel, Timestamp};
use crate::capability::Capabilities;
use crate::command::Mechanism;
use crate::keyword::Keyword;
use crate::line::{Line, LineReader};
use crate::reply::{CodeKind, Reply, ResponseCode, ScanListing, UniqueIdListing};
use crate::server::action::{Action, Ending, Identity};
use crate::server::answer::Refusal;
use crate::server::config::Config;
use crate::server::language::Language;
use crate::server::remark::Remark;
use crate::server::sending::Sending;
use crate::server::snapshot::Snapshot;
use crate::state::State;
use crate::text::Text;
use crate::types::UserName;
use crate::wire::{Input, Output, Transmit};

/// A server's session as a state machine: it never touches a socket, a clock or a thread.
///
/// Its methods come in four kinds. Any order of calls is lawful, and nothing is lost by calling
/// too often; [`poll`](Self::poll) is worth a call after everything else, also after octets were
/// sent.
///
/// | kind | methods |
/// |---|---|
/// | in  | [`read_buffer`](Self::read_buffer) with [`filled`](Self::filled), [`receive`](Self::receive), [`closed`](Self::closed), [`timed_out`](Self::timed_out), [`hung_up`](Self::hung_up), [`tls_started`](Self::tls_started), [`already_in_tls`](Self::already_in_tls) |
/// | out | [`transmit`](Self::transmit), [`poll`](Self::poll) |
/// | ask | [`wants_read`](Self::wants_read), [`wants_write`](Self::wants_write), [`wants_message`](Self::wants_message), [`idle_limit`](Self::idle_limit), [`progress`](Self::progress), [`login_limit`](Self::login_limit), [`wants_tls`](Self::wants_tls), [`is_in_tls`](Self::is_in_tls), [`channel`](Self::channel), [`state`](Self::state), [`is_utf8`](Self::is_utf8), [`language`](Self::language), [`is_over`](Self::is_over) |
/// | act | [`authenticated`](Self::authenticated), [`challenge`](Self::challenge), [`refused_because`](Self::refused_because), [`opened`](Self::opened), [`message`](Self::message), [`message_complete`](Self::message_complete), [`message_failed`](Self::message_failed), [`committed`](Self::committed), [`waited`](Self::waited), [`extension_answered`](Self::extension_answered), [`capabilities_mut`](Self::capabilities_mut), [`allow_xclient`](Self::allow_xclient), [`release_buffers`](Self::release_buffers) |
///
/// No command is looked at while another is being answered, or while more than
/// [`Config::high_water`] octets wait to be sent.
pub struct Connection {
    pub(super) config: Config,
    pub(super) identity: Identity,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) input: Input,
    pub(super) lines: LineReader,
    /// How many lines came.
    heard: u64,
    pub(super) output: Output,
    pub(super) actions: VecDeque<Action>,
    pub(super) state: State,
    pub(super) doing: Doing,
    /// The name of a USER that was the last command.
    pub(super) user: Option<UserName>,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) failed_logins: u32,
    pub(super) bad_commands: u32,
    pub(super) forgiven: u64,
    /// What is known of the TLS session, once in TLS.
    pub(super) channel: Option<Channel>,
    pub(super) utf8: bool,
    /// The language of the remarks.
    pub(super) language: Language,
    pub(super) xclient_allowed: bool,
    /// How the session ends as soon as everything is sent.
    pub(super) ending: Option<Ending>,
    eof: bool,
    over: bool,
}

/// What is being done for the client.
#[derive(Debug)]
pub(super) enum Doing {
    /// Nothing: the next command may be looked at.
    Listening,
    /// The host has an action to answer.
    Asking(Asked),
    /// The client has a challenge to respond to.
    Challenged(Mechanism),
    /// The client was told in a challenge why its login fails, and has one more word.
    Explained,
    /// A listing is being sent, from this position on.
    Listing(Listed, usize),
    /// A message is being sent.
    Sending(Sending),
    /// TLS is being started; whether the host was told.
    Handshake { told: bool },
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Authenticate,
    Sasl(Mechanism),
    Open,
    Commit { marked: usize },
    Wait { reply: Reply },
    Extension,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Listed {
    Scan,
    UniqueId,
}

impl Connection {
    /// A session that begins with its greeting. A timestamp offers APOP: make a fresh one for each
    /// session, and hand it in only when somebody can use it (RFC 1939, section 7).
    #[must_use]
    pub fn new(config: Config, timestamp: Option<Timestamp>) -> Self {
        let greeting = Reply::ok(greeting(&config.greeting, timestamp.as_ref()));
        Self::begin(config, timestamp, &greeting)
    }

    /// A session that is nothing but a refusal of service, such as `[SYS/TEMP]` when there are too
    /// many.
    #[must_use]
    pub fn refused(config: Config, refusal: Refusal) -> Self {
        let greeting = promised(&config, refusal.reply(&Language::default_language()));
        let mut connection = Self::begin(config, None, &greeting);
        connection.ending = Some(Ending::Refused);
        connection
    }

    fn begin(config: Config, timestamp: Option<Timestamp>, greeting: &Reply) -> Self {
        let size = config.read_buffer.max(config.command_line).get();
        let mut output = Output::default();
        greeting.encode(&mut output.buffer);
        Self {
            config,
            identity: Identity::default(),
            timestamp,
            input: Input::new(size),
            lines: LineReader::default(),
            heard: 0,
            output,
            actions: VecDeque::new(),
            state: State::Authorization,
            doing: Doing::Listening,
            user: None,
            snapshot: None,
            failed_logins: 0,
            bad_commands: 0,
            forgiven: 0,
            channel: None,
            utf8: false,
            language: Language::default_language(),
            xclient_allowed: false,
            ending: None,
            eof: false,
            over: false,
        }
    }

    // ---- in ----

    /// Lends the connection's own buffer, to read from the transport straight into it; then tell
    /// [`filled`](Self::filled) how much was read. Empty while the client is held back, and after
    /// the end.
    pub fn read_buffer(&mut self) -> &mut [u8] {
        if self.wants_read() { self.input.room() } else { &mut [] }
    }

    /// Says that this many octets were read into the [`read_buffer`](Self::read_buffer).
    pub fn filled(&mut self, octets: usize) {
        if self.wants_read() {
            self.input.fill(octets);
        }
    }

    /// Copies octets in, and says how many there was room for; the others are to come again later.
    /// Never an error.
    pub fn receive(&mut self, octets: &[u8]) -> usize {
        if self.wants_read() { self.input.receive(octets) } else { 0 }
    }

    /// Says that the client has closed its side. Commands that came before are still answered; one
    /// whose line end is missing is not.
    pub fn closed(&mut self) {
        self.eof = true;
    }

    /// Says that a limit of time has passed: the session ends without a word and without removing
    /// anything (RFC 1939, section 3).
    pub fn timed_out(&mut self) {
        self.abort(Ending::TimedOut);
    }

    /// Says that the transport has failed, or that the host wants no more of this session: it ends
    /// without a word and without removing anything.
    pub fn hung_up(&mut self) {
        self.abort(Ending::Hangup);
    }

    /// Says that the TLS handshake is done. Everything from before is forgotten: octets, a user
    /// name without its password, UTF-8 mode and the language of the remarks, since it may be
    /// somebody else's doing (RFC 2595, section 4). Without effect when none was begun.
    pub fn tls_started(&mut self, channel: Channel) {
        if matches!(self.doing, Doing::Handshake { told: true }) {
            self.input.clear();
            self.user = None;
            self.channel = Some(channel);
            self.forget_international();
            self.doing = Doing::Listening;
        }
    }

    /// Says that the transport was encrypted from the start, so that STLS is out of place.
    pub fn already_in_tls(&mut self, channel: Channel) {
        self.channel = Some(channel);
    }

    // ---- out ----

    /// What is to be sent now; advance it by what the transport took.
    pub fn transmit(&mut self) -> Transmit<'_> {
        Transmit(&mut self.output)
    }

    /// The next action, or none until something is received, sent or answered.
    pub fn poll(&mut self) -> Option<Action> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if self.over {
                return None;
            }
            if let Some(ending) = self.ending {
                if !self.output.is_empty() {
                    return None;
                }
                self.over = true;
                return Some(Action::Close(ending));
            }
            if !self.go_on() {
                return None;
            }
        }
    }

    // ---- ask ----

    /// Whether there is room for octets from the client.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let shaking_hands = matches!(self.doing, Doing::Handshake { .. });
        self.is_open() && !self.eof && !shaking_hands && self.input.has_room()
    }

    /// Whether there is something to send.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        !self.output.is_empty()
    }

    /// Whether a message is being handed over and more of it can be taken now.
    #[must_use]
    pub fn wants_message(&self) -> bool {
        matches!(self.doing, Doing::Sending(_)) && !self.is_above_high_water()
    }

    /// How long the client may take to get on, counted from the last change of its
    /// [`progress`](Self::progress); then call [`timed_out`](Self::timed_out). `None` while the host
    /// has an action to answer, and after the end.
    #[must_use]
    pub fn idle_limit(&self) -> Option<Duration> {
        let host_is_asked = matches!(self.doing, Doing::Asking(_) | Doing::Sending(_));
        let asking = host_is_asked && self.output.is_empty();
        (!self.over && !asking).then_some(self.config.idle_limit)
    }

    /// A number that changes whenever the client gets on: when a line has come to its end, and when
    /// 512 octets, or all that waited, were taken from [`transmit`](Self::transmit). So nobody
    /// keeps a session by an octet now and then; RFC 1939, section 3, has commands restart the timer.
    #[must_use]
    pub const fn progress(&self) -> u64 {
        self.heard.wrapping_add(self.output.progress.steps())
    }

    /// How long the client may take to log in, counted from the start of the session; then call
    /// [`timed_out`](Self::timed_out). `None` once it has.
    #[must_use]
    pub fn login_limit(&self) -> Option<Duration> {
        (self.is_open() && self.state == State::Authorization).then_some(self.config.login_limit)
    }

    /// Whether [`Action::Close`] was given: nothing more is read or sent.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// How many command lines were taken although they ended with a bare LF, or had spaces where
    /// none belong; see [`Tolerance`](super::Tolerance).
    #[must_use]
    pub const fn forgiven(&self) -> u64 {
        self.forgiven
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

    /// Whether STLS was accepted, so that the TLS handshake is to be done now; as
    /// [`Action::StartTls`] says, too.
    #[must_use]
    pub const fn wants_tls(&self) -> bool {
        matches!(self.doing, Doing::Handshake { told: true }) && self.is_open()
    }

    /// Where the session is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    // ---- act (the answers to actions stand in a file of their own) ----

    /// What CAPA tells from now on. It decides as [`Config::capabilities`] does: a host that knows
    /// its user tells the exact LOGIN-DELAY or EXPIRE after login (RFC 2449, sections 6.5 and 6.7).
    pub const fn capabilities_mut(&mut self) -> &mut Capabilities {
        &mut self.config.capabilities
    }

    /// Gives back the memory of buffers that hold nothing, for a wait that can take minutes: a
    /// session that stands idle is small. Not between [`read_buffer`](Self::read_buffer) and
    /// [`filled`](Self::filled).
    pub fn release_buffers(&mut self) {
        self.input.release();
        self.output.release();
    }

    // ---- within ----

    const fn is_open(&self) -> bool {
        self.ending.is_none()
    }

    fn is_above_high_water(&self) -> bool {
        self.output.len() >= self.config.high_water.get()
    }

    /// Does the next thing that needs neither the host nor the client; `false` when there is none.
    fn go_on(&mut self) -> bool {
        if self.is_above_high_water() {
            return false;
        }
        match self.doing {
            Doing::Asking(_) | Doing::Sending(_) => false,
            Doing::Handshake { .. } if self.eof => {
                self.ending = Some(Ending::Hangup);
                true
            }
            Doing::Handshake { told } => {
                let tell = !told && self.output.is_empty();
                if tell {
                    self.doing = Doing::Handshake { told: true };
                    self.actions.push_back(Action::StartTls);
                }
                tell
            }
            Doing::Listing(listed, from) => {
                self.list_on(listed, from);
                true
            }
            Doing::Listening | Doing::Challenged(_) | Doing::Explained => self.listen(),
        }
    }

    fn listen(&mut self) -> bool {
        // What begins a line decides how long it may be.
        self.lines.catch_up(&mut self.input);
        let long_auth = self.config.tolerance.long_auth && begins_auth(self.input.octets());
        let limit = if long_auth || matches!(self.doing, Doing::Challenged(_) | Doing::Explained) {
            self.config.sasl_response.max(self.config.command_line)
        } else {
            self.config.command_line
        };
        self.input.resize(self.config.read_buffer.max(limit).get());
        let next = self.lines.next(&mut self.input, limit.get());
        self.heard += u64::from(!matches!(next, Line::Incomplete));
        match next {
            Line::Complete { mut line, crlf } => {
                match core::mem::replace(&mut self.doing, Doing::Listening) {
                    Doing::Challenged(mechanism) => self.response(mechanism, &line, crlf),
                    Doing::Explained => self.refuse_login(Refusal::Credentials),
                    _ => self.command_line(&line, crlf),
                }
                // The line may have held a password.
                zeroize::Zeroize::zeroize(&mut line[..]);
                true
            }
            Line::TooLong => {
                self.user = None;
                match core::mem::replace(&mut self.doing, Doing::Listening) {
                    Doing::Explained => self.refuse_login(Refusal::Credentials),
                    _ => self.bad_command(&Remark::LineTooLong),
                }
                true
            }
            Line::Incomplete if self.eof => {
                self.ending = Some(Ending::Hangup);
                true
            }
            Line::Incomplete => false,
        }
    }

    /// Sends the lines of a listing up to the high-water mark.
    fn list_on(&mut self, listed: Listed, mut from: usize) {
        self.doing = Doing::Listening;
        let Some(snapshot) = &self.snapshot else { return };
        let out = &mut self.output.buffer;
        while out.len() < self.config.high_water.get() {
            let Some((number, message)) = snapshot.next_from(from) else {
                out.extend_from_slice(b".\r\n");
                return;
            };
            match listed {
                Listed::Scan => ScanListing { number, octets: message.octets }.encode(out),
                Listed::UniqueId => UniqueIdListing::encode_parts(number, &message.unique_id, out),
            }
            out.extend_from_slice(b"\r\n");
            from = number.index() + 1;
        }
        self.doing = Doing::Listing(listed, from);
    }

    /// Ends the session at once: what was to be sent is not. A session that was about to end
    /// does so for the reason that it had, without waiting for its last words to be sent.
    pub(super) fn abort(&mut self, ending: Ending) {
        if !self.over {
            self.ending.get_or_insert(ending);
            self.output.clear();
            self.actions.clear();
            self.doing = Doing::Listening;
        }
    }
}

/// Whether a line begins with AUTH and an argument.
fn begins_auth(line: &[u8]) -> bool {
    let auth = Keyword::Auth.as_str().as_bytes();
    line.split_at_checked(auth.len())
        .is_some_and(|(keyword, rest)| keyword.eq_ignore_ascii_case(auth) && rest.starts_with(b" "))
}

/// The text of a greeting: angle brackets belong to the timestamp alone, and it is never what is
/// cut off when the line is too long (RFC 2449, section 3).
fn greeting(text: &Text, timestamp: Option<&Timestamp>) -> Text {
    let mut greeting = text.as_bytes().to_vec();
    for octet in &mut greeting {
        match octet {
            b'<' => *octet = b'(',
            b'>' => *octet = b')',
            _ => {}
        }
    }
    if let Some(timestamp) = timestamp.map(Timestamp::as_str) {
        greeting.truncate(Reply::MAX - "+OK  \r\n".len() - timestamp.len());
        if !greeting.is_empty() {
            greeting.push(b' ');
        }
        greeting.extend_from_slice(timestamp.as_bytes());
    }
    Text::new(greeting).unwrap_or_default()
}

/// A status line without its response code where that was not promised
/// (RFC 2449, section 8; RFC 3206, section 6).
pub(super) fn promised(config: &Config, mut reply: Reply) -> Reply {
    let of_rfc_3206 = |code: &ResponseCode| {
        use CodeKind::{Auth, Sys, SysPerm, SysTemp};
        matches!(code.kind(), Auth | Sys | SysPerm | SysTemp)
    };
    let codes = config.capabilities.has("RESP-CODES");
    let codes_of_rfc_3206 = codes && config.capabilities.has("AUTH-RESP-CODE");
    reply.code =
        reply.code.filter(|code| if of_rfc_3206(code) { codes_of_rfc_3206 } else { codes });
    reply
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("state", &self.state)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
