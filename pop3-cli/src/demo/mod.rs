//! `pop3 demo`: a whole session to look at.

mod tap;

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use pop3_blocking::{Client, Error, Server};
use pop3_maildrop::Service;
use pop3_maildrop::maildir;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_proto::client::Config;
use pop3_proto::{MessageNumber, Secret, Text, UserName};

use crate::args::{Demo, Runtime};
use crate::failure::Failure;
use crate::lf::ToLf;
use tap::Tap;

const USER: &str = "mark";
const PASSWORD: &str = "swordfish";
const LETTERS: [&str; 3] =
    [include_str!("letter-1.eml"), include_str!("letter-2.eml"), include_str!("letter-3.eml")];

pub(crate) fn run(args: &Demo) -> Result<(), Failure> {
    let server = match args.runtime {
        Runtime::Blocking => {
            post_office().map_err(|error| Failure::local("the post office", error))?
        }
    };
    let (address, stop) = (server.addresses()[0], server.stop());
    let serving = std::thread::spawn(|| server.run());
    writeln!(
        io::stdout(),
        "A post office listens on {address}. The dialogue, S: server, C: client:\n"
    )?;

    let collected = collect(args, address);
    stop.stop();
    // The sessions have ended with the client.
    drop(serving.join());
    collected?;
    writeln!(io::stdout(), "\nThree letters are in {}.", args.to.join("new").display())?;
    Ok(())
}

fn post_office() -> io::Result<Server> {
    let office = MemoryMaildrops::new();
    let user = UserName::new(USER).map_err(io::Error::other)?;
    office.add_user(user.clone(), Secret::new(PASSWORD).map_err(io::Error::other)?);
    for letter in LETTERS {
        office.deliver(&user, letter).map_err(io::Error::other)?;
    }
    let office = Arc::new(office);
    let mut service = Service::new(office.clone(), office);
    service.config_mut().greeting = Text::literal("POPMail server ready");
    Server::bind("127.0.0.1:0", service)
}

/// What a client does that leaves nothing on the server.
fn collect(args: &Demo, address: std::net::SocketAddr) -> Result<(), Failure> {
    let failed = |error: Error| Failure::session(address, &error);
    let kept = |error: io::Error| Failure::local(args.to.display(), error);
    let stream = TcpStream::connect(address).map_err(|error| failed(error.into()))?;
    let socket = stream.try_clone().map_err(|error| failed(error.into()))?;
    let client = Client::over(Tap::new(stream), Some(socket), Config::default()).map_err(failed)?;
    let mut session = client.login(USER, PASSWORD).map_err(|refused| failed(refused.error))?;

    session.stat().map_err(failed)?;
    let messages = session.list().map_err(failed)?;
    session.unique_ids().map_err(failed)?;
    drop(session.top(MessageNumber::FIRST, 0).map_err(failed)?);
    for message in &messages {
        let mut letter = Vec::new();
        let mut lf = ToLf::default();
        let mut incoming = session.retrieve(message.number).map_err(failed)?;
        while let Some(chunk) = incoming.next_chunk().map_err(failed)? {
            lf.push(&chunk, &mut letter);
        }
        lf.finish(&mut letter);
        maildir::deliver(&args.to, &mut letter.as_slice()).map_err(kept)?;
    }
    for message in &messages {
        session.delete(message.number).map_err(failed)?;
    }
    session.quit().map_err(failed)?;
    Ok(())
}
