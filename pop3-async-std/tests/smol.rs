//! Users of smol, with sockets of their own.

mod office;

use office::service;
use pop3_async_std::{Client, Options, serve_stream};
use pop3_proto::MessageNumber;
use smol::io::AsyncReadExt;
use smol::net::{TcpListener, TcpStream};

/// The names of the threads of this process.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok())
        .collect()
}

#[test]
#[cfg(target_os = "linux")]
fn client_and_server_run_on_smol_alone() {
    smol::block_on(async {
        let (letters, service) = service(&[b"Subject: one\n\n", b"Subject: two\n\n"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = smol::spawn(async move {
            let (stream, peer) = listener.accept().await.unwrap();
            serve_stream(stream, Some(peer.ip()), &service).await
        });

        let stream = TcpStream::connect(address).await.unwrap();
        let client = Client::with_stream(stream, &Options::default()).await.unwrap();
        let mut session = client.login("mark", "swordfish").await.unwrap();
        let mut letter = String::new();
        let first =
            session.retrieve(MessageNumber::FIRST).await.unwrap().read_to_string(&mut letter).await;
        assert_eq!((first.unwrap(), &*letter), (16, "Subject: one\r\n\r\n"));
        session.delete(MessageNumber::FIRST).await.unwrap();
        session.quit().await.unwrap();
        assert!(serving.await.unwrap().is_some());
        assert_eq!(letters.letters(&office::mark()).len(), 1);
    });
    let threads = threads();
    assert!(threads.iter().any(|name| name.starts_with("smol-")), "{threads:?}");
    assert!(!threads.iter().any(|name| name.starts_with("async-std")), "{threads:?}");
}

#[test]
fn limits_of_time_hold_on_smol() {
    smol::block_on(async {
        let (_, mut service) = service(&[]);
        service.config_mut().login_limit = std::time::Duration::from_millis(100);
        let (mut here, there) = smol::net::unix::UnixStream::pair().unwrap();
        let serving = smol::spawn(async move { serve_stream(there, None, &service).await });
        // Says nothing, and waits to be cut.
        here.read_to_end(&mut Vec::new()).await.unwrap();
        let ending = serving.await.unwrap().unwrap();
        assert_eq!(ending, pop3_proto::server::Ending::TimedOut);
    });
}
