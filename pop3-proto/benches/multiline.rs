//! The hot path: what the dot costs, against reading and against copying the same octets.
//!
//! `cargo bench -p pop3-proto` prints throughputs; compare rows of one run, machines are noisy.

use bytes::BytesMut;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use pop3_proto::multiline::{Counter, LineEnds, Stuffer, Unstuffer};

const PIECE: usize = 64 * 1024;

/// A megabyte of mail.
#[derive(Clone, Copy, Debug)]
enum Mail {
    /// Lines of 76 octets, as most mail has.
    Ordinary,
    /// Every line begins with a dot.
    Hostile,
}

impl Mail {
    fn lines(self, end: &str) -> Vec<u8> {
        let line = match self {
            Self::Ordinary => format!("{}{end}", "x".repeat(76)),
            Self::Hostile => format!(".{end}"),
        };
        line.repeat((1 << 20) / line.len()).into_bytes()
    }

    fn wire(self) -> Vec<u8> {
        let mut wire = BytesMut::new();
        let mut stuffer = Stuffer::new();
        stuffer.push(&self.lines("\r\n"), &mut wire);
        stuffer.finish(&mut wire);
        wire.to_vec()
    }
}

const MAILS: [Mail; 2] = [Mail::Ordinary, Mail::Hostile];

fn main() {
    divan::main();
}

/// The floor: looking at every octet once.
#[divan::bench(args = MAILS)]
fn scan(bencher: Bencher<'_, '_>, mail: Mail) {
    let wire = mail.wire();
    bencher
        .counter(BytesCount::of_slice(&wire))
        .bench_local(|| memchr::memmem::find(black_box(&wire), b"\n.\r\nnot there"));
}

/// The other floor: copying every octet once.
#[divan::bench(args = MAILS)]
fn copy(bencher: Bencher<'_, '_>, mail: Mail) {
    let wire = mail.wire();
    let mut out = BytesMut::with_capacity(wire.len());
    bencher.counter(BytesCount::of_slice(&wire)).bench_local(|| {
        out.clear();
        out.extend_from_slice(black_box(&wire));
    });
}

#[divan::bench(args = MAILS)]
fn unstuff(bencher: Bencher<'_, '_>, mail: Mail) {
    let wire = mail.wire();
    bencher.counter(BytesCount::of_slice(&wire)).with_inputs(|| wire.clone()).bench_local_refs(
        |wire| {
            let mut unstuffer = Unstuffer::new(LineEnds::Crlf);
            let mut from = 0;
            let mut content = 0;
            while from < wire.len() {
                let to = wire.len().min(from + PIECE);
                let done = unstuffer.push(&mut wire[from..to]);
                from += done.consumed;
                content += done.content;
            }
            content
        },
    );
}

/// A server's way, from a store with LF line ends.
#[divan::bench(args = MAILS)]
fn stuff_lf(bencher: Bencher<'_, '_>, mail: Mail) {
    stuff(bencher, &mail.lines("\n"));
}

/// A server's way, from a store with CRLF line ends.
#[divan::bench(args = MAILS)]
fn stuff_crlf(bencher: Bencher<'_, '_>, mail: Mail) {
    stuff(bencher, &mail.lines("\r\n"));
}

fn stuff(bencher: Bencher<'_, '_>, message: &[u8]) {
    let mut out = BytesMut::with_capacity(4 * PIECE);
    bencher.counter(BytesCount::of_slice(message)).bench_local(|| {
        let mut stuffer = Stuffer::new();
        for piece in black_box(message).chunks(PIECE) {
            out.clear();
            stuffer.push(piece, &mut out);
        }
        stuffer.finish(&mut out)
    });
}

/// What a first login to a Maildir costs.
#[divan::bench(args = MAILS)]
fn count(bencher: Bencher<'_, '_>, mail: Mail) {
    let message = mail.lines("\n");
    bencher.counter(BytesCount::of_slice(&message)).bench_local(|| {
        let mut counter = Counter::new();
        counter.push(black_box(&message));
        counter.finish()
    });
}
