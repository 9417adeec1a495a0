//! The grammar of a command line, in nom.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{digit1, one_of};
use nom::combinator::{all_consuming, opt, rest, value};
use nom::multi::{many0_count, many1_count};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::{
    Command, CommandError, Extension, InitialResponse, InvalidParameter, LanguageRange, Mechanism,
    Spaces,
};
use crate::auth::ApopDigest;
use crate::keyword::Keyword;
use crate::secret::Secret;
use crate::state::Shape;
use crate::types::{MessageNumber, UserName};

type Parsed<'a, T> = IResult<&'a [u8], T>;
type Words<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// `command = keyword *(SP parameter)`
pub(super) fn command(line: &[u8], spaces: Spaces) -> Result<Command, CommandError> {
    let (tail, word) = keyword(line).map_err(|_| CommandError::NoKeyword)?;
    let Some(keyword) = Keyword::find(word) else {
        return extension(word, tail, spaces);
    };
    let arguments = Arguments { keyword, tail, spaces };
    match keyword {
        Keyword::User => arguments.one(|name| Ok(Command::User(UserName::from_bytes(name)?))),
        Keyword::Pass => arguments.pass(),
        Keyword::Apop => arguments.two(|name, digest| {
            let user = UserName::from_bytes(name)?;
            let digest = ApopDigest::from_hex(digest).ok_or(CommandError::Digest)?;
            Ok(Command::Apop { user, digest })
        }),
        Keyword::Auth => arguments.one_or_two(|mechanism, initial| {
            let mechanism = Mechanism::new(mechanism)?;
            let initial = initial.map(InitialResponse::new).transpose()?;
            Ok(Command::Auth { mechanism, initial })
        }),
        Keyword::Stls => arguments.none(Command::Stls),
        Keyword::Utf8 => arguments.none(Command::Utf8),
        Keyword::Lang => arguments
            .none_or_one(|range| Ok(Command::Lang(range.map(LanguageRange::new).transpose()?))),
        Keyword::Capa => arguments.none(Command::Capa),
        Keyword::Stat => arguments.none(Command::Stat),
        Keyword::List => arguments.none_or_one(|word| {
            Ok(Command::List(word.map(|word| message_number(keyword, word)).transpose()?))
        }),
        Keyword::Uidl => arguments.none_or_one(|word| {
            Ok(Command::Uidl(word.map(|word| message_number(keyword, word)).transpose()?))
        }),
        Keyword::Retr => arguments.one(|word| Ok(Command::Retr(message_number(keyword, word)?))),
        Keyword::Top => arguments.two(|message, lines| {
            let message = message_number(keyword, message)?;
            Ok(Command::Top { message, lines: line_count(lines)? })
        }),
        Keyword::Dele => arguments.one(|word| Ok(Command::Dele(message_number(keyword, word)?))),
        Keyword::Noop => arguments.none(Command::Noop),
        Keyword::Rset => arguments.none(Command::Rset),
        Keyword::Quit => arguments.none(Command::Quit),
    }
}

/// `keyword = 3*12(ALPHA / DIGIT)`: RFC 2449 says 3 or 4; private ones (XCLIENT) are longer.
fn keyword(line: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(|octet: u8| octet.is_ascii_alphanumeric())(line)
}

/// `parameter = 1*VCHAR`, and what UTF-8 has beyond ASCII.
fn parameter(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(|octet: u8| octet.is_ascii_graphic() || octet >= 0x80)(input)
}

/// What stands before a parameter.
fn separator(spaces: Spaces) -> impl Fn(&[u8]) -> Parsed<'_, ()> {
    move |input| match spaces {
        Spaces::Single => value((), tag(" ")).parse(input),
        Spaces::Any => value((), many1_count(one_of(" \t"))).parse(input),
    }
}

/// What may stand at the end of the line.
fn trailer(spaces: Spaces) -> impl Fn(&[u8]) -> Parsed<'_, ()> {
    move |input| match spaces {
        Spaces::Single => Ok((input, ())),
        Spaces::Any => value((), many0_count(one_of(" \t"))).parse(input),
    }
}

/// Everything behind the keyword, and what the command makes of it.
struct Arguments<'a> {
    keyword: Keyword,
    tail: &'a [u8],
    spaces: Spaces,
}

impl<'a> Arguments<'a> {
    /// Up to two parameters and the end of the line; more, or something that is no parameter, is
    /// an error.
    fn words(&self) -> Result<Words<'a>, CommandError> {
        let word = || preceded(separator(self.spaces), parameter);
        let words = (opt(word()), opt(word()));
        all_consuming(terminated(words, trailer(self.spaces)))
            .parse(self.tail)
            .map(|(_, words)| words)
            .map_err(|_| CommandError::UnexpectedArgument(self.keyword))
    }

    fn none(self, command: Command) -> Result<Command, CommandError> {
        match self.words()? {
            (None, _) => Ok(command),
            (Some(_), _) => Err(CommandError::UnexpectedArgument(self.keyword)),
        }
    }

    fn none_or_one(
        self,
        build: impl FnOnce(Option<&'a [u8]>) -> Result<Command, CommandError>,
    ) -> Result<Command, CommandError> {
        match self.words()? {
            (word, None) => build(word),
            (_, Some(_)) => Err(CommandError::UnexpectedArgument(self.keyword)),
        }
    }

    fn one(
        self,
        build: impl FnOnce(&'a [u8]) -> Result<Command, CommandError>,
    ) -> Result<Command, CommandError> {
        let missing = CommandError::MissingArgument(self.keyword);
        self.none_or_one(|word| build(word.ok_or(missing)?))
    }

    fn one_or_two(
        self,
        build: impl FnOnce(&'a [u8], Option<&'a [u8]>) -> Result<Command, CommandError>,
    ) -> Result<Command, CommandError> {
        match self.words()? {
            (Some(first), second) => build(first, second),
            (None, _) => Err(CommandError::MissingArgument(self.keyword)),
        }
    }

    fn two(
        self,
        build: impl FnOnce(&'a [u8], &'a [u8]) -> Result<Command, CommandError>,
    ) -> Result<Command, CommandError> {
        let missing = CommandError::MissingArgument(self.keyword);
        self.one_or_two(|first, second| build(first, second.ok_or(missing)?))
    }

    /// The password is the rest of the line behind one space, further spaces included
    /// (RFC 1939, section 7).
    fn pass(self) -> Result<Command, CommandError> {
        let missing = CommandError::MissingArgument(self.keyword);
        let (_, password) = behind_space(self.spaces)(self.tail).map_err(|_| missing)?;
        Ok(Command::Pass(Secret::new(password)?))
    }
}

/// Everything behind one separator.
fn behind_space(spaces: Spaces) -> impl Fn(&[u8]) -> Parsed<'_, &[u8]> {
    move |input| match spaces {
        Spaces::Single => preceded(tag(" "), rest).parse(input),
        Spaces::Any => preceded(alt((tag(" "), tag("\t"))), rest).parse(input),
    }
}

/// `n = 1*DIGIT`, from 1 to the largest that a [`MessageNumber`] holds: never wrapped.
fn message_number(keyword: Keyword, word: &[u8]) -> Result<MessageNumber, CommandError> {
    decimal(word)
        .and_then(|number| u32::try_from(number).ok())
        .and_then(MessageNumber::new)
        .ok_or(CommandError::MessageNumber(keyword))
}

/// `k = 1*DIGIT`; more lines than can be counted are all lines.
fn line_count(word: &[u8]) -> Result<u64, CommandError> {
    decimal(word).ok_or(CommandError::LineCount)
}

/// A decimal without sign; one that is too large becomes `u64::MAX`.
pub(crate) fn decimal(word: &[u8]) -> Option<u64> {
    let (_, digits) = all_consuming(digit1::<&[u8], nom::error::Error<&[u8]>>).parse(word).ok()?;
    Some(digits.iter().fold(0_u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    }))
}

/// What stands between the spaces and tabs.
fn trim(mut arguments: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', inner @ ..] | [inner @ .., b' ' | b'\t'] = arguments {
        arguments = inner;
    }
    arguments
}

/// A keyword that is not in the vocabulary, with the arguments as they stand.
fn extension(word: &[u8], tail: &[u8], spaces: Spaces) -> Result<Command, CommandError> {
    let Ok((_, arguments)) = all_consuming(opt(behind_space(spaces))).parse(tail) else {
        return Err(CommandError::NoKeyword);
    };
    let arguments = match (arguments, spaces) {
        (None, _) => b"",
        (Some([]), Spaces::Single) => return Err(InvalidParameter::Arguments.into()),
        (Some(arguments), Spaces::Single) => arguments,
        (Some(arguments), Spaces::Any) => trim(arguments),
    };
    let word = core::str::from_utf8(word).map_err(|_| CommandError::NoKeyword)?;
    Ok(Command::Extension(Extension::new(word, arguments, Shape::Line)?))
}
