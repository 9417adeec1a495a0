//! Whole sessions over loopback: our client against our server, with letters in memory.
//!
//! `cargo bench -p pop3-blocking` prints throughputs of messages; `raw` is the floor, the same
//! octets through a bare socket.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use pop3_blocking::{Client, Server, Session};
use pop3_maildrop::{Service, memory::MemoryMaildrops};
use pop3_proto::{MessageNumber, Secret, UserName};

/// What lies in the maildrop.
#[derive(Clone, Copy, Debug)]
enum Drop {
    /// 5,000 letters of 2 KiB.
    Many,
    /// One letter of 32 MiB.
    Giant,
}

const DROPS: [Drop; 2] = [Drop::Many, Drop::Giant];

impl Drop {
    fn letters(self) -> (usize, Vec<u8>) {
        let (letters, octets) = match self {
            Self::Many => (5_000, 2 << 10),
            Self::Giant => (1, 32 << 20),
        };
        let line = format!("{}\n", "x".repeat(75));
        (letters, format!("Subject: bench\n\n{}", line.repeat(octets / line.len())).into_bytes())
    }

    fn octets(self) -> BytesCount {
        let (letters, letter) = self.letters();
        BytesCount::new(letters * letter.len())
    }

    /// A server that holds it and goes on until the process ends.
    fn serve(self) -> SocketAddr {
        let office = MemoryMaildrops::new();
        let mark = UserName::new("mark").unwrap();
        office.add_user(mark.clone(), Secret::new("swordfish").unwrap());
        let (letters, letter) = self.letters();
        for _ in 0..letters {
            office.deliver(&mark, &letter).unwrap();
        }
        let office = Arc::new(office);
        let server = Server::bind("127.0.0.1:0", Service::new(office.clone(), office)).unwrap();
        let address = server.addresses()[0];
        std::thread::spawn(|| server.run());
        address
    }
}

fn main() {
    divan::main();
}

fn log_in(address: SocketAddr) -> Session {
    Client::connect(address).unwrap().login("mark", "swordfish").unwrap()
}

#[divan::bench(args = DROPS, sample_count = 10)]
fn retrieve_all(bencher: Bencher<'_, '_>, drop: Drop) {
    let mut session = log_in(drop.serve());
    let messages = session.stat().unwrap().messages;
    bencher.counter(drop.octets()).bench_local(|| {
        let numbers = (1..=messages).filter_map(MessageNumber::new);
        let mut letters = session.retrieve_all(numbers);
        let mut octets = 0;
        while let Some((_, letter)) = letters.next_letter().unwrap() {
            let mut letter = letter.unwrap();
            while let Some(chunk) = letter.next_chunk().unwrap() {
                octets += black_box(chunk).len();
            }
        }
        octets
    });
}

/// The same without pipelining: a round trip a message.
#[divan::bench(args = DROPS, sample_count = 10)]
fn retrieve_one_by_one(bencher: Bencher<'_, '_>, drop: Drop) {
    let mut session = log_in(drop.serve());
    let messages = session.stat().unwrap().messages;
    bencher.counter(drop.octets()).bench_local(|| {
        for number in (1..=messages).filter_map(MessageNumber::new) {
            io::copy(&mut session.retrieve(number).unwrap(), &mut io::sink()).unwrap();
        }
    });
}

/// The floor: the same octets through a bare socket.
#[divan::bench(args = DROPS, sample_count = 10)]
fn raw(bencher: Bencher<'_, '_>, drop: Drop) {
    let (letters, letter) = drop.letters();
    let all = letter.repeat(letters);
    let octets = all.len();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            if stream.write_all(&all).is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 64 << 10];
    bencher.counter(drop.octets()).bench_local(|| {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut left = octets;
        while left > 0 {
            left -= stream.read(black_box(&mut buffer)).unwrap();
        }
    });
}
