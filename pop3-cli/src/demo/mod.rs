//! `pop3 demo`: a whole session to look at.

mod tap;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Door, Service, maildir};
use pop3_proto::adapter::Error;
use pop3_proto::{MessageNumber, Secret, Text, UserName};

use crate::args::Demo;
use crate::failure::Failure;
use crate::lf::ToLf;
use crate::mailbox::{self, Part, Stop};
use crate::server::Server;

const USER: &str = "mark";
const PASSWORD: &str = "swordfish";
const LETTERS: [&str; 3] =
    [include_str!("letter-1.eml"), include_str!("letter-2.eml"), include_str!("letter-3.eml")];

pub(crate) fn run(args: &Demo) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::local("the post office", error);
    let server = post_office(args).map_err(failed)?;
    let (address, stop) = (server.addresses()[0], server.stop());
    let serving = std::thread::spawn(|| server.run());
    writeln!(
        io::stdout(),
        "A post office listens on {address}. The dialogue, S: server, C: client:\n"
    )?;

    let tapped = tap::between(address).map_err(failed)?;
    let collected = collect(args, tapped.address());
    let shown = tapped.finish();
    stop.stop();
    // The sessions have ended with the client.
    drop(serving.join());
    collected?;
    shown?;
    writeln!(io::stdout(), "\nThree letters are in {}.", args.to.join("new").display())?;
    Ok(())
}

fn post_office(args: &Demo) -> io::Result<Server> {
    let office = MemoryMaildrops::new();
    let user = UserName::new(USER).map_err(io::Error::other)?;
    office.add_user(user.clone(), Secret::new(PASSWORD).map_err(io::Error::other)?);
    for letter in LETTERS {
        office.deliver(&user, letter).map_err(io::Error::other)?;
    }
    let office = Arc::new(office);
    let mut service = Service::new(office.clone(), office);
    service.config_mut().greeting = Text::literal("POPMail server ready");
    // A dialogue for people to read: USER and PASS rather than Base64.
    service.set_mechanisms::<&str>([]);
    let listener = (TcpListener::bind("127.0.0.1:0")?, Door::PLAIN);
    Server::new(args.runtime, vec![listener], service, Duration::ZERO)
}

/// What a client does that leaves nothing on the server.
fn collect(args: &Demo, address: SocketAddr) -> Result<(), Failure> {
    let failed = |error: Error| Failure::session(address, &error);
    let mut session = mailbox::demo(args.runtime, address, USER, PASSWORD).map_err(failed)?;
    session.stat().map_err(failed)?;
    let numbers: Vec<_> =
        session.list().map_err(failed)?.into_iter().map(|message| message.number).collect();
    session.unique_ids().map_err(failed)?;
    let stopped = |stop: Stop| stop.failure(address);
    session.read(Part::Header, vec![MessageNumber::FIRST], &mut |_, _| Ok(())).map_err(stopped)?;
    session
        .read(Part::Whole, numbers.clone(), &mut |_, incoming| {
            let (incoming, mut letter) = (incoming?, Vec::new());
            let mut lf = ToLf::default();
            while let Some(chunk) = incoming.next_chunk()? {
                lf.push(&chunk, &mut letter);
            }
            lf.finish(&mut letter);
            maildir::deliver(&args.to, &mut letter.as_slice())
                .map(drop)
                .map_err(|error| Stop::Taker(Failure::local(args.to.display(), error)))
        })
        .map_err(stopped)?;
    for (_, outcome) in session.delete(numbers).map_err(failed)? {
        outcome.map_err(failed)?;
    }
    session.quit().map_err(failed)?;
    Ok(())
}
