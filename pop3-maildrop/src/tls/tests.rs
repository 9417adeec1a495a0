use std::time::{Duration, SystemTime};

use rcgen::CertifiedKey as Made;
use tempfile::TempDir;

use super::*;

/// Two files in a directory of their own.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    /// Writes a file that looks an hour old and this many seconds more.
    fn write(&self, path: &Path, content: &str, age: u64) {
        fs::write(path, content).unwrap();
        let modified = SystemTime::now() - Duration::from_secs(3_600 + age);
        File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    }

    fn open(&self) -> Result<CertificateFiles, CertificateFilesError> {
        CertificateFiles::open(self.certificate(), self.key())
    }
}

fn make() -> Made<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["pop.example.org".to_owned()]).unwrap()
}

#[track_caller]
fn shows(files: &CertificateFiles, made: &Made<rcgen::KeyPair>) {
    assert_eq!(&files.certified().cert[0], made.cert.der());
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    for age in [0, 10] {
        let (files, old, new) = (Files::new(), make(), make());
        files.write(&files.certificate(), &old.cert.pem(), age);
        files.write(&files.key(), &old.signing_key.serialize_pem(), age);
        let opened = files.open().unwrap();
        shows(&opened, &old);
        files.write(&files.certificate(), &new.cert.pem(), 0);
        files.write(&files.key(), &new.signing_key.serialize_pem(), 0);
        shows(&opened, &new);
    }
}

#[test]
fn files_that_were_just_written_are_looked_at_again() {
    let (files, old, new) = (Files::new(), make(), make());
    let write = |made: &Made<rcgen::KeyPair>| {
        fs::write(files.certificate(), made.cert.pem()).unwrap();
        fs::write(files.key(), made.signing_key.serialize_pem()).unwrap();
    };
    write(&old);
    let opened = files.open().unwrap();
    assert!(opened.loaded.lock().unwrap().stamps.is_none());
    write(&new);
    shows(&opened, &new);
}

#[test]
fn the_old_certificate_stays_until_both_files_are_new() {
    let (files, old, new) = (Files::new(), make(), make());
    files.write(&files.certificate(), &old.cert.pem(), 0);
    files.write(&files.key(), &old.signing_key.serialize_pem(), 0);
    let opened = files.open().unwrap();
    let complained = || opened.loaded.lock().unwrap().complained;

    let pem = new.cert.pem();
    files.write(&files.certificate(), &pem[..pem.len() / 2], 5);
    shows(&opened, &old);
    assert!(complained());
    files.write(&files.certificate(), &pem, 4);
    shows(&opened, &old);
    fs::remove_file(files.key()).unwrap();
    shows(&opened, &old);
    files.write(&files.key(), &new.signing_key.serialize_pem(), 3);
    shows(&opened, &new);
    assert!(!complained());
}

#[test]
fn files_that_did_not_change_are_not_read_again() {
    let (files, made) = (Files::new(), make());
    files.write(&files.certificate(), &made.cert.pem(), 0);
    files.write(&files.key(), &made.signing_key.serialize_pem(), 0);
    let opened = files.open().unwrap();
    assert!(Arc::ptr_eq(&opened.certified(), &opened.certified()));
}

#[test]
fn one_file_may_hold_both() {
    let (files, made) = (Files::new(), make());
    let both = made.signing_key.serialize_pem() + &made.cert.pem();
    files.write(&files.certificate(), &both, 0);
    let opened = CertificateFiles::open(files.certificate(), files.certificate()).unwrap();
    shows(&opened, &made);
    opened.into_server_tls().unwrap().accept().unwrap();
}

#[test]
fn what_is_wrong_with_the_files_is_told_and_nothing_of_the_key() {
    let (files, made, other) = (Files::new(), make(), make());
    let told = || {
        let error = files.open().unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        format!("{error}: {source} {error:?}")
    };
    assert!(told().contains("cert.pem cannot be read"));
    files.write(&files.certificate(), &made.cert.pem(), 0);
    assert!(told().contains("key.pem cannot be read"));
    files.write(&files.key(), &other.signing_key.serialize_pem(), 0);
    assert!(told().contains("the private key does not belong to the certificate"));
    files.write(&files.key(), "-----BEGIN nonsense", 0);
    assert!(!told().contains("nonsense"));
    files.write(&files.key(), &"x".repeat(1024 * 1024 + 1), 0);
    assert!(told().contains("more than 1 MiB"));
}
