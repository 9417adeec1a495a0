//! What a service demands: of addresses, of the time between logins, of the age of letters.

use std::io::Read;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{
    Authenticator, LetterError, LoginRefused, Maildrop, Maildrops, Next, OpenError, Removal,
    RemoveError, Service, Session,
};
use pop3_proto::adapter::Cleartext;
use pop3_proto::auth::Credentials;
use pop3_proto::{MessageInfo, MessageNumber, UserName};

use crate::office::{LOGIN, asynchronous, blocking, converse, is_locked, mark, office};

const DAY: Duration = Duration::from_secs(86_400);

fn answer(session: &mut Session, said: &str) -> String {
    String::from_utf8(converse(session, said.as_bytes()).0).unwrap()
}

/// What the last line says that a new session answers to this.
fn last(service: &Service, said: &str) -> String {
    let text = answer(&mut service.session(), said);
    text.lines().last().unwrap().to_owned()
}

fn ip(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

#[test]
fn after_too_many_failed_logins_no_password_from_there_is_looked_at() {
    let mut service = blocking(&office(&[]));
    service.set_cleartext(Cleartext::Always);
    for _ in 0..10 {
        let mut session = service.session_from(ip(1));
        let text = answer(&mut session, "USER mark\r\nPASS no\r\nUSER mary\r\nPASS no\r\n");
        assert_eq!(text.matches("-ERR [AUTH]").count(), 2, "{text}");
    }
    let mut barred = service.session_from(ip(1));
    let (wire, works) = converse(&mut barred, LOGIN);
    let text = String::from_utf8(wire).unwrap();
    assert!(text.contains("-ERR [SYS/TEMP] too many logins have failed"), "{text}");
    assert_eq!(works, 0, "the password was not looked at");
    for peer in [ip(2), None] {
        assert!(
            answer(&mut service.session_from(peer), "USER mark\r\nPASS swordfish\r\nQUIT\r\n")
                .contains("+OK maildrop")
        );
    }
}

#[test]
fn trouble_with_the_store_is_no_failed_login() {
    // The authenticator knows the user, the store does not.
    let mut service = Service::new(office(&[]), Arc::new(MemoryMaildrops::new()));
    service.set_cleartext(Cleartext::Always);
    for _ in 0..30 {
        let mut session = service.session_from(ip(1));
        assert!(
            answer(&mut session, "USER mark\r\nPASS swordfish\r\n").contains("-ERR [SYS/PERM]")
        );
    }
}

#[test]
fn a_login_that_comes_too_soon_is_refused_to_who_knows_the_password() {
    let office = office(&[]);
    let mut service = blocking(&office);
    service.set_login_delay(Duration::from_millis(3_599_001));
    let login = "USER mark\r\nPASS swordfish\r\n";
    assert!(answer(&mut service.session(), "CAPA\r\n").contains("\r\nLOGIN-DELAY 3600\r\n"));
    assert!(last(&service, login).starts_with("+OK"));
    assert!(last(&service, login).starts_with("-ERR [LOGIN-DELAY]"));
    assert!(last(&service, "USER mark\r\nPASS wrong\r\n").starts_with("-ERR [AUTH]"));
    assert!(!is_locked(&office));

    service.set_login_delay(Duration::ZERO);
    assert!(!answer(&mut service.session(), "CAPA\r\n").contains("LOGIN-DELAY"));
    assert!(last(&service, login).starts_with("+OK"));
}

#[test]
fn the_delay_counts_from_the_last_login_that_succeeded() {
    let office = office(&[]);
    let mut service = blocking(&office);
    let delay = Duration::from_millis(300);
    service.set_login_delay(delay);
    let login = "USER mark\r\nPASS swordfish\r\n";
    let start = Instant::now();
    assert!(last(&service, login).starts_with("+OK"));
    while !last(&service, login).starts_with("+OK") {
        std::thread::sleep(Duration::from_millis(5));
        assert!(start.elapsed() < Duration::from_secs(20), "refusals put the login off");
    }
    assert!(start.elapsed() >= delay);
}

/// Lets `mark` log in as often as he likes.
struct Patient(Arc<MemoryMaildrops>, Option<Duration>);

impl Authenticator for Patient {
    fn authenticate(&self, credentials: &Credentials) -> Result<UserName, LoginRefused> {
        self.0.authenticate(credentials)
    }

    fn login_delay(&self, user: &UserName) -> Option<Duration> {
        assert_eq!(*user, mark());
        self.1
    }
}

#[test]
fn a_delay_may_differ_by_user_and_is_told_exactly_after_login() {
    let said = "CAPA\r\nUSER mark\r\nPASS swordfish\r\nCAPA\r\n";
    for (own, told, again) in [
        (Some(0), None, "+OK"),
        (Some(60), Some("\r\nLOGIN-DELAY 60\r\n"), "-ERR [LOGIN-DELAY]"),
        (None, Some("\r\nLOGIN-DELAY 900\r\n"), "-ERR [LOGIN-DELAY]"),
    ] {
        let office = office(&[]);
        let patient = Arc::new(Patient(office.clone(), own.map(Duration::from_secs)));
        let mut service = Service::new(patient, office);
        service.set_login_delay_by_user(Duration::from_secs(900));
        let text = answer(&mut service.session(), said);
        let (before, after) = text.split_once("+OK maildrop").unwrap();
        assert!(before.contains("\r\nLOGIN-DELAY 900 USER\r\n"));
        match told {
            Some(told) => assert!(after.contains(told), "{after}"),
            None => assert!(!after.contains("LOGIN-DELAY"), "{after}"),
        }
        assert!(last(&service, "USER mark\r\nPASS swordfish\r\n").starts_with(again));
    }
}

#[test]
fn a_login_that_finds_the_maildrop_in_use_does_not_count() {
    let office = office(&[]);
    let mut service = blocking(&office);
    service.set_login_delay(Duration::from_secs(3_600));
    let login = "USER mark\r\nPASS swordfish\r\n";
    let other = blocking(&office);
    let mut holder = other.session();
    answer(&mut holder, login);
    assert!(last(&service, login).starts_with("-ERR [IN-USE]"));
    drop(holder);
    assert!(last(&service, login).starts_with("+OK"));
}

#[test]
fn what_has_had_its_time_is_removed_before_the_session_sees_it() {
    let office = office(&[]);
    let now = SystemTime::now();
    for (age, letter) in [(31, "old"), (29, "young"), (40, "older"), (0, "new")] {
        office.deliver_at(&mark(), letter, now - DAY * age).unwrap();
    }
    let mut service = blocking(&office);
    assert!(answer(&mut service.session(), "CAPA\r\n").contains("\r\nEXPIRE NEVER\r\n"));
    assert!(last(&service, "USER mark\r\nPASS swordfish\r\nSTAT\r\n").starts_with("+OK 4 "));

    service.set_expire(30);
    let mut session = service.session();
    assert!(answer(&mut session, "CAPA\r\n").contains("\r\nEXPIRE 30\r\n"));
    let text = answer(&mut session, "USER mark\r\nPASS swordfish\r\nSTAT\r\nRETR 1\r\nRETR 2\r\n");
    assert!(text.contains("\r\n+OK 2 12\r\n") && text.contains("young") && text.contains("new"));
    assert_eq!(office.letters(&mark()), [Arc::from(*b"young"), Arc::from(*b"new")]);
    assert!(is_locked(&office));
}

/// Notes what is done with its maildrops, in order.
struct Noting(Arc<MemoryMaildrops>, Arc<Mutex<Vec<&'static str>>>);

struct NotingDrop(Box<dyn Maildrop>, Arc<Mutex<Vec<&'static str>>>);

impl Maildrops for Noting {
    fn open(&self, user: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
        self.1.lock().unwrap().push("open");
        Ok(Box::new(NotingDrop(self.0.open(user)?, self.1.clone())))
    }
}

impl Maildrop for NotingDrop {
    fn messages(&self) -> &[MessageInfo] {
        self.1.lock().unwrap().push("messages");
        self.0.messages()
    }

    fn expire(&mut self, before: SystemTime) -> Result<usize, RemoveError> {
        self.1.lock().unwrap().push("expire");
        self.0.expire(before)
    }

    fn letter(&self, number: MessageNumber) -> Result<Box<dyn Read + Send>, LetterError> {
        self.1.lock().unwrap().push("letter");
        self.0.letter(number)
    }

    fn remove(&mut self, numbers: &[MessageNumber]) -> Vec<Removal> {
        self.1.lock().unwrap().push("remove");
        self.0.remove(numbers)
    }
}

#[test]
fn old_letters_go_before_the_snapshot_is_looked_at_and_never_later() {
    for (days, expected) in [
        (None, &["open", "messages", "letter", "remove"][..]),
        (Some(0), &["open", "messages", "letter", "remove"]),
        (Some(1), &["open", "expire", "messages", "letter", "remove"]),
    ] {
        let (office, notes) = (office(&[b"x"]), Arc::default());
        let maildrops = Arc::new(Noting(office.clone(), Arc::clone(&notes)));
        let mut service = Service::new(office, maildrops);
        if let Some(days) = days {
            service.set_expire(days);
        }
        let mut session = service.session();
        answer(&mut session, "USER mark\r\nPASS swordfish\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
        assert_eq!(*notes.lock().unwrap(), expected);
    }
}

#[test]
fn with_expire_zero_a_quit_removes_what_was_retrieved() {
    for service_of in [blocking, asynchronous] {
        let office = office(&[b"one", b"two", b"three", b"four"]);
        let mut service = service_of(&office);
        service.set_expire(0);
        let mut session = service.session();
        assert!(answer(&mut session, "CAPA\r\n").contains("\r\nEXPIRE 0\r\n"));
        let said =
            "RETR 1\r\nTOP 2 9\r\nDELE 3\r\nRETR 3\r\nRETR 4\r\nDELE 4\r\nRSET\r\nDELE 4\r\n";
        answer(&mut session, "USER mark\r\nPASS swordfish\r\n");
        answer(&mut session, said);
        assert_eq!(office.letters(&mark()).len(), 4);
        assert!(answer(&mut session, "QUIT\r\n").starts_with("+OK"));
        assert_eq!(office.letters(&mark()), [Arc::from(*b"two"), Arc::from(*b"three")]);
    }
}

#[test]
fn with_expire_zero_nothing_goes_without_a_quit_or_before_it_was_sent() {
    let office = office(&[b"one"]);
    let mut service = blocking(&office);
    service.set_expire(0);
    let mut session = service.session();
    answer(&mut session, "USER mark\r\nPASS swordfish\r\nRETR 1\r\n");
    drop(session);
    assert_eq!(office.letters(&mark()).len(), 1);

    let mut session = service.session();
    answer(&mut session, "USER mark\r\nPASS swordfish\r\n");
    session.connection().receive(b"RETR 1\r\nQUIT\r\n");
    let Next::Work(work) = session.advance() else { panic!() };
    session.done(work.run());
    assert!(matches!(session.advance(), Next::Transport), "the letter is still to be sent");
    session.connection().hung_up();
    assert!(matches!(session.advance(), Next::Close(_)));
    assert_eq!(office.letters(&mark()).len(), 1);
    assert!(!is_locked(&office));
}

#[test]
fn by_default_nothing_goes_because_it_was_retrieved() {
    let office = office(&[b"one"]);
    answer(&mut blocking(&office).session(), "USER mark\r\nPASS swordfish\r\nRETR 1\r\nQUIT\r\n");
    assert_eq!(office.letters(&mark()).len(), 1);
}

/// Knows tokens, none of which is right.
struct NoToken;

impl Authenticator for NoToken {
    fn authenticate(&self, _: &Credentials) -> Result<UserName, LoginRefused> {
        Err(LoginRefused::Credentials)
    }

    fn mechanisms(&self) -> Vec<&'static str> {
        vec!["XOAUTH2"]
    }
}

/// The mechanism says why in a challenge of its own, but it is one login that has failed.
#[test]
fn a_token_that_is_refused_counts_once_however_the_client_takes_it() {
    // "user=mark^Aauth=Bearer no^A^A"
    let auth = "AUTH XOAUTH2 dXNlcj1tYXJrAWF1dGg9QmVhcmVyIG5vAQE=\r\n";
    let mut service = Service::new(Arc::new(NoToken), Arc::new(MemoryMaildrops::new()));
    service.set_cleartext(Cleartext::Always);
    for (failures, last) in ["\r\n", "*\r\n"].iter().cycle().take(20).enumerate() {
        let peer = ip(1).unwrap();
        assert!(service.gate().may_log_in(peer, Instant::now()), "after {failures} failures");
        let text = answer(&mut service.session_from(Some(peer)), &format!("{auth}{last}"));
        assert!(text.contains("\r\n+ ") && text.contains("-ERR [AUTH]"), "{text}");
    }
    assert!(!service.gate().may_log_in(ip(1).unwrap(), Instant::now()));
}
