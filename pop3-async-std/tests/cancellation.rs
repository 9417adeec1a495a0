//! Futures that are dropped half-way, at every point where they wait.

mod narrow;
mod office;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_std::io::ReadExt;
use async_std::net::TcpStream;
use async_std::{future, task};
use narrow::Narrow;
use office::Office;
use pop3_async_std::{Client, Error, Options, Session};
use pop3_proto::MessageNumber;

const LETTERS: [&[u8]; 2] = [b"Subject: one\n\n.\n..two\n", b"Subject: two\n\n"];
const WIRE: [&[u8]; 2] = [b"Subject: one\r\n\r\n.\r\n..two\r\n", b"Subject: two\r\n\r\n"];

type Slow = Session<Narrow<TcpStream>>;

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

async fn session(office: &Office) -> Slow {
    let stream = TcpStream::connect(office.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let stream = Narrow::new(stream);
    let client = Client::with_stream(stream, &Options::default()).await.unwrap();
    client.login("mark", "swordfish").await.unwrap()
}

/// What comes of a future that is dropped when it has been polled so many times.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (pin!(future), times);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Drops what `call` makes at its first wait, at its second, and so on, until it comes to its end;
/// whatever the session is asked in between has the right answer.
async fn dropped_everywhere<T>(call: impl AsyncFn(&mut Slow) -> Result<T, Error>) {
    let office = Office::open(&LETTERS).await;
    let mut session = session(&office).await;
    for times in 0.. {
        let came = polled(times, call(&mut session)).await;
        let ended = came.map(|came| drop(came.unwrap())).is_some();
        session.reset().await.unwrap();
        assert_eq!(session.stat().await.unwrap().messages, 2, "after {times}");
        let ids = session.unique_ids().await.unwrap();
        assert_eq!(session.unique_id(number(2)).await.unwrap(), ids[1].unique_id);
        if ended {
            assert!(times > 10, "{times}: there was nothing to wait for");
            return session.quit().await.map(drop).unwrap();
        }
    }
}

#[async_std::test]
async fn commands_can_be_dropped_at_any_point() {
    dropped_everywhere(async |session| session.stat().await).await;
    dropped_everywhere(async |session| session.list().await).await;
    dropped_everywhere(async |session| session.delete(number(1)).await).await;
    dropped_everywhere(async |session| session.ask_capabilities().await).await;
}

#[async_std::test]
async fn many_commands_at_once_can_be_dropped_at_any_point() {
    dropped_everywhere(async |session| session.delete_all([1, 2].map(number)).await).await;
}

#[async_std::test]
async fn a_letter_can_be_dropped_at_any_point() {
    let whole = async |session: &mut Slow| {
        let mut content = Vec::new();
        session.retrieve(number(1)).await?.read_to_end(&mut content).await?;
        assert_eq!(content, WIRE[0]);
        Ok(())
    };
    dropped_everywhere(whole).await;
}

#[async_std::test]
async fn many_letters_can_be_dropped_at_any_point() {
    let all = async |session: &mut Slow| {
        let mut letters = session.retrieve_all([1, 2].map(number));
        while let Some((number, letter)) = letters.next_letter().await? {
            let mut content = Vec::new();
            letter?.read_to_end(&mut content).await?;
            assert_eq!(content, WIRE[number.get() as usize - 1]);
        }
        Ok(())
    };
    dropped_everywhere(all).await;
}

#[async_std::test]
async fn letters_go_on_where_a_dropped_future_has_left_them() {
    let office = Office::open(&LETTERS).await;
    let mut session = session(&office).await;
    let mut letters = session.retrieve_all([1, 2].map(number));
    let mut seen = Vec::new();
    loop {
        // Each future is polled just once.
        let Some(next) = polled(1, letters.next_letter()).await else {
            task::yield_now().await;
            continue;
        };
        let Some((_, letter)) = next.unwrap() else { break };
        let (mut letter, mut content) = (letter.unwrap(), Vec::new());
        loop {
            match polled(1, letter.next_chunk()).await {
                Some(Ok(Some(chunk))) => content.extend_from_slice(&chunk),
                Some(end) => break assert_eq!(end.unwrap(), None),
                None => task::yield_now().await,
            }
        }
        seen.push(content);
    }
    assert_eq!(seen, WIRE);
    session.quit().await.unwrap();
}

#[async_std::test]
async fn a_login_that_is_dropped_ends_the_session() {
    let office = Office::open(&LETTERS).await;
    for times in [1, 5, 25, 75] {
        let stream = TcpStream::connect(office.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = Narrow::new(stream);
        let client = Client::with_stream(stream, &Options::default()).await.unwrap();
        assert!(polled(times, client.login("mark", "swordfish")).await.is_none());
    }
    // The maildrop is open to the next one, as soon as the server has seen the others go.
    let next = async {
        loop {
            let client = Client::connect(office.address).await.unwrap();
            match client.login("mark", "swordfish").await {
                Ok(session) => break session,
                Err(failed) => assert!(failed.error.refusal().is_some(), "{failed}"),
            }
        }
    };
    let session = future::timeout(Duration::from_secs(20), next).await.unwrap();
    session.quit().await.unwrap();
}

#[async_std::test]
async fn a_quit_that_is_dropped_removes_everything_or_nothing() {
    for times in 0..40 {
        let office = Office::open(&LETTERS).await;
        let mut session = session(&office).await;
        session.delete_all([1, 2].map(number)).await.unwrap();
        let quit = polled(times, session.quit()).await;
        let mut office = office;
        office.stop.stop();
        office.running.take().unwrap().await.unwrap();
        let left = office.count();
        assert!(left == 0 || (left == 2 && quit.is_none()), "{left} after {times}");
        if times == 0 {
            assert_eq!(left, 2);
        }
    }
}
