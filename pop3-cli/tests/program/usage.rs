//! Help, mistakes, and the exit status of each.

use crate::office::Office;
use crate::run::{PASSWORD, pop3};

#[test]
fn help_tells_the_commands_and_the_exit_statuses() {
    let help = pop3(["--help"]).run().ok();
    for word in ["demo", "serve", "passwd", "deliver", "list", "fetch", "talk", "Exit status"] {
        assert!(help.contains(word), "{word}");
    }
    for command in ["demo", "serve", "passwd", "deliver", "list", "fetch", "talk"] {
        assert!(pop3([command, "--help"]).run().ok().contains("Usage: pop3"), "{command}");
    }
    for command in ["server", "client", "matrix"] {
        assert!(pop3(["check", command, "--help"]).run().ok().contains("Usage: pop3"), "{command}");
    }
    assert!(pop3(["--version"]).run().ok().starts_with("pop3 "));
}

#[test]
fn wrong_usage_is_status_2() {
    let wrong: &[&[&str]] = &[
        &[],
        &["frobnicate"],
        &["list"],
        &["fetch", "pop3://mark@localhost"],
        &["list", "pop3://mark@localhost", "--runtime", "steam"],
        &["fetch", "pop3://mark@localhost", "--to", "x", "--message", "0"],
        &["fetch", "pop3://mark@localhost", "--to", "x", "--max-size", "big"],
        &["serve", "--mail", "m", "--users", "u", "--idle", "599"],
        &["check"],
        &["check", "server"],
        &["check", "server", "pop3://mark@localhost", "--fixture", "imap:x"],
        &["check", "server", "pop3://mark@localhost", "--at-once", "0"],
        &["check", "server", "pop3://mark;AUTH=+APOP@localhost"],
        &["check", "matrix", "a.json"],
    ];
    for arguments in wrong {
        assert_eq!(pop3(arguments.iter().copied()).run().code, Some(2), "{arguments:?}");
    }
}

#[cfg(not(feature = "srv"))]
#[test]
fn what_was_not_built_in_is_no_option() {
    let run = pop3(["list", "pop3://mark@localhost", "--srv"]).run();
    assert_eq!(
        (run.code, run.err.contains("unexpected argument '--srv'")),
        (Some(2), true),
        "{run:?}"
    );
    assert!(!pop3(["list", "--help"]).run().ok().contains("SRV"));
}

#[test]
fn a_url_that_makes_no_sense_is_refused_without_showing_its_password() {
    for url in [
        "mark@localhost",
        "localhost:110",
        "imap://localhost",
        "pop3t://mark@localhost",
        "pop3://mark:open%20sesame@localhost:0",
        "pop3://mark:open%20sesame@localhost/inbox",
        "pop3://mark:open%20sesame@",
        "pop3://mark:open%20sesame%0A@localhost",
        "pop://mark:open%20sesame@localhost",
        "pop://mark;AUTH=SCRAM-MD5@localhost",
    ] {
        let outcome = pop3(["list", url]).run();
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""), "{url}");
        assert!(
            outcome.err.starts_with("error: ") && !outcome.err.contains("sesame"),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_client_without_user_or_password_says_so() {
    let error = pop3(["list", "pop3://127.0.0.1:1"]).run().fails(2);
    assert!(error.contains("user"), "{error}");
    let error = pop3(["list", "pop3://mark@127.0.0.1:1"]).run().fails(2);
    assert!(error.contains("--password-file") && error.contains("POP3_PASSWORD"), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_status_3() {
    let run = || pop3(["list", "pop3://mark@127.0.0.1:1"]).password(PASSWORD);
    assert!(run().run().fails(3).contains("127.0.0.1:1"));
    assert_eq!(pop3(["talk", "pop3://127.0.0.1:1"]).run().code, Some(3));
}

#[test]
fn a_wrong_password_is_status_4() {
    let office = Office::open();
    for command in [&["list"][..], &["fetch", "--to", "inbox"]] {
        let run = office.client(command[0], &command[1..]).password("hunter2");
        let error = run.run().fails(4);
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(!office.log().contains("hunter2"));
}

#[test]
fn the_password_comes_from_a_file_or_the_environment_or_with_a_warning_from_the_url() {
    let office = Office::with(&[b"Subject: x\n\n"]);
    std::fs::write(office.path("secret"), format!("{PASSWORD}\nand more\n")).unwrap();
    let url = office.url();
    let from_file = office.pop3(&["list", &url, "--password-file", "secret"]).password("wrong");
    assert_eq!(from_file.run().ok().lines().count(), 1);
    let from_environment = office.pop3(&["list", &url]).password(PASSWORD);
    assert_eq!(from_environment.run().ok().lines().count(), 1);

    let url = format!("pop3://mark:open%20sesame@{}", office.address);
    let outcome = office.pop3(&["list", &url]).run();
    assert_eq!((outcome.code, outcome.out.lines().count()), (Some(0), 1), "{outcome:?}");
    assert!(outcome.err.contains("warning"), "{outcome:?}");

    let error = office.pop3(&["list", &office.url(), "--password-file", "none"]).run().fails(1);
    assert!(error.contains("none"), "{error}");
}

#[test]
fn an_mta_is_told_whether_to_try_again() {
    let office = Office::open();
    for name in ["../mark", ".", "two words", "", "a/b"] {
        office.pop3(&["deliver", "--mail", "mail", name]).input("x").fails(67);
    }
    office.pop3(&["deliver", "--mail", "missing", "mark"]).input("x").fails(75);
    assert!(!office.path("mark").exists() && !office.path("missing").exists());
}

#[test]
fn passwd_adds_and_changes_users_of_a_running_server() {
    let office = Office::open();
    let added = office.pop3(&["passwd", "users", "mary"]).input("first\n").ok();
    assert_eq!(added, "mary added\n");
    let url = format!("pop3://mary@{}", office.address);
    office.pop3(&["list", &url]).password("first").run().ok();
    office.pop3(&["passwd", "users", "mary"]).input("second").ok();
    office.pop3(&["list", &url]).password("first").run().fails(4);
    office.pop3(&["list", &url]).password("second").run().ok();
    let users = std::fs::read_to_string(office.path("users")).unwrap();
    assert!(!users.contains("first") && !users.contains("second"), "{users}");

    office.pop3(&["passwd", "users", "mary", "--scheme", "scram-sha-256"]).input("third").ok();
    office.pop3(&["list", &url]).password("second").run().fails(4);
    office.pop3(&["list", &url]).password("third").run().ok();
    let users = std::fs::read_to_string(office.path("users")).unwrap();
    assert!(users.contains("mary:{SCRAM-SHA-256}100000,"), "{users}");

    office.pop3(&["passwd", "users", "mary"]).input("").fails(1);
    office.pop3(&["passwd", "missing/users", "mary"]).input("x").fails(1);
    assert_eq!(office.pop3(&["passwd", "users", "two words"]).input("x").code, Some(2));
}
