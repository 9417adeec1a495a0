//! Exchanges, driven by a server that answers line by line.

use core::task::Poll;

use super::*;
use crate::Secret;
use crate::client::exchange::{self, Exchange, Login, Opening, Retrieve};
use crate::command::Extension;
use crate::state::{Shape, State};
use crate::types::{MessageNumber, UserName};

impl Scene {
    /// Drives an exchange to its end against a server that answers each of these lines so; what
    /// it is asked beyond them fails the test.
    #[track_caller]
    pub(super) fn drive<E: Exchange>(
        &mut self,
        mut exchange: E,
        dialogue: &[(&str, &str)],
    ) -> Result<E::Output, Error> {
        let mut dialogue = dialogue.iter();
        for _ in 0..100 {
            if let Poll::Ready(result) = exchange.poll(&mut self.connection) {
                assert_eq!(dialogue.next(), None, "left unsaid");
                return result;
            }
            for line in self.said().lines() {
                let (expected, answer) = dialogue.next().expect(line);
                assert_eq!(line, *expected);
                self.connection.receive(answer.as_bytes());
            }
        }
        panic!("no end in sight");
    }

    /// Drives retrievals to their end: number and content, or refusal, of each message.
    pub(super) fn retrieve(
        &mut self,
        wanted: &[&str],
        mut server: impl FnMut(&str) -> String,
    ) -> Vec<String> {
        let commands: Vec<Command> =
            wanted.iter().map(|line| Command::parse(line.as_bytes()).unwrap()).collect();
        let mut retrieve = Retrieve::new(commands.into_iter());
        let mut got = Vec::new();
        for _ in 0..1_000 {
            match retrieve.poll_message(&mut self.connection) {
                Poll::Ready(Ok(None)) => return got,
                Poll::Ready(Ok(Some((number, Ok(_))))) => {
                    let mut content = Vec::new();
                    while let Poll::Ready(chunk) = retrieve.poll_chunk(&mut self.connection) {
                        match chunk.unwrap() {
                            Some(chunk) => content.extend_from_slice(&chunk),
                            None => break,
                        }
                    }
                    got.push(alloc::format!("{number}: {}", content.escape_ascii()));
                }
                Poll::Ready(Ok(Some((number, Err(error))))) => {
                    got.push(alloc::format!("{number}: {error}"));
                }
                Poll::Ready(Err(error)) => {
                    got.push(error.to_string());
                    return got;
                }
                Poll::Pending => {
                    for line in self.said().lines() {
                        self.connection.receive(server(line).as_bytes());
                    }
                }
            }
        }
        panic!("no end in sight");
    }
}

pub(super) fn password() -> Login {
    Login::password(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap())
}

#[test]
fn opening_waits_for_the_greeting_and_asks_for_capabilities() {
    let mut scene = Scene::ungreeted(Config::default());
    let mut opening = Opening::new();
    assert!(opening.poll(&mut scene.connection).is_pending());
    assert_eq!(scene.said(), "");
    scene.connection.receive(b"+OK <1@h>\r\n");
    let greeting = scene.drive(opening, &[("CAPA", "+OK\r\nTOP\r\n.\r\n")]).unwrap();
    assert_eq!(greeting.timestamp.unwrap().as_str(), "<1@h>");
    assert!(scene.connection.capabilities().unwrap().has("TOP"));
}

#[test]
fn opening_needs_no_capa_but_a_greeting() {
    let mut scene = Scene::ungreeted(Config::default());
    scene.connection.receive(b"+OK\r\n");
    assert!(scene.drive(Opening::new(), &[("CAPA", "-ERR what?\r\n")]).is_ok());

    let mut scene = Scene::ungreeted(Config::default());
    scene.connection.receive(b"-ERR [SYS/TEMP] later\r\n");
    let error = scene.drive(Opening::new(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "the server refused service: -ERR [SYS/TEMP] later");
}

#[test]
fn login_says_user_pass_and_capa_one_after_the_other() {
    let mut scene = Scene::new().offering("PIPELINING");
    let dialogue = [
        ("USER mark", "+OK\r\n"),
        ("PASS swordfish", "+OK welcome\r\n"),
        ("CAPA", "+OK\r\nUIDL\r\n.\r\n"),
    ];
    assert_eq!(scene.drive(password(), &dialogue).unwrap().text.to_string(), "welcome");
    assert_eq!(scene.connection.state(), State::Transaction);
    assert!(scene.connection.capabilities().unwrap().has("UIDL"));
}

#[test]
fn the_password_is_not_sent_when_the_name_is_refused() {
    let mut scene = Scene::new();
    let error = scene.drive(password(), &[("USER mark", "-ERR who?\r\n")]).unwrap_err();
    assert_eq!(error.to_string(), "USER was refused: -ERR who?");
    assert!(error.leaves_session_usable());
    let dialogue =
        [("USER mark", "+OK\r\n"), ("PASS swordfish", "+OK\r\n"), ("CAPA", "-ERR not here\r\n")];
    assert!(scene.drive(password(), &dialogue).is_ok(), "another login may be tried");
}

#[test]
fn a_refused_password_is_an_error_that_leaves_the_session() {
    let mut scene = Scene::new();
    let dialogue = [("USER mark", "+OK\r\n"), ("PASS swordfish", "-ERR [IN-USE] busy\r\n")];
    let error = scene.drive(password(), &dialogue).unwrap_err();
    assert_eq!(error.to_string(), "PASS was refused: -ERR [IN-USE] busy");
}

#[test]
fn a_server_that_hangs_up_after_a_refusal_is_survived() {
    let mut scene = Scene::new();
    let dialogue = [("USER mark", "+OK\r\n"), ("PASS swordfish", "-ERR no\r\n")];
    assert!(scene.drive(password(), &dialogue).is_err());
    scene.connection.closed();
    let error = scene.drive(password(), &[]).unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[cfg(feature = "apop")]
#[test]
fn apop_sends_the_digest() {
    let timestamp = crate::auth::Timestamp::find(b"<1896.697170952@dbc.mtview.ca.us>").unwrap();
    let secret = Secret::new("tanstaaf").unwrap();
    let login = Login::apop(UserName::new("mrose").unwrap(), &secret, &timestamp);
    let dialogue =
        [("APOP mrose c4c9334bac560ecc979e58001b3e22fb", "+OK\r\n"), ("CAPA", "+OK\r\n.\r\n")];
    assert!(Scene::new().drive(login, &dialogue).is_ok());
}

#[test]
fn answers_are_typed() {
    let two = MessageNumber::new(2).unwrap();
    let mut scene = Scene::new().logged_in();
    let stat = scene.drive(exchange::stat(), &[("STAT", "+OK 2 320\r\n")]).unwrap();
    assert_eq!((stat.messages, stat.octets.0), (2, 320));
    let list = scene.drive(exchange::list(), &[("LIST", "+OK\r\n1 120\r\n2 200\r\n.\r\n")]);
    assert_eq!(list.unwrap().len(), 2);
    let one = scene.drive(exchange::list_one(two), &[("LIST 2", "+OK 2 200\r\n")]).unwrap();
    assert_eq!((one.number, one.octets.0), (two, 200));
    let ids = scene.drive(exchange::unique_ids(), &[("UIDL", "+OK\r\n.\r\n")]).unwrap();
    assert!(ids.is_empty());
    let id = scene.drive(exchange::unique_id(two), &[("UIDL 2", "+OK 2 abc\r\n")]).unwrap();
    assert_eq!(id.to_string(), "abc");
    scene.drive(exchange::delete(two), &[("DELE 2", "+OK\r\n")]).unwrap();
    scene.drive(exchange::reset(), &[("RSET", "+OK\r\n")]).unwrap();
    scene.drive(exchange::no_operation(), &[("NOOP", "+OK\r\n")]).unwrap();
    let capabilities = scene.drive(exchange::capabilities(), &[("CAPA", "+OK\r\nTOP\r\n.\r\n")]);
    assert!(capabilities.unwrap().has("TOP"));
    scene.drive(exchange::quit(), &[("QUIT", "+OK bye\r\n")]).unwrap();
    assert!(scene.connection.is_over());
}

#[test]
fn an_answer_that_does_not_tell_what_was_asked_is_malformed() {
    let mut scene = Scene::new().logged_in();
    let error = scene.drive(exchange::stat(), &[("STAT", "+OK\r\n")]).unwrap_err();
    assert_eq!(error.to_string(), "the answer to STAT makes no sense: +OK");
    assert!(error.leaves_session_usable());
}

#[test]
fn a_refused_quit_is_told_and_the_session_is_over() {
    let mut scene = Scene::new().logged_in();
    let error = scene.drive(exchange::quit(), &[("QUIT", "-ERR 1 of 2 removed\r\n")]).unwrap_err();
    assert_eq!(error.to_string(), "QUIT was refused: -ERR 1 of 2 removed");
    assert!(scene.connection.is_over());
}

#[test]
fn an_extension_has_its_content_whatever_its_shape() {
    for shape in [Shape::Message, Shape::Listing] {
        let mut scene = Scene::new().logged_in();
        let extension = Extension::new("XFOO", "bar", shape).unwrap();
        let dialogue = [("XFOO bar", "+OK hi\r\n..a\r\nb\r\n.\r\n")];
        let (reply, content) = scene.drive(exchange::extension(extension), &dialogue).unwrap();
        assert_eq!((reply.text.to_string(), &content[..]), ("hi".into(), &b".a\r\nb\r\n"[..]));
    }
}

#[test]
fn an_endless_answer_to_an_extension_is_cut() {
    let mut config = Config::default();
    config.answer = 10.try_into().unwrap();
    for (content, fits) in [("12345678\r\n", true), ("123456789\r\n", false)] {
        let mut scene = Scene::with(config.clone()).logged_in();
        let extension = Extension::new("XFOO", "", Shape::Message).unwrap();
        let answer = alloc::format!("+OK\r\n{content}{}", if fits { ".\r\n" } else { "more" });
        match scene.drive(exchange::extension(extension), &[("XFOO", &answer)]) {
            Ok((_, told)) => assert!(fits && told == content),
            Err(error) => {
                assert!(!fits && error.to_string().starts_with("an answer is too long"), "{error}");
                assert!(scene.connection.is_over());
            }
        }
    }
}

/// A server with messages 1 and 3, each with its number as content.
fn one_and_three(line: &str) -> String {
    match line.split(' ').nth(1).unwrap() {
        "2" => "-ERR no such message\r\n".into(),
        number => alloc::format!("+OK\r\nmessage {number}\r\n.\r\n"),
    }
}

const RETRIEVED: [&str; 3] =
    ["1: message 1\\r\\n", "2: RETR was refused: -ERR no such message", "3: message 3\\r\\n"];

#[test]
fn retrieving_goes_on_after_refusals() {
    for capabilities in ["TOP", "PIPELINING"] {
        let mut scene = Scene::new().logged_in().offering(capabilities);
        assert_eq!(scene.retrieve(&["RETR 1", "RETR 2", "RETR 3"], one_and_three), RETRIEVED);
    }
}

#[test]
fn retrieving_with_the_shortest_queue_gets_everything() {
    let mut config = Config::default();
    config.commands = 1.try_into().unwrap();
    let mut scene = Scene::with(config).logged_in();
    assert_eq!(scene.retrieve(&["RETR 1", "RETR 2", "RETR 3"], one_and_three), RETRIEVED);
}

#[test]
fn retrieving_waits_for_room_that_others_take() {
    let mut config = Config::default();
    config.commands = 1.try_into().unwrap();
    let mut scene = Scene::with(config).logged_in();
    scene.send("NOOP");
    let server = |line: &str| match line {
        "NOOP" => "+OK\r\n".into(),
        line => one_and_three(line),
    };
    assert_eq!(scene.retrieve(&["RETR 3"], server), ["3: message 3\\r\\n"]);
}

#[test]
fn a_message_that_is_not_wanted_any_more_is_skipped() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    let wanted = ["TOP 1 0", "TOP 3 0"].map(|line| Command::parse(line.as_bytes()).unwrap());
    let mut retrieve = Retrieve::new(wanted.into_iter());
    assert!(retrieve.poll_message(&mut scene.connection).is_pending());
    assert_eq!(scene.said(), "TOP 1 0\r\nTOP 3 0\r\n");
    scene.connection.receive(b"+OK\r\nlong\r\nlonger\r\n");
    let Poll::Ready(Ok(Some((first, Ok(_))))) = retrieve.poll_message(&mut scene.connection) else {
        panic!()
    };
    assert_eq!(first, MessageNumber::FIRST);
    assert!(retrieve.poll_message(&mut scene.connection).is_pending());
    scene.connection.receive(b"longest\r\n.\r\n+OK\r\nnext\r\n.\r\n");
    let Poll::Ready(Ok(Some((second, Ok(_))))) = retrieve.poll_message(&mut scene.connection)
    else {
        panic!()
    };
    assert_eq!(second.get(), 3);
    let chunk = retrieve.poll_chunk(&mut scene.connection);
    assert_eq!(chunk, Poll::Ready(Ok(Some("next\r\n".into()))));
}

#[test]
fn a_message_that_breaks_off_is_an_error_that_names_it() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    let mut retrieve = Retrieve::new([Command::parse(b"RETR 1").unwrap()].into_iter());
    assert!(retrieve.poll_message(&mut scene.connection).is_pending());
    scene.connection.receive(b"+OK\r\nhalf");
    scene.connection.closed();
    assert!(matches!(retrieve.poll_message(&mut scene.connection), Poll::Ready(Ok(Some(_)))));
    assert!(matches!(retrieve.poll_chunk(&mut scene.connection), Poll::Ready(Ok(Some(_)))));
    let Poll::Ready(Err(error)) = retrieve.poll_chunk(&mut scene.connection) else { panic!() };
    let expected = "the server closed the connection while the answer to RETR was unfinished";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_came_before_the_end_of_the_stream_is_retrieved() {
    let mut scene = Scene::new().logged_in().offering("PIPELINING");
    let wanted = ["RETR 1", "RETR 2"].map(|line| Command::parse(line.as_bytes()).unwrap());
    let mut retrieve = Retrieve::new(wanted.into_iter());
    assert!(retrieve.poll_message(&mut scene.connection).is_pending());
    scene.connection.receive(b"+OK\r\n1\r\n.\r\n-ERR shutting down\r\n");
    scene.connection.closed();
    assert!(matches!(retrieve.poll_message(&mut scene.connection), Poll::Ready(Ok(Some(_)))));
    let refused = retrieve.poll_message(&mut scene.connection);
    assert!(matches!(refused, Poll::Ready(Ok(Some((_, Err(Error::Refused { .. })))))));
}

#[test]
fn retrieving_takes_retr_and_top_alone() {
    let mut scene = Scene::new().logged_in();
    let got = scene.retrieve(&["DELE 1"], one_and_three);
    assert_eq!(got, ["DELE is not lawful in TRANSACTION"]);
}

#[test]
fn languages_are_listed_with_their_names() {
    use crate::command::LanguageRange;
    let mut scene = Scene::new();
    let listing = "+OK languages:\r\nen English\r\nde-AT Österreichisches Deutsch\r\ntlh\r\n.\r\n";
    let languages = scene.drive(exchange::languages(), &[("LANG", listing)]).unwrap();
    let told: Vec<String> = languages
        .iter()
        .map(|language| alloc::format!("{} {:?}", language.tag, language.name))
        .collect();
    assert_eq!(
        told,
        ["en Some(\"English\")", "de-AT Some(\"Österreichisches Deutsch\")", "tlh None"]
    );
    let range = LanguageRange::new("de").unwrap();
    let dialogue = [("LANG de", "+OK de-AT jetzt auf Deutsch\r\n")];
    let (tag, remark) = scene.drive(exchange::language(range.clone()), &dialogue).unwrap();
    assert!(tag.matches(&range));
    assert_eq!(remark.to_string(), "jetzt auf Deutsch");
    for (answer, error) in
        [("-ERR no such\r\n", "-ERR no such"), ("+OK \r\n", "LANG"), ("+OK :-)\r\n", "LANG")]
    {
        let dialogue = [("LANG de", answer)];
        let told = scene.drive(exchange::language(range.clone()), &dialogue).unwrap_err();
        assert!(told.to_string().contains(error), "{told}");
    }
}

#[test]
fn utf8_is_agreed_on_before_login() {
    let mut scene = Scene::new();
    assert!(scene.drive(exchange::utf8(), &[("UTF8", "+OK\r\n")]).is_ok());
    assert!(scene.drive(exchange::utf8(), &[("UTF8", "-ERR no\r\n")]).is_err());
    let mut scene = scene.logged_in();
    let mut utf8 = exchange::utf8();
    assert!(matches!(utf8.poll(&mut scene.connection), Poll::Ready(Err(Error::Misuse(_)))));
}

/// RFC 6856, section 2.1.
#[test]
fn stls_is_not_sent_behind_utf8() {
    use crate::error::ApiMisuse;
    let mut scene = Scene::new();
    scene.send("UTF8");
    let refused = scene.connection.send(Command::Stls).unwrap_err();
    assert_eq!(refused.reason, ApiMisuse::StlsBehindUtf8);
    scene.says("-ERR no UTF8 here\r\n");
    assert!(scene.connection.send(Command::Stls).is_ok());
}

/// RFC 6856, section 5.
#[test]
fn a_message_that_needs_utf8_is_told_from_others() {
    let mut scene = Scene::new().offering("RESP-CODES").logged_in();
    let got = scene.retrieve(&["RETR 1"], |_| "-ERR [UTF8] needs UTF8\r\n".into());
    assert_eq!(got, ["1: RETR was refused: -ERR [UTF8] needs UTF8"]);
    let code = crate::reply::Reply::parse(b"-ERR [utf8] x").unwrap().code.unwrap();
    assert_eq!(code.kind(), crate::reply::CodeKind::Utf8);
}

#[test]
fn whoever_waits_for_something_when_the_session_has_ended_well_is_told() {
    let mut scene = Scene::new();
    scene.drive(exchange::quit(), &[("QUIT", "+OK\r\n")]).unwrap();
    while scene.connection.poll().is_some() {}
    let Poll::Ready(Err(error)) = Opening::new().poll(&mut scene.connection) else { panic!() };
    assert_eq!(error.to_string(), "the session is over");
}

#[test]
fn an_exchange_is_shown_by_its_command() {
    assert_eq!(alloc::format!("{:?}", exchange::stat()), "Ask { command: Stat, .. }");
}
