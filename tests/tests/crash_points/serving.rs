//! `pop3 serve` under faults, as its client sees it.

use std::error::Error;
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use pop3_blocking::Client;
use pop3_maildrop::maildir::Maildir;
use pop3_tests::letters::{Letter, lay_out};
use pop3_tests::pop3::{Serve, program};
use pop3_tests::strace::{Fault, Step, Tracer};
use pop3_tests::tell;

use crate::stores::{content, plan};
use crate::{letter, scratch};

const LETTERS: usize = 4;

/// How far a session came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    /// QUIT was not sent.
    Transaction,
    /// QUIT was sent, and not answered, or by `-ERR`.
    Quit,
    /// QUIT was answered by `+OK`.
    End,
}

/// A session that reads all and removes half; the server fails at each of its steps.
pub(crate) fn sessions() -> Result<(), String> {
    let dir = scratch()?;
    let mail = dir.path().join("mail");
    let steps = {
        let (reached, steps) = attempt(&mail, dir.path(), None)?;
        if reached != Reached::End {
            return Err(format!("without a fault: {reached:?}"));
        }
        steps
    };
    let (mut killed, mut failed) = (0, 0);
    for (step, fault) in plan(&steps) {
        attempt(&mail, dir.path(), Some((step, fault)))
            .map_err(|wrong| format!("{fault:?} at {}: {wrong}", step.shown))?;
        *(if fault == Fault::Kill { &mut killed } else { &mut failed }) += 1;
    }
    tell(&format!("pop3 serve: {killed} crash points, {failed} failures of the disk"));
    if killed < 5 || failed < 15 { Err("hardly anything was tried".into()) } else { Ok(()) }
}

/// One session, and what is there after it.
fn attempt(
    mail: &Path,
    scratch: &Path,
    fault: Option<(&Step, Fault)>,
) -> Result<(Reached, Vec<Step>), String> {
    // There is none the first time.
    let _ = fs::remove_dir_all(mail);
    fs::create_dir(mail).map_err(|error| error.to_string())?;
    let mailbox = mail.join("mark");
    let sent: Vec<Vec<u8>> = (0..LETTERS).map(|index| letter(&index.to_string())).collect();
    let letters =
        sent.iter().map(|content| Letter { name: String::new(), content: content.clone() });
    lay_out(&mailbox, &letters.collect::<Vec<_>>()).map_err(|error| error.to_string())?;

    let options = ["--listen", "127.0.0.1:0", "--runtime", "blocking"];
    let users = "mark:{PLAIN}swordfish\n";
    let program = Command::new(program());
    let mut server = Serve::start_with(mail, scratch, users, &options, program)?;
    let tracer = Tracer::new(scratch);
    let strace = tracer.attach(server.process.pid(), fault)?;
    let mut reached = Reached::Transaction;
    let outcome = session(server.address, &mut reached);
    drop(strace);
    if !server.process.is_running() && fault.is_none_or(|(_, fault)| fault != Fault::Kill) {
        return Err(format!("the server has ended: {}", server.process.said()));
    }
    if server.process.said().contains("panicked") {
        return Err(server.process.said());
    }
    server.process.kill();

    let maildrop = Maildir::open(&mailbox).map_err(|error| format!("{error:?}"))?;
    let there: Vec<_> = content(&maildrop).into_iter().map(|(letter, _)| letter).collect();
    for (index, letter) in sent.iter().enumerate() {
        let copies = there.iter().filter(|other| *other == letter).count();
        let lawful = match (index % 2, reached) {
            (0, Reached::End) => copies == 0,
            (0, Reached::Quit) => copies <= 1,
            _ => copies == 1,
        };
        if !lawful {
            return Err(format!(
                "{reached:?}, letter {index} is there {copies} times: {outcome:?}"
            ));
        }
    }
    if there.iter().any(|letter| !sent.contains(letter)) {
        return Err("there is a letter that nobody sent".into());
    }
    let steps = tracer.steps(mail)?;
    Ok((reached, steps))
}

fn session(server: SocketAddr, reached: &mut Reached) -> Result<(), Box<dyn Error>> {
    let mut session = Client::connect(server)?.login("mark", "swordfish")?;
    for message in session.list()? {
        let mut letter = Vec::new();
        session.retrieve(message.number)?.read_to_end(&mut letter)?;
        if message.number.index() % 2 == 0 {
            session.delete(message.number)?;
        }
    }
    *reached = Reached::Quit;
    session.quit()?;
    *reached = Reached::End;
    Ok(())
}
