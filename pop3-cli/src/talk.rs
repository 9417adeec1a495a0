//! `pop3 talk`: a session by hand, as by telnet.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use pop3_proto::command::Spaces;
use pop3_proto::state::Shape;
use pop3_proto::{Command, Keyword, Reply};

use crate::args::{Runtime, Talk};
use crate::failure::Failure;
use crate::output::for_stdout;
use crate::url::Login;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A line longer than this is shown in parts, in octets.
const LINE: u64 = 64 * 1024;

pub(crate) fn run(args: &Talk) -> Result<(), Failure> {
    let mut server = match args.account.runtime {
        Runtime::Blocking => Server::connect(args)?,
    };
    server.reply(Shape::Line)?;
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
            Some(Keyword::Stls) if ok => {
                let place = &args.account.url;
                return Err(Failure::Local(format!(
                    "{place}: goes on in TLS, which talk cannot yet"
                )));
            }
            _ => {}
        }
    }
}

/// The other end of the line.
struct Server {
    stream: BufReader<TcpStream>,
    place: String,
}

impl Server {
    fn connect(args: &Talk) -> Result<Self, Failure> {
        let place = args.account.url.to_string();
        let connected = TcpStream::connect(args.account.addresses()?.as_slice())
            .and_then(|stream| stream.set_read_timeout(Some(PATIENCE)).map(|()| stream));
        let stream = connected.map_err(|error| Failure::Server(format!("{place}: {error}")))?;
        Ok(Self { stream: BufReader::new(stream), place })
    }

    /// USER and PASS, shown as if they had been typed, but for the password.
    fn log_in(&mut self, args: &Talk) -> Result<(), Failure> {
        if args.account.url.login == Login::Apop {
            return Err(Failure::Usage("talk logs in by USER and PASS only".into()));
        }
        let user = args.account.user()?.clone();
        let password = args.account.password(&user)?;
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
        let line = [line, b"\r\n"].concat();
        self.stream.get_mut().write_all(&line).map_err(|error| self.lost(&error))
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
