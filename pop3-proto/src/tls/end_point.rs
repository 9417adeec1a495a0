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

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    use super::*;

    fn certificate(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::default().self_signed(&key).unwrap().der().to_vec()
    }

    /// As short as DER may be: nothing signed, an algorithm, no signature.
    fn signed_by(algorithm: &[u8]) -> Vec<u8> {
        let algorithm = sequence(algorithm);
        sequence(&[&[0x30, 0][..], &algorithm, &[3, 1, 0]].concat())
    }

    fn sequence(content: &[u8]) -> Vec<u8> {
        [&[0x30, u8::try_from(content.len()).unwrap()][..], content].concat()
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let hash = |certificate: &[u8]| hash_of(certificate).unwrap();
        assert_eq!(hash(&certificate(&rcgen::PKCS_ECDSA_P256_SHA256)), Some(Hash::Sha256));
        assert_eq!(hash(&certificate(&rcgen::PKCS_ECDSA_P384_SHA384)), Some(Hash::Sha384));
        assert_eq!(hash(&certificate(&rcgen::PKCS_ED25519)), None);
        let certificate = certificate(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(server_end_point(&certificate), Some(Sha384::digest(&certificate).to_vec()));
    }

    #[test]
    fn sha_1_and_md5_give_way_to_sha_256() {
        for last in [4, 5, 11] {
            let rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last, 5, 0];
            assert_eq!(hash_of(&signed_by(&rsa)), Ok(Some(Hash::Sha256)), "{last}");
        }
    }

    #[test]
    fn the_hash_of_pss_stands_in_its_parameters() {
        let pss = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
        let sha_512 = sequence(&[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3]);
        let hash = [&[0xa0, u8::try_from(sha_512.len()).unwrap()][..], &sha_512].concat();
        let salt = [0xa2, 3, 2, 1, 64];
        let named = sequence(&[&hash[..], &salt].concat());
        let certificate = signed_by(&[&pss[..], &named].concat());
        assert_eq!(hash_of(&certificate), Ok(Some(Hash::Sha512)));
        let certificate = signed_by(&[&pss[..], &sequence(&salt)].concat());
        assert_eq!(hash_of(&certificate), Ok(Some(Hash::Sha256)));
    }

    #[test]
    fn what_is_no_certificate_has_no_hash() {
        let whole = certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
        for cut in 0..whole.len() {
            assert_eq!(server_end_point(&whole[..cut]), None);
        }
    }
}
