//! Whoever issues OAuth tokens, as far as a server asks (RFC 7662): is this one good, and whose?

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::accepting::Accepting;
use super::login::is_good;

/// An introspection endpoint over HTTP, on loopback, until what is returned is dropped.
pub(super) fn start() -> io::Result<Accepting> {
    Accepting::start(|stream| {
        // Who does not ask properly learns nothing.
        let _ = answer(&stream);
    })
}

/// Answers one POST whose form says `token=`.
fn answer(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or_default();
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut form = String::new();
    reader.take(length).read_to_string(&mut form)?;
    let good = form
        .split('&')
        .any(|field| field.strip_prefix("token=").is_some_and(|token| is_good(token.as_bytes())));
    let body = if good { r#"{"active":true,"username":"mark"}"# } else { r#"{"active":false}"# };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}
