//! From a user's name to a file's.

use pop3_proto::UserName;

/// The user's name cannot be the name of a mailbox on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user name is not safe as a file name")]
pub struct UnsafeName;

/// The longest name of a mailbox, in octets: what file systems allow, less what is put around it
/// in the names of locks and notes.
const MAX: usize = 200;

/// The name as exactly one component of a path: no `/`, no leading dot (which also rules out `.`
/// and `..`), no control characters, 200 octets at most. Decided without touching the disk.
pub(crate) fn file_name(user: &UserName) -> Result<&str, UnsafeName> {
    let name = user.as_str();
    let strange = |c: char| c == '/' || c.is_control();
    if name.len() > MAX || name.starts_with('.') || name.chars().any(strange) {
        Err(UnsafeName)
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_plain_component_is_a_file_name() {
        for safe in ["mark", "mark@example.org", "jürgen", "a.b", "-rf", "~", "\\"] {
            let user = UserName::new(safe).unwrap();
            assert_eq!(file_name(&user), Ok(safe));
        }
        let long = "m".repeat(201);
        for bad in ["/", "..", ".", ".ssh", "../x", "a/b", "/etc/passwd", "a/../b", &long] {
            assert_eq!(file_name(&UserName::new(bad).unwrap()), Err(UnsafeName), "{bad}");
        }
    }
}
