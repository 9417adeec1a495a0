//! The channel binding `tls-server-end-point` (RFC 5929, section 4).

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The hash of a certificate (DER) by the hash function of its signature; SHA-256 in place of MD5
/// and SHA-1.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match hash_of(certificate).ok()?? {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// Signature algorithms (RFC 3279, 4055, 5758) and hash functions (RFC 8017, appendix B.1), with
/// the hash that stands for them here.
const HASHES: [(ObjectIdentifier, Hash); 13] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"), Hash::Sha256), // MD5 with RSA
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"), Hash::Sha256), // SHA-1 with RSA
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Hash::Sha512),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"), Hash::Sha256), // ECDSA with SHA-1
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Hash::Sha512),
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.26"), Hash::Sha256), // SHA-1
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"), Hash::Sha512),
];

/// Which hash function the signature algorithm of a certificate uses (RFC 5280, section 4.1).
fn hash_of(certificate: &[u8]) -> der::Result<Option<Hash>> {
    let mut reader = SliceReader::new(certificate)?;
    let (algorithm, parameters) = reader.sequence(|certificate| {
        let _to_be_signed = AnyRef::decode(certificate)?;
        let algorithm = algorithm(certificate)?;
        BitStringRef::decode(certificate)?;
        Ok::<_, der::Error>(algorithm)
    })?;
    let algorithm = match parameters {
        Some(parameters) if algorithm == RSASSA_PSS => pss_hash(parameters)?,
        _ => algorithm,
    };
    Ok(HASHES.iter().find(|(identifier, _)| *identifier == algorithm).map(|(_, hash)| *hash))
}

/// An `AlgorithmIdentifier` (RFC 5280, section 4.1.1.2).
fn algorithm<'a>(
    reader: &mut impl Reader<'a>,
) -> der::Result<(ObjectIdentifier, Option<AnyRef<'a>>)> {
    reader.sequence(|reader| {
        let identifier = ObjectIdentifier::decode(reader)?;
        let parameters = if reader.is_finished() { None } else { Some(AnyRef::decode(reader)?) };
        Ok((identifier, parameters))
    })
}

/// The hash function of `RSASSA-PSS-params`, SHA-1 where it names none (RFC 4055, section 3.1).
fn pss_hash(parameters: AnyRef<'_>) -> der::Result<ObjectIdentifier> {
    const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
    const HASH: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    parameters.sequence(|reader| {
        let mut hash = SHA_1;
        while !reader.is_finished() {
            let field = AnyRef::decode(reader)?;
            if field.tag() == HASH {
                hash = algorithm(&mut SliceReader::new(field.value())?)?.0;
            }
        }
        Ok(hash)
    })
}
