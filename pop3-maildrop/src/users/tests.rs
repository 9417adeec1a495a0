use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pop3_proto::auth::{ApopDigest, Credentials, Timestamp};
use pop3_proto::{Secret, UserName};

use super::{Change, Loaded, SetPasswordError, UsersFile, read, set_password};
use crate::{Authenticator, LoginRefused};

pub(super) fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users");
    fs::write(&path, content).unwrap();
    (dir, path)
}

pub(super) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(super) fn pass(name: &str, password: &str) -> Credentials {
    Credentials::Password { user: user(name), password: Secret::new(password).unwrap() }
}

fn apop(name: &str, secret: &str) -> Credentials {
    let timestamp = Timestamp::fresh(7, "localhost");
    let digest = ApopDigest::compute(&timestamp, secret.as_bytes());
    Credentials::Apop { user: user(name), timestamp, digest }
}

/// The password, cheaply hashed.
pub(super) fn bcrypt(password: &str) -> String {
    let parts = bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap();
    format!("{{BLF-CRYPT}}{}", parts.format_for_version(bcrypt::Version::TwoY))
}

/// The least time that something takes for mark, and for nobody. By turns, so that whatever else the
/// machine does slows both.
pub(super) fn quickest(doing: impl Fn(&str)) -> (Duration, Duration) {
    let once = |name| {
        let start = std::time::Instant::now();
        doing(name);
        start.elapsed()
    };
    let times = (0..8).map(|_| (once("mark"), once("nobody")));
    times.fold((Duration::MAX, Duration::MAX), |(known, unknown), (one, other)| {
        (known.min(one), unknown.min(other))
    })
}

/// Makes the file look as if nobody had touched it for a while.
fn settle(path: &Path) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}

#[test]
fn only_the_right_password_of_a_known_user_opens() {
    let (_dir, path) = file(&format!("mark:{{PLAIN}}swordfish\nmary:{}\n", bcrypt("x y")));
    let users = UsersFile::open(&path).unwrap();
    assert_eq!(users.authenticate(&pass("mark", "swordfish")).unwrap(), user("mark"));
    assert_eq!(users.authenticate(&pass("mary", "x y")).unwrap(), user("mary"));
    for wrong in
        [pass("mark", "x y"), pass("mary", "x"), pass("nobody", "swordfish"), pass("nobody", "x y")]
    {
        assert!(matches!(users.authenticate(&wrong), Err(LoginRefused::Credentials)));
    }
}

#[test]
fn an_unknown_user_does_not_get_in_by_the_password_of_the_typical_one() {
    let (_dir, path) = file("mark:{PLAIN}swordfish\n");
    let users = UsersFile::open(&path).unwrap();
    assert!(users.authenticate(&pass("mary", "swordfish")).is_err());
}

#[test]
fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    let strong = bcrypt::hash_with_salt("x", 9, [7; 16]).unwrap().to_string();
    let (_dir, path) = file(&format!("mark:{{BLF-CRYPT}}{strong}\n"));
    let users = UsersFile::open(&path).unwrap();
    let (known, unknown) = quickest(|name| {
        assert!(users.authenticate(&pass(name, "wrong")).is_err());
    });
    assert!(unknown > known / 2, "{known:?} for a known user, {unknown:?} for an unknown one");
}

#[test]
fn a_changed_file_is_read_again() {
    let (_dir, path) = file("mark:{PLAIN}old\n");
    settle(&path);
    let users = UsersFile::open(&path).unwrap();
    assert!(users.authenticate(&pass("mark", "old")).is_ok());
    // Of the same length, so that only the times tell; and twice, within one tick.
    for password in ["new", "hot"] {
        fs::write(&path, format!("mark:{{PLAIN}}{password}\n")).unwrap();
        assert!(users.authenticate(&pass("mark", password)).is_ok());
        assert!(users.authenticate(&pass("mark", "old")).is_err());
    }
}

/// Else users are unknown for a moment, and the beginning of a password is one.
#[test]
fn a_file_that_is_half_written_does_not_count() {
    let whole = "mary:{PLAIN}a\nmark:{PLAIN}swordfish\n";
    let (_dir, path) = file(whole);
    let users = UsersFile::open(&path).unwrap();
    for end in (0..whole.len()).filter(|end| !whole[..*end].ends_with('\n')) {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(users.authenticate(&pass("mark", "swordfish")).is_ok(), "cut at {end}");
        assert!(users.authenticate(&pass("mark", "sword")).is_err(), "cut at {end}");
    }
    fs::write(&path, "mark:{PLAIN}tanstaaf\n").unwrap();
    assert!(users.authenticate(&pass("mark", "tanstaaf")).is_ok());
}

/// Somebody whose last line was taken out must not get in for ever.
#[test]
fn a_file_that_only_looks_half_written_counts_soon() {
    let (_dir, path) = file("mary:{PLAIN}a\nmark:{PLAIN}swordfish\n");
    let mut loaded = Loaded::new(&path, &read(&path).unwrap());
    fs::write(&path, "mary:{PLAIN}b").unwrap();
    let (content, start) = (read(&path).unwrap(), std::time::Instant::now());
    let mark = UserName::new("mark").unwrap();
    for (later, there) in [(0, true), (1, true), (2, false)] {
        loaded.take(&path, &content, start + Duration::from_secs(later));
        assert_eq!(loaded.table.get(&mark).is_some(), there, "after {later} s");
    }
}

#[test]
fn an_unchanged_file_is_not_read_again() {
    let (_dir, path) = file("mark:{PLAIN}a\n");
    settle(&path);
    let users = UsersFile::open(&path).unwrap();
    let before = users.table().unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &users.table().unwrap()));
}

#[test]
fn while_the_file_is_missing_logins_fail_for_now() {
    let (_dir, path) = file("mark:{PLAIN}a\n");
    let users = UsersFile::open(&path).unwrap().with_apop(true);
    fs::remove_file(&path).unwrap();
    assert!(matches!(users.authenticate(&pass("mark", "a")), Err(LoginRefused::Temporary(_))));
    assert!(!users.offers_apop());
    fs::write(&path, "mark:{PLAIN}a\n").unwrap();
    assert!(users.authenticate(&apop("mark", "a")).is_ok());
    assert!(UsersFile::open(path.with_extension("none")).is_err());
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let (_dir, path) = file("");
    fs::File::options().append(true).open(&path).unwrap().set_len(super::table::MAX + 1).unwrap();
    assert_eq!(UsersFile::open(&path).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn who_has_apop_cannot_send_the_secret_in_the_clear() {
    let (_dir, path) = file(&format!("mark:{{PLAIN}}tanstaaf\nmary:{}\n", bcrypt("x")));
    let users = UsersFile::open(&path).unwrap();
    assert!(!users.offers_apop());
    assert!(users.authenticate(&apop("mark", "tanstaaf")).is_err());

    let users = users.with_apop(true);
    assert!(users.offers_apop());
    assert_eq!(users.authenticate(&apop("mark", "tanstaaf")).unwrap(), user("mark"));
    assert!(users.authenticate(&apop("mark", "wrong")).is_err());
    assert!(users.authenticate(&pass("mark", "tanstaaf")).is_err());
    assert!(users.authenticate(&pass("mary", "x")).is_ok(), "others log in as before");
}

#[test]
fn apop_is_not_offered_when_nobody_can_use_it() {
    let (_dir, path) = file(&format!("mary:{}\n", bcrypt("x")));
    assert!(!UsersFile::open(&path).unwrap().with_apop(true).offers_apop());
}

#[test]
fn debug_shows_no_secret() {
    let (_dir, path) = file(&format!("mark:{{PLAIN}}swordfish\nmary:{}\n", bcrypt("x")));
    let shown = format!("{:?}", UsersFile::open(&path).unwrap());
    assert!(!shown.contains("swordfish") && !shown.contains("$2y$"), "{shown}");
}

#[test]
fn a_password_that_was_set_opens_and_the_old_one_does_not() {
    let (dir, path) = file("");
    fs::remove_file(&path).unwrap();
    let set = |password: &str| set_password(&path, &user("mark"), &Secret::new(password).unwrap());
    assert_eq!(set("one").unwrap(), Change::Added);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let users = UsersFile::open(&path).unwrap();
    assert!(users.authenticate(&pass("mark", "one")).is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(set("two").unwrap(), Change::Replaced);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert!(users.authenticate(&pass("mark", "two")).is_ok());
    assert!(users.authenticate(&pass("mark", "one")).is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_link_to_the_users_file_stays_a_link() {
    let (dir, path) = file("# kept\n");
    let link = dir.path().join("link");
    symlink(&path, &link).unwrap();
    set_password(&link, &user("mark"), &Secret::new("x").unwrap()).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(fs::read_to_string(&path).unwrap().starts_with("# kept\nmark:{ARGON2ID}"));
}

#[test]
fn passwords_set_at_once_are_all_there() {
    let (_dir, path) = file("");
    std::thread::scope(|scope| {
        for n in 0..4 {
            let path = &path;
            scope.spawn(move || {
                set_password(path, &user(&format!("u{n}")), &Secret::new("x").unwrap()).unwrap();
            });
        }
    });
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4);
}

#[test]
fn a_name_that_would_break_the_file_is_refused() {
    let (_dir, path) = file("");
    for name in ["a:{PLAIN}x", "#a"] {
        let refused = set_password(&path, &user(name), &Secret::new("x").unwrap());
        assert!(matches!(refused, Err(SetPasswordError::Name)));
    }
    assert!(fs::read(&path).unwrap().is_empty());
}
