//! The server over real sockets.

mod office;

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use office::{Office, mark};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Door, Service};
use pop3_proto::MessageNumber;
use pop3_proto::reply::CodeKind;
use pop3_tokio::{Client, Error, Server};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

async fn greeted(office: &Office) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(office.address).await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut greeting = String::new();
    stream.read_line(&mut greeting).await.unwrap();
    assert!(greeting.starts_with("+OK"), "{greeting}");
    stream
}

#[tokio::test]
async fn one_session_too_many_is_refused_politely() {
    let two = NonZeroUsize::new(2).unwrap();
    let office = Office::with(&[], |_| (), |server| server.set_max_sessions(two)).await;
    let first = Client::connect(office.address).await.unwrap();
    let second = Client::connect(office.address).await.unwrap();
    let error = Client::connect(office.address).await.unwrap_err();
    let code = error.refusal().and_then(|reply| reply.code.clone()).unwrap();
    assert_eq!(code.kind(), CodeKind::SysTemp);
    first.quit().await.unwrap();
    // The place is free as soon as the server has seen its client go.
    let third = loop {
        match Client::connect(office.address).await {
            Ok(client) => break client,
            Err(error) => assert!(error.refusal().is_some(), "{error}"),
        }
    };
    third.quit().await.unwrap();
    second.quit().await.unwrap();
}

#[tokio::test]
async fn one_address_does_not_take_all_the_places() {
    let one = NonZeroUsize::MIN;
    let mut office = Office::of_service(&[], |service| {
        service.gate_mut().limits_mut().sessions_per_address = one;
    })
    .await;
    let first = Client::connect(office.address).await.unwrap();
    let error = Client::connect(office.address).await.unwrap_err();
    let code = error.refusal().and_then(|reply| reply.code.clone()).unwrap();
    assert_eq!(code.kind(), CodeKind::SysTemp);
    first.quit().await.unwrap();
    office.stop.stop();
    office.running.take().unwrap().await.unwrap().unwrap();
}

#[tokio::test]
async fn an_address_that_guesses_passwords_is_barred_whatever_connection_it_comes_by() {
    let office = Office::of_service(&[], |service| {
        service.gate_mut().limits_mut().failed_logins = const { NonZeroU32::new(2).unwrap() };
        service.config_mut().failed_login_delay = Duration::from_millis(1);
        // A client would show a password twice: by SCRAM, then as it is.
        service.set_mechanisms(["PLAIN"]);
    })
    .await;
    let kind = async |password| {
        let client = Client::connect(office.address).await.unwrap();
        let error = client.login("mark", password).await.unwrap_err().error;
        error.refusal().and_then(|reply| reply.code.clone()).unwrap().kind()
    };
    assert_eq!([kind("guess").await, kind("guess").await], [CodeKind::Auth, CodeKind::Auth]);
    assert_eq!(kind("swordfish").await, CodeKind::SysTemp);
}

#[tokio::test]
async fn a_stop_lets_sessions_finish_and_takes_no_more() {
    let mut office = Office::open(&[b"Subject: x\n\n"]).await;
    let mut session =
        Client::connect(office.address).await.unwrap().login("mark", "swordfish").await.unwrap();
    session.delete(MessageNumber::FIRST).await.unwrap();
    office.stop.stop();
    // Refused, or taken in by nobody: who connects while the listener closes may hear nothing at all,
    // until they speak.
    if let Ok(mut stream) = TcpStream::connect(office.address).await {
        let _ = stream.write_all(b"\r\n").await;
        assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
    }
    session.quit().await.unwrap();
    office.running.take().unwrap().await.unwrap().unwrap();
    assert_eq!(office.count(), 0);
}

#[tokio::test]
async fn sessions_that_do_not_finish_in_time_are_cut_and_remove_nothing() {
    let drain = Duration::from_millis(100);
    let mut office =
        Office::with(&[b"Subject: x\n\n"], |_| (), |server| server.set_drain_limit(drain)).await;
    let mut session =
        Client::connect(office.address).await.unwrap().login("mark", "swordfish").await.unwrap();
    session.delete(MessageNumber::FIRST).await.unwrap();
    office.stop.stop();
    office.running.take().unwrap().await.unwrap().unwrap();
    assert!(matches!(session.quit().await, Err(Error::Pop3(_) | Error::Io(_))));
    assert_eq!(office.count(), 1);
}

#[tokio::test]
async fn who_does_not_log_in_in_time_is_cut_whatever_they_say() {
    let limit = Duration::from_millis(300);
    let office = Office::with(&[], |config| config.login_limit = limit, |_| ()).await;
    let (mut reader, mut writer) = greeted(&office).await.into_inner().into_split();
    // A word now and then does not help.
    let talking = tokio::spawn(async move {
        while writer.write_all(b"CAPA\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let ended = reader.read_to_end(&mut Vec::new()).await;
    assert!(ended.is_ok() || ended.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset));
    drop(reader);
    talking.await.unwrap();
}

#[tokio::test]
async fn commands_before_a_half_close_are_answered() {
    let office = Office::open(&[b"Subject: x\n\n"]).await;
    let mut stream = greeted(&office).await;
    stream.get_mut().write_all(b"USER mark\r\nPASS swordfish\r\nDELE 1\r\nQUIT\r\n").await.unwrap();
    stream.get_mut().shutdown().await.unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).await.unwrap();
    assert_eq!(replies.lines().filter(|line| line.starts_with("+OK")).count(), 4, "{replies}");
    assert_eq!(office.count(), 0);
}

#[tokio::test]
async fn one_server_may_have_many_listeners() {
    let office = Arc::new(MemoryMaildrops::new());
    office.add_user(mark(), pop3_proto::Secret::new("swordfish").unwrap());
    let mut listeners = Vec::new();
    for _ in 0..3 {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let server = Server::with_listeners(listeners, Service::new(office.clone(), office)).unwrap();
    let (addresses, stop) = (server.addresses().to_vec(), server.stop());
    let running = tokio::spawn(server.run());
    for address in addresses {
        Client::connect(address)
            .await
            .unwrap()
            .login("mark", "swordfish")
            .await
            .unwrap()
            .quit()
            .await
            .unwrap();
    }
    stop.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_load_balancer_says_for_whom_it_speaks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _office = Office::build(
        &[],
        |service| service.trust("127.0.0.1".parse().unwrap()),
        |server| server.add_listener(listener, Door::PLAIN.proxied()).unwrap(),
    )
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"PROXY TCP4 198.51.100.7 192.0.2.1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(b" 999 110\r\nCAPA\r\nQUIT\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.contains("PIPELINING") && !said.contains("\r\nUSER\r\n"), "{said}");
}

#[tokio::test]
async fn a_cut_ends_sessions_and_the_server_goes_on() {
    let office = Office::open(&[b"Subject: x\n\n"]).await;
    let client = Client::connect(office.address).await.unwrap();
    let mut session = client.login("mark", "swordfish").await.unwrap();
    session.delete(MessageNumber::FIRST).await.unwrap();
    office.stop.cut();
    assert!(session.stat().await.is_err());
    Client::connect(office.address).await.unwrap().quit().await.unwrap();
    assert_eq!(office.count(), 1);
}
