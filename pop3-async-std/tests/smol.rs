//! Both sides on smol, with smol's own sockets and tasks.

use std::sync::Arc;

use pop3_async_std::{Client, Options, serve_stream};
use pop3_maildrop::Service;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_proto::server::Ending;
use pop3_proto::{MessageNumber, Secret, UserName};
use smol::io::AsyncReadExt;
use smol::net::{TcpListener, TcpStream};

#[test]
fn a_session_on_smol() {
    let mark = UserName::new("mark").unwrap();
    let office = Arc::new(MemoryMaildrops::new());
    office.add_user(mark.clone(), Secret::new("swordfish").unwrap());
    office.deliver(&mark, "Subject: one\n\n.\n").unwrap();
    let service = Service::new(office.clone(), office.clone());
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = smol::spawn(async move {
            let (stream, peer) = listener.accept().await.unwrap();
            serve_stream(stream, Some(peer.ip()), &service).await
        });

        let stream = TcpStream::connect(address).await.unwrap();
        let client = Client::with_stream(stream, &Options::default()).await.unwrap();
        let mut session = client.login("mark", "swordfish").await.unwrap();
        let mut letter = Vec::new();
        let first = MessageNumber::FIRST;
        session.retrieve(first).await.unwrap().read_to_end(&mut letter).await.unwrap();
        assert_eq!(letter, b"Subject: one\r\n\r\n.\r\n");
        session.delete(first).await.unwrap();
        session.quit().await.unwrap();
        assert_eq!(serving.await.unwrap(), Some(Ending::Quit));
    });
    assert!(office.letters(&mark).is_empty());
}
