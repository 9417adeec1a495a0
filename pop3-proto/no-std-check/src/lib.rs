//! One session from greeting to goodbye, without std. See Cargo.toml for what this is good for.
#![no_std]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

use bytes::Buf;
use pop3_proto::client::exchange::{self, Exchange, Login, Opening};
use pop3_proto::server::{Action, Removal};
use pop3_proto::{MessageInfo, MessageNumber, Octets, Secret, UniqueId, UserName, client, server};

const LETTER: &[u8] = b"Subject: no std\r\n\r\nnone at all\r\n";

/// Both ends of one session.
struct Session {
    client: client::Connection,
    server: server::Connection,
}

impl Session {
    /// Drives an exchange, being transport and post office in one.
    fn drive<E: Exchange>(&mut self, mut exchange: E) -> Result<E::Output, client::Error> {
        loop {
            if let core::task::Poll::Ready(result) = exchange.poll(&mut self.client) {
                return result;
            }
            let said = take(self.client.transmit());
            self.server.receive(&said);
            while let Some(action) = self.server.poll() {
                if serve(&mut self.server, action).is_err() {
                    self.client.closed();
                }
            }
            let said = take(self.server.transmit());
            self.client.receive(&said);
        }
    }
}

fn take(mut transmit: pop3_proto::Transmit<'_>) -> Vec<u8> {
    let said = transmit.chunk().to_vec();
    transmit.advance(said.len());
    said
}

fn serve(server: &mut server::Connection, action: Action) -> Result<(), server::AnswerError> {
    match action {
        Action::Authenticate { credentials, ticket } => {
            let user = credentials.user().cloned().ok_or(server::Refusal::Credentials);
            server.authenticated(ticket, user)
        }
        Action::Open { ticket, .. } => {
            let unique_id = UniqueId::new("letter").expect("a conformant unique-id");
            let octets = Octets(LETTER.len() as u64);
            server.opened(ticket, Ok(vec![MessageInfo { octets, unique_id }]))
        }
        Action::Fetch { ticket, .. } => {
            server.message(&ticket, LETTER)?;
            server.message_complete(ticket)
        }
        Action::Commit { removals, ticket } => {
            server.committed(ticket, &vec![Removal::Gone; removals.len()])
        }
        Action::Wait { ticket, .. } => server.waited(ticket),
        _ => Ok(()),
    }
}

fn session() -> Result<(), client::Error> {
    let mut session = Session {
        client: client::Connection::new(client::Config::default()),
        server: server::Connection::new(server::Config::default(), None),
    };
    session.drive(Opening::new())?;
    let user = UserName::new("mark").expect("a name");
    session.drive(Login::password(user, Secret::new("swordfish").expect("a password")))?;
    session.drive(exchange::list())?;
    session.drive(exchange::delete(MessageNumber::FIRST))?;
    session.drive(exchange::quit())?;
    Ok(())
}

/// What a program in C would call: 0 when all went well.
#[unsafe(no_mangle)]
pub extern "C" fn pop3_session() -> i32 {
    session().is_err().into()
}

/// Memory that is handed out once and never taken back.
struct Arena {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

const SIZE: usize = 1 << 20;

#[global_allocator]
static ARENA: Arena = Arena { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

// SAFETY: no octet of the memory is handed out twice.
unsafe impl Sync for Arena {}

// SAFETY: `used` only grows, so what is handed out is nobody else's; it is aligned and within the
// memory, or null.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let octets = layout.size() + layout.align();
        let from = self.used.fetch_add(octets, Ordering::Relaxed);
        if from.saturating_add(octets) > SIZE {
            return core::ptr::null_mut();
        }
        let start = self.memory.get().cast::<u8>().wrapping_add(from);
        start.wrapping_add(start.align_offset(layout.align()))
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
