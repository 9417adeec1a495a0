//! LANG and UTF8.

use std::io;

use super::Fault;
use super::session::{Next, Session};

/// Tags and names; what `*` stands for is the first.
const LANGUAGES: [(&str, &str); 3] =
    [("en", "English"), ("de", "Deutsch"), ("i-default", "English")];

impl Session {
    /// LANG, with a language or without.
    pub(super) fn language(&mut self, wanted: Option<&str>) -> io::Result<Next> {
        if self.open.is_some() && self.is(Fault::LangBeforeLoginOnly) {
            return self.out_of_place();
        }
        let Some(wanted) = wanted else { return self.languages() };
        let found = if wanted != "*" {
            lookup(wanted)
        } else if self.is(Fault::LangStarRefused) {
            None
        } else {
            Some(LANGUAGES[0].0)
        };
        let found = found.or_else(|| self.is(Fault::LangAny).then_some("en"));
        let Some(tag) = found else {
            return self.refuse("", "there is no such language", "diese Sprache können wir nicht");
        };
        let before = std::mem::replace(&mut self.is_german, tag == "de");
        let said = if self.is(Fault::LangWithoutTag) {
            self.ok("English from now on", "Deutsch, bis sich das ändert")
        } else {
            self.ok(
                &format!("{tag} English from now on"),
                &format!("{tag} Deutsch, bis sich das ändert"),
            )
        };
        if self.is(Fault::LangNoEffect) {
            self.is_german = before;
        }
        said
    }

    fn languages(&mut self) -> io::Result<Next> {
        if self.is(Fault::LangListInOneLine) {
            return self.ok("en de i-default", "en de i-default");
        }
        let is_turned = self.is(Fault::LangListTurned);
        let lines = LANGUAGES.map(|(tag, name)| {
            if is_turned { format!("{name} ({tag})") } else { format!("{tag} {name}") }
        });
        self.many("these are the languages", lines.iter().map(String::as_str))
    }

    /// UTF8.
    pub(super) fn utf8(&mut self) -> io::Result<Next> {
        if self.open.is_some() && !self.is(Fault::Utf8AfterLogin) {
            return self.out_of_place();
        }
        self.utf8 = true;
        self.ok("headers may be UTF-8", "Kopfzeilen dürfen UTF-8 sein")
    }
}

/// The language that a range asks for; its last part is left away until one fits (RFC 4647,
/// section 3.4).
fn lookup(range: &str) -> Option<&'static str> {
    let mut range = range;
    loop {
        if let Some((tag, _)) = LANGUAGES.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(range)) {
            return Some(tag);
        }
        range = &range[..range.rfind('-')?];
    }
}
