//! Seeded randomness that is part of the saved state, so that a restarted emulator does not repeat itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// SplitMix64: one word of state, good enough for names and jitter, not for secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A resource id: 19 digits, as the service's are, so that a client that reads them as a double loses digits here too.
    pub(crate) fn id(&mut self) -> u64 {
        1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000
    }

    /// The four characters at the end of a managed instance's name.
    pub(crate) fn suffix(&mut self) -> String {
        const LETTERS: &[u8; 36] = b"0123456789bcdfghjklmnpqrstvwxzaeiouy";
        let mut word = self.next();
        (0..4)
            .map(|_| {
                let letter = LETTERS[(word % 36) as usize];
                word /= 36;
                char::from(letter)
            })
            .collect()
    }

    /// `duration` ± 20 %.
    pub(crate) fn jitter(&mut self, duration: Duration) -> u64 {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2);
        millis * 4 / 5 + (self.next() % 1000) * (millis * 2 / 5) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_a_fifth() {
        let mut dice = Dice::new(7);
        for _ in 0..1000 {
            let millis = dice.jitter(Duration::from_secs(10));
            assert!((8_000..12_000).contains(&millis), "{millis}");
        }
    }

    #[test]
    fn the_same_seed_rolls_the_same() {
        let (mut a, mut b) = (Dice::new(3), Dice::new(3));
        assert_eq!((a.id(), a.suffix()), (b.id(), b.suffix()));
    }
}
