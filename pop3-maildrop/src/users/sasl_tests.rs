//! What the file does for SASL.

use std::fs;

use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::auth::{CramMd5Digest, Timestamp};

use super::tests::{bcrypt, file, pass, quickest, user};
use super::*;

fn secret(secret: &str) -> Secret {
    Secret::new(secret).unwrap()
}

fn stored(hash: ScramHash, password: &str, iterations: u32) -> String {
    let keys = ScramKeys::derive(hash, &secret(password), b"salt of sixteen.", iterations);
    format!("{{{}}}{}", hash.mechanism(), keys.unwrap().expose().as_str())
}

fn cram_md5(name: &str, password: &str) -> Credentials {
    let challenge = Timestamp::fresh(7, "localhost");
    let digest = CramMd5Digest::compute(challenge.as_str().as_bytes(), password.as_bytes());
    Credentials::CramMd5 { user: user(name), challenge, digest }
}

fn keys(users: &UsersFile, name: &str, hash: ScramHash) -> ScramKeys {
    users.scram_keys(&user(name), hash).unwrap().unwrap()
}

#[test]
fn who_has_keys_stored_can_send_the_password_as_well() {
    let (_dir, path) = file(&format!("mark:{}\n", stored(ScramHash::Sha256, "swordfish", 4096)));
    let users = UsersFile::open(&path).unwrap();
    assert!(users.authenticate(&pass("mark", "swordfish")).is_ok());
    assert!(users.authenticate(&pass("mark", "Swordfish")).is_err());
    assert!(users.authenticate(&pass("mary", "swordfish")).is_err());
    assert!(keys(&users, "mark", ScramHash::Sha256).matches(&secret("swordfish")));
    assert!(!keys(&users, "mark", ScramHash::Sha1).matches(&secret("swordfish")));
}

#[test]
fn a_password_at_hand_does_for_every_mechanism() {
    let (_dir, path) = file("mark:{PLAIN}swordfish\n");
    let users = UsersFile::open(&path).unwrap();
    for hash in ScramHash::ALL {
        assert!(keys(&users, "mark", hash).matches(&secret("swordfish")));
        assert!(!keys(&users, "mary", hash).matches(&secret("swordfish")));
    }
    assert!(users.authenticate(&cram_md5("mark", "swordfish")).is_ok());
    for wrong in [cram_md5("mark", "x"), cram_md5("mary", "swordfish"), cram_md5("mary", "")] {
        assert!(users.authenticate(&wrong).is_err());
    }
}

#[test]
fn salts_and_iterations_do_not_tell_who_exists() {
    let (sha256, sha1) = (stored(ScramHash::Sha256, "x", 5000), stored(ScramHash::Sha1, "x", 4097));
    let (_dir, path) = file(&format!(
        "a:{sha256}\nb:{sha256}\nc:{}\nd:{sha1}\nplain:{{PLAIN}}x\nbcrypt:{}\n",
        stored(ScramHash::Sha256, "x", 6000),
        bcrypt("x"),
    ));
    let users = UsersFile::open(&path).unwrap();
    for name in ["a", "plain", "bcrypt", "d", "nobody"] {
        let (first, again) =
            (keys(&users, name, ScramHash::Sha256), keys(&users, name, ScramHash::Sha256));
        assert_eq!(first.salt(), again.salt(), "{name}");
        assert_eq!((first.salt().len(), first.iterations()), (16, 5000), "{name}");
        assert_eq!(first.matches(&secret("x")), matches!(name, "a" | "plain"), "{name}");
    }
    assert_eq!(keys(&users, "nobody", ScramHash::Sha1).iterations(), 4097);
    assert_eq!(keys(&users, "nobody", ScramHash::Sha512).iterations(), 4096);
    let (one, other) = (keys(&users, "x", ScramHash::Sha1), keys(&users, "y", ScramHash::Sha1));
    assert_ne!(one.salt(), other.salt());
}

#[test]
fn keys_of_an_unknown_user_take_as_long_as_keys_of_a_known_one() {
    let (_dir, path) = file("mark:{PLAIN}x\nmary:{PLAIN}x\n");
    let users = UsersFile::open(&path).unwrap();
    let (known, unknown) = quickest(|name| {
        keys(&users, name, ScramHash::Sha256);
    });
    assert!(unknown > known / 2, "{known:?} for a known user, {unknown:?} for an unknown one");
}

#[test]
fn what_is_offered_works_for_everybody() {
    let scram = stored(ScramHash::Sha256, "x", 4096);
    let plain = "{PLAIN}x";
    for (secrets, apop, offered) in [
        (vec![], false, "PLAIN LOGIN"),
        (vec![bcrypt("x")], false, "PLAIN LOGIN"),
        (vec![scram.clone()], false, "SCRAM-SHA-256 PLAIN LOGIN"),
        (vec![scram.clone(), plain.into()], false, "SCRAM-SHA-256 PLAIN LOGIN"),
        (vec![scram.clone(), bcrypt("x")], false, "PLAIN LOGIN"),
        (vec![scram, stored(ScramHash::Sha1, "x", 4096)], false, "PLAIN LOGIN"),
        (vec![plain.into()], false, "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"),
        (vec![plain.into()], true, "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"),
        (vec![plain.into(), bcrypt("x")], true, "PLAIN LOGIN"),
    ] {
        let lines = secrets.iter().enumerate().map(|(n, secret)| format!("u{n}:{secret}\n"));
        let (_dir, path) = file(&lines.collect::<String>());
        let users = UsersFile::open(&path).unwrap().with_apop(apop);
        assert_eq!(users.mechanisms().join(" "), offered, "{secrets:?}");
    }
}

#[test]
fn a_password_can_be_set_for_scram() {
    let (_dir, path) = file("");
    let scheme = Scheme::Scram(ScramHash::Sha256);
    let set = |password| set_password_as(&path, &user("mark"), &secret(password), scheme).unwrap();
    assert_eq!(set("one"), Change::Added);
    let one = fs::read_to_string(&path).unwrap();
    assert_eq!(set("one"), Change::Replaced);
    assert_ne!(fs::read_to_string(&path).unwrap(), one, "another salt each time");
    let users = UsersFile::open(&path).unwrap();
    assert!(users.authenticate(&pass("mark", "one")).is_ok());
    assert!(keys(&users, "mark", ScramHash::Sha256).matches(&secret("one")));
}

#[test]
fn while_the_file_is_missing_keys_are_not_there_for_now() {
    let (_dir, path) = file("mark:{PLAIN}x\n");
    let users = UsersFile::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let refused = users.scram_keys(&user("mark"), ScramHash::Sha1);
    assert!(matches!(refused, Err(LoginRefused::Temporary(_))));
}

#[cfg(feature = "saslprep")]
#[test]
fn a_password_beyond_ascii_may_be_typed_in_two_ways() {
    let (_dir, path) = file("");
    let (composed, decomposed) = ("b\u{e4}r", "ba\u{308}r");
    for scheme in [Scheme::Argon2id, Scheme::Scram(ScramHash::Sha256)] {
        set_password_as(&path, &user("mark"), &secret(decomposed), scheme).unwrap();
        let users = UsersFile::open(&path).unwrap();
        for typed in [composed, decomposed] {
            assert!(users.authenticate(&pass("mark", typed)).is_ok(), "{scheme:?}");
        }
        assert!(users.authenticate(&pass("mark", "bar")).is_err());
    }
    fs::write(&path, format!("mark:{{PLAIN}}{decomposed}\n")).unwrap();
    let users = UsersFile::open(&path).unwrap();
    assert!(users.authenticate(&pass("mark", composed)).is_ok());
    assert!(keys(&users, "mark", ScramHash::Sha256).matches(&secret(composed)));
}
