//! Size costs no memory: a giant letter passes through `pop3 serve` and `pop3 fetch`, and neither
//! process ever holds more than 32 MiB.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use pop3_tests::letters::lay_out;
use pop3_tests::pop3::{Serve, fetch};
use pop3_tests::process::Running;
use pop3_tests::random::Random;
use pop3_tests::tell;
use rustix::process::Pid;

/// What a process may hold at its peak, in KiB.
const LIMIT: u64 = 32 * 1024;

#[test]
fn a_letter_of_64_mb_passes_in_constant_memory() {
    passes_in_constant_memory(64_000_000);
}

#[test]
#[ignore = "it takes a minute and twice 2 GB of disk"]
fn a_letter_of_2_gb_passes_in_constant_memory() {
    passes_in_constant_memory(2_000_000_000);
}

fn passes_in_constant_memory(octets: u64) {
    let dir = tempfile::tempdir().unwrap();
    let (mail, inbox) = (dir.path().join("mail"), dir.path().join("inbox"));
    demand_space(dir.path(), 2 * octets + octets / 10);
    lay_out(&mail.join("mark"), &[]).unwrap();
    write_letter(&mail.join("mark/new/1700000000.M0P1Q1.example"), octets).unwrap();

    let server = Serve::start(&mail, dir.path()).unwrap();
    let mut fetch = fetch(server.address, &inbox);
    let mut fetch = Running::start("fetch", fetch.stdout(Stdio::null()), dir.path()).unwrap();
    let (mut served, mut fetched) = (0, 0);
    let serving = server.process.pid();
    let status = fetch.wait_while(Duration::from_secs(600), |pid| {
        // The last look at a process that ends shows nothing; the peak never falls before that.
        served = peak(serving).unwrap_or(served);
        fetched = peak(pid).unwrap_or(fetched);
    });
    assert!(status.unwrap().success(), "fetch: {}", fetch.said());
    served = peak(serving).unwrap_or(served);
    server.stop().unwrap();

    tell(&format!("{octets} octets: serve held {served} KiB at its peak, fetch {fetched} KiB"));
    assert!(served > 0 && fetched > 0, "no peak was seen");
    assert!(served < LIMIT && fetched < LIMIT, "serve held {served} KiB, fetch {fetched} KiB");
    assert_same(&only_file(&mail.join("mark/new")), &only_file(&inbox.join("new")));
}

/// The most memory that a process has held so far, in KiB.
fn peak(process: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn demand_space(directory: &Path, octets: u64) {
    let file_system = rustix::fs::statvfs(directory).unwrap();
    let free = file_system.f_bavail * file_system.f_frsize;
    assert!(
        free > octets,
        "{} has {free} octets free, this test needs {octets}; TMPDIR may point elsewhere",
        directory.display()
    );
}

/// Writes a letter in lines of many lengths, some with a dot in front and one of 100,000 octets,
/// over and over, but never twice at the same place of a buffer.
fn write_letter(path: &Path, octets: u64) -> io::Result<()> {
    let mut random = Random::new(octets);
    let mut lines = vec![b'x'; 100_000];
    while lines.len() < 1 << 20 {
        lines.push(b'\n');
        if random.below(20) == 0 {
            lines.push(b'.');
        }
        lines.extend((0..random.below(80)).map(|_| b'a' + random.below(26) as u8));
    }
    let mut file = BufWriter::new(File::create_new(path)?);
    file.write_all(b"Subject: giant\n\n")?;
    for count in 0..octets / lines.len() as u64 + 1 {
        writeln!(file, "{count}")?;
        file.write_all(&lines)?;
        writeln!(file)?;
    }
    file.flush()
}

fn assert_same(sent: &Path, arrived: &Path) {
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    assert_eq!(length(sent), length(arrived), "a letter of another size arrived");
    let (mut sent, mut arrived) = (File::open(sent).unwrap(), File::open(arrived).unwrap());
    let (mut here, mut there) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut at = 0;
    loop {
        let read = sent.read(&mut here).unwrap();
        if read == 0 {
            return;
        }
        arrived.read_exact(&mut there[..read]).unwrap();
        assert!(here[..read] == there[..read], "other octets arrived from {at} on");
        at += read;
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{} letters arrived", files.len()) };
    file.clone()
}
