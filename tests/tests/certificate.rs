//! A certificate expires while the server runs: clients are told so, and a renewed one is shown
//! without a restart.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use pop3_tests::letters::lay_out;
use pop3_tests::pop3::{Serve, program};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// Long enough for a server to start and a client to log in, on a slow machine.
const LIFE: Duration = Duration::from_secs(10);

/// A certificate of that key which is good until then.
fn certificate(key: &KeyPair, until: SystemTime) -> String {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let until = until.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    params.not_after = date_time_ymd(1970, 1, 1) + until;
    params.self_signed(key).unwrap().pem()
}

fn list(server: &Serve, ca: &Path) -> Output {
    let mut list = Command::new(program());
    list.arg("list").arg(format!("pop3s://mark@localhost:{}", server.address.port()));
    list.arg("--ca").arg(ca).env("POP3_PASSWORD", "swordfish");
    list.output().unwrap()
}

#[test]
fn a_certificate_that_expires_is_told_of_and_a_renewed_one_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mail = dir.path().join("mail");
    lay_out(&mail.join("mark"), &[]).unwrap();
    let [cert, key, ca] = ["cert.pem", "key.pem", "ca.pem"].map(|name| dir.path().join(name));
    let pair = KeyPair::generate().unwrap();
    // Building it may take longer than the certificate is good for.
    let program = Command::new(program());
    let end = SystemTime::now() + LIFE;
    fs::write(&cert, certificate(&pair, end)).unwrap();
    fs::write(&key, pair.serialize_pem()).unwrap();
    fs::copy(&cert, &ca).unwrap();
    let files = [format!("--cert={}", cert.display()), format!("--key={}", key.display())];
    let options = ["--listen-tls", "127.0.0.1:0", &files[0], &files[1]];
    let users = "mark:{PLAIN}swordfish\n";
    let server = Serve::start_with(&mail, dir.path(), users, &options, program).unwrap();
    let before = list(&server, &ca);
    assert!(before.status.success(), "{before:?}");

    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    std::thread::sleep(left + Duration::from_secs(2));
    let expired = list(&server, &ca);
    let said = String::from_utf8_lossy(&expired.stderr);
    assert!(!expired.status.success() && said.contains("expired"), "{said}");

    fs::write(&cert, certificate(&pair, SystemTime::now() + Duration::from_secs(86_400))).unwrap();
    let renewed = list(&server, &ca);
    assert!(renewed.status.success(), "{renewed:?}");
    server.stop().unwrap();
}
