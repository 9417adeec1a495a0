//! TLS between a connection and its transport: two machines without I/O, plugged together.
//!
//! ```text
//!   transport                   layer                        connection
//!   ─────────► ciphertext buffer ─► rustls ─► plaintext ─────► read_buffer
//!   ◄───────── ciphertext queue ◄── rustls ◄─ one record ◄──── transmit
//! ```
//!
//! Nothing within grows with what the peer sends: rustls gets more ciphertext only when the
//! connection has taken all of the plaintext, and the connection's output is encrypted only while
//! the queue is short. Plaintext is never held here: rustls decrypts into its own buffer, and from
//! there it goes straight into the connection's.

use std::fmt;
use std::io::Read;

use bytes::{Buf, BufMut};

use super::connection::TlsConnection;
use super::error::TlsError;
use crate::pipe::Half;
use crate::wire::{Output, Transmit};

/// How much ciphertext a client reads at a time, in octets: messages come in full records.
const FROM_SERVER: usize = 16_384;

/// How much ciphertext a server reads at a time, in octets: commands are short, and sessions many.
const FROM_CLIENT: usize = 4_096;

/// How much plaintext is encrypted at a time, in octets: what fits a record (RFC 8446, section 5.1).
const RECORD: usize = 16_384;

/// Nothing more is encrypted while as much as this waits to be sent, in octets.
const HIGH_WATER: usize = 32_768;

pub(crate) struct Layer {
    tls: TlsConnection,
    /// Whether STLS led here.
    negotiated: bool,
    handshaking: bool,
    /// What came from the transport; `taken..filled` of it has yet to be decrypted.
    ciphertext: Box<[u8]>,
    taken: usize,
    filled: usize,
    /// The first octet that came: it tells what the peer speaks if that is not TLS.
    first: Option<u8>,
    /// How much plaintext waits in rustls for room in the connection, in octets.
    plaintext: usize,
    queue: Output,
    /// Whether the transport, or TLS itself, has ended what the peer sends.
    ended: bool,
    /// Whether the connection knows of that.
    end_told: bool,
    /// Whether the end of what we send was said.
    closing: bool,
    error: Option<TlsError>,
}

impl Layer {
    /// TLS from the first octet on.
    pub(crate) fn implicit(tls: TlsConnection) -> Self {
        let size = if tls.is_server() { FROM_CLIENT } else { FROM_SERVER };
        Self {
            tls,
            negotiated: false,
            handshaking: true,
            ciphertext: vec![0; size].into_boxed_slice(),
            taken: 0,
            filled: 0,
            first: None,
            plaintext: 0,
            queue: Output::default(),
            ended: false,
            end_told: false,
            closing: false,
            error: None,
        }
    }

    /// TLS that a connection in clear text has agreed upon.
    pub(crate) fn negotiated(tls: TlsConnection) -> Self {
        Self { negotiated: true, ..Self::implicit(tls) }
    }

    // ---- the transport's side ----

    pub(crate) fn read_buffer(&mut self, half: &impl Half) -> &mut [u8] {
        if self.wants_read(half) { &mut self.ciphertext } else { &mut [] }
    }

    /// The buffer is lent only when it is empty, so that this is all there is in it.
    pub(crate) fn filled(&mut self, octets: usize) {
        if self.taken == self.filled && !self.ended && self.error.is_none() {
            (self.taken, self.filled) = (0, octets.min(self.ciphertext.len()));
            if octets > 0 && self.first.is_none() {
                self.first = self.ciphertext.first().copied();
            }
        }
    }

    pub(crate) fn closed(&mut self) {
        self.ended = true;
    }

    pub(crate) fn transmit(&mut self) -> Transmit<'_> {
        Transmit(&mut self.queue)
    }

    pub(crate) fn wants_read(&self, half: &impl Half) -> bool {
        let open = !self.ended && !self.closing && self.error.is_none();
        open && self.taken == self.filled && (self.handshaking || half.wants_read())
    }

    pub(crate) fn wants_write(&self) -> bool {
        !self.queue.is_empty()
    }

    // ---- the host's side ----

    pub(crate) const fn is_handshaking(&self) -> bool {
        self.handshaking && self.error.is_none()
    }

    pub(crate) const fn is_established(&self) -> bool {
        !self.handshaking
    }

    pub(crate) const fn error(&self) -> Option<&TlsError> {
        self.error.as_ref()
    }

    pub(crate) const fn tls(&self) -> &TlsConnection {
        &self.tls
    }

    /// Says `close_notify`, behind all that was encrypted before.
    pub(crate) fn close(&mut self) {
        if !self.closing && self.error.is_none() {
            self.closing = true;
            self.tls.rustls().send_close_notify();
            self.collect();
        }
    }

    /// How many octets wait here in either direction, or have room kept for them.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.queue.buffer.capacity() + self.plaintext + (self.filled - self.taken)
    }

    // ---- between ----

    /// Moves on what can be, in both directions; whether the connection has got something.
    pub(crate) fn pump(&mut self, half: &mut impl Half) -> bool {
        let told = self.inwards(half);
        self.outwards(half);
        told
    }

    fn inwards(&mut self, half: &mut impl Half) -> bool {
        let mut told = self.hand_on(half);
        while self.plaintext == 0 && self.taken < self.filled && self.error.is_none() {
            let decrypted = self.decrypt();
            if let Err(error) = decrypted {
                self.fail(error, half);
                return true;
            }
            if self.handshaking && !self.tls.rustls().is_handshaking() {
                self.handshaking = false;
                told = true;
                if self.negotiated {
                    half.tls_started(self.tls.channel());
                } else {
                    half.already_in_tls(self.tls.channel());
                }
            }
            told |= self.hand_on(half);
        }
        let drained = self.plaintext == 0 && self.taken == self.filled;
        if self.ended && drained && !self.end_told && self.error.is_none() {
            self.end_told = true;
            told = true;
            if self.handshaking {
                self.fail(TlsError::Unfinished, half);
            } else {
                half.closed();
            }
        }
        told
    }

    /// Gives rustls the next few kilobytes.
    fn decrypt(&mut self) -> Result<(), TlsError> {
        let waiting = self.ciphertext.get(self.taken..self.filled).unwrap_or_default();
        let mut rest = waiting;
        let tls = self.tls.rustls();
        let read = tls.read_tls(&mut rest);
        let left = rest.len();
        match read {
            // Behind close_notify nothing counts.
            Ok(0) => self.taken = self.filled,
            Ok(_) => self.taken = self.filled - left,
            Err(_) => return Err(TlsError::Oversized),
        }
        let state = tls
            .process_new_packets()
            .map_err(|error| TlsError::new(error, self.first.filter(|_| self.handshaking)))?;
        self.plaintext = state.plaintext_bytes_to_read();
        self.ended |= state.peer_has_closed();
        Ok(())
    }

    /// Hands plaintext on, as far as the connection has room.
    fn hand_on(&mut self, half: &mut impl Half) -> bool {
        let before = self.plaintext;
        while self.plaintext > 0 && half.wants_read() {
            let read = self.tls.rustls().reader().read(half.read_buffer()).unwrap_or_default();
            if read == 0 {
                break;
            }
            half.filled(read);
            self.plaintext = self.plaintext.saturating_sub(read);
        }
        self.plaintext != before
    }

    fn outwards(&mut self, half: &mut impl Half) {
        self.collect();
        let speaks = !self.handshaking && !self.closing && self.error.is_none();
        while speaks && self.queue.len() < HIGH_WATER && half.wants_write() {
            let mut transmit = half.transmit();
            let piece = transmit.chunk();
            let piece = piece.get(..RECORD).unwrap_or(piece);
            let written = std::io::Write::write(&mut self.tls.rustls().writer(), piece);
            let Ok(written @ 1..) = written else { break };
            transmit.advance(written);
            self.collect();
        }
        if half.is_over() {
            self.close();
        }
        // A session that stands idle is small.
        self.queue.release();
    }

    /// Queues what rustls has to send.
    fn collect(&mut self) {
        let tls = self.tls.rustls();
        let mut queue = (&mut self.queue.buffer).writer();
        // Writing to memory cannot fail.
        while tls.wants_write() && tls.write_tls(&mut queue).is_ok_and(|written| written > 0) {}
    }

    /// Ends the connection. The alert that names the reason to the peer can still be sent.
    fn fail(&mut self, error: TlsError, half: &mut impl Half) {
        self.error = Some(error);
        self.taken = self.filled;
        half.tls_failed();
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("tls", &self.tls)
            .field("handshaking", &self.is_handshaking())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
