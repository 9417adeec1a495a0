//! `pop3 talk`: a session by hand, as by telnet.

mod wire;

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::time::Duration;

use pop3_proto::adapter::Security;
use pop3_proto::client::exchange::{Account, Method};
use pop3_proto::command::Spaces;
use pop3_proto::state::Shape;
use pop3_proto::{Command, Keyword, Reply};

use crate::args::Talk;
use crate::failure::Failure;
use crate::output::for_stdout;
use crate::place::Place;
pub(crate) use wire::Stream;
use wire::Wire;

/// How long a reply may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// A line longer than this is shown in parts, in octets.
const LINE: u64 = 64 * 1024;

pub(crate) fn run(args: &Talk) -> Result<(), Failure> {
    let mut server = Server::connect(args)?;
    server.reply(Shape::Line)?;
    if server.place.options.security == Security::StartTls {
        server.go_over_to_tls()?;
    }
    if args.account.url.user.is_some() {
        server.log_in(args)?;
    }
    let at_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut typed = Vec::new();
    let mut keyboard = io::stdin().lock();
    loop {
        typed.clear();
        if at_terminal {
            io::stdout().write_all(b"> ")?;
            io::stdout().flush()?;
        }
        let read = keyboard.read_until(b'\n', &mut typed);
        if read.map_err(|error| Failure::local("standard input", error))? == 0 {
            return Ok(());
        }
        let line = typed.strip_suffix(b"\n").unwrap_or(&typed);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let command = Command::parse_with(line, Spaces::Any).ok();
        server.say(line)?;
        let ok = server.reply(command.as_ref().map_or(Shape::Line, Command::shape))?;
        match command.and_then(|command| command.keyword()) {
            Some(Keyword::Quit) if ok => return Ok(()),
            Some(Keyword::Stls) if ok => server.start_tls()?,
            _ => {}
        }
    }
}

/// The other end of the line.
struct Server {
    stream: BufReader<Wire>,
    place: Place,
}

impl Server {
    fn connect(args: &Talk) -> Result<Self, Failure> {
        let account = &args.account;
        let (wire, place) = account
            .places()?
            .reach(|place| Ok(Wire::connect(account.runtime, &place.endpoint)?))?;
        let mut server = Self { stream: BufReader::new(wire), place };
        if server.place.is_implicit() {
            server.start_tls()?;
        }
        Ok(server)
    }

    /// STLS, shown as if it had been typed.
    fn go_over_to_tls(&mut self) -> Result<(), Failure> {
        writeln!(io::stdout(), "{}", Command::Stls)?;
        self.say(Command::Stls.name().as_bytes())?;
        match self.reply(Shape::Line)? {
            true => self.start_tls(),
            false => Err(Failure::Server(format!("{}: the server refuses TLS", self.place))),
        }
    }

    /// From here on in TLS. What the server has said ahead of it is not of the session in TLS.
    fn start_tls(&mut self) -> Result<(), Failure> {
        if !self.stream.buffer().is_empty() {
            let place = &self.place;
            return Err(Failure::Server(format!("{place}: something came between STLS and TLS")));
        }
        self.stream
            .get_mut()
            .start_tls(self.place.options.tls.as_ref(), self.place.server_name())
            .map_err(|error| Failure::Server(format!("{}: TLS: {error}", self.place)))
    }

    /// USER and PASS, shown as if they had been typed, but for the password.
    fn log_in(&mut self, args: &Talk) -> Result<(), Failure> {
        let account = &args.account;
        let by_user = account.methods().contains(&Method::User);
        let (true, Account::Password { user, password }) =
            (by_user, account.credentials(&self.place.endpoint)?)
        else {
            return Err(Failure::Usage("talk logs in by USER and PASS only".into()));
        };
        if !(self.stream.get_ref().is_safe() || account.login.allow_cleartext) {
            return Err(Failure::Login(format!(
                "{}: without TLS, the password would go over the wire in clear text; \
                 --tls starttls goes over to TLS, --allow-cleartext permits it",
                self.place
            )));
        }
        for command in [Command::User(user), Command::Pass(password)] {
            writeln!(io::stdout(), "{command}")?;
            let line = command.to_bytes();
            self.say(line.strip_suffix(b"\r\n").unwrap_or(&line))?;
            if !self.reply(Shape::Line)? {
                return Err(Failure::Login(format!("{}: the login was refused", self.place)));
            }
        }
        Ok(())
    }

    fn say(&mut self, line: &[u8]) -> Result<(), Failure> {
        let line = zeroize::Zeroizing::new([line, b"\r\n"].concat());
        let wire = self.stream.get_mut();
        wire.write_all(&line).and_then(|()| wire.flush()).map_err(|error| self.lost(&error))
    }

    /// Shows a reply to its end; whether it is positive.
    fn reply(&mut self, shape: Shape) -> Result<bool, Failure> {
        let mut line = self.line()?;
        let ok = Reply::parse(line.trim_ascii_end()).is_ok_and(|reply| reply.is_ok());
        if ok && matches!(shape, Shape::Listing | Shape::Message) {
            let mut at_line_start = true;
            loop {
                line = self.line()?;
                if at_line_start && matches!(line.as_slice(), b".\r\n" | b".\n") {
                    break;
                }
                at_line_start = line.ends_with(b"\n");
            }
        }
        // Only the server knows the shape of its reply to an unknown command.
        while self.stream.buffer().contains(&b'\n') {
            self.line()?;
        }
        Ok(ok)
    }

    /// Reads and shows one line.
    fn line(&mut self) -> Result<Vec<u8>, Failure> {
        let mut line = Vec::new();
        let read = self.stream.by_ref().take(LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| self.lost(&error))? == 0 {
            return Err(Failure::Server(format!("{}: the server hung up", self.place)));
        }
        let mut out = io::stdout().lock();
        match line.strip_suffix(b"\n") {
            Some(text) => {
                out.write_all(&for_stdout(text.strip_suffix(b"\r").unwrap_or(text)))?;
                out.write_all(b"\n")?;
            }
            None => out.write_all(&for_stdout(&line))?,
        }
        out.flush()?;
        Ok(line)
    }

    fn lost(&self, error: &io::Error) -> Failure {
        Failure::Server(format!("{}: {error}", self.place))
    }
}
