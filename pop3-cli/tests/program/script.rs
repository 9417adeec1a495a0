//! A server that does as it is told, well or badly.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

/// At the end of an answer: the server hangs up behind it.
const HANG_UP: &str = "(hang up)";

/// A server with two letters that answers a line as `odd` has it, and as usual where that has
/// nothing; returns its URL.
pub(crate) fn serve_but(odd: impl FnMut(&str) -> Option<&'static str> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let odd = &Mutex::new(odd);
        std::thread::scope(|scope| {
            for stream in listener.incoming().map_while(Result::ok) {
                scope.spawn(move || serve(&stream, |line| odd.lock().unwrap()(line)));
            }
        });
    });
    format!("pop3://mark@{address}")
}

fn serve(mut stream: &TcpStream, odd: impl Fn(&str) -> Option<&'static str>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut answer = "+OK ready\r\n";
    loop {
        let last = answer.strip_suffix(HANG_UP);
        // The client may go at any time, too.
        if stream.write_all(last.unwrap_or(answer).as_bytes()).is_err() || last.is_some() {
            return;
        }
        let Some(line) = lines.next() else { return };
        answer = odd(&line).unwrap_or_else(|| usual(&line));
    }
}

fn usual(line: &str) -> &'static str {
    match line {
        "CAPA" => "-ERR what?\r\n",
        "LIST" => "+OK\r\n1 22\r\n2 23\r\n.\r\n",
        "UIDL" => "+OK\r\n1 one\r\n2 two\r\n.\r\n",
        "RETR 1" => "+OK\r\nSubject: one\r\n\r\n1st\r\n.\r\n",
        "RETR 2" => "+OK\r\nSubject: two\r\n\r\n2nd\r\n.\r\n",
        "TOP 1 0" => "+OK\r\nSubject: one\r\n\r\n.\r\n",
        "TOP 2 0" => "+OK\r\nSubject: two\r\n\r\n.\r\n",
        _ => "+OK\r\n",
    }
}
