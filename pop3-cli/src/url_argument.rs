//! A URL as an argument of the program.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;

use crate::url::{InvalidUrl, MailboxUrl};

/// Parses the argument. What clap cannot parse by itself it repeats in its error, and a URL may hold
/// a password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UrlParser;

impl TypedValueParser for UrlParser {
    type Value = MailboxUrl;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<MailboxUrl, clap::Error> {
        let url = value.to_str().ok_or(InvalidUrl::Utf8).and_then(str::parse);
        url.map_err(|error| {
            clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).with_cmd(command)
        })
    }
}
