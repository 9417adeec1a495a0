//! A command line: what is understood is said in one way, and that way is understood.

use pop3_proto::auth::ApopDigest;
use pop3_proto::command::{Command, Extension, InitialResponse, Spaces};
use pop3_proto::{Keyword, Secret};

/// Holds a line, without its line end, against the grammar.
pub fn check(line: &[u8]) {
    for spaces in [Spaces::Single, Spaces::Any] {
        if let Ok(command) = Command::parse_with(line, spaces) {
            let encoded = encode(&command);
            // What is encoded keeps the letter of the RFCs, whatever was forgiven on the way in.
            for again in [Spaces::Single, Spaces::Any] {
                assert_eq!(Command::parse_with(&encoded, again).as_ref(), Ok(&command));
            }
            hides_its_secret(&command);
        }
    }
    by_the_letter(line);
}

/// The command line without its CRLF.
fn encode(command: &Command) -> Vec<u8> {
    let encoded = command.to_bytes();
    assert_eq!(encoded.len(), command.encoded_len());
    let line = encoded.strip_suffix(b"\r\n").expect("a command ends with CRLF");
    assert!(!line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)), "two lines: {line:?}");
    line.to_vec()
}

/// By the letter there is one way to say it, but for the case of words and the zeros of numbers;
/// who forgives more understands the same.
fn by_the_letter(line: &[u8]) {
    let Ok(command) = Command::parse(line) else { return };
    assert_eq!(Command::parse_with(line, Spaces::Any).as_ref(), Ok(&command));
    let encoded = encode(&command);
    let has_number = matches!(
        command.keyword(),
        Some(Keyword::List | Keyword::Uidl | Keyword::Retr | Keyword::Top | Keyword::Dele)
    );
    if has_number {
        let words = |line: &[u8]| line.split(|octet| *octet == b' ').count();
        assert_eq!(words(line), words(&encoded));
    } else {
        assert!(line.eq_ignore_ascii_case(&encoded), "{line:?} became {encoded:?}");
    }
}

/// A secret is shown as any other would be. This is more than looking for it in what is shown,
/// and holds for a password such as `Secret(…)`, too.
fn hides_its_secret(command: &Command) {
    let other = match command {
        Command::Pass(_) => Command::Pass(Secret::new("another").unwrap()),
        Command::Apop { user, .. } => Command::Apop {
            user: user.clone(),
            digest: ApopDigest::from_hex(b"0123456789abcdef0123456789abcdef").unwrap(),
        },
        Command::Auth { mechanism, initial: Some(_) } => Command::Auth {
            mechanism: mechanism.clone(),
            initial: Some(InitialResponse::new("YW5vdGhlcg==").unwrap()),
        },
        Command::Extension(extension) if !extension.arguments().is_empty() => {
            let other = Extension::new(extension.keyword(), "another", extension.shape());
            Command::Extension(other.unwrap())
        }
        _ => return,
    };
    assert_eq!(command.to_string(), other.to_string());
    assert_eq!(format!("{command:?}"), format!("{other:?}"));
}
