//! What a case works with: connections, logins, letters, and the words for a verdict.

use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use md5::{Digest, Md5};

use super::case::Door;
use super::exchange::{is_challenge, without_end};
use super::fixture::{Fixture, wire_form};
use super::peer::{OnExchange, Peer, Reply, Trouble};
use super::survey::{Offers, Way};
use super::target::{Account, Security, Target};
use super::transport::Place;
use super::wire::{WireLog, shown};
use crate::report::Breach;
use crate::script::text::Names;

/// How long a login is tried again while an earlier session may still hold the maildrop.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before the first login is tried again, each time.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(6)];

/// How long a server may take to write down what it remembers of a session that has ended.
const AFTERTHOUGHTS: Duration = Duration::from_millis(500);

/// Why a case goes no further.
#[derive(Debug)]
#[non_exhaustive]
pub enum Halt {
    /// The server did something else than what is right.
    Breach(Breach),
    /// It cannot be decided here.
    Skip(String),
    /// Everything that can be asked for is done.
    Done,
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::Breach(Breach::new("", trouble.to_string(), ""))
    }
}

/// A case that cannot decide, and why.
pub(crate) fn skip<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Skip(why.into()))
}

/// Something else than what is right.
pub(crate) fn breach<T>(came: impl Into<String>, right: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Breach(Breach::new("", came, right)))
}

/// What came must be right.
pub(crate) fn expect(holds: bool, came: &[u8], right: impl Into<String>) -> Result<(), Halt> {
    if holds { Ok(()) } else { breach(shown(came), right) }
}

/// What a case works with.
pub struct Bench<'a> {
    target: &'a Target,
    fixture: Option<&'a dyn Fixture>,
    offers: &'a Offers,
    /// The letters in the maildrop as they are on the wire; empty without a fixture.
    letters: Vec<Vec<u8>>,
    door: Option<Door>,
    log: WireLog,
    on_exchange: OnExchange,
}

impl std::fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").field("target", &self.target).finish_non_exhaustive()
    }
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        target: &'a Target,
        fixture: Option<&'a dyn Fixture>,
        offers: &'a Offers,
        on_exchange: OnExchange,
    ) -> Self {
        let log = WireLog::default();
        Self { target, fixture, offers, letters: Vec::new(), door: None, log, on_exchange }
    }

    pub(crate) fn log(&self) -> &WireLog {
        &self.log
    }

    pub(crate) const fn set_door(&mut self, door: Option<Door>) {
        self.door = door;
    }

    /// Lays these letters out, unless they are there.
    pub(crate) fn lay_out(&mut self, letters: &[Vec<u8>]) -> Result<(), Halt> {
        let fixture = self.fixture()?;
        let mut wanted: Vec<_> = letters.iter().map(|letter| wire_form(letter)).collect();
        self.letters = wanted.clone();
        wanted.sort();
        if fixture.is_written_into() {
            std::thread::sleep(AFTERTHOUGHTS);
        }
        if fixture.is_written_into() || self.held()? != wanted {
            fixture.fill(letters).map_err(|error| Halt::Skip(format!("the fixture: {error}")))?;
        }
        Ok(())
    }

    /// The letters in the maildrop as they would be on the wire, sorted.
    pub(crate) fn held(&self) -> Result<Vec<Vec<u8>>, Halt> {
        let held = self.fixture()?.letters();
        let held = held.map_err(|error| Halt::Skip(format!("the fixture: {error}")))?;
        let mut held: Vec<_> = held.iter().map(|letter| wire_form(letter)).collect();
        held.sort();
        Ok(held)
    }

    /// The server that is judged.
    #[must_use]
    pub const fn target(&self) -> &'a Target {
        self.target
    }

    /// What it offers.
    #[must_use]
    pub const fn offers(&self) -> &'a Offers {
        self.offers
    }

    /// The letters in the maildrop as they are on the wire; empty without a fixture.
    #[must_use]
    pub fn letters(&self) -> &[Vec<u8>] {
        &self.letters
    }

    /// How many letters are in the maildrop.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.fixture.is_some() { self.letters.len() } else { self.offers.letters }
    }

    /// The way round the server to the maildrop.
    ///
    /// # Errors
    /// When there is none: the case cannot decide.
    pub fn fixture(&self) -> Result<&'a dyn Fixture, Halt> {
        self.fixture.ok_or_else(|| Halt::Skip("needs a fixture".to_owned()))
    }

    /// Opens a connection in the security that is usual in this run, or at the door that the case
    /// asks for. The greeting is still to be read.
    ///
    /// # Errors
    /// When there is no connection.
    pub fn connect(&mut self) -> Result<Peer, Halt> {
        match (self.door, self.target.security) {
            (Some(Door::Clear), _) | (None, Security::None) => self.connect_clear(),
            (Some(Door::Tls), _) | (None, Security::Implicit) => {
                let mut peer = self.connect_raw(Door::Tls)?;
                self.start_tls(&mut peer)?;
                Ok(peer)
            }
            (None, Security::Stls) => {
                let mut peer = self.connect_clear()?;
                let greeting = peer.line()?;
                let reply = peer.ask("STLS")?;
                expect(reply.is_positive(), &reply.status, "+OK to STLS")?;
                self.start_tls(&mut peer)?;
                peer.unread_greeting(greeting);
                Ok(peer)
            }
        }
    }

    /// Opens a connection in clear text.
    ///
    /// # Errors
    /// When there is no connection, or no such door.
    pub fn connect_clear(&mut self) -> Result<Peer, Halt> {
        self.connect_raw(Door::Clear)
    }

    /// Opens a connection and says nothing on it.
    ///
    /// # Errors
    /// When there is no connection, or no such door.
    pub fn connect_raw(&mut self, door: Door) -> Result<Peer, Halt> {
        let (place, patience) = (self.place(door)?, self.target.patience);
        let transport = place.connect(patience).or_else(|error| {
            breach(format!("no connection to {place}: {error}"), "a connection")
        })?;
        let log = self.log.connection();
        Ok(Peer::new(transport, patience, log, self.on_exchange.clone()))
    }

    /// Where that door is.
    ///
    /// # Errors
    /// When it is not known: the case cannot decide.
    pub fn place(&self, door: Door) -> Result<&'a Place, Halt> {
        let (place, what) = match door {
            Door::Clear => (&self.target.clear, "the port for clear text is not known"),
            Door::Tls => (&self.target.implicit, "the port for implicit TLS is not known"),
        };
        place.as_ref().ok_or_else(|| Halt::Skip(what.to_owned()))
    }

    /// Goes over to TLS.
    ///
    /// # Errors
    /// When the handshake fails.
    pub fn start_tls(&self, peer: &mut Peer) -> Result<(), Halt> {
        let name = self.target.name().map_err(Trouble::from)?;
        Ok(peer.start_tls(self.target.tls.clone(), name)?)
    }

    /// Reads the greeting, unless it has been read; it must be positive.
    ///
    /// # Errors
    /// When it is not.
    pub fn greet(&self, peer: &mut Peer) -> Result<(), Halt> {
        match peer.greeting()? {
            Some(greeting) => {
                expect(greeting.starts_with(b"+OK"), &greeting, "a positive greeting")
            }
            None => Ok(()),
        }
    }

    /// Opens a connection and logs in.
    ///
    /// # Errors
    /// When that fails.
    pub fn session(&mut self) -> Result<Peer, Halt> {
        let mut peer = self.connect()?;
        self.login(&mut peer)?;
        Ok(peer)
    }

    /// Logs in, in the way that works with this server. While an earlier session may still hold
    /// the maildrop it is tried again.
    ///
    /// # Errors
    /// When the server does not let the user in.
    pub fn login(&mut self, peer: &mut Peer) -> Result<(), Halt> {
        let until = Instant::now() + LOCK_PATIENCE;
        let is_new = peer.sent == 0;
        loop {
            let reply = self.try_login(peer, self.offers.way)?;
            if reply.is_positive() {
                return Ok(());
            }
            if is_new && is_barred(&reply) {
                return skip(format!(
                    "the server lets nobody in for now: {}",
                    shown(&reply.status)
                ));
            }
            if !is_new || Instant::now() > until {
                return breach(shown(&reply.status), "a login that succeeds");
            }
            std::thread::sleep(Duration::from_millis(100));
            *peer = self.connect()?;
        }
    }

    pub(crate) fn try_login(&self, peer: &mut Peer, way: Way) -> Result<Reply, Trouble> {
        peer.greeting()?;
        let Account { user, password, .. } = &self.target.account;
        match way {
            Way::User => {
                peer.send(&[b"USER ", &user[..], b"\r\n"].concat())?;
                let reply = peer.reply()?;
                if !reply.is_positive() {
                    return Ok(reply);
                }
                peer.send(&[b"PASS ", &password[..], b"\r\n"].concat())?;
            }
            Way::Plain => {
                peer.command("AUTH PLAIN")?;
                let challenge = peer.reply()?;
                if !is_challenge(&challenge.status) {
                    return Ok(challenge);
                }
                let response = [b"\0", &user[..], b"\0", &password[..]].concat();
                peer.command(&Base64::encode_string(&response))?;
            }
            Way::Apop => {
                let digest = digest(&peer.greeted_with, password).unwrap_or_default();
                peer.send(&[b"APOP ", &user[..], b" ", &digest, b"\r\n"].concat())?;
            }
        }
        peer.reply()
    }

    /// Finds the way to log in that works, and logs in.
    ///
    /// A session of somebody else may hold the maildrop, so it is tried again; but seldom, since the
    /// password may be wrong, and a server bars who tries it often.
    pub(crate) fn find_way(&mut self, offers: &mut Offers) -> Result<Peer, Halt> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let mut refusal = Vec::new();
            for way in [Way::User, Way::Plain, Way::Apop] {
                if way == Way::Apop && !offers.works.iter().any(|works| works == "APOP") {
                    continue;
                }
                let mut peer = self.connect()?;
                match self.try_login(&mut peer, way) {
                    Ok(reply) if reply.is_positive() => {
                        if way == Way::User {
                            offers.works.push("USER".to_owned());
                        }
                        offers.way = way;
                        return Ok(peer);
                    }
                    Ok(reply) => refusal = reply.status,
                    // Some servers hang up instead of an answer.
                    Err(Trouble::Closed(_)) => {}
                    Err(trouble) => return Err(trouble.into()),
                }
            }
            match pauses.next() {
                Some(pause) if !is_final(&refusal) => std::thread::sleep(pause),
                _ => return breach(shown(&refusal), "a login that succeeds"),
            }
        }
    }

    /// What the texts of a script may name, given the greeting.
    pub(crate) fn names<'s>(&'s self, greeting: &'s [u8]) -> impl Names + 's {
        move |name: &str| self.named(name, greeting)
    }

    /// | name | meaning |
    /// |---|---|
    /// | `user`, `password` | those of the user |
    /// | `wrong` | a password that is not the user's |
    /// | `second user`, `second password` | those of the other user |
    /// | `token` | the token of the user |
    /// | `digest`, `wrong digest` | for APOP, after the greeting |
    /// | `plain` | the response of PLAIN, in Base64 |
    /// | `count`, `total` | how many letters there are, and their octets |
    /// | `size n` | the octets of letter n |
    fn named(&self, name: &str, greeting: &[u8]) -> Option<Vec<u8>> {
        let Account { user, password, .. } = &self.target.account;
        let second = self.target.second.as_ref();
        let wrong = [b"not-", &password[..]].concat();
        Some(match name {
            "user" => user.clone(),
            "password" => password.clone(),
            "wrong" => wrong,
            "second user" => second?.user.clone(),
            "second password" => second?.password.clone(),
            "token" => self.target.token.clone()?.into_bytes(),
            "digest" => digest(greeting, password)?,
            "wrong digest" => digest(greeting, &wrong)?,
            "plain" => {
                let response = [b"\0", &user[..], b"\0", &password[..]].concat();
                Base64::encode_string(&response).into_bytes()
            }
            "count" => self.count().to_string().into_bytes(),
            "total" => self.sizes().iter().sum::<u64>().to_string().into_bytes(),
            _ => {
                let number: usize = name.strip_prefix("size ")?.parse().ok()?;
                self.sizes().get(number.checked_sub(1)?)?.to_string().into_bytes()
            }
        })
    }

    /// The octets of each letter.
    #[must_use]
    pub fn sizes(&self) -> Vec<u64> {
        match self.fixture {
            Some(_) => self.letters.iter().map(|letter| letter.len() as u64).collect(),
            None => self.offers.sizes.iter().map(|(_, size)| *size).collect(),
        }
    }
}

/// Whether a server looks at no password any more, after many failed logins (RFC 3206, section 4).
pub(super) fn is_barred(reply: &Reply) -> bool {
    reply.status.starts_with(b"-ERR [SYS/TEMP]")
}

/// Whether a server says that the password is wrong, or that it looks at none (RFC 3206).
fn is_final(status: &[u8]) -> bool {
    status.starts_with(b"-ERR [AUTH]") || status.starts_with(b"-ERR [SYS/")
}

/// The digest of APOP for a greeting (RFC 1939, section 7); none without a timestamp.
pub(crate) fn digest(greeting: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    let greeting = without_end(greeting);
    let start = greeting.iter().position(|octet| *octet == b'<')?;
    let end = start + greeting[start..].iter().position(|octet| *octet == b'>')?;
    let digest = Md5::new().chain_update(&greeting[start..=end]).chain_update(password).finalize();
    Some(digest.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_rfc() {
        let greeting = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n";
        assert_eq!(digest(greeting, b"tanstaaf").unwrap(), b"c4c9334bac560ecc979e58001b3e22fb");
        assert_eq!(digest(b"+OK ready\r\n", b"tanstaaf"), None);
    }
}
