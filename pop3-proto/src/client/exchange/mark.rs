//! Many messages marked at once.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use super::{Exchange, next_event};
use crate::client::{CommandId, Connection, Error, Event};
use crate::command::Command;
use crate::keyword::Keyword;
use crate::reply::Reply;
use crate::types::MessageNumber;

/// DELE for many messages (RFC 1939, section 5): where the server lists PIPELINING, commands go
/// ahead of the replies. The result has an outcome for each message, in order; one refusal does
/// not stop the others.
#[derive(Debug)]
pub struct DeleteAll {
    wanted: VecDeque<MessageNumber>,
    asked: VecDeque<(CommandId, MessageNumber)>,
    outcomes: Vec<(MessageNumber, Result<Reply, Error>)>,
}

impl DeleteAll {
    /// Marks these messages.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = MessageNumber>) -> Self {
        let wanted = numbers.into_iter().collect();
        Self { wanted, asked: VecDeque::new(), outcomes: Vec::new() }
    }
}

impl Exchange for DeleteAll {
    type Output = Vec<(MessageNumber, Result<Reply, Error>)>;

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Self::Output, Error>> {
        loop {
            while connection.has_queue_room()
                && let Some(number) = self.wanted.pop_front()
            {
                self.asked.push_back((connection.send(Command::Dele(number))?, number));
            }
            let Some((own, number)) = self.asked.front().copied() else {
                return Poll::Ready(Ok(core::mem::take(&mut self.outcomes)));
            };
            match ready!(next_event(connection))? {
                Event::Reply { id, reply } if id == own => {
                    let command = Cow::Borrowed(Keyword::Dele.as_str());
                    let outcome = match reply.is_ok() {
                        true => Ok(reply),
                        false => Err(Error::Refused { command, reply }),
                    };
                    self.outcomes.push((number, outcome));
                }
                Event::Done { id } if id == own => {
                    self.asked.pop_front();
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Config;
    use crate::client::exchange::{Login, Opening};
    use crate::{Secret, UserName};

    fn logged_in() -> Connection {
        let mut connection = Connection::new(Config::default());
        connection.receive(b"+OK\r\n");
        assert!(Opening::new().poll(&mut connection).is_pending());
        let mut login =
            Login::password(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
        connection.receive(b"+OK\r\nPIPELINING\r\n.\r\n");
        for reply in ["", "+OK\r\n", "+OK\r\n", "-ERR\r\n"] {
            connection.receive(reply.as_bytes());
            let _ = login.poll(&mut connection);
        }
        assert_eq!(connection.state(), crate::state::State::Transaction);
        let sent = bytes::Buf::remaining(&connection.transmit());
        bytes::Buf::advance(&mut connection.transmit(), sent);
        connection
    }

    #[test]
    fn a_refusal_does_not_stop_the_others() {
        let mut connection = logged_in();
        let mut delete = DeleteAll::new([1, 2, 3].map(|n| MessageNumber::new(n).unwrap()));
        assert!(delete.poll(&mut connection).is_pending());
        let sent = bytes::Buf::copy_to_bytes(&mut connection.transmit(), 24);
        assert_eq!(sent, "DELE 1\r\nDELE 2\r\nDELE 3\r\n");
        connection.receive(b"+OK\r\n-ERR gone\r\n+OK\r\n");
        let Poll::Ready(Ok(outcomes)) = delete.poll(&mut connection) else { panic!("not done") };
        let agreed: Vec<bool> = outcomes.iter().map(|(_, outcome)| outcome.is_ok()).collect();
        assert_eq!(agreed, [true, false, true]);
    }

    #[test]
    fn nothing_to_mark_is_done_at_once() {
        let mut connection = logged_in();
        assert!(DeleteAll::new([]).poll(&mut connection).is_ready());
        assert!(!connection.wants_write());
    }
}
