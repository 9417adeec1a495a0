//! The client's side of SCRAM (RFC 5802, RFC 7677), with places to say something else than is
//! right. The proof is right for whatever was said, so that nothing but that can be refused.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use rustls::crypto::ring;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::bench::{Bench, Halt, expect, skip};
use super::exchange::is_challenge;
use super::peer::{Peer, Reply};
use super::sasl::{carried, respond};

/// The label of tls-exporter (RFC 9266, section 2).
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// More iterations than anybody waits for.
const TOO_MANY: u32 = 10_000_000;

/// An exchange that is to be.
pub(super) struct Scram {
    /// The name of the mechanism, as AUTH gets it.
    pub(super) mechanism: String,
    /// The GS2 header, with both its commas: `n,,`.
    pub(super) header: String,
    /// What follows the header in the first message.
    pub(super) bare: Vec<u8>,
    /// What `c=` carries behind the header; what follows `p` in the last message is right for it.
    pub(super) binding: Vec<u8>,
    /// The last message without its proof.
    pub(super) last: Last,
    /// The password that the proof is of.
    pub(super) password: Vec<u8>,
    hash: Hash,
}

/// Makes a last message without its proof from what belongs behind `c=` and `r=`.
pub(super) type Last = Box<dyn Fn(&str, &str) -> String>;

/// How an exchange went.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The last message of the server, when it came as a challenge.
    pub(super) last: Option<String>,
    /// What the last message should be: `v=` and the signature.
    pub(super) signature: String,
    /// The reply at the end.
    pub(super) reply: Reply,
}

impl Outcome {
    /// The user must be in, and the server must have shown that it knows the password.
    pub(super) fn is_mutual(&self) -> Result<(), Halt> {
        expect(self.reply.is_positive(), &self.reply.status, "+OK")?;
        let last = self.last.as_deref().unwrap_or_default();
        // An extension may stand behind the signature.
        let came = last.split(',').next().unwrap_or_default();
        expect(came == self.signature, last.as_bytes(), "v= and the signature of the server")
    }
}

/// A nonce that was never there before.
pub(super) fn nonce() -> Result<String, Halt> {
    let mut octets = [0; 18];
    match ring::default_provider().secure_random.fill(&mut octets) {
        Ok(()) => Ok(Base64::encode_string(&octets)),
        Err(_) => skip("this system has no random numbers"),
    }
}

/// A name as SCRAM has it (RFC 5802, section 5.1).
fn escaped(name: &[u8]) -> Vec<u8> {
    let escape = |octet: &u8| match octet {
        b',' => b"=2C".to_vec(),
        b'=' => b"=3D".to_vec(),
        other => vec![*other],
    };
    name.iter().flat_map(escape).collect()
}

/// The first message of a client without the header.
pub(super) fn bare(name: &[u8], nonce: &str) -> Vec<u8> {
    [b"n=", &escaped(name)[..], b",r=", nonce.as_bytes()].concat()
}

impl Scram {
    /// An exchange as the RFCs have it, for the user of the run. With `-PLUS` it is bound to the
    /// TLS of this connection.
    pub(super) fn new(bench: &Bench<'_>, peer: &Peer, mechanism: &str) -> Result<Self, Halt> {
        let hash = match mechanism.trim_end_matches("-PLUS") {
            "SCRAM-SHA-1" => Hash::Sha1,
            "SCRAM-SHA-256" => Hash::Sha256,
            _ => return skip(format!("{mechanism} is not known here")),
        };
        let account = &bench.target().account;
        if !account.password.is_ascii() || !account.user.is_ascii() {
            return skip("needs a user whose name and password are in ASCII");
        }
        let (header, binding) = if mechanism.ends_with("-PLUS") {
            ("p=tls-exporter,,", exported(peer)?)
        } else {
            ("n,,", Vec::new())
        };
        Ok(Self {
            mechanism: mechanism.to_owned(),
            header: header.to_owned(),
            bare: bare(&account.user, &nonce()?),
            binding,
            last: Box::new(|binding, nonce| format!("c={binding},r={nonce}")),
            password: account.password.clone(),
            hash,
        })
    }

    /// Runs it on a connection that was greeted.
    pub(super) fn run(&self, peer: &mut Peer) -> Result<Outcome, Halt> {
        let end = |reply| Outcome { last: None, signature: String::new(), reply };
        let reply = peer.ask(&format!("AUTH {}", self.mechanism))?;
        if !is_challenge(&reply.status) {
            return Ok(end(reply));
        }
        let reply = respond(peer, &[self.header.as_bytes(), &self.bare].concat())?;
        if !is_challenge(&reply.status) {
            return Ok(end(reply));
        }
        let Some(first) = carried(&reply).and_then(|first| String::from_utf8(first).ok()) else {
            return Ok(end(peer.ask("*")?));
        };
        let Some(told) = Told::read(&first) else { return Ok(end(peer.ask("*")?)) };
        if told.iterations > TOO_MANY {
            return skip(format!("the server asks for {} iterations", told.iterations));
        }
        let binding = [self.header.as_bytes(), &self.binding].concat();
        let without_proof = (self.last)(&Base64::encode_string(&binding), &told.nonce);
        let said =
            [&self.bare[..], b",", first.as_bytes(), b",", without_proof.as_bytes()].concat();
        let (proof, signature) =
            self.hash.proof(&self.password, &told.salt, told.iterations, &said);
        let proof = Base64::encode_string(&proof);
        let signature = format!("v={}", Base64::encode_string(&signature));
        let mut reply = respond(peer, format!("{without_proof},p={proof}").as_bytes())?;
        let last = carried(&reply).map(|last| String::from_utf8_lossy(&last).into_owned());
        if is_challenge(&reply.status) {
            // The last challenge is answered by an empty line (RFC 5034, section 4).
            reply = peer.ask("")?;
        }
        Ok(Outcome { last, signature, reply })
    }
}

/// What ties an exchange to the TLS of a connection (RFC 9266, section 2).
pub(super) fn exported(peer: &Peer) -> Result<Vec<u8>, Halt> {
    let Some(tls) = peer.tls() else { return skip("the server has no TLS in this run") };
    match tls.export_keying_material([0; 32], LABEL, None) {
        Ok(exported) => Ok(exported.to_vec()),
        Err(error) => skip(format!("TLS exports nothing: {error}")),
    }
}

/// The first message of the server.
pub(super) struct Told {
    pub(super) nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl Told {
    /// Reads it as the grammar has it (RFC 5802, section 7), extensions at its end included.
    pub(super) fn read(message: &str) -> Option<Self> {
        let mut attributes = message.split(',');
        let mut next = |name: &str| attributes.next()?.strip_prefix(name);
        let (nonce, salt, iterations) = (next("r=")?, next("s=")?, next("i=")?);
        let is_number =
            iterations.bytes().all(|octet| octet.is_ascii_digit()) && !iterations.starts_with('0');
        let salt = Base64::decode_vec(salt).ok().filter(|salt| !salt.is_empty())?;
        let iterations = iterations.parse().ok().filter(|_| is_number)?;
        Some(Self { nonce: nonce.to_owned(), salt, iterations })
    }
}

#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    /// The proof of the client and the signature of the server (RFC 5802, section 3).
    fn proof(self, password: &[u8], salt: &[u8], rounds: u32, said: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let salted = match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password, salt, rounds).to_vec(),
            Self::Sha256 => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, rounds).to_vec()
            }
        };
        let key = self.mac(&salted, b"Client Key");
        let mask = self.mac(&self.digest(&key), said);
        let proof = key.iter().zip(mask).map(|(key, mask)| key ^ mask).collect();
        (proof, self.mac(&self.mac(&salted, b"Server Key"), said))
    }

    fn digest(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        }
    }

    fn mac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        fn mac<M: KeyInit + Mac>(key: &[u8], text: &[u8]) -> Vec<u8> {
            let mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
            mac.chain_update(text).finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1 => mac::<Hmac<Sha1>>(key, text),
            Self::Sha256 => mac::<Hmac<Sha256>>(key, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_those_of_the_rfcs() {
        for (hash, client_nonce, first, last, proof, signature) in [
            (
                Hash::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
                "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                Hash::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                 s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ] {
            let told = Told::read(first).unwrap();
            let bare = String::from_utf8(bare(b"user", client_nonce)).unwrap();
            let said = format!("{bare},{first},{last}");
            let (made, signed) =
                hash.proof(b"pencil", &told.salt, told.iterations, said.as_bytes());
            assert_eq!(Base64::encode_string(&made), proof);
            assert_eq!(Base64::encode_string(&signed), signature);
        }
    }

    #[test]
    fn what_is_no_first_message_of_a_server_is_not_read() {
        assert!(Told::read("r=a,s=AAAA,i=4096,x=y").is_some());
        for odd in
            ["r=a,s=AAAA", "r=a,s=,i=1", "r=a,s=!,i=1", "s=AAAA,r=a,i=1", "r=a,s=AAAA,i=0", "e=x"]
        {
            assert!(Told::read(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn commas_and_equals_signs_are_escaped_in_names() {
        assert_eq!(bare(b"a,b=c", "x"), b"n=a=2Cb=3Dc,r=x");
    }
}
