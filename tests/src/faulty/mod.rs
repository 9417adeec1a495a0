//! A POP3 server that does one thing wrong, when asked to.
//!
//! It is what `pop3-conformance` is itself tested with: without a fault it must pass every case,
//! and with one it must fail the case that is meant for it. So it shares nothing with the servers
//! of this project: no parser, no session, no store. It is lawful and otherwise simple; a thread
//! serves each connection.
//!
//! | module | what |
//! |---|---|
//! | `faults` | the faults, and what each breaks |
//! | `session` | commands, and in which state they are |
//! | `login`, `sasl` | USER, PASS, APOP; AUTH and its mechanisms |
//! | `capabilities`, `language`, `stls` | CAPA; LANG and UTF8; STLS |
//! | `listing`, `retrieval`, `update` | STAT, LIST, UIDL; RETR, TOP; DELE, RSET, QUIT |
//! | `fixture` | what the suite needs of a maildrop |
//! | `mail`, `wire`, `tls` | maildrops and their locks; lines; the certificate |
//!
//! Wherever a fault is, it says `self.is(Fault::…)`.

mod capabilities;
mod faults;
mod fixture;
mod language;
mod listing;
mod login;
mod mail;
mod retrieval;
mod sasl;
mod session;
mod stls;
#[cfg(test)]
mod tests;
mod tls;
mod update;
mod wire;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;

pub use faults::{Entry, FAULTS, Fault};

use mail::{Maildrop, Owner};
use session::Session;
use wire::Wire;

/// The token that lets `mark` in by OAUTHBEARER.
pub const TOKEN: &str = "token-of-mark";

/// A server on two ports of the loopback, until it is dropped.
///
/// Users are `mark` with the password `swordfish` and the token [`TOKEN`], and `mary` with the
/// password `tanstaaf`. Passwords are taken in clear text by USER and PASS alone; PLAIN and
/// OAUTHBEARER are offered in TLS.
///
/// ```
/// use pop3_tests::faulty::{Fault, FaultyServer};
///
/// let server = FaultyServer::start(Some(Fault::DeleRemovesAtOnce)).unwrap();
/// server.fill(&[b"Subject: hello\n\nhello\n".to_vec()]);
/// assert_eq!(server.holds().len(), 1);
/// assert_ne!(server.clear(), server.implicit());
/// ```
#[derive(Debug)]
pub struct FaultyServer {
    shared: Arc<Shared>,
    certificate: String,
}

/// What all sessions have in common.
#[derive(Debug)]
struct Shared {
    fault: Option<Fault>,
    clear: SocketAddr,
    implicit: SocketAddr,
    tls: Arc<ServerConfig>,
    mark: Maildrop,
    mary: Maildrop,
    is_over: AtomicBool,
    connections: Mutex<HashMap<u64, TcpStream>>,
    count: AtomicU64,
    /// What makes the server's nonces differ from those of another run.
    seed: u128,
}

impl FaultyServer {
    /// Starts a server with that fault, or with none.
    ///
    /// # Errors
    /// When it cannot listen, or has no certificate.
    pub fn start(fault: Option<Fault>) -> io::Result<Self> {
        let (tls, certificate) = tls::configure(fault == Some(Fault::AsksForCertificate))?;
        let [clear, implicit] = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let (clear, implicit) = (clear?, implicit?);
        let shared = Arc::new(Shared {
            fault,
            clear: clear.local_addr()?,
            implicit: implicit.local_addr()?,
            tls: Arc::new(tls),
            mark: Maildrop::default(),
            mary: Maildrop::default(),
            is_over: AtomicBool::new(false),
            connections: Mutex::default(),
            count: AtomicU64::new(0),
            seed: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos(),
        });
        for (listener, is_implicit) in [(clear, false), (implicit, true)] {
            let shared = shared.clone();
            thread::spawn(move || shared.listen(&listener, is_implicit));
        }
        Ok(Self { shared, certificate })
    }

    /// Where it speaks clear text, and STLS.
    #[must_use]
    pub fn clear(&self) -> SocketAddr {
        self.shared.clear
    }

    /// Where it speaks TLS from the first octet on.
    #[must_use]
    pub fn implicit(&self) -> SocketAddr {
        self.shared.implicit
    }

    /// Its certificate for `localhost` and 127.0.0.1, which is its own authority (PEM).
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Takes out whatever is in the maildrop of `mark`, and puts these letters in.
    pub fn fill(&self, letters: &[Vec<u8>]) {
        {
            let mut held = self.shared.mark.letters();
            held.letters.clear();
            held.old_marks.clear();
        }
        for letter in letters {
            self.deliver(letter);
        }
    }

    /// Puts one more letter into the maildrop of `mark`, behind the others.
    pub fn deliver(&self, letter: &[u8]) {
        let mut held = self.shared.mark.letters();
        if self.shared.is(Fault::UidlReused) {
            held.deliver_with_old_id(letter);
        } else {
            held.deliver(letter);
        }
    }

    /// The letters in the maildrop of `mark`, in order, as they were given.
    #[must_use]
    pub fn holds(&self) -> Vec<Vec<u8>> {
        let held = self.shared.mark.letters();
        held.letters.iter().map(|letter| letter.content.clone()).collect()
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for address in [self.shared.clear, self.shared.implicit] {
            // Whoever waits for connections gets one, and sees that it is over.
            let _ = TcpStream::connect(address);
        }
        for stream in self.shared.connections().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn maildrop(&self, owner: Owner) -> &Maildrop {
        match owner {
            Owner::Mark => &self.mark,
            Owner::Mary => &self.mary,
        }
    }

    /// A number that no session and no challenge has had.
    fn count(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: &Arc<Self>, listener: &TcpListener, is_implicit: bool) {
        while let Ok((stream, _)) = listener.accept() {
            if self.is_over.load(Ordering::SeqCst) {
                break;
            }
            let Ok(clone) = stream.try_clone() else { continue };
            let number = self.count();
            self.connections().insert(number, clone);
            let shared = self.clone();
            thread::spawn(move || {
                // A connection that broke has nobody to tell it to.
                let _ = shared.serve(stream, is_implicit);
                shared.connections().remove(&number);
            });
        }
    }

    fn serve(self: &Arc<Self>, stream: TcpStream, is_implicit: bool) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut wire = Wire::new(stream, self.fault);
        if is_implicit {
            if self.is(Fault::GreetsBeforeTls) {
                wire.send(b"+OK POP3 server ready\r\n")?;
            }
            wire.start_tls(&self.tls)?;
        }
        Session::new(self.clone(), wire).run()
    }
}
