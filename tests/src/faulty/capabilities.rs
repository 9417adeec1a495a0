//! CAPA.

use std::io;

use super::Fault;
use super::session::{Next, Session};

impl Session {
    /// CAPA.
    pub(super) fn capabilities(&mut self) -> io::Result<Next> {
        let is_open = self.open.is_some();
        if is_open && self.is(Fault::CapaBeforeLoginOnly) {
            return self.out_of_place();
        }
        let in_tls = self.wire.in_tls();
        let mut list = vec!["TOP".to_owned()];
        if !self.is(Fault::UidlUnlisted) {
            list.push("UIDL".to_owned());
        }
        let forgets_user = is_open && self.is(Fault::CapaForgetsUser);
        // Where USER is offered, PLAIN may be there for the same old clients.
        let hides_user = !in_tls && self.is(Fault::PlainInClear);
        if !self.is(Fault::UserUnlisted) && !forgets_user && !hides_user {
            list.push("USER".to_owned());
        }
        if !(is_open && self.is(Fault::SaslGoneAfterLogin)) {
            list.push(format!("SASL {}", self.mechanisms().join(" ")));
        }
        if !self.is(Fault::RespCodesUnlisted) {
            list.push("RESP-CODES".to_owned());
        }
        if !(is_open && self.is(Fault::AuthRespCodeOnce)) {
            list.push("AUTH-RESP-CODE".to_owned());
        }
        list.push("PIPELINING".to_owned());
        let expire = if self.is(Fault::ExpireWithoutDays) { "EXPIRE" } else { "EXPIRE NEVER" };
        list.push(expire.to_owned());
        list.push(match () {
            () if self.is(Fault::ImplementationOfNone) => "IMPLEMENTATION".to_owned(),
            () if self.is(Fault::CapaLongLine) => format!("IMPLEMENTATION {}", "x".repeat(600)),
            () if self.is(Fault::SpacesDoubled) => "IMPLEMENTATION  lawful".to_owned(),
            () => "IMPLEMENTATION lawful".to_owned(),
        });
        if !(is_open && self.is(Fault::Utf8GoneAfterLogin)) {
            list.push("UTF8 USER".to_owned());
        }
        if !self.is(Fault::LangUnlisted) {
            list.push("LANG".to_owned());
        }
        if (!in_tls || self.is(Fault::StlsListedInTls)) && !is_open {
            list.push("STLS".to_owned());
        }
        if self.is(Fault::CapaListsApop) {
            list.push("APOP".to_owned());
        }
        if self.is(Fault::CapaTagWithDot) {
            list.push("EXTRAS-1.0".to_owned());
        }
        if self.is(Fault::CapaInOneLine) {
            let words = list.join(", ");
            return self.ok(&words, &words);
        }
        self.many("this is what there is", list.iter().map(String::as_str))
    }
}
