//! Verifying a chain of leaves: each stands at its place, names the one before, and hashes to what is stored beside it.
//! A chain cannot know that its end was cut off, nor that all of it was written anew: compare it with a [`crate::Checkpoint`] kept elsewhere.

use std::fmt;

use crate::{Hash, Leaf};

/// Why a stored event is not the one that was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("its bytes do not hash to what is stored beside them")]
    Hash,
    #[error("{0}")]
    Unreadable(String),
    #[error("it carries the sequence number {0}")]
    Sequence(i64),
    #[error("it does not follow the event before it")]
    Previous,
    #[error("it is not the event that the checkpoint witnessed: the log was written anew, here or before")]
    NotAsWitnessed,
    #[error(
        "it is missing, and a checkpoint witnessed events up to {witnessed}: the log was cut off or restored from an older copy"
    )]
    CutOff { witnessed: i64 },
    /// Found by whoever keeps the log: the leaf is right, but what is kept beside it says otherwise.
    #[error("{0}")]
    Beside(String),
}

/// The first event that is wrong, by the number that should stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstWrong {
    pub seq: i64,
    pub why: Why,
}

impl fmt::Display for FirstWrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.seq, self.why)
    }
}

impl std::error::Error for FirstWrong {}

/// How far a chain has been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    seq: i64,
    hash: Hash,
}

impl Chain {
    /// Before the first event.
    pub const START: Self = Self { seq: 0, hash: Hash::ZERO };

    /// After an event that was verified before: whoever kept its number and hash vouches for all that came before it.
    pub const fn at(seq: i64, hash: Hash) -> Self {
        Self { seq, hash }
    }

    /// The last verified event's number; 0 before the first.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The last verified event's hash.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Takes the next stored event, or says why it cannot be the next one. After an error the chain stands where it stood.
    pub fn follow(&mut self, bytes: &[u8], hash: &[u8]) -> Result<Leaf, FirstWrong> {
        let seq = self.seq + 1;
        let wrong = |why| FirstWrong { seq, why };
        let computed = Leaf::hash_bytes(bytes);
        if computed.0 != hash {
            return Err(wrong(Why::Hash));
        }
        let leaf = Leaf::from_bytes(bytes).map_err(|error| wrong(Why::Unreadable(error.to_string())))?;
        if leaf.seq != seq {
            return Err(wrong(Why::Sequence(leaf.seq)));
        }
        if leaf.prev != self.hash {
            return Err(wrong(Why::Previous));
        }
        *self = Self { seq, hash: computed };
        Ok(leaf)
    }
}

/// Verifies leaves and their stored hashes from the first event on, and returns where the chain ends.
pub fn verify_chain<B, H>(events: impl IntoIterator<Item = (B, H)>) -> Result<Chain, FirstWrong>
where
    B: AsRef<[u8]>,
    H: AsRef<[u8]>,
{
    let mut chain = Chain::START;
    for (bytes, hash) in events {
        chain.follow(bytes.as_ref(), hash.as_ref())?;
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    type Stored = (Vec<u8>, Vec<u8>);

    fn chain_of(objects: &[String]) -> Vec<Stored> {
        let mut chain = Chain::START;
        objects
            .iter()
            .map(|object| {
                let leaf = samples::leaf(chain.seq() + 1, chain.hash(), object);
                let bytes = leaf.to_bytes().unwrap();
                let hash = Leaf::hash_bytes(&bytes).0.to_vec();
                chain.follow(&bytes, &hash).unwrap();
                (bytes, hash)
            })
            .collect()
    }

    fn stored() -> impl Strategy<Value = Vec<Stored>> {
        prop::collection::vec(".{0,12}", 2..12).prop_map(|objects| chain_of(&objects))
    }

    /// Someone who may write hashes as well: the leaf is edited and hashed anew.
    fn edited(stored: &Stored, edit: impl FnOnce(&mut Leaf)) -> Stored {
        let mut leaf = Leaf::from_bytes(&stored.0).unwrap();
        edit(&mut leaf);
        let bytes = leaf.to_bytes().unwrap();
        let hash = Leaf::hash_bytes(&bytes).0.to_vec();
        (bytes, hash)
    }

    proptest! {
        #[test]
        fn an_untouched_chain_verifies(events in stored()) {
            let end = verify_chain(events_of(&events)).unwrap();
            prop_assert_eq!(end.seq(), events.len() as i64);
            prop_assert_eq!(&end.hash().0[..], &events.last().unwrap().1[..]);
        }

        #[test]
        fn any_flipped_bit_is_found_where_it_is(
            mut events in stored(), at: prop::sample::Index, byte: prop::sample::Index, bit in 0..8_u8, in_hash: bool,
        ) {
            let at = at.index(events.len());
            let target = if in_hash { &mut events[at].1 } else { &mut events[at].0 };
            let byte = byte.index(target.len());
            target[byte] ^= 1 << bit;
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong, FirstWrong { seq: at as i64 + 1, why: Why::Hash });
        }

        #[test]
        fn an_edit_with_its_hash_made_anew_breaks_the_next_link(mut events in stored(), at: prop::sample::Index) {
            let at = at.index(events.len() - 1);
            events[at] = edited(&events[at], |leaf| leaf.object.push('!'));
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong, FirstWrong { seq: at as i64 + 2, why: Why::Previous });
        }

        #[test]
        fn a_deleted_event_is_found_where_it_was(mut events in stored(), at: prop::sample::Index) {
            let at = at.index(events.len() - 1);
            events.remove(at);
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong, FirstWrong { seq: at as i64 + 1, why: Why::Sequence(at as i64 + 2) });
        }

        #[test]
        fn a_deletion_with_numbers_closed_up_is_found(mut events in stored(), at: prop::sample::Index) {
            let at = at.index(events.len() - 1);
            events.remove(at);
            for event in &mut events[at..] {
                *event = edited(event, |leaf| leaf.seq -= 1);
            }
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong, FirstWrong { seq: at as i64 + 1, why: Why::Previous });
        }

        #[test]
        fn an_inserted_event_is_found_at_the_latest_one_later(mut events in stored(), at: prop::sample::Index) {
            let at = at.index(events.len());
            let forged = edited(&events[at], |leaf| leaf.object.push('!'));
            events.insert(at, forged);
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong.seq, at as i64 + 2);
        }

        #[test]
        fn swapped_events_are_found(
            mut events in stored(), one: prop::sample::Index, other: prop::sample::Index,
        ) {
            let (one, other) = (one.index(events.len()), other.index(events.len()));
            prop_assume!(one != other);
            events.swap(one, other);
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong.seq, one.min(other) as i64 + 1);
        }

        #[test]
        fn a_stretch_cut_from_the_middle_is_found(
            mut events in stored(), from: prop::sample::Index, length: prop::sample::Index,
        ) {
            let from = from.index(events.len() - 1);
            let length = 1 + length.index(events.len() - 1 - from);
            events.drain(from..from + length);
            let wrong = verify_chain(events_of(&events)).unwrap_err();
            prop_assert_eq!(wrong.seq, from as i64 + 1);
        }
    }

    fn events_of(events: &[Stored]) -> Vec<(&[u8], &[u8])> {
        events.iter().map(|(bytes, hash)| (bytes.as_slice(), hash.as_slice())).collect()
    }

    #[test]
    fn other_spellings_of_a_leaf_are_refused_even_with_their_own_hash() {
        let (bytes, _) = chain_of(&["x".to_owned()]).remove(0);
        let spaced = String::from_utf8(bytes).unwrap().replacen(':', ": ", 1).into_bytes();
        let hash = Leaf::hash_bytes(&spaced).0;
        let wrong = { Chain::START }.follow(&spaced, &hash).unwrap_err();
        assert!(matches!(wrong.why, Why::Unreadable(_)), "{wrong}");
    }
}
