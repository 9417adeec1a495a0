//! What parses is encoded to what parses to the same, and shows no secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pop3_proto::Command;
use pop3_proto::command::Spaces;

fuzz_target!(|line: &[u8]| {
    let strict = Command::parse(line);
    let tolerant = Command::parse_with(line, Spaces::Any);
    if let Ok(strict) = &strict {
        // PASS and extensions keep their spaces; all else means the same to both.
        assert!(tolerant.is_ok(), "strictly {strict}, but not tolerantly");
    }
    for command in [strict, tolerant].into_iter().flatten() {
        let wire = command.to_bytes();
        assert_eq!(wire.len(), command.encoded_len());
        let line = wire.strip_suffix(b"\r\n").expect("a line end");
        assert!(!line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)));
        assert_eq!(Command::parse(line).as_ref(), Ok(&command));
        if let Command::Pass(password) = &command
            && let Ok(password) = std::str::from_utf8(password.expose())
            && password.len() >= 8
        {
            assert!(!format!("{command} {command:?}").contains(password));
        }
    }
});
