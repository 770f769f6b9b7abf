//! What an operator keeps elsewhere of a log: how far it went and the hash there. A log that is cut, restored from an older
//! copy or written anew is whole in itself, and differs from what was witnessed.

use std::{fmt, str::FromStr};

use crate::{Chain, FirstWrong, Hash, Why};

const TITLE: &str = "agent-manager audit checkpoint v1";

/// The last event at some moment. As text it is three lines: a title, the number, the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub seq: i64,
    pub hash: Hash,
}

impl Checkpoint {
    /// Whether the chain, verified up to where it stands, is the one that was witnessed. Nothing is said before it reaches the checkpoint.
    pub fn compare(&self, chain: &Chain) -> Result<(), FirstWrong> {
        if chain.seq() == self.seq && chain.hash() != self.hash {
            return Err(FirstWrong { seq: self.seq, why: Why::NotAsWitnessed });
        }
        Ok(())
    }

    /// The end of the log: it must have reached the checkpoint.
    pub fn is_reached(&self, end: &Chain) -> Result<(), FirstWrong> {
        if end.seq() < self.seq {
            return Err(FirstWrong { seq: end.seq() + 1, why: Why::CutOff { witnessed: self.seq } });
        }
        Ok(())
    }
}

impl From<&Chain> for Checkpoint {
    fn from(chain: &Chain) -> Self {
        Self { seq: chain.seq(), hash: chain.hash() }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TITLE}\n{}\n{}\n", self.seq, self.hash)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no checkpoint: it has three lines, `{TITLE}`, the number of an event, and its hash in 64 hex digits"
)]
pub struct NoCheckpoint;

impl FromStr for Checkpoint {
    type Err = NoCheckpoint;

    fn from_str(text: &str) -> Result<Self, NoCheckpoint> {
        let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
        let [TITLE, seq, hash] = lines.as_slice() else { return Err(NoCheckpoint) };
        let seq: i64 = seq.parse().map_err(|_| NoCheckpoint)?;
        if seq < 0 {
            return Err(NoCheckpoint);
        }
        Ok(Self { seq, hash: hash.parse().map_err(|_| NoCheckpoint)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let checkpoint = Checkpoint { seq: 12, hash: Hash([7; 32]) };
        assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
        assert_eq!(checkpoint.to_string().replace('\n', "\r\n").parse(), Ok(checkpoint));
    }

    #[test]
    fn anything_else_is_no_checkpoint() {
        let hash = Hash([7; 32]).to_string();
        for text in [
            String::new(),
            format!("{TITLE}\n12"),
            format!("{TITLE}\n-1\n{hash}"),
            format!("{TITLE}\n12\n{}", &hash[1..]),
            format!("{TITLE}\n12\n{hash}\nmore"),
            format!("agent-manager audit checkpoint v2\n12\n{hash}"),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(NoCheckpoint), "{text}");
        }
    }

    #[test]
    fn a_chain_is_held_against_it_where_it_stands() {
        let start = Chain::START;
        assert_eq!(Checkpoint { seq: 0, hash: Hash::ZERO }.compare(&start), Ok(()));
        let other = Checkpoint { seq: 0, hash: Hash([1; 32]) };
        assert_eq!(other.compare(&start), Err(FirstWrong { seq: 0, why: Why::NotAsWitnessed }));
        let later = Checkpoint { seq: 3, hash: Hash::ZERO };
        assert_eq!(later.compare(&start), Ok(()));
        assert_eq!(later.is_reached(&start), Err(FirstWrong { seq: 1, why: Why::CutOff { witnessed: 3 } }));
    }
}
