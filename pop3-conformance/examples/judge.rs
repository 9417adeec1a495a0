//! Judges a server that listens on loopback, in clear text, or after STLS or in TLS.
//!
//! ```sh
//! cargo run -p pop3-conformance --example judge -- 127.0.0.1:1110 mark swordfish mail/mark
//! cargo run -p pop3-conformance --example judge -- \
//!     127.0.0.1:1110,127.0.0.1:1995,stls mark swordfish mail/mark 2595 8314
//! ```

use std::net::SocketAddr;
use std::sync::Arc;

use pop3_conformance::report::Verdict;
use pop3_conformance::server::fixture::Maildir;
use pop3_conformance::server::target::{Trust, tls_config};
use pop3_conformance::server::{Account, Check, Security, Target};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, user, password, maildir, only @ ..] = &args[..] else {
        return Err("usage: judge CLEAR[,TLS[,stls|,tls]] USER PASSWORD MAILDIR [CASE…]".into());
    };
    let account = Account::new(user.as_str(), password.as_str());
    let mut target = Target::new("localhost", account, tls_config(Trust::Anybody)?);
    let mut address = address.split(',');
    for place in [&mut target.clear, &mut target.implicit] {
        let parsed = address.next().map(str::parse::<SocketAddr>).transpose()?;
        *place = parsed.map(Into::into);
    }
    target.security = match address.next() {
        Some("stls") => Security::Stls,
        Some("tls") => Security::Implicit,
        _ => Security::None,
    };
    let mut check = Check::new(target);
    check.fixture = Some(Arc::new(Maildir::new(maildir)?));
    check.destructive = true;
    check.only(only);
    let report = check.run(&mut |case| {
        match &case.verdict {
            Verdict::Failed(breach) => println!("{} {}\n  {breach}", case.level, case.id),
            Verdict::Skipped { why } => println!("{}: {why}", case.id),
            _ => {}
        }
        case.wire.iter().for_each(|line| println!("    {line}"));
    })?;
    println!("{}", report.summary());
    Ok(())
}
