//! Letters on their way from the store to the client.

use pop3_proto::bytes::Bytes;
use pop3_proto::server::{AnswerError, FetchTicket};
use tracing::warn;

use super::Session;
use super::refusal::{self, chain};
use crate::LetterError;
use crate::office::Piece;
use crate::rules::Expire;
use crate::work::{Fetch, Task};

/// A letter on its way to the client.
pub(super) struct Letter {
    fetch: Fetch,
    piece: Piece,
    /// How much of the piece was taken.
    taken: usize,
}

impl Session {
    /// Hands the current letter over as far as the connection takes it; the next piece is read
    /// when there is room for it.
    pub(super) fn hand_over(&mut self) -> Option<Task> {
        while self.connection.wants_message()
            && let Some(mut letter) = self.letter.take()
        {
            let waiting = &letter.piece.octets[letter.taken..];
            if waiting.is_empty() {
                let Piece { octets, rest } = letter.piece;
                self.keep(octets);
                let Some(rest) = rest else {
                    if letter.fetch.whole && self.rules.expire == Expire::OnceRetrieved {
                        self.retrieved.insert(letter.fetch.number);
                    }
                    self.complete(letter.fetch.ticket);
                    continue;
                };
                let buffer = std::mem::take(&mut self.buffer);
                return Some(Task::Read { fetch: letter.fetch, letter: rest, buffer });
            }
            match self.connection.message(&letter.fetch.ticket, waiting) {
                Ok(taken) if taken.enough => {
                    self.keep(letter.piece.octets);
                    self.complete(letter.fetch.ticket);
                }
                Ok(taken) => {
                    letter.taken += taken.octets;
                    self.letter = Some(letter);
                }
                Err(error) => self.note(Err(error)),
            }
        }
        None
    }

    /// Takes a piece of a letter that was read, or the news that it cannot be.
    pub(super) fn take_piece(
        &mut self,
        fetch: Fetch,
        piece: Result<Piece, LetterError>,
    ) -> Result<(), AnswerError> {
        match piece {
            Ok(piece) => {
                // Nothing yet, but it tells whether the connection still wants it.
                self.connection.message(&fetch.ticket, &[])?;
                self.letter = Some(Letter { fetch, piece, taken: 0 });
                Ok(())
            }
            Err(error) => {
                warn!(number = %fetch.number, error = chain(&error), "a letter cannot be read");
                self.connection.message_failed(fetch.ticket, refusal::of_letter(&error))
            }
        }
    }

    fn complete(&mut self, ticket: FetchTicket) {
        let taken = self.connection.message_complete(ticket);
        self.note(taken);
    }

    /// Keeps the buffer of a piece that was handed over, unless somebody else holds it.
    fn keep(&mut self, octets: Bytes) {
        if let Ok(buffer) = octets.try_into_mut() {
            self.buffer = buffer;
        }
    }
}
