//! Many nonces from one seed.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::NONCE;

/// Makes the nonces of one client: as unpredictable as the seed, and no two alike.
#[derive(Clone)]
pub struct Nonces {
    seed: Zeroizing<[u8; 32]>,
    count: u64,
}

impl Nonces {
    /// Begins with 32 octets from a secure random source that were never used before.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed: Zeroizing::new(seed), count: 0 }
    }

    /// The next nonce.
    pub fn next_nonce(&mut self) -> [u8; NONCE] {
        self.count += 1;
        let hash = Sha256::new().chain_update(*self.seed).chain_update(self.count.to_be_bytes());
        let mut nonce = [0; NONCE];
        for (octet, hashed) in nonce.iter_mut().zip(hash.finalize()) {
            *octet = hashed;
        }
        nonce
    }
}

impl core::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonces(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_nonces_are_alike() {
        let (mut one, mut other) = (Nonces::new([1; 32]), Nonces::new([2; 32]));
        let mut all = alloc::vec![one.next_nonce(), one.next_nonce(), other.next_nonce()];
        all.dedup();
        assert_eq!(all.len(), 3);
        assert_eq!(alloc::format!("{one:?}"), "Nonces(…)");
    }
}
