//! The server over real sockets.

mod office;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::{Duration, Instant};

use office::{Office, mark};
use pop3_blocking::{Client, Error, Server};
use pop3_maildrop::Service;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_proto::MessageNumber;
use pop3_proto::reply::CodeKind;

fn greeted(office: &Office) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(office.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = BufReader::new(stream);
    let mut greeting = String::new();
    stream.read_line(&mut greeting).unwrap();
    assert!(greeting.starts_with("+OK"), "{greeting}");
    stream
}

#[test]
fn one_session_too_many_is_refused_politely() {
    let two = NonZeroUsize::new(2).unwrap();
    let office = Office::with(&[], |_| (), |server| server.set_max_sessions(two));
    let first = Client::connect(office.address).unwrap();
    let second = Client::connect(office.address).unwrap();
    let error = Client::connect(office.address).unwrap_err();
    let code = error.refusal().and_then(|reply| reply.code.clone()).unwrap();
    assert_eq!(code.kind(), CodeKind::SysTemp);
    first.quit().unwrap();
    // The place is free as soon as the server has seen its client go.
    let third = loop {
        match Client::connect(office.address) {
            Ok(client) => break client,
            Err(error) => assert!(error.refusal().is_some(), "{error}"),
        }
    };
    third.quit().unwrap();
    second.quit().unwrap();
}

#[test]
fn one_address_does_not_take_all_the_places() {
    let one = NonZeroUsize::MIN;
    let mut office = Office::of_service(&[], |service| {
        service.gate_mut().limits_mut().sessions_per_address = one;
    });
    let first = Client::connect(office.address).unwrap();
    let error = Client::connect(office.address).unwrap_err();
    let code = error.refusal().and_then(|reply| reply.code.clone()).unwrap();
    assert_eq!(code.kind(), CodeKind::SysTemp);
    first.quit().unwrap();
    office.stop.stop();
    office.running.take().unwrap().join().unwrap().unwrap();
}

#[test]
fn an_address_that_guesses_passwords_is_barred_whatever_connection_it_comes_by() {
    let office = Office::of_service(&[], |service| {
        service.gate_mut().limits_mut().failed_logins = const { NonZeroU32::new(2).unwrap() };
        service.config_mut().failed_login_delay = Duration::from_millis(1);
        // A client would show a password twice: by SCRAM, then as it is.
        service.set_mechanisms(["PLAIN"]);
    });
    let kind = |password| {
        let client = Client::connect(office.address).unwrap();
        let error = client.login("mark", password).unwrap_err().error;
        error.refusal().and_then(|reply| reply.code.clone()).unwrap().kind()
    };
    assert_eq!([kind("guess"), kind("guess")], [CodeKind::Auth, CodeKind::Auth]);
    assert_eq!(kind("swordfish"), CodeKind::SysTemp);
}

#[test]
fn a_stop_lets_sessions_finish_and_takes_no_more() {
    let mut office = Office::open(&[b"Subject: x\n\n"]);
    let mut session = Client::connect(office.address).unwrap().login("mark", "swordfish").unwrap();
    session.delete(MessageNumber::FIRST).unwrap();
    office.stop.stop();
    // Refused, or taken in by nobody: who connects while the listener closes may hear nothing at all,
    // until they speak.
    if let Ok(mut stream) = TcpStream::connect(office.address) {
        let _ = stream.write_all(b"\r\n");
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
    session.quit().unwrap();
    office.running.take().unwrap().join().unwrap().unwrap();
    assert_eq!(office.count(), 0);
}

#[test]
fn sessions_that_do_not_finish_in_time_are_cut_and_remove_nothing() {
    let drain = Duration::from_millis(100);
    let mut office =
        Office::with(&[b"Subject: x\n\n"], |_| (), |server| server.set_drain_limit(drain));
    let mut session = Client::connect(office.address).unwrap().login("mark", "swordfish").unwrap();
    session.delete(MessageNumber::FIRST).unwrap();
    office.stop.stop();
    office.running.take().unwrap().join().unwrap().unwrap();
    assert!(matches!(session.quit(), Err(Error::Pop3(_) | Error::Io(_))));
    assert_eq!(office.count(), 1);
}

#[test]
fn who_does_not_log_in_in_time_is_cut_whatever_they_say() {
    let limit = Duration::from_millis(300);
    let office = Office::with(&[], |config| config.login_limit = limit, |_| ());
    let mut stream = greeted(&office);
    // A word now and then does not help.
    let mut writer = stream.get_ref().try_clone().unwrap();
    let talking = std::thread::spawn(move || {
        while writer.write_all(b"CAPA\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let ended = stream.read_to_end(&mut Vec::new());
    assert!(ended.is_ok() || ended.is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset));
    drop(stream);
    talking.join().unwrap();
}

#[test]
fn commands_before_a_half_close_are_answered() {
    let office = Office::open(&[b"Subject: x\n\n"]);
    let mut stream = greeted(&office);
    stream.get_mut().write_all(b"USER mark\r\nPASS swordfish\r\nDELE 1\r\nQUIT\r\n").unwrap();
    stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    assert_eq!(replies.lines().filter(|line| line.starts_with("+OK")).count(), 4, "{replies}");
    assert_eq!(office.count(), 0);
}

#[test]
fn one_server_may_have_many_listeners() {
    let office = Arc::new(MemoryMaildrops::new());
    office.add_user(mark(), pop3_proto::Secret::new("swordfish").unwrap());
    let listeners = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let server = Server::with_listeners(listeners, Service::new(office.clone(), office)).unwrap();
    let (addresses, stop) = (server.addresses().to_vec(), server.stop());
    let running = std::thread::spawn(|| server.run());
    for address in addresses {
        Client::connect(address).unwrap().login("mark", "swordfish").unwrap().quit().unwrap();
    }
    stop.stop();
    running.join().unwrap().unwrap();
}

/// A read never times out then, and the time to log in passes all the same.
#[test]
fn a_client_that_never_pauses_has_no_more_time_to_log_in_than_others() {
    let office =
        Office::with(&[], |config| config.login_limit = Duration::from_millis(200), |_| ());
    let started = Instant::now();
    let mut client = TcpStream::connect(office.address).unwrap();
    let mut listening = client.try_clone().unwrap();
    let heard = std::thread::spawn(move || io::copy(&mut listening, &mut io::sink()));
    while started.elapsed() < Duration::from_secs(10) && client.write_all(b"CAPA\r\n").is_ok() {}
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    drop(client);
    let _ = heard.join();
}

/// Each octet by itself comes in time.
#[test]
fn a_client_that_says_an_octet_now_and_then_is_hung_up_on() {
    let limit = Duration::from_millis(300);
    let office = Office::with(&[], |config| config.idle_limit = limit, |_| ());
    let mut client = TcpStream::connect(office.address).unwrap();
    client.write_all(b"USER mark\r\nPASS swordfish\r\n").unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) && client.write_all(b"N").is_ok() {
        std::thread::sleep(limit / 10);
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn a_drain_limit_beyond_all_time_is_none() {
    let office = Office::with(&[], |_| (), |server| server.set_drain_limit(Duration::MAX));
    Client::connect(office.address).unwrap().quit().unwrap();
    drop(office);
}
