//! A system of its own for servers that know only the system's users, or read files whose names
//! are built into them.
//!
//! In a mount namespace, generated files lie over `/etc`, and nobody else sees them there.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The hash of `swordfish`, as `crypt` makes it.
pub(super) const HASH: &str = "$6$pop3tests$zeIT/eg3aB.7aEutsN4OLPA5b8pSmSgd7AG1hKiTItvrOffFwEcP\
    Xgbi8D/QaHPRbSKvj2UtQP9/1HvJc2TID0";

/// As whom servers run when they are not yet anybody's.
pub(super) const SERVICE: u32 = 65_533;

/// The users, and the programs that are users.
const PASSWD: &str = "root:x:0:0::/root:/bin/sh\n\
    popa3d:x:65533:65533::/:/usr/sbin/nologin\n\
    courier:x:65533:65533::/:/usr/sbin/nologin\n\
    mark:x:65534:65534::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nmail:x:8:\nnogroup:x:65534:\n";
/// Who comes with a wrong password need not wait.
const PAM: &str = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n";

/// The programs that make it.
pub(super) const UNSHARE: &str = "unshare";
pub(super) const MOUNT: &str = "mount";

/// Containers may forbid it even to root.
pub(super) fn can_be_had() -> bool {
    let tried = Command::new(UNSHARE)
        .args(["--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// Generates `etc` in a directory, which everybody may then pass through.
pub(super) fn furnish(directory: &Path) -> io::Result<()> {
    let etc = directory.join("etc");
    fs::create_dir_all(etc.join("pam.d"))?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    fs::write(etc.join("passwd"), PASSWD)?;
    fs::write(etc.join("group"), GROUP)?;
    fs::write(etc.join("shadow"), format!("mark:{HASH}:19000:0:99999:7:::\n"))?;
    fs::write(etc.join("pam.d/other"), PAM)
}

/// A shell within it: `script` stands in the directory. Add what is to be `$0`, `$1` and so on.
pub(super) fn shell(directory: &Path, script: &str) -> Command {
    let mut unshare = Command::new(UNSHARE);
    unshare.args(["--mount", "sh", "-ec"]).arg(format!("mount --bind etc /etc\n{script}"));
    unshare.current_dir(directory);
    unshare
}

/// As [`shell`], for a program that starts others: when it is killed, so are they. The shell has to
/// stay there and wait: a program that becomes another user outlives it otherwise.
pub(super) fn shell_of_a_daemon(directory: &Path, script: &str) -> Command {
    let mut unshare = Command::new(UNSHARE);
    unshare.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-ec"]);
    unshare.arg(format!("mount --bind etc /etc\n{script}")).current_dir(directory);
    unshare
}
