//! From a command line to its answer.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::auth::Credentials;
use crate::capability::Capability;
use crate::command::{Command, Extension};
use crate::keyword::Keyword;
use crate::reply::{Reply, ScanListing, UniqueIdListing};
use crate::server::action::{
    Action, AuthenticateTicket, CommitTicket, Ending, ExtensionTicket, FetchTicket, Part,
};
use crate::server::connection::{Asked, Connection, Doing, Listed, promised};
use crate::server::remark::Remark;
use crate::server::sending::Sending;
use crate::server::snapshot::Snapshot;
use crate::state::{self, State};
use crate::types::{MessageNumber, UserName};

impl Connection {
    pub(super) fn command_line(&mut self, line: &[u8], crlf: bool) {
        // PASS is lawful straight after USER alone, so any other line forgets the name.
        let user = self.user.take();
        if !crlf && !self.config.tolerance.bare_lf {
            return self.bad_command(&Remark::LineEnd);
        }
        let command = Command::parse_with(line, self.config.tolerance.spaces);
        let too_long = line.len() + 2 > self.config.command_line.get();
        if command.is_ok() && (!crlf || too_long || Command::parse(line).is_err()) {
            self.forgiven += 1;
        }
        match command {
            Err(error) => self.bad_command(&Remark::Malformed(&error)),
            Ok(command) => match self.lawful(&command) {
                Err(remark) => self.bad_command(&remark),
                Ok(()) => self.command(command, user),
            },
        }
    }

    /// Whether a command may be given here and now.
    fn lawful(&self, command: &Command) -> Result<(), Remark<'static>> {
        let keyword = match (command, command.keyword()) {
            (Command::Extension(extension), _) => return self.lawful_extension(extension),
            (_, Some(keyword)) => keyword,
            (_, None) => return Err(Remark::Unknown),
        };
        let rule = state::rule(keyword);
        let offered = match keyword {
            Keyword::Apop => self.timestamp.is_some(),
            Keyword::Stls => self.offers("STLS") && !self.is_in_tls(),
            Keyword::Lang => self.offers("LANG") && self.has_languages(),
            _ => rule.capability.is_none_or(|tag| self.offers(tag)),
        };
        if !rule.lawful_in(self.state) {
            Err(Remark::NotLawful { state: self.state })
        } else if !offered {
            Err(Remark::NotOffered)
        } else if matches!(keyword, Keyword::User | Keyword::Pass) && !self.takes_secrets() {
            Err(Remark::NeedsTls)
        } else {
            Ok(())
        }
    }

    fn lawful_extension(&self, command: &Extension) -> Result<(), Remark<'static>> {
        if self.takes_xclient(command) {
            return Ok(());
        }
        let known = self.config.extensions.iter().find(|known| known.keyword == command.keyword());
        match known {
            None => Err(Remark::Unknown),
            Some(known) if !known.states.contains(&self.state) => {
                Err(Remark::NotLawful { state: self.state })
            }
            Some(_) => Ok(()),
        }
    }

    fn command(&mut self, command: Command, user: Option<UserName>) {
        if matches!(command, Command::Pass(_)) && user.is_none() {
            return self.bad_command(&Remark::FollowsUser);
        }
        self.bad_commands = 0;
        match command {
            Command::User(name) => match Self::prepared(name) {
                Ok(name) => {
                    self.user = Some(name);
                    self.ok(&Remark::NameTaken);
                }
                Err(remark) => self.err(&remark),
            },
            Command::Pass(password) if !self.is_lawful_password(&password) => {
                self.err(&Remark::BadPassword);
            }
            Command::Pass(password) => {
                if let Some(user) = user {
                    self.authenticate(Credentials::Password { user, password });
                }
            }
            Command::Apop { user, digest } => match (Self::prepared(user), &self.timestamp) {
                (Ok(user), Some(timestamp)) => {
                    let timestamp = timestamp.clone();
                    self.authenticate(Credentials::Apop { user, timestamp, digest });
                }
                (Err(remark), _) => self.err(&remark),
                (Ok(_), None) => {}
            },
            Command::Capa => self.capa(),
            Command::Auth { mechanism, initial } => self.auth(mechanism, initial.as_ref()),
            Command::Stls => self.stls(),
            Command::Utf8 => self.utf8(),
            Command::Lang(range) => self.lang(range.as_ref()),
            Command::Quit => self.quit(),
            Command::Extension(extension) if self.takes_xclient(&extension) => {
                self.xclient(&extension);
            }
            Command::Extension(extension) => self.extension(extension),
            command => {
                if let Err(remark) = self.transaction(&command) {
                    self.err(&remark);
                }
            }
        }
    }

    /// The commands that need a maildrop.
    fn transaction(&mut self, command: &Command) -> Result<(), Remark<'static>> {
        let Some(snapshot) = &mut self.snapshot else { return Ok(()) };
        match *command {
            Command::Stat => {
                let listing = snapshot.drop_listing();
                self.data(|out| listing.encode(out));
            }
            Command::List(None) => self.listing(Listed::Scan),
            Command::Uidl(None) => self.listing(Listed::UniqueId),
            Command::List(Some(number)) => {
                let octets = snapshot.get(number)?.octets;
                self.data(|out| ScanListing { number, octets }.encode(out));
            }
            Command::Uidl(Some(number)) => {
                let unique_id = snapshot.get(number)?.unique_id.clone();
                self.data(|out| UniqueIdListing { number, unique_id }.encode(out));
            }
            Command::Retr(number) => {
                let octets = snapshot.get(number)?.octets;
                self.fetch(number, Part::Whole, &Remark::Message { octets });
            }
            Command::Top { message, lines } => {
                snapshot.get(message)?;
                self.fetch(message, Part::Top(lines), &Remark::Top);
            }
            Command::Dele(number) => {
                snapshot.mark(number)?;
                self.ok(&Remark::Marked);
            }
            Command::Rset => {
                snapshot.clear_marks();
                let messages = snapshot.left();
                self.ok(&Remark::MarksCleared { messages });
            }
            _ => self.ok(&Remark::Nothing),
        }
        Ok(())
    }

    fn authenticate(&mut self, credentials: Credentials) {
        let ticket = AuthenticateTicket(self.identity.clone());
        self.doing = Doing::Asking(Asked::Authenticate);
        self.actions.push_back(Action::Authenticate { credentials, ticket });
    }

    fn capa(&mut self) {
        self.ok(&Remark::Capabilities);
        let xclient = self.offered_xclient().map(Cow::Owned);
        let listed = self.config.capabilities.iter().filter_map(|one| self.here_and_now(one));
        let list: Vec<_> = listed.chain(xclient).collect();
        let out = &mut self.output.buffer;
        for capability in list {
            let mut line = alloc::format!("{capability}");
            line.retain(|c| !c.is_control());
            // One dot and CRLF may come on top (RFC 2449, section 5).
            let line = &line.as_bytes()[..line.len().min(Reply::MAX - 3)];
            if line.starts_with(b".") {
                out.extend_from_slice(b".");
            }
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }

    /// What CAPA tells of a capability in this state; `None` when it is not on.
    fn here_and_now<'a>(&self, capability: &'a Capability) -> Option<Cow<'a, Capability>> {
        let before_login = self.state == State::Authorization;
        match capability {
            Capability::Stls => before_login && !self.is_in_tls(),
            Capability::Lang => self.has_languages(),
            Capability::User => !before_login || self.takes_secrets(),
            Capability::Sasl(mechanisms) => {
                let offered = mechanisms.iter().filter(|name| self.takes_mechanism(name));
                let offered: Vec<_> = offered.cloned().collect();
                return (!offered.is_empty()).then_some(Cow::Owned(Capability::Sasl(offered)));
            }
            _ => true,
        }
        .then_some(Cow::Borrowed(capability))
    }

    fn stls(&mut self) {
        // What stands behind STLS in clear text wants to be taken for part of the session in TLS.
        if !self.input.is_empty() {
            return self.abort(Ending::BehindStls);
        }
        self.ok(&Remark::StartTls);
        self.doing = Doing::Handshake { told: false };
    }

    fn quit(&mut self) {
        let Some(next) = state::rule(Keyword::Quit).next(self.state) else {
            self.ok(&Remark::Goodbye);
            self.ending = Some(Ending::Quit);
            return;
        };
        self.state = next;
        let removals = self.snapshot.as_ref().map(Snapshot::marked).unwrap_or_default();
        let ticket = CommitTicket(self.identity.clone());
        self.doing = Doing::Asking(Asked::Commit { marked: removals.len() });
        self.actions.push_back(Action::Commit { removals, ticket });
    }

    fn extension(&mut self, command: Extension) {
        let ticket = ExtensionTicket(self.identity.clone());
        self.doing = Doing::Asking(Asked::Extension);
        self.actions.push_back(Action::Extension { command, ticket });
    }

    fn listing(&mut self, listed: Listed) {
        let messages = self.snapshot.as_ref().map_or(0, Snapshot::left);
        self.ok(&Remark::Listing { messages });
        self.doing = Doing::Listing(listed, 0);
    }

    fn fetch(&mut self, number: MessageNumber, part: Part, announce: &Remark<'static>) {
        let announce = Reply::ok(announce.text(&self.language));
        let policy = self.header_policy();
        self.doing = Doing::Sending(Sending::new(part, announce, policy, self.config.high_water));
        let ticket = FetchTicket(self.identity.clone());
        self.actions.push_back(Action::Fetch { number, part, ticket });
    }

    pub(super) fn offers(&self, tag: &str) -> bool {
        self.config.capabilities.has(tag)
    }

    pub(super) fn ok(&mut self, remark: &Remark<'_>) {
        self.reply(Reply::ok(remark.text(&self.language)));
    }

    pub(super) fn err(&mut self, remark: &Remark<'_>) {
        self.reply(Reply::err(remark.text(&self.language)));
    }

    /// Refuses what is no command here; too many of those in a row end the session.
    pub(super) fn bad_command(&mut self, remark: &Remark<'_>) {
        self.err(remark);
        self.bad_commands += 1;
        if self.bad_commands >= self.config.bad_commands.get() {
            self.ending = Some(Ending::BadCommands);
        }
    }

    /// Sends a status line, with its response code if such were promised.
    pub(super) fn reply(&mut self, reply: Reply) {
        promised(&self.config, reply).encode(&mut self.output.buffer);
    }

    /// Sends `+OK` with data behind it.
    fn data(&mut self, encode: impl FnOnce(&mut bytes::BytesMut)) {
        let out = &mut self.output.buffer;
        out.extend_from_slice(b"+OK ");
        encode(out);
        out.extend_from_slice(b"\r\n");
    }
}
