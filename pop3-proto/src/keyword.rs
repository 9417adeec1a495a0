//! The words that begin a command.

use core::fmt;

macro_rules! keywords {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A command keyword of the POP3 family (RFC 1939, 2449, 2595, 5034, 6856).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Keyword {
            $($(#[$doc])* $name,)*
        }

        impl Keyword {
            /// Every keyword, in the order of the table in [`state`](crate::state).
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The keyword in capitals, as it is sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

keywords! {
    /// `USER name`
    User = "USER",
    /// `PASS password`
    Pass = "PASS",
    /// `APOP name digest`
    Apop = "APOP",
    /// `AUTH mechanism [initial-response]`
    Auth = "AUTH",
    /// `STLS`
    Stls = "STLS",
    /// `UTF8`
    Utf8 = "UTF8",
    /// `LANG [range]`
    Lang = "LANG",
    /// `CAPA`
    Capa = "CAPA",
    /// `STAT`
    Stat = "STAT",
    /// `LIST [number]`
    List = "LIST",
    /// `UIDL [number]`
    Uidl = "UIDL",
    /// `RETR number`
    Retr = "RETR",
    /// `TOP number lines`
    Top = "TOP",
    /// `DELE number`
    Dele = "DELE",
    /// `NOOP`
    Noop = "NOOP",
    /// `RSET`
    Rset = "RSET",
    /// `QUIT`
    Quit = "QUIT",
}

impl Keyword {
    /// The keyword that these octets spell, in whatever case.
    #[must_use]
    pub fn find(word: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str().as_bytes().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
