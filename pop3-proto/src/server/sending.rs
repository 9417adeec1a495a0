//! A message on its way from the host to the wire.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use bytes::BytesMut;

use crate::message::{Downgrader, Header, HeaderScan};
use crate::multiline::{Stuffer, TopLimit};
use crate::reply::Reply;
use crate::server::action::Part;
use crate::server::answer::Taken;
use crate::server::config::Utf8Headers;

/// What is known of the message that is being sent.
#[derive(Debug)]
pub(super) struct Sending {
    /// The status line, until it is sent.
    announce: Option<Reply>,
    header: Policy,
    /// How much may wait to be sent, and how much of a header may be held.
    high_water: NonZeroUsize,
    top: Option<TopLimit>,
    stuffer: Stuffer,
}

#[derive(Debug)]
enum Policy {
    AsIs,
    Downgrade(Downgrader),
    /// The header is held until it is known to be ASCII.
    Hold(HeaderScan, Vec<u8>),
    /// It is not, and the client is not in UTF-8 mode.
    Refused,
}

/// The message needs UTF-8 mode.
pub(super) struct NeedsUtf8;

impl Sending {
    pub(super) fn new(
        part: Part,
        announce: Reply,
        policy: Utf8Headers,
        high_water: NonZeroUsize,
    ) -> Self {
        let top = match part {
            Part::Whole => None,
            Part::Top(lines) => Some(TopLimit::new(lines)),
        };
        let header = match policy {
            Utf8Headers::AsIs => Policy::AsIs,
            Utf8Headers::Downgrade => Policy::Downgrade(Downgrader::with_limit(high_water)),
            Utf8Headers::Refuse => Policy::Hold(HeaderScan::new(), Vec::new()),
        };
        Self { announce: Some(announce), header, high_water, top, stuffer: Stuffer::new() }
    }

    /// Whether the client has been told that the message comes.
    pub(super) const fn has_begun(&self) -> bool {
        self.announce.is_none()
    }

    /// Takes what there is room for.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut BytesMut) -> Taken {
        let high_water = self.high_water.get();
        match &mut self.header {
            Policy::Refused => Taken { octets: piece.len(), enough: true },
            Policy::Hold(scan, held) => {
                let piece = &piece[..piece.len().min(high_water.saturating_sub(held.len()))];
                held.extend_from_slice(piece);
                let header = scan.push(piece);
                if header == Header::Undecided && held.len() < high_water {
                    return Taken { octets: piece.len(), enough: false };
                }
                let held = core::mem::take(held);
                self.header = match header {
                    Header::Undecided => Policy::Downgrade(Downgrader::with_limit(self.high_water)),
                    Header::Ascii => Policy::AsIs,
                    Header::NonAscii => Policy::Refused,
                };
                if header != Header::NonAscii {
                    self.send(&held, out, usize::MAX);
                }
                let enough = header == Header::NonAscii || self.is_enough();
                Taken { octets: piece.len(), enough }
            }
            Policy::AsIs | Policy::Downgrade(_) => {
                self.begin(out);
                let room = high_water.saturating_sub(out.len());
                let taken = self.send(&piece[..piece.len().min(room)], out, high_water);
                let enough = self.is_enough();
                Taken { octets: if enough { piece.len() } else { taken }, enough }
            }
        }
    }

    /// Ends the message, unless it cannot be sent at all.
    pub(super) fn finish(mut self, out: &mut BytesMut) -> Result<(), NeedsUtf8> {
        match core::mem::replace(&mut self.header, Policy::AsIs) {
            Policy::Refused => return Err(NeedsUtf8),
            Policy::AsIs => self.begin(out),
            // A message without a blank line is all header.
            Policy::Hold(_, held) => {
                self.send(&held, out, usize::MAX);
            }
            Policy::Downgrade(downgrader) => {
                self.begin(out);
                downgrader.finish(|ready| stuff(&mut self.top, &mut self.stuffer, ready, out));
            }
        }
        self.stuffer.finish(out);
        Ok(())
    }

    fn is_enough(&self) -> bool {
        self.top.as_ref().is_some_and(TopLimit::is_reached)
    }

    /// Sends the status line before the first octet of a message.
    fn begin(&mut self, out: &mut BytesMut) {
        if let Some(reply) = self.announce.take() {
            reply.encode(out);
        }
    }

    /// Sends a piece up to the high-water mark, and says how much of it that was.
    fn send(&mut self, piece: &[u8], out: &mut BytesMut, high_water: usize) -> usize {
        self.begin(out);
        let Self { header, top, stuffer, .. } = self;
        let Policy::Downgrade(downgrader) = header else {
            stuff(top, stuffer, piece, out);
            return piece.len();
        };
        let mut taken = 0;
        // What a line becomes may be longer than the line.
        while taken < piece.len() && out.len() < high_water {
            taken += downgrader.push(&piece[taken..], |ready| stuff(top, stuffer, ready, out));
        }
        taken
    }
}

/// Sends octets that are ready, as far as they are wanted.
fn stuff(top: &mut Option<TopLimit>, stuffer: &mut Stuffer, ready: &[u8], out: &mut BytesMut) {
    let wanted = top.as_mut().map_or(ready.len(), |top| top.take(ready));
    stuffer.push(&ready[..wanted], out);
}
