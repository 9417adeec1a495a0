//! XCLIENT: a trusted peer tells on whose behalf it speaks.

use alloc::boxed::Box;

use crate::capability::Capability;
use crate::command::{Extension, Xclient};
use crate::server::action::Action;
use crate::server::connection::Connection;
use crate::server::remark::Remark;
use crate::state::State;

impl Connection {
    /// Says that the peer is one that may tell on whose behalf it speaks, such as a load balancer
    /// under the same administration. From now on, and before login, CAPA tells XCLIENT, and the
    /// command leads to [`Action::Relayed`]. Without this call XCLIENT is an unknown command.
    ///
    /// ```
    /// use pop3_proto::server::{Action, Config, Connection};
    /// let mut connection = Connection::new(Config::default(), None);
    /// connection.allow_xclient();
    /// connection.receive(b"XCLIENT ADDR=192.0.2.7 PORT=49152\r\n");
    /// let Some(Action::Relayed(client)) = connection.poll() else { panic!() };
    /// assert_eq!(client.address, Some([192, 0, 2, 7].into()));
    /// ```
    pub const fn allow_xclient(&mut self) {
        self.xclient_allowed = true;
    }

    /// Whether a command is an XCLIENT that is lawful here and now.
    pub(super) fn takes_xclient(&self, command: &Extension) -> bool {
        self.offers_xclient() && command.keyword() == Xclient::KEYWORD
    }

    /// What CAPA tells of it.
    pub(super) fn offered_xclient(&self) -> Option<Capability> {
        self.offers_xclient().then(|| Capability::Other(Box::from(Xclient::KEYWORD)))
    }

    fn offers_xclient(&self) -> bool {
        self.xclient_allowed && self.state == State::Authorization
    }

    pub(super) fn xclient(&mut self, command: &Extension) {
        match Xclient::parse(command.arguments()) {
            Ok(client) => {
                self.actions.push_back(Action::Relayed(client));
                self.ok(&Remark::ClientTaken);
            }
            Err(_) => self.err(&Remark::BadClient),
        }
    }
}
