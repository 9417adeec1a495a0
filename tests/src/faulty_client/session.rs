//! From the greeting to QUIT.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use pop3_conformance::client::{Errand, Security};
use rustls::ClientConfig;

use super::Fault;
use super::tls;
use super::wire::{Wire, odd};

/// So many commands go before their replies, where that is allowed.
const WINDOW: usize = 20;

/// Collects a maildrop and deletes what was collected; returns the exit status.
#[must_use]
pub fn collect(errand: &Errand, security: Security, fault: Option<Fault>) -> i32 {
    match Session::open(errand, security, fault).and_then(|mut session| session.run()) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error)
            if matches!(fault, Some(Fault::EndIsAnEmptyMaildrop | Fault::CutLetterIsWhole))
                && error.kind() == io::ErrorKind::UnexpectedEof =>
        {
            0
        }
        Err(_) => 2,
    }
}

pub(super) struct Session<'a> {
    pub(super) errand: &'a Errand,
    security: Security,
    fault: Option<Fault>,
    config: Arc<ClientConfig>,
    pub(super) wire: Wire,
    pub(super) greeting: String,
    pub(super) capabilities: Option<Vec<String>>,
    /// Something could not be collected.
    pub(super) is_incomplete: bool,
}

/// A status line.
pub(super) struct Reply {
    pub(super) line: String,
    is_ok: bool,
}

impl Reply {
    pub(super) const fn is_ok(&self) -> bool {
        self.is_ok
    }

    pub(super) fn text(&self) -> &str {
        self.line.split_once(' ').map_or("", |(_, text)| text)
    }
}

impl<'a> Session<'a> {
    fn open(errand: &'a Errand, security: Security, fault: Option<Fault>) -> io::Result<Self> {
        let tcp = TcpStream::connect((errand.host.as_str(), errand.port))?;
        let config = tls::config(&errand.ca, fault)?;
        let mut wire = Wire::new(tcp, fault)?;
        if security == Security::Implicit {
            wire.begin_tls(config.clone(), &errand.host)?;
        }
        let (greeting, capabilities) = (String::new(), None);
        let is_incomplete = false;
        Ok(Self { errand, security, fault, config, wire, greeting, capabilities, is_incomplete })
    }

    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn reply(&mut self) -> io::Result<Reply> {
        let line = String::from_utf8_lossy(&self.wire.line()?).into_owned();
        let mut is_ok = line == "+OK" || line.starts_with("+OK ");
        is_ok &= line != "+OK" || !self.is(Fault::WantsText);
        is_ok |= self.is(Fault::AnyPlusIsOk) && line.starts_with('+');
        let is_refusal = line == "-ERR" || line.starts_with("-ERR ");
        let is_challenge = line == "+" || line.starts_with("+ ");
        if !is_ok && !is_refusal && !is_challenge {
            return Err(odd("no status line"));
        }
        Ok(Reply { line, is_ok })
    }

    pub(super) fn ask(&mut self, line: &str) -> io::Result<Reply> {
        self.wire.say(line)?;
        self.reply()
    }

    /// Whether everything there was is here now.
    fn run(&mut self) -> io::Result<bool> {
        if self.is(Fault::SpeaksFirst) {
            self.wire.say("CAPA")?;
        }
        let greeting = self.reply()?;
        if !greeting.is_ok() && !self.is(Fault::AnyGreeting) {
            return Err(odd("the server refuses service"));
        }
        self.greeting = greeting.line;
        if self.is(Fault::SpeaksFirst) {
            self.take_capa()?;
        } else {
            self.capa()?;
        }
        self.start_tls()?;
        self.oddities()?;
        self.login()?;
        self.capa()?;
        let letters = self.open_maildrop()?;
        let unique_ids = self.unique_ids()?;
        let saved = self.retrieve(&letters, &unique_ids)?;
        self.delete(&saved)?;
        self.quit()?;
        self.wire.close();
        Ok(!self.is_incomplete)
    }

    fn start_tls(&mut self) -> io::Result<()> {
        if self.security != Security::Stls {
            return Ok(());
        }
        if self.is(Fault::TlsWhereListed) && !self.lists("STLS") {
            return Ok(());
        }
        if self.capabilities.is_some() && !self.lists("STLS") {
            return Err(odd("no STLS"));
        }
        let behind = if self.is(Fault::TalksBehindStls) { "CAPA\r\n" } else { "" };
        self.wire.write(format!("STLS\r\n{behind}").as_bytes())?;
        if !self.reply()?.is_ok() {
            return match self.is(Fault::TlsWhereTaken) {
                true => Ok(()),
                false => Err(odd("STLS was refused")),
            };
        }
        self.wire.begin_tls(self.config.clone(), &self.errand.host)?;
        if self.is(Fault::KeepsCapabilities) {
            return Ok(());
        }
        self.capabilities = None;
        if self.is(Fault::NoCapaInTls) {
            return Ok(());
        }
        self.capa()
    }

    /// Commands that nobody should say, or say here.
    fn oddities(&mut self) -> io::Result<()> {
        let odd = match self.fault {
            Some(Fault::LongKeyword) => "IDENTIFY",
            Some(Fault::BeyondAscii) => "XTND caf\u{e9}",
            Some(Fault::AsksBeforeLogin) => "STAT",
            _ => return Ok(()),
        };
        self.ask(odd).map(drop)
    }

    fn open_maildrop(&mut self) -> io::Result<Vec<(u32, Option<usize>)>> {
        if self.is(Fault::PipelinesUnlisted) {
            self.wire.write(b"STAT\r\nLIST\r\n")?;
            self.reply()?;
        } else {
            // What STAT says is for people; it may be refused.
            self.ask(if self.is(Fault::TrailingSpace) { "STAT " } else { "STAT" })?;
            self.wire.say("LIST")?;
        }
        self.list()
    }

    /// Collects the letters; returns the numbers of those that are on disk.
    fn retrieve(
        &mut self,
        letters: &[(u32, Option<usize>)],
        unique_ids: &HashMap<u32, String>,
    ) -> io::Result<Vec<u32>> {
        if let Some((number, _)) = letters.first()
            && self.lists("TOP")
            && self.ask(&format!("TOP {number} 0"))?.is_ok()
        {
            self.wire.letter(None)?;
        }
        let mut saved = Vec::new();
        let mut seen = HashSet::new();
        for (number, size) in letters {
            let unique_id = unique_ids.get(number).map(String::as_str);
            let key = unique_id.unwrap_or_default().to_owned();
            let key = if self.is(Fault::UidlInAnyCase) { key.to_lowercase() } else { key };
            let by_id = self.is(Fault::UidlInAnyCase) || self.is(Fault::OneOfEachUniqueId);
            if by_id && unique_id.is_some() && !seen.insert(key) {
                continue;
            }
            let command = match self.is(Fault::HexNumbers) {
                true => format!("RETR {number:#x}"),
                false => format!("RETR {number}"),
            };
            if !self.ask(&command)?.is_ok() {
                self.refused(*number, &mut saved)?;
                continue;
            }
            let letter = self.wire.letter(*size)?;
            let name = match unique_id {
                Some(unique_id) if self.is(Fault::UniqueIdIsAPath) => unique_id.to_owned(),
                _ => format!("{number}.eml"),
            };
            // A file that cannot be written is what the fault deserves.
            match fs::write(self.errand.outdir.join(name), letter) {
                Err(error) if !self.is(Fault::UniqueIdIsAPath) => return Err(error),
                _ => saved.push(*number),
            }
        }
        if self.is(Fault::AsksForOneMore) {
            self.ask(&format!("RETR {}", letters.len() + 1))?;
        }
        Ok(saved)
    }

    fn refused(&mut self, number: u32, saved: &mut Vec<u32>) -> io::Result<()> {
        match self.fault {
            Some(Fault::RefusalHasLines) => _ = self.wire.letter(None)?,
            Some(Fault::DeletesTheRefused) => saved.push(number),
            _ => {}
        }
        self.is_incomplete |= !self.is(Fault::ForgetsTheRefused);
        Ok(())
    }

    fn delete(&mut self, saved: &[u32]) -> io::Result<()> {
        let window = if self.may_pipeline() { WINDOW } else { 1 };
        for some in saved.chunks(window) {
            let commands: String = some.iter().map(|number| format!("DELE {number}\r\n")).collect();
            match self.is(Fault::LinesEndInLf) {
                true => self.wire.write(commands.replace('\r', "").as_bytes())?,
                false => self.wire.write(commands.as_bytes())?,
            }
            for _ in some {
                self.is_incomplete |= !self.reply()?.is_ok();
            }
        }
        Ok(())
    }

    fn quit(&mut self) -> io::Result<()> {
        if self.is(Fault::NoQuit) {
            return Ok(());
        }
        match self.ask("QUIT") {
            Err(_) if self.is(Fault::NoGoodbyeAwaited) => Ok(()),
            Ok(reply) if reply.is_ok() || self.is(Fault::AnyGoodbye) => Ok(()),
            Ok(_) => {
                self.wire.close();
                Err(odd("QUIT was refused"))
            }
            Err(error) => Err(error),
        }
    }
}
