//! The languages of the server's remarks (RFC 6856, section 3).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use crate::command::{InvalidParameter, LanguageRange, LanguageTag};
use crate::reply::{LanguageListing, Reply};
use crate::server::remark::RemarkName;
use crate::text::Text;

mod english;
mod german;
#[cfg(test)]
mod tests;

/// A language of the server's remarks: its tag, its name in itself, and a text for each remark.
/// Clones share the table.
///
/// A text is one line of at most [`Language::MAX_TEXT`] octets, in which `{name}` stands for a
/// value; which there are, [`RemarkName::placeholders`] tells. To add a language, give a text for
/// each [`RemarkName`], from a file or from a `match`:
///
/// ```
/// use pop3_proto::server::{Config, InvalidLanguage, Language, RemarkName};
///
/// let dutch = [("goodbye", "tot ziens")]; // and so on
/// let table = dutch.map(|(name, text)| (name.parse().unwrap(), text));
/// // A remark that is forgotten is named.
/// assert!(matches!(
///     Language::new("nl", "Nederlands", table),
///     Err(InvalidLanguage::Missing(RemarkName::NameTaken))
/// ));
///
/// let all = RemarkName::ALL.iter().map(|name| (*name, "Ja."));
/// let mut config = Config::default();
/// config.languages.push(Language::new("nl", "Nederlands", all)?);
/// # Ok::<(), InvalidLanguage>(())
/// ```
#[derive(Clone)]
pub struct Language {
    listing: LanguageListing,
    texts: Texts,
}

#[derive(Clone)]
enum Texts {
    BuiltIn(fn(RemarkName) -> &'static str),
    Table(Arc<BTreeMap<RemarkName, Cow<'static, str>>>),
}

/// Why a table is no language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLanguage {
    /// The tag is malformed.
    #[error(transparent)]
    Tag(#[from] InvalidParameter),
    /// The name holds a control character or is longer than [`Language::MAX_TEXT`].
    #[error("the name of a language is one line without control characters")]
    Name,
    /// A remark has no text, or an empty one.
    #[error("the remark {0} has no text")]
    Missing(RemarkName),
    /// A text holds CR, LF, NUL or another control character.
    #[error("the text of {0} holds a control character")]
    Control(RemarkName),
    /// A text is too long; see [`Language::MAX_TEXT`].
    #[error("the text of {0} is too long")]
    TooLong(RemarkName),
    /// A brace stands elsewhere than around one of the remark's placeholders.
    #[error("the text of {0} has a brace that belongs to no placeholder")]
    Placeholder(RemarkName),
}

/// The longest value of a placeholder: 64 bits in decimal.
const LONGEST_VALUE: usize = 20;

impl Language {
    /// How long a text may be with all its values filled in, in octets: what a status line has
    /// room for behind the longest indicator, response code and language tag.
    pub const MAX_TEXT: usize = 400;

    /// A language by its tag ([BCP 47](https://www.rfc-editor.org/info/bcp47), such as `nl` or
    /// `pt-BR`), its name in itself, and a text for each remark; the last one counts where there
    /// are two.
    ///
    /// # Errors
    /// When the tag or the name is malformed, a remark lacks its text, or a text cannot stand in a
    /// reply.
    pub fn new<T: Into<Cow<'static, str>>>(
        tag: &str,
        name: &str,
        texts: impl IntoIterator<Item = (RemarkName, T)>,
    ) -> Result<Self, InvalidLanguage> {
        let tag = LanguageTag::new(tag)?;
        if name.len() > Self::MAX_TEXT || name.chars().any(char::is_control) {
            return Err(InvalidLanguage::Name);
        }
        let table: BTreeMap<_, _> =
            texts.into_iter().map(|(remark, text)| (remark, text.into())).collect();
        for remark in RemarkName::ALL {
            check(*remark, table.get(remark).map_or("", |text| text))?;
        }
        let name = (!name.is_empty()).then(|| Text::lossy(name));
        Ok(Self { listing: LanguageListing { tag, name }, texts: Texts::Table(Arc::new(table)) })
    }

    /// English, `en`.
    #[must_use]
    pub const fn english() -> Self {
        Self::built_in(LanguageTag::literal("en"), Text::literal("English"), english::text)
    }

    /// German, `de`.
    #[must_use]
    pub const fn german() -> Self {
        Self::built_in(LanguageTag::literal("de"), Text::literal("Deutsch"), german::text)
    }

    /// English under the name that it has before a language is chosen (RFC 2277, section 4.5).
    pub(super) const fn default_language() -> Self {
        Self::built_in(LanguageTag::I_DEFAULT, Text::literal("English"), english::text)
    }

    const fn built_in(tag: LanguageTag, name: Text, text: fn(RemarkName) -> &'static str) -> Self {
        let listing = LanguageListing { tag, name: Some(name) };
        Self { listing, texts: Texts::BuiltIn(text) }
    }

    /// The tag.
    #[must_use]
    pub const fn tag(&self) -> &LanguageTag {
        &self.listing.tag
    }

    /// The text of a remark, placeholders and all.
    #[must_use]
    pub fn text(&self, remark: RemarkName) -> &str {
        match &self.texts {
            Texts::BuiltIn(text) => text(remark),
            Texts::Table(table) => table.get(&remark).map_or("", |text| text),
        }
    }

    /// The language's line in the answer to LANG.
    pub(super) const fn listing(&self) -> &LanguageListing {
        &self.listing
    }

    /// The text of a remark with its values.
    pub(super) fn render(
        &self,
        remark: RemarkName,
        value: impl Fn(&str) -> Option<String>,
    ) -> String {
        let mut line = String::new();
        for piece in pieces(self.text(remark)) {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Placeholder(name) => line.push_str(&value(name).unwrap_or_default()),
                Piece::Brace => {}
            }
        }
        line
    }
}

/// The language that a range asks for: the first whose tag is the range or begins with it
/// (RFC 4647, section 3.3.1); where there is none, the range is shortened subtag by subtag
/// (section 3.4). `*` is the first of all (RFC 6856, section 3.2).
pub(super) fn choose<'a>(languages: &'a [Language], range: &LanguageRange) -> Option<&'a Language> {
    let mut range = range.as_str();
    if range == "*" {
        return languages.first();
    }
    loop {
        let exact = || languages.iter().find(|known| known.tag().is(range));
        let within = || languages.iter().find(|known| known.tag().is_within(range));
        if let Some(language) = exact().or_else(within) {
            return Some(language);
        }
        (range, _) = range.rsplit_once('-')?;
        // A singleton introduces what follows it and means nothing alone.
        while let Some((shorter, last)) = range.rsplit_once('-')
            && last.len() == 1
        {
            range = shorter;
        }
    }
}

enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
    /// A brace without its counterpart.
    Brace,
}

fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    core::iter::from_fn(move || {
        let brace = text.find(['{', '}']).unwrap_or(text.len());
        let (plain, rest) = text.split_at(brace);
        if !plain.is_empty() {
            text = rest;
            return Some(Piece::Text(plain));
        }
        let inner = rest.get(1..)?;
        match inner.split_once('}') {
            Some((name, behind)) if rest.starts_with('{') && !name.contains('{') => {
                text = behind;
                Some(Piece::Placeholder(name))
            }
            _ => {
                text = inner;
                Some(Piece::Brace)
            }
        }
    })
}

/// Whether a text can stand for a remark.
fn check(remark: RemarkName, text: &str) -> Result<(), InvalidLanguage> {
    if text.is_empty() {
        return Err(InvalidLanguage::Missing(remark));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidLanguage::Control(remark));
    }
    let mut longest = 0;
    for piece in pieces(text) {
        longest += match piece {
            Piece::Text(plain) => plain.len(),
            Piece::Placeholder(name) if remark.placeholders().contains(&name) => LONGEST_VALUE,
            Piece::Placeholder(_) | Piece::Brace => {
                return Err(InvalidLanguage::Placeholder(remark));
            }
        };
    }
    if longest > Language::MAX_TEXT { Err(InvalidLanguage::TooLong(remark)) } else { Ok(()) }
}

// The longest tag is 35 octets, the longest code that the server sends is LOGIN-DELAY.
const _: () = assert!(Language::MAX_TEXT + 35 + "-ERR [LOGIN-DELAY]  \r\n".len() <= Reply::MAX);

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Language").field(&self.tag().as_str()).finish()
    }
}
