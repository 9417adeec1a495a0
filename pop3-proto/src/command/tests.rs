use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;

fn parse(line: &str) -> Result<Command, CommandError> {
    Command::parse(line.as_bytes())
}

fn tolerant(line: &str) -> Result<Command, CommandError> {
    Command::parse_with(line.as_bytes(), Spaces::Any)
}

fn number() -> impl Strategy<Value = MessageNumber> {
    (1..=u32::MAX).prop_map(|number| MessageNumber::new(number).unwrap())
}

fn user() -> impl Strategy<Value = UserName> {
    "[!-~äöü€]{1,30}".prop_map(|name| UserName::new(name).unwrap())
}

/// Every command that can be said.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    let secret = proptest::collection::vec(any::<u8>(), 1..40)
        .prop_filter_map("a line end", |octets| Secret::new(octets).ok());
    let initial = prop_oneof![
        Just(None),
        Just(Some("=".into())),
        "([A-Za-z0-9+/]{4}){1,4}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?".prop_map(Some)
    ];
    let range =
        proptest::option::of(prop_oneof![Just(String::from("*")), "[a-z]{1,8}(-[A-Z]{2})?"]);
    prop_oneof![
        user().prop_map(Command::User),
        secret.prop_map(Command::Pass),
        (user(), "[0-9a-f]{32}").prop_map(|(user, hex)| Command::Apop {
            user,
            digest: ApopDigest::from_hex(hex.as_bytes()).unwrap()
        }),
        ("[A-Z0-9_-]{1,20}", initial).prop_map(|(mechanism, initial): (String, Option<String>)| {
            Command::Auth {
                mechanism: Mechanism::new(mechanism).unwrap(),
                initial: initial.map(|initial| InitialResponse::new(initial).unwrap()),
            }
        }),
        range
            .prop_map(|range| Command::Lang(range.map(|range| LanguageRange::new(range).unwrap()))),
        proptest::option::of(number()).prop_map(Command::List),
        proptest::option::of(number()).prop_map(Command::Uidl),
        number().prop_map(Command::Retr),
        (number(), any::<u64>()).prop_map(|(message, lines)| Command::Top { message, lines }),
        number().prop_map(Command::Dele),
        ("X[A-Z0-9]{2,11}", "([!-~]([ -~]{0,20}[!-~])?)?").prop_map(|(keyword, arguments)| {
            Command::Extension(Extension::new(&keyword, arguments, Shape::Line).unwrap())
        }),
        prop_oneof![
            Just(Command::Stls),
            Just(Command::Utf8),
            Just(Command::Capa),
            Just(Command::Stat),
            Just(Command::Noop),
            Just(Command::Rset),
            Just(Command::Quit)
        ],
    ]
}

proptest! {
    #[test]
    fn parser_and_encoder_are_inverses(command in any_command()) {
        let wire = command.to_bytes();
        let line = wire.strip_suffix(b"\r\n").unwrap();
        prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
        prop_assert_eq!(Command::parse(line), Ok(command.clone()));
        prop_assert_eq!(Command::parse_with(line, Spaces::Any), Ok(command));
    }

    #[test]
    fn whatever_parses_is_encoded_to_what_parses_to_the_same(
        line in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "(?i)(user|pass|apop|top|retr|list|uidl|auth|lang|stat|xtnd)[ \t]{0,2}[0-9a-z+=]{0,9}[ \t]{0,2}[0-9a-z=]{0,9} ?".prop_map(String::into_bytes),
        ],
        spaces in prop_oneof![Just(Spaces::Single), Just(Spaces::Any)],
    ) {
        if let Ok(command) = Command::parse_with(&line, spaces) {
            let wire = command.to_bytes();
            prop_assert_eq!(Command::parse(wire.strip_suffix(b"\r\n").unwrap()), Ok(command));
        }
    }

    #[test]
    fn secret_in_no_log(password in "[a-z0-9]{12,30}") {
        let command = Command::Pass(Secret::new(&password).unwrap());
        let extension = Extension::new("XAUTH", &password, Shape::Line).unwrap();
        for shown in [
            alloc::format!("{command:?} {command}"),
            alloc::format!("{extension:?} {}", Command::Extension(extension.clone())),
        ] {
            prop_assert!(!shown.contains(&password));
        }
    }
}

#[test]
fn keywords_come_in_any_case() {
    for line in ["noop", "NOOP", "nOoP"] {
        assert_eq!(parse(line), Ok(Command::Noop));
    }
}

#[test]
fn pass_may_contain_spaces() {
    for (line, password) in [("PASS a b  c ", "a b  c "), ("pass  x", " x"), ("PASS  ", " ")] {
        assert_eq!(parse(line), Ok(Command::Pass(Secret::new(password).unwrap())));
        assert_eq!(tolerant(line), parse(line));
    }
    assert_eq!(parse("PASS"), Err(CommandError::MissingArgument(Keyword::Pass)));
    assert_eq!(parse("PASS "), Err(CommandError::Password(InvalidSecret::Empty)));
}

#[test]
fn retr_zero_is_refused() {
    for line in ["RETR 0", "RETR 000", "LIST 0", "DELE 0", "UIDL 0", "TOP 0 1"] {
        assert!(matches!(parse(line), Err(CommandError::MessageNumber(_))), "{line}");
    }
}

#[test]
fn retr_4294967297_is_refused() {
    for line in ["RETR 4294967297", "LIST 4294967296", "DELE 99999999999999999999999999"] {
        assert!(matches!(parse(line), Err(CommandError::MessageNumber(_))), "{line}");
    }
}

#[test]
fn retr_1x_is_refused() {
    for line in ["RETR 1x", "RETR x", "RETR +1", "RETR -1", "DELE -1", "LIST 0x1", "UIDL 1."] {
        assert!(matches!(parse(line), Err(CommandError::MessageNumber(_))), "{line}");
        assert_eq!(tolerant(line), parse(line));
    }
}

#[test]
fn line_counts_are_not_signed_and_not_wrapped() {
    assert_eq!(parse("TOP 1 -1"), Err(CommandError::LineCount));
    assert_eq!(parse("TOP 1 x"), Err(CommandError::LineCount));
    let all = Command::Top { message: MessageNumber::FIRST, lines: u64::MAX };
    assert_eq!(parse("TOP 1 99999999999999999999999"), Ok(all));
}

#[test]
fn arguments_are_neither_missing_nor_too_many() {
    for line in ["USER", "RETR", "DELE", "TOP", "TOP 1", "APOP", "APOP x", "AUTH"] {
        assert!(matches!(parse(line), Err(CommandError::MissingArgument(_))), "{line}");
    }
    for line in [
        "STAT 1",
        "NOOP x",
        "RSET 1",
        "QUIT now",
        "CAPA x",
        "STLS 1",
        "UTF8 x",
        "LIST 1 2",
        "UIDL 1 2",
        "RETR 1 2",
        "DELE 1 2",
        "TOP 1 2 3",
        "USER a b",
        "LANG de fr",
    ] {
        assert!(matches!(parse(line), Err(CommandError::UnexpectedArgument(_))), "{line}");
    }
}

#[test]
fn strictly_there_is_one_space() {
    for line in ["STAT ", "RETR  1", "RETR\t1", "RETR 1 ", "USER  mark"] {
        assert!(parse(line).is_err(), "{line:?}");
        assert!(tolerant(line).is_ok(), "{line:?}");
    }
    assert!(tolerant(" STAT").is_err());
}

#[test]
fn strictly_there_is_one_space_before_a_password_and_in_extensions_too() {
    for line in ["PASS\tx", "XTND\tx", "XTND \tx", "XTND x\t", "XTND ", "XTND  x"] {
        assert!(parse(line).is_err(), "{line:?}");
        assert!(tolerant(line).is_ok(), "{line:?}");
    }
    // A tab as an argument would not survive a tolerant server.
    for arguments in ["\tx", "x\t", "\t"] {
        assert!(Extension::new("XTND", arguments, Shape::Line).is_err(), "{arguments:?}");
    }
}

#[test]
fn an_extension_is_the_same_to_a_strict_and_to_a_tolerant_server() {
    for line in ["XTND \x0cx", "XTND x\x0c", "XTND a\t b"] {
        assert_eq!(tolerant(line), parse(line), "{line:?}");
    }
}

#[test]
fn control_characters_are_in_no_argument() {
    for line in ["USER a\0b", "RETR 1\0", "STAT\0", "USER a\rb", "XTND a\0", "ST\0AT"] {
        assert!(parse(line).is_err() && tolerant(line).is_err(), "{line:?}");
    }
}

#[test]
fn other_words_are_extensions_when_they_have_the_form() {
    let Ok(Command::Extension(last)) = parse("last") else { panic!("no extension") };
    assert_eq!(last.keyword(), "LAST");
    let Ok(Command::Extension(xtnd)) = parse("XTND XMIT a  b") else { panic!("no extension") };
    assert_eq!(xtnd.arguments(), b"XMIT a  b");
    for line in ["", " ", "X", "XY", "ABCDEFGHIJKLM", "+OK", "É"] {
        assert!(
            matches!(parse(line), Err(CommandError::NoKeyword | CommandError::Parameter(_))),
            "{line}"
        );
    }
}

#[test]
fn base64_is_strict() {
    for good in ["=", "AA==", "AAA=", "AAAA", "AAAAAA=="] {
        assert!(InitialResponse::new(good).is_ok(), "{good}");
    }
    for bad in ["", "A", "AA", "AAA", "A===", "====", "AA=A", "AA==AA==", "A-_A", "AAAA="] {
        assert!(InitialResponse::new(bad).is_err(), "{bad}");
    }
}

/// What XCLIENT can tell.
fn any_xclient() -> impl Strategy<Value = Xclient> {
    use proptest::option::of;
    let word = || of("[!-~]{1,20}".prop_map(Box::from));
    let addresses = (of(any::<core::net::IpAddr>()), of(any::<core::net::IpAddr>()));
    let ports = (of(any::<u16>()), of(any::<u16>()));
    (addresses, ports, word(), of(any::<u32>()), word()).prop_map(
        |((address, destination), (port, destination_port), session, ttl, transport)| {
            let mut client = Xclient::default();
            (client.address, client.destination) = (address, destination);
            (client.port, client.destination_port) = (port, destination_port);
            (client.session, client.ttl, client.transport) = (session, ttl, transport);
            client
        },
    )
}

proptest! {
    #[test]
    fn xclient_is_understood_as_it_was_said(client in any_xclient()) {
        let command = client.command().unwrap();
        prop_assert_eq!(Xclient::parse(command.arguments()), Ok(client));
    }

    #[test]
    fn no_arguments_of_xclient_panic(arguments in "[ -~\t]{0,60}") {
        if let Ok(client) = Xclient::parse(arguments.as_bytes()) {
            prop_assert_eq!(Xclient::parse(client.command().unwrap().arguments()), Ok(client));
        }
    }
}

#[test]
fn commands_are_shown_without_their_secrets() {
    for line in [
        "USER mark",
        "LANG de",
        "LIST 1",
        "UIDL 2",
        "RETR 3",
        "DELE 4",
        "TOP 5 6",
        "AUTH PLAIN",
        "LIST",
        "QUIT",
        "XFOO",
    ] {
        assert_eq!(parse(line).unwrap().to_string(), line);
    }
    let digest = "0123456789abcdef".repeat(2);
    for (line, shown) in [
        ("PASS secret", "PASS …"),
        ("AUTH PLAIN c2VjcmV0", "AUTH PLAIN …"),
        (&alloc::format!("APOP mark {digest}"), "APOP mark …"),
        ("XFOO secret", "XFOO …"),
    ] {
        assert_eq!(parse(line).unwrap().to_string(), shown);
    }
}

#[test]
fn languages_and_extensions_are_alike_by_what_is_said_of_them() {
    let tag = |tag: &str| LanguageTag::new(tag).unwrap();
    assert_eq!(tag("de-AT"), tag("DE-at"));
    assert_ne!(tag("de"), tag("en"));
    for (range, matches) in [("*", true), ("de", true), ("de-AT", true), ("en", false)] {
        assert_eq!(tag("de-AT").matches(&LanguageRange::new(range).unwrap()), matches, "{range}");
    }
    let said = |keyword, arguments: &str| Extension::new(keyword, arguments, Shape::Line).unwrap();
    assert_eq!(said("XFOO", "a"), Extension::new("xfoo", "a", Shape::Message).unwrap());
    assert_ne!(said("XFOO", "a"), said("XFOO", "b"));
    assert_ne!(said("XFOO", "a"), said("XBAR", "a"));
    assert_eq!(alloc::format!("{:?}", said("XFOO", "secret")), "Extension(XFOO, …)");
}

#[test]
fn what_a_proxy_says_of_tls_is_believed() {
    for (said, encrypted) in
        [("ADDR=::1 CLIENT-TRANSPORT=tls", true), ("CLIENT-TRANSPORT=none", false), ("", false)]
    {
        assert_eq!(Xclient::parse(said.as_bytes()).unwrap().is_encrypted(), encrypted, "{said}");
    }
}
