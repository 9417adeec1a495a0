//! Language listings (RFC 6856, section 3.2).

use bytes::BytesMut;

use crate::command::LanguageTag;
use crate::excerpt::Excerpt;
use crate::reply::InvalidListing;
use crate::text::Text;

/// A language listing, a line of the answer to LANG: `tag [SP name]`.
///
/// ```
/// use pop3_proto::reply::LanguageListing;
/// let listing = LanguageListing::parse("de-AT Österreichisches Deutsch".as_bytes())?;
/// assert_eq!(listing.tag.as_str(), "de-AT");
/// assert_eq!(listing.name.unwrap().to_string(), "Österreichisches Deutsch");
/// # Ok::<(), pop3_proto::reply::InvalidListing>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct LanguageListing {
    /// The tag: what to choose the language by.
    pub tag: LanguageTag,
    /// What the language calls itself, in UTF-8; for people.
    pub name: Option<Text>,
}

impl LanguageListing {
    /// Parses a line, or the text behind the `+OK` that answers the choice of a language.
    ///
    /// # Errors
    /// When there is no tag, or the name holds NUL.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidListing> {
        let line = line.trim_ascii();
        let end = line.iter().position(|octet| *octet == b' ').unwrap_or(line.len());
        let (tag, name) = line.split_at(end);
        let language = || InvalidListing::Language(Excerpt::of(line));
        let tag = LanguageTag::new(tag).map_err(|_| language())?;
        let name = Text::new(name.trim_ascii_start()).map_err(|_| language())?;
        Ok(Self { tag, name: (!name.is_empty()).then_some(name) })
    }

    /// Appends `tag [SP name]`.
    pub fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(self.tag.as_str().as_bytes());
        if let Some(name) = &self.name {
            out.extend_from_slice(b" ");
            out.extend_from_slice(name.as_bytes());
        }
    }
}
