//! SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Proof, Refusal, base64};
use crate::faulty::Fault;
use crate::faulty::mail::Owner;
use crate::faulty::session::Session;

/// What the client's first message says.
struct First {
    /// The flag, whose first letter says whether the client binds to the channel, up to the second
    /// comma.
    header: String,
    for_whom: Option<String>,
    /// What follows the header.
    bare: String,
    name: String,
    nonce: String,
}

impl Session {
    pub(super) fn scram(&mut self, message: &[u8]) -> Proof<Owner> {
        let first = self.first(message).ok_or(Refusal::Response)?;
        let owner = self.owner(first.name.as_bytes());
        if owner.is_none() && self.is(Fault::ScramTellsUnknown) {
            return Err(Refusal::Credentials);
        }
        let added = if self.is(Fault::ScramStale) {
            "1896697170952".to_owned()
        } else {
            format!("{}.{}", self.server.count(), self.server.seed)
        };
        let nonce = format!("{}{added}", first.nonce);
        let iterations = if self.is(Fault::ScramFewIterations) { 1_000 } else { 4_096 };
        // Names that are not there have a salt, too, and the same each time.
        let salt = mac(&self.server.seed.to_be_bytes(), first.name.as_bytes());
        let server_first = format!("r={nonce},s={},i={iterations}", base64::encode(&salt));

        let last = self.challenge(server_first.as_bytes())?;
        let last = String::from_utf8(last).map_err(|_| Refusal::Response)?;
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(Refusal::Response)?;
        let proof = base64::decode(proof.as_bytes()).ok_or(Refusal::Response)?;
        let mut attributes = without_proof.split(',');
        let binding = attributes.next().and_then(|text| text.strip_prefix("c="));
        let echoed = attributes.next().and_then(|text| text.strip_prefix("r="));
        let (Some(binding), Some(echoed)) = (binding, echoed) else {
            return Err(Refusal::Response);
        };
        let is_bound = base64::encode(first.header.as_bytes()) == binding
            || self.is(Fault::ScramAnyBinding)
            || self.is(Fault::ScramBindsToNothing);
        let is_echoed = echoed == nonce || self.is(Fault::ScramAnyNonce);
        let is_oneself = first.for_whom.as_ref().is_none_or(|for_whom| {
            self.owner(for_whom.as_bytes()) == owner || self.is(Fault::ScramForOthers)
        });
        let owner = owner.filter(|_| is_bound && is_echoed && is_oneself);
        let owner = owner.ok_or(Refusal::Credentials)?;

        let mut salted = [0; 32];
        let password = owner.password().as_bytes();
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt, iterations, &mut salted);
        let signed = format!("{},{server_first},{without_proof}", first.bare);
        let key = mac(&salted, b"Client Key");
        let signature = mac(&Sha256::digest(&key), signed.as_bytes());
        let right: Vec<_> = key.iter().zip(&signature).map(|(key, mask)| key ^ mask).collect();
        if proof != right {
            return Err(Refusal::Credentials);
        }
        let verifier = mac(&mac(&salted, b"Server Key"), signed.as_bytes());
        let verifier = format!("v={}", base64::encode(&verifier));
        if self.is(Fault::DataWithOk) {
            self.data_with_ok = Some(verifier);
            return Ok(owner);
        }
        let answer = self.challenge(verifier.as_bytes())?;
        if answer.is_empty() { Ok(owner) } else { Err(Refusal::Response) }
    }

    fn first(&self, message: &[u8]) -> Option<First> {
        let message = std::str::from_utf8(message).ok()?;
        let mut parts = message.splitn(3, ',');
        let (flag, for_whom, bare) = (parts.next()?, parts.next()?, parts.next()?);
        let is_known = matches!(flag, "n" | "y") || self.is(Fault::ScramAnyHeader);
        let binds = flag.starts_with("p=") && self.is(Fault::ScramBindsToNothing);
        if !is_known && !binds {
            return None;
        }
        let header = format!("{flag},{for_whom},");
        let for_whom = match for_whom {
            "" => None,
            for_whom => Some(self.unescape(for_whom.strip_prefix("a=")?)?),
        };
        let mut attributes = bare.split(',').peekable();
        if self.is(Fault::ScramIgnoresMandatory) {
            attributes.next_if(|text| text.starts_with("m="));
        }
        let name = self.unescape(attributes.next()?.strip_prefix("n=")?)?;
        let nonce = attributes.next()?.strip_prefix("r=")?.to_owned();
        if nonce.is_empty()
            || (attributes.next().is_some() && self.is(Fault::ScramRefusesExtensions))
        {
            return None;
        }
        Some(First { header, for_whom, bare: bare.to_owned(), name, nonce })
    }

    /// A name: `=2C` stands for a comma, `=3D` for `=`, and no other `=` may be there.
    fn unescape(&self, name: &str) -> Option<String> {
        let mut parts = name.split('=');
        let mut unescaped = parts.next()?.to_owned();
        for part in parts {
            let (digits, rest) = part.split_at_checked(2)?;
            let octet = u8::from_str_radix(digits, 16).ok()?;
            if !matches!(digits, "2C" | "3D") && !self.is(Fault::ScramAnyEscape) {
                return None;
            }
            unescaped.push(char::from(octet));
            unescaped.push_str(rest);
        }
        Some(unescaped)
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
