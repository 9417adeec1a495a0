//! How octets and time flow through a client.

mod office;
mod pipe;

use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::Duration;

use async_std::io::prelude::BufReadExt;
use async_std::io::{ReadExt, WriteExt};
use async_std::{future, task};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use office::{mark, service};
use pipe::Pipe;
use pop3_async_std::{Client, Error, Letter, Options, Session, serve_stream};
use pop3_proto::{MessageNumber, client};

/// A session with a server at the other end of so narrow a pipe.
async fn session(letters: &[&[u8]], pipe: usize, options: &Options) -> Session<Pipe> {
    let (here, there) = Pipe::pair(pipe);
    let (_, service) = service(letters);
    task::spawn(async move { serve_stream(there, None, &service).await });
    let client = Client::with_stream(here, options).await.unwrap();
    client.login(mark().as_str(), "swordfish").await.unwrap()
}

/// Options of a client that soon gives a silent server up, and how soon.
fn impatient() -> (Options, Duration) {
    let (mut options, limit) = (Options::default(), Duration::from_millis(800));
    options.config.reply_limit = limit;
    (options, limit)
}

fn numbers(count: u32) -> Vec<MessageNumber> {
    (1..=count).map(|number| MessageNumber::new(number).unwrap()).collect()
}

async fn next<S>(letter: &mut Letter<'_, S>) -> Option<Result<Vec<u8>, Error>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let chunk = poll_fn(|context| Pin::new(&mut *letter).poll_next(context)).await;
    chunk.map(|chunk| chunk.map(|chunk| chunk.to_vec()))
}

#[async_std::test]
async fn a_batch_flows_both_ways_through_the_narrowest_pipe() {
    let mut options = Options::default();
    // Far more than the pipe and the server take: whoever only writes would wait for ever.
    options.config.window = NonZeroUsize::new(1 << 20).unwrap();
    let mut session = session(&vec![b"x\n".as_slice(); 2_000], 16, &options).await;
    let batch = async {
        let outcomes = session.delete_all(numbers(2_000)).await.unwrap();
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
        session.reset().await.unwrap();
        let mut letters = session.retrieve_all(numbers(2_000));
        while let Some((_, letter)) = letters.next_letter().await.unwrap() {
            let mut content = String::new();
            letter.unwrap().read_to_string(&mut content).await.unwrap();
            assert_eq!(content, "x\r\n");
        }
    };
    future::timeout(Duration::from_secs(60), batch).await.unwrap();
}

#[async_std::test]
async fn a_letter_is_a_reader_and_a_stream_that_go_on_where_the_other_has_stopped() {
    let long = b"0123456789\n".repeat(50_000);
    let mut session = session(&[&long], 1_000, &Options::default()).await;
    let mut letter = session.retrieve(MessageNumber::FIRST).await.unwrap();
    let (mut content, mut line) = (vec![0; 5], String::new());
    letter.read_exact(&mut content).await.unwrap();
    letter.read_line(&mut line).await.unwrap();
    content.extend_from_slice(line.as_bytes());
    assert_eq!(content, b"0123456789\r\n");
    while let Some(chunk) = next(&mut letter).await {
        content.extend_from_slice(&chunk.unwrap());
    }
    assert!(next(&mut letter).await.is_none());
    assert_eq!(letter.next_chunk().await.unwrap(), None);
    assert!(content == b"0123456789\r\n".repeat(50_000));
}

#[async_std::test]
async fn a_stream_that_breaks_off_ends_with_an_error() {
    let (here, mut there) = Pipe::pair(1_000);
    task::spawn(async move {
        // The greeting, no capabilities, two of a login, none again; then half a message.
        for line in ["+OK\r\n", "-ERR\r\n", "+OK\r\n", "+OK\r\n", "-ERR\r\n"] {
            there.write_all(line.as_bytes()).await.unwrap();
            there.read(&mut [0; 100]).await.unwrap();
        }
        there.write_all(b"+OK\r\nhalf").await.unwrap();
    });
    let client = Client::with_stream(here, &Options::default()).await.unwrap();
    let mut session = client.login("mark", "swordfish").await.unwrap();
    let mut letter = session.retrieve(MessageNumber::FIRST).await.unwrap();
    assert!(next(&mut letter).await.unwrap().is_ok_and(|chunk| chunk == b"half"));
    let broken = next(&mut letter).await.unwrap();
    assert!(matches!(broken, Err(Error::Pop3(client::Error::Eof(_)))), "{broken:?}");
    assert!(next(&mut letter).await.is_none());
    assert!(letter.next_chunk().await.is_err());
}

#[async_std::test]
async fn a_server_that_says_an_octet_now_and_then_is_as_good_as_silent() {
    let (here, mut there) = Pipe::pair(1_000);
    let (options, limit) = impatient();
    task::spawn(async move {
        there.write_all(b"+OK ready\r\n-ERR\r\n").await.unwrap();
        while there.write_all(b"+").await.is_ok() {
            task::sleep(limit / 10).await;
        }
    });
    let client = Client::with_stream(here, &options).await.unwrap();
    let before = std::time::Instant::now();
    let error = client.login("mark", "swordfish").await.unwrap_err().error;
    assert!(matches!(error, Error::Pop3(client::Error::TimedOut(_))), "{error}");
    assert!(before.elapsed() >= limit && before.elapsed() < limit * 5);
}

#[async_std::test]
async fn time_that_the_caller_takes_is_no_silence_of_the_server() {
    let long = b"line\n".repeat(100_000);
    let (options, limit) = impatient();
    let mut session = session(&[&long], 1_000, &options).await;
    let mut letter = session.retrieve(MessageNumber::FIRST).await.unwrap();
    let mut pieces = 0;
    while let Some(chunk) = letter.next_chunk().await.unwrap() {
        pieces += usize::from(!chunk.is_empty());
        if pieces % 50 == 1 && pieces < 100 {
            task::sleep(limit * 2).await;
        }
    }
    assert!(pieces > 100);
}

#[async_std::test]
async fn calls_that_are_dropped_again_and_again_do_not_stop_the_clock() {
    let (here, mut there) = Pipe::pair(1_000);
    there.write_all(b"+OK\r\n").await.unwrap();
    let (options, limit) = impatient();
    task::spawn(async move {
        for line in ["-ERR\r\n", "+OK\r\n", "+OK\r\n", "-ERR\r\n"] {
            there.read(&mut [0; 100]).await.unwrap();
            there.write_all(line.as_bytes()).await.unwrap();
        }
        task::sleep(limit * 1_000).await;
        drop(there);
    });
    let client = Client::with_stream(here, &options).await.unwrap();
    let mut session = client.login("mark", "swordfish").await.unwrap();
    let mut letters = session.retrieve_all(numbers(1));
    let mut calls = 0;
    let error = loop {
        calls += 1;
        let next = letters.next_letter();
        match future::timeout(limit / 4, next).await {
            Ok(next) => break next.unwrap_err(),
            Err(_) => assert!(calls < 40),
        }
    };
    assert!(matches!(error, Error::Pop3(client::Error::TimedOut(_))), "{error}");
    assert!(calls > 1);
}

/// What can be given to a task on any thread.
fn is_send<T: Send>(_: &T) {}

#[async_std::test]
async fn all_futures_can_move_between_threads() {
    let (_, service) = service(&[]);
    let options = Options::default();
    is_send(&Client::connect("localhost"));
    is_send(&pop3_async_std::Server::bind("127.0.0.1:0", service.clone()));
    let (here, there) = Pipe::pair(1);
    is_send(&serve_stream(there, None, &service));
    is_send(&Client::with_stream(here, &options));
    let mut session = session(&[b"x"], 100, &options).await;
    is_send(&session);
    is_send(&session.list());
    is_send(&session.delete_all(numbers(1)));
    is_send(&session.retrieve_all(numbers(1)).next_letter());
    let mut letter = session.retrieve(MessageNumber::FIRST).await.unwrap();
    is_send(&letter.next_chunk());
    is_send(&letter);
    drop(letter);
    is_send(&session.quit());
    let log_in = async { Client::connect("localhost").await?.login("mark", "x").await };
    is_send(&async {
        log_in.await.map(drop).map_err(|failed: pop3_async_std::LoginFailed<_>| failed)
    });
}
