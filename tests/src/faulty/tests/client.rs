//! A client of a few lines, which shows what came.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use rustls::client::{ResolvesClientCert, WantsClientCert};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, SignatureScheme, StreamOwned,
};

use crate::faulty::FaultyServer;
use crate::faulty::login::hex;

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(super) struct Client {
    stream: BufReader<Box<dyn Stream>>,
    /// The connection beneath.
    socket: TcpStream,
    pub(super) greeting: String,
}

impl Client {
    pub(super) fn clear(server: &FaultyServer) -> Self {
        let mut client = Self::unread(server);
        client.greeting = client.line();
        client
    }

    /// The greeting is still to be read.
    pub(super) fn unread(server: &FaultyServer) -> Self {
        let socket = connect(server.clear());
        let stream: Box<dyn Stream> = Box::new(socket.try_clone().unwrap());
        Self { stream: BufReader::new(stream), socket, greeting: String::new() }
    }

    pub(super) fn tls(server: &FaultyServer) -> Self {
        let mut client = Self::over(connect(server.implicit()), server);
        client.greeting = client.line();
        client
    }

    fn over(socket: TcpStream, server: &FaultyServer) -> Self {
        let config = trusting(server).with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), name()).unwrap();
        let clone = socket.try_clone().unwrap();
        let stream: Box<dyn Stream> = Box::new(StreamOwned::new(tls, socket));
        Self { stream: BufReader::new(stream), socket: clone, greeting: String::new() }
    }

    /// Goes over to TLS; what is injected follows STLS in the same segment.
    pub(super) fn stls(mut self, server: &FaultyServer, injected: &[u8]) -> Self {
        self.send(&[b"STLS\r\n", injected].concat());
        assert_eq!(self.line(), "+OK begin TLS");
        self.over_tls(server)
    }

    /// Goes over to TLS when the server has said that it does.
    pub(super) fn over_tls(self, server: &FaultyServer) -> Self {
        Self::over(self.socket, server)
    }

    /// How long to wait for octets from now on.
    pub(super) fn be_patient_for(&self, patience: Duration) {
        self.socket.set_read_timeout(Some(patience)).unwrap();
    }

    /// All that comes up to the end.
    pub(super) fn try_read(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest)?;
        Ok(rest)
    }

    pub(super) fn send(&mut self, octets: &[u8]) {
        self.stream.get_mut().write_all(octets).unwrap();
        self.stream.get_mut().flush().unwrap();
    }

    /// What comes up to the next LF, or to the end.
    pub(super) fn read_line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).unwrap();
        line
    }

    /// The next line, which ends in CRLF.
    pub(super) fn line(&mut self) -> String {
        let line = self.read_line();
        let line =
            line.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("{:?}", line.escape_ascii()));
        String::from_utf8(line.to_vec()).unwrap()
    }

    pub(super) fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.line()
    }

    /// The lines of a multi-line reply, still byte-stuffed.
    pub(super) fn ask_many(&mut self, command: &str) -> Vec<String> {
        let status = self.ask(command);
        assert!(status.starts_with("+OK "), "{status}");
        let mut lines = Vec::new();
        loop {
            match self.line() {
                line if line == "." => return lines,
                line => lines.push(line),
            }
        }
    }

    pub(super) fn try_log_in(&mut self) -> String {
        let status = self.ask("USER mark");
        assert!(status.starts_with("+OK "), "{status}");
        self.ask("PASS swordfish")
    }

    pub(super) fn log_in(&mut self) {
        let status = self.try_log_in();
        assert!(status.starts_with("+OK "), "{status}");
    }

    /// As soon as the lock is free.
    pub(super) fn log_in_at_last(&mut self) {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.try_log_in() {
                status if status.starts_with("+OK ") => return,
                status => assert!(Instant::now() < until, "{status}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What APOP sends for the greeting.
    pub(super) fn digest(&self, password: &str) -> String {
        let timestamp = &self.greeting[self.greeting.find('<').unwrap()..];
        hex(&Md5::new().chain_update(timestamp).chain_update(password).finalize())
    }

    /// That nothing more comes; in TLS an alert says so, or this fails.
    pub(super) fn expect_end(&mut self) {
        assert_eq!(self.read_line(), b"");
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

fn trusting(server: &FaultyServer) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.certificate().as_bytes()).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
}

/// Whether the server asks for a client certificate.
pub(super) fn asks_for_certificate(server: &FaultyServer) -> bool {
    #[derive(Debug, Default)]
    struct Asked(AtomicBool);

    impl ResolvesClientCert for Asked {
        fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            self.0.store(true, Ordering::SeqCst);
            None
        }

        fn has_certs(&self) -> bool {
            true
        }
    }

    let asked = Arc::new(Asked::default());
    let config = trusting(server).with_client_cert_resolver(asked.clone());
    let mut tls = ClientConnection::new(Arc::new(config), name()).unwrap();
    let mut socket = connect(server.implicit());
    while tls.is_handshaking() && tls.complete_io(&mut socket).is_ok() {}
    asked.0.load(Ordering::SeqCst)
}

fn connect(address: std::net::SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}
