//! A server with letters in memory.
#![allow(dead_code, reason = "not every test that shares this file needs all of it")]

use std::net::SocketAddr;
use std::sync::Arc;

use async_std::task::{self, JoinHandle};
use pop3_async_std::{Server, Stop};
use pop3_maildrop::Service;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_proto::server::Config;
use pop3_proto::{Secret, UserName};

/// A server for user `mark`, password `swordfish`, until it is dropped.
pub(crate) struct Office {
    pub(crate) letters: Arc<MemoryMaildrops>,
    pub(crate) address: SocketAddr,
    pub(crate) stop: Stop,
    pub(crate) running: Option<JoinHandle<std::io::Result<()>>>,
}

impl Office {
    pub(crate) async fn open(letters: &[&[u8]]) -> Self {
        Self::with(letters, |_| (), |_| ()).await
    }

    pub(crate) async fn with(
        letters: &[&[u8]],
        configure: impl FnOnce(&mut Config),
        prepare: impl FnOnce(&mut Server),
    ) -> Self {
        Self::build(letters, |service| configure(service.config_mut()), prepare).await
    }

    /// A server of a service that is prepared like this.
    pub(crate) async fn of_service(
        letters: &[&[u8]],
        configure: impl FnOnce(&mut Service),
    ) -> Self {
        Self::build(letters, configure, |_| ()).await
    }

    pub(crate) async fn build(
        letters: &[&[u8]],
        configure: impl FnOnce(&mut Service),
        prepare: impl FnOnce(&mut Server),
    ) -> Self {
        let (letters, mut service) = service(letters);
        configure(&mut service);
        Self::of(letters, service, prepare).await
    }

    /// A server of that service, whose letters these are.
    pub(crate) async fn of(
        letters: Arc<MemoryMaildrops>,
        service: Service,
        prepare: impl FnOnce(&mut Server),
    ) -> Self {
        let mut server = Server::bind("127.0.0.1:0", service).await.unwrap();
        prepare(&mut server);
        let (address, stop) = (server.addresses()[0], server.stop());
        let running = Some(task::spawn(server.run()));
        Self { letters, address, stop, running }
    }

    /// Stops the server and waits for it.
    pub(crate) async fn close(&mut self) {
        self.stop.stop();
        self.running.take().unwrap().await.unwrap();
    }

    /// How many letters there are.
    pub(crate) fn count(&self) -> usize {
        self.letters.letters(&mark()).len()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.stop();
        self.stop.cut();
    }
}

/// A service with these letters for `mark`.
pub(crate) fn service(letters: &[&[u8]]) -> (Arc<MemoryMaildrops>, Service) {
    let office = Arc::new(MemoryMaildrops::new());
    office.add_user(mark(), Secret::new("swordfish").unwrap());
    for letter in letters {
        office.deliver(&mark(), letter).unwrap();
    }
    (office.clone(), Service::new(office.clone(), office))
}

pub(crate) fn mark() -> UserName {
    UserName::new("mark").unwrap()
}
