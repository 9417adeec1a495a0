//! UTF8 and LANG (RFC 6856).

use crate::capability::Capability;
use crate::command::{LanguageRange, LanguageTag};
use crate::reply::Reply;
use crate::secret::Secret;
use crate::server::config::Utf8Headers;
use crate::server::connection::Connection;
use crate::server::language::{self, Language};
use crate::server::remark::Remark;
use crate::text::Text;
use crate::types::UserName;

impl Connection {
    /// Whether the client has asked for UTF-8 mode: messages go out as they are, with UTF-8 in
    /// their headers (RFC 6856, section 2.1).
    #[must_use]
    pub const fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// The language of the remarks; `i-default` until the client has chosen one.
    #[must_use]
    pub const fn language(&self) -> &LanguageTag {
        self.language.tag()
    }

    pub(super) fn utf8(&mut self) {
        self.utf8 = true;
        self.ok(&Remark::Utf8);
    }

    /// Lists the languages, or changes to one of them.
    pub(super) fn lang(&mut self, range: Option<&LanguageRange>) {
        let Some(range) = range else { return self.languages() };
        let default = Language::default_language();
        let chosen = match default.tag().is(range.as_str()) {
            true => Some(&default),
            false => language::choose(&self.config.languages, range),
        };
        let Some(chosen) = chosen else { return self.err(&Remark::NoSuchLanguage) };
        self.language = chosen.clone();
        // The tag is data; only what follows it is a remark (RFC 6856, section 3.2).
        let mut text = self.language.tag().as_str().as_bytes().to_vec();
        text.push(b' ');
        text.extend_from_slice(Remark::LanguageChosen.text(&self.language).as_bytes());
        self.reply(Reply::ok(Text::new(text).unwrap_or_default()));
    }

    fn languages(&mut self) {
        self.ok(&Remark::Languages);
        let out = &mut self.output.buffer;
        for language in self.config.languages.iter().chain([&Language::default_language()]) {
            language.listing().encode(out);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }

    /// What becomes of UTF-8 in headers, here and now.
    pub(super) fn header_policy(&self) -> Utf8Headers {
        if self.utf8 || !self.offers("UTF8") { Utf8Headers::AsIs } else { self.config.utf8_headers }
    }

    /// Whether there is a choice.
    pub(super) const fn has_languages(&self) -> bool {
        self.config.languages.len() > 1
    }

    /// Where names and passwords may be UTF-8, they may be nothing else (RFC 6856, section 2.2).
    pub(super) fn is_lawful_password(&self, password: &Secret) -> bool {
        let utf8 = |capability: &Capability| *capability == Capability::Utf8 { user: true };
        !self.config.capabilities.iter().any(utf8)
            || core::str::from_utf8(password.expose()).is_ok()
    }

    /// A name as it is looked up: prepared, where that is built in (RFC 6856, section 2.2).
    pub(super) fn prepared(user: UserName) -> Result<UserName, Remark<'static>> {
        #[cfg(feature = "sasl")]
        return crate::auth::sasl::lenient_user(user).map_err(|_| Remark::BadUserName);
        #[cfg(not(feature = "sasl"))]
        Ok(user)
    }

    /// What was agreed in clear text may have been agreed with somebody else.
    ///
    /// STLS is not refused in UTF-8 mode, although it may be (RFC 6856, section 2.1): otherwise
    /// whoever slips a UTF8 into the clear text would keep the session in it.
    pub(super) fn forget_international(&mut self) {
        self.utf8 = false;
        self.language = Language::default_language();
    }
}
