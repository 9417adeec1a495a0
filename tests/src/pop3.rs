//! temp
use pop3_blocking::Server;
use pop3_maildrop::{Service, maildir::MaildirMaildrops, memory::MemoryMaildrops};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
/// x
pub struct Serve {
    /// a
    pub address: SocketAddr,
}
impl Serve {
    /// x
    pub fn start(mail: &Path) -> Self {
        let a = Arc::new(MemoryMaildrops::new());
        a.add_user(
            pop3_proto::UserName::new("mark").unwrap(),
            pop3_proto::Secret::new("swordfish").unwrap(),
        );
        let s = Server::bind("127.0.0.1:0", Service::new(a, Arc::new(MaildirMaildrops::new(mail))))
            .unwrap();
        let address = s.addresses()[0];
        std::thread::spawn(|| s.run());
        Self { address }
    }
}
