//! How octets and time flow.

mod office;

use std::future::poll_fn;
use std::io;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use office::{mark, service};
use pop3_proto::server::Ending;
use pop3_proto::{MessageNumber, client};
use pop3_tokio::{Client, Error, Letter, Options, Session, serve_stream};
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf,
};
use tokio::task::JoinHandle;

/// A session with a server at the other end of so narrow a pipe.
async fn session(letters: &[&[u8]], pipe: usize, options: &Options) -> Session<DuplexStream> {
    let (here, there) = tokio::io::duplex(pipe);
    let (_, mut service) = service(letters);
    // Where a client does not read, a server soon does not either.
    service.config_mut().high_water = NonZeroUsize::new(1_000).unwrap();
    tokio::spawn(async move { serve_stream(there, None, &service).await });
    let client = Client::with_stream(here, options).await.unwrap();
    client.login(mark().as_str(), "swordfish").await.unwrap()
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

#[tokio::test]
async fn a_batch_flows_both_ways_through_the_narrowest_pipe() {
    let mut options = Options::default();
    // Far more than the pipe and the server take: whoever only writes would wait for ever.
    options.config.window = NonZeroUsize::new(1 << 20).unwrap();
    let mut session = session(&[b"x\n".as_slice(); 2_000], 16, &options).await;
    let batch = async {
        let outcomes = session.delete_all(numbers(2_000)).await.unwrap();
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
        session.reset().await.unwrap();
        let mut letters = session.retrieve_all(numbers(2_000));
        while let Some((_, letter)) = letters.next_letter().await.unwrap() {
            let mut content = Vec::new();
            letter.unwrap().read_to_end(&mut content).await.unwrap();
            assert_eq!(content, b"x\r\n");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), batch).await.unwrap();
}

#[tokio::test]
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

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error() {
    let (here, mut there) = tokio::io::duplex(1_000);
    tokio::spawn(async move {
        // The greeting, no capabilities, two of a login, none again; then a message.
        for line in ["+OK\r\n", "-ERR\r\n", "+OK\r\n", "+OK\r\n", "-ERR\r\n"] {
            there.write_all(line.as_bytes()).await.unwrap();
            assert!(there.read(&mut [0; 100]).await.unwrap() > 0);
        }
        there.write_all(b"+OK\r\nhalf").await.unwrap();
    });
    let client = Client::with_stream(here, &Options::default()).await.unwrap();
    let mut session = client.login("mark", "swordfish").await.unwrap();
    let mut letter = session.retrieve(MessageNumber::FIRST).await.unwrap();
    assert!(next(&mut letter).await.unwrap().is_ok_and(|chunk| chunk == b"half"));
    assert!(next(&mut letter).await.unwrap().is_err());
    assert!(next(&mut letter).await.is_none());
    assert!(letter.next_chunk().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_an_octet_now_and_then_is_as_good_as_silent() {
    let (here, mut there) = tokio::io::duplex(1_000);
    let limit = Options::default().config.reply_limit;
    tokio::spawn(async move {
        for reply in ["+OK ready\r\n", "-ERR\r\n"] {
            tokio::time::sleep(limit - Duration::from_secs(1)).await;
            there.write_all(reply.as_bytes()).await.unwrap();
        }
        while there.write_all(b"+").await.is_ok() {
            tokio::time::sleep(limit / 10).await;
        }
    });
    let client = Client::with_stream(here, &Options::default()).await.unwrap();
    let before = tokio::time::Instant::now();
    let error = client.login("mark", "swordfish").await.unwrap_err().error;
    assert!(matches!(error, Error::Pop3(client::Error::TimedOut(_))), "{error}");
    assert!(before.elapsed() >= limit && before.elapsed() < limit * 3);
}

#[tokio::test(start_paused = true)]
async fn time_that_the_caller_takes_is_no_silence_of_the_server() {
    let long = b"line\n".repeat(100_000);
    let mut session = session(&[&long], 1_000, &Options::default()).await;
    let mut letter = session.retrieve(MessageNumber::FIRST).await.unwrap();
    let mut pieces = 0;
    while let Some(chunk) = letter.next_chunk().await.unwrap() {
        pieces += usize::from(!chunk.is_empty());
        if pieces % 100 == 1 {
            tokio::time::sleep(Duration::from_secs(300)).await;
        }
    }
    assert!(pieces > 100);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_dropped_again_and_again_do_not_stop_the_clock() {
    let (here, mut there) = tokio::io::duplex(1_000);
    there.write_all(b"+OK\r\n").await.unwrap();
    tokio::spawn(async move {
        for line in ["-ERR\r\n", "+OK\r\n", "+OK\r\n", "-ERR\r\n"] {
            assert!(there.read(&mut [0; 100]).await.unwrap() > 0);
            there.write_all(line.as_bytes()).await.unwrap();
        }
        tokio::time::sleep(Duration::MAX).await;
        drop(there);
    });
    let client = Client::with_stream(here, &Options::default()).await.unwrap();
    let mut session = client.login("mark", "swordfish").await.unwrap();
    let mut letters = session.retrieve_all(numbers(1));
    let mut calls = 0;
    let error = loop {
        calls += 1;
        let next = letters.next_letter();
        match tokio::time::timeout(Duration::from_secs(50), next).await {
            Ok(next) => break next.unwrap_err(),
            Err(_) => assert!(calls < 10),
        }
    };
    assert!(matches!(error, Error::Pop3(client::Error::TimedOut(_))), "{error}");
    assert_eq!(calls, 3);
}

/// A client that always has said one more thing already, and takes whatever it is told.
struct Flood;

impl AsyncRead for Flood {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(&b"CAPA\r\n"[..buffer.remaining().min(6)]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_flood_of_commands_stops_neither_the_clock_nor_the_thread() {
    let (_, mut service) = service(&[]);
    service.config_mut().login_limit = Duration::from_millis(300);
    let served = tokio::spawn(async move { serve_stream(Flood, None, &service).await });
    let ended = tokio::time::timeout(Duration::from_secs(20), served).await.unwrap();
    assert_eq!(ended.unwrap().unwrap(), Some(Ending::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stands_idle_is_hung_up_on_in_time() {
    let (here, there) = tokio::io::duplex(1_000);
    let (_, service) = service(&[]);
    let limit = service.clone().config_mut().idle_limit;
    let served = tokio::spawn(async move { serve_stream(there, None, &service).await });
    let client = Client::with_stream(here, &Options::default()).await.unwrap();
    let mut session = client.login("mark", "swordfish").await.unwrap();
    tokio::time::sleep(limit - Duration::from_secs(1)).await;
    session.no_operation().await.unwrap();
    tokio::time::sleep(limit - Duration::from_secs(1)).await;
    assert!(!served.is_finished());
    assert_eq!(served.await.unwrap().unwrap(), Some(Ending::TimedOut));
    assert!(session.no_operation().await.is_err());
}

/// A session with letters of 10,000 octets, and the client's end of a pipe of 64.
async fn telnet() -> (JoinHandle<io::Result<Option<Ending>>>, DuplexStream, Duration) {
    let (mut here, there) = tokio::io::duplex(64);
    let (_, mut service) = service(&[&b"a line\n".repeat(1_250)]);
    service.config_mut().high_water = NonZeroUsize::new(1_000).unwrap();
    let limit = service.config_mut().idle_limit;
    let served = tokio::spawn(async move { serve_stream(there, None, &service).await });
    for line in ["", "USER mark\r\n", "PASS swordfish\r\n"] {
        here.write_all(line.as_bytes()).await.unwrap();
        assert!(here.read(&mut [0; 1_000]).await.unwrap() > 0);
    }
    (served, here, limit)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_an_octet_a_minute_is_hung_up_on() {
    let (served, mut here, limit) = telnet().await;
    let before = tokio::time::Instant::now();
    while here.write_all(b"N").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(served.await.unwrap().unwrap(), Some(Ending::TimedOut));
    assert!(before.elapsed() < limit * 2, "{:?}", before.elapsed());
}

/// Takes so many octets a minute of a letter: how many there were, and how it ended.
async fn takes(octets: usize) -> (usize, Option<Ending>) {
    let (served, mut here, _) = telnet().await;
    here.write_all(b"RETR 1\r\nQUIT\r\n").await.unwrap();
    let (mut taken, mut piece) = (0, vec![0; octets]);
    loop {
        match here.read(&mut piece).await {
            Ok(0) | Err(_) => return (taken, served.await.unwrap().unwrap()),
            Ok(read) => taken += read,
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_an_octet_a_minute_is_hung_up_on_and_one_that_takes_60_is_not() {
    let (taken, ending) = takes(1).await;
    assert!(taken < 100 && ending == Some(Ending::TimedOut), "{taken} octets, {ending:?}");
    let (taken, ending) = takes(60).await;
    assert!(taken > 10_000 && ending == Some(Ending::Quit), "{taken} octets, {ending:?}");
}

/// What can be given to a task on any thread.
fn is_send<T: Send>(_: &T) {}

#[tokio::test]
async fn all_futures_can_move_between_threads() {
    let (_, service) = service(&[]);
    let options = Options::default();
    is_send(&Client::connect("localhost"));
    is_send(&pop3_tokio::Server::bind("127.0.0.1:0", service.clone()));
    let (here, there) = tokio::io::duplex(1);
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
    is_send(&async { log_in.await.map(drop).map_err(|failed: pop3_tokio::LoginFailed<_>| failed) });
}
