//! USER, APOP, AUTH.

use std::io;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

use super::Fault;
use super::session::Session;
use super::wire::odd;

impl Session<'_> {
    /// Logs in by the strongest mechanism that both sides have.
    pub(super) fn login(&mut self) -> io::Result<()> {
        if self.errand.password.contains(['\r', '\n', '\0']) && !self.is(Fault::AnyPassword) {
            return Err(odd("a password with a line end"));
        }
        if self.is(Fault::AuthUnlisted) || self.lists_mechanism("CRAM-MD5") {
            return self.cram_md5();
        }
        if self.is(Fault::UserUnlisted) {
            return self.user();
        }
        if self.lists_mechanism("PLAIN") {
            return self.plain();
        }
        if let Some(timestamp) = self.timestamp() {
            return self.apop(&timestamp);
        }
        // Without a list one has to try.
        match &self.capabilities {
            Some(_) if !self.lists("USER") => Err(odd("no way to log in")),
            _ => self.user(),
        }
    }

    fn lists_mechanism(&self, name: &str) -> bool {
        let list = self.capabilities.iter().flatten();
        let mut sasl = list.filter_map(|line| line.strip_prefix("SASL "));
        sasl.any(|line| line.split(' ').any(|listed| listed == name))
    }

    fn user(&mut self) -> io::Result<()> {
        let (user, password) = (self.errand.user.clone(), self.errand.password.clone());
        let reply = self.ask(&format!("USER {user}"))?;
        if !reply.is_ok() && !self.is(Fault::PassAfterRefusal) {
            return Err(odd("USER was refused"));
        }
        if self.is(Fault::CapaBehindUser) {
            self.wire.say("CAPA")?;
            self.wire.letter(None)?;
        }
        let password = if self.is(Fault::TrimsPassword) { password.trim() } else { &password };
        if self.is(Fault::TalksBehindPass) {
            self.wire.write(format!("PASS {password}\r\nNOOP\r\n").as_bytes())?;
            self.reply()?;
            self.reply()?;
            return Ok(());
        }
        let reply = self.ask(&format!("PASS {password}"))?;
        self.entered(&reply)
    }

    fn entered(&self, reply: &super::session::Reply) -> io::Result<()> {
        let is_coded = self.is(Fault::AnyBracketIsACode) && reply.text().starts_with('[');
        if (reply.is_ok() && !is_coded) || self.is(Fault::AnyLogin) {
            return Ok(());
        }
        Err(odd("the login was refused"))
    }

    /// The timestamp of the greeting, if it is a msg-id.
    fn timestamp(&self) -> Option<String> {
        let open = self.greeting.find('<')?;
        let close = open + self.greeting[open..].find('>')?;
        let timestamp = &self.greeting[open..=close];
        let inner = &timestamp[1..timestamp.len() - 1];
        let is_atom = |text: &str| {
            !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic() && it != b'<')
        };
        let is_message_id =
            inner.split_once('@').is_some_and(|(left, right)| is_atom(left) && is_atom(right));
        (is_message_id || self.is(Fault::AnyTimestamp)).then(|| timestamp.to_owned())
    }

    fn apop(&mut self, timestamp: &str) -> io::Result<()> {
        let timestamp = if self.is(Fault::ApopWithoutBrackets) {
            timestamp.trim_matches(['<', '>'])
        } else {
            timestamp
        };
        let hash = Md5::new().chain_update(timestamp).chain_update(&self.errand.password);
        let digest = self.hex(&hash.finalize(), Fault::ApopInCapitals);
        let reply = self.ask(&format!("APOP {} {digest}", self.errand.user))?;
        self.entered(&reply)
    }

    fn hex(&self, octets: &[u8], in_capitals: Fault) -> String {
        let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        if self.is(in_capitals) { digits.to_uppercase() } else { digits }
    }

    fn plain(&mut self) -> io::Result<()> {
        let (user, password) = (&self.errand.user, &self.errand.password);
        let authzid = if self.is(Fault::PlainWithAuthzid) { user } else { "" };
        let response = Base64::encode_string(format!("{authzid}\0{user}\0{password}").as_bytes());
        let line = format!("AUTH PLAIN {response}");
        let reply = if line.len() + 2 > 255 && !self.is(Fault::LongLines) {
            let challenge = self.ask("AUTH PLAIN")?.line;
            if challenge != "+ " && (challenge != "+" || self.is(Fault::PlusNeedsSpace)) {
                return Err(odd("no challenge"));
            }
            self.ask(&response)?
        } else {
            self.ask(&line)?
        };
        self.entered(&reply)
    }

    fn cram_md5(&mut self) -> io::Result<()> {
        let at_once = if self.is(Fault::CramAtOnce) { " AAAA" } else { "" };
        let reply = self.ask(&format!("AUTH CRAM-MD5{at_once}"))?.line;
        let challenge = match reply.strip_prefix("+ ") {
            Some(text) if self.is(Fault::SkipsOddOctets) => decoded(&text.replace(' ', "")),
            Some(text) => decoded(text),
            None if self.is(Fault::AuthUnlisted) => return self.user(),
            None => return Err(odd("CRAM-MD5 was refused")),
        };
        let challenge = match challenge {
            Some(challenge) => challenge,
            None if self.is(Fault::AnyChallenge) => Vec::new(),
            None if self.is(Fault::NoCancel) => return Err(odd("not Base64")),
            None => {
                self.ask("*")?;
                return Err(odd("not Base64"));
            }
        };
        let key = self.errand.password.as_bytes();
        let key = if self.is(Fault::CramKeyCut) { &key[..key.len().min(64)] } else { key };
        let mac = Hmac::<Md5>::new_from_slice(key).map_err(io::Error::other)?;
        let digest = mac.chain_update(&challenge).finalize().into_bytes();
        let digest = self.hex(&digest, Fault::CramInCapitals);
        let response = format!("{} {digest}", self.errand.user);
        let reply = self.ask(&Base64::encode_string(response.as_bytes()))?;
        self.entered(&reply)
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}
