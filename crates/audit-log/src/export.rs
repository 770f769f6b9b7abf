//! The log as a file: a line an event, oldest first, with the bytes that were hashed and their hash. Verified offline, and
//! simple enough to be verified by a program of somebody else (docs/audit-export.md).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Chain, Checkpoint, FirstWrong, Leaf};

/// One line: `{"hash":"…","leaf":"…"}`. The leaf is text within the text, so that no reader has to spell it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// As it is stored; whether it is right is for the reader to find out.
    pub hash: String,
    pub leaf: String,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::Value::from(text);
        write!(f, "{{\"hash\":{},\"leaf\":{}}}", text(&self.hash), text(&self.leaf))
    }
}

/// The first line of an export that is wrong, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct WrongLine {
    pub line: u64,
    pub why: WhyLine,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyLine {
    #[error("it is no line of an export, which has `hash` and `leaf`: {0}")]
    Unreadable(String),
    #[error("{0}")]
    Event(FirstWrong),
}

/// An export, followed line by line. The event before the first line is believed, by the hash that the first line gives;
/// so is the one before each gap, which a filter leaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Export<'a> {
    lines: u64,
    first: Option<i64>,
    chain: Option<Chain>,
    stretches: u64,
    witnessed: Option<&'a Checkpoint>,
    reached: bool,
}

impl<'a> Export<'a> {
    /// Before its first line. Where it comes to the checkpoint it is held against it.
    pub fn new(witnessed: Option<&'a Checkpoint>) -> Self {
        Self { witnessed, ..Self::default() }
    }

    /// Lines that are right.
    pub const fn count(&self) -> u64 {
        self.lines
    }

    /// The first event's number and the last one's; None before the first line.
    pub fn range(&self) -> Option<(i64, i64)> {
        Some((self.first?, self.chain?.seq()))
    }

    /// Runs of events that follow each other: 1 where none is left out in between.
    pub const fn stretches(&self) -> u64 {
        self.stretches
    }

    /// Whether it holds, or follows, the event that the checkpoint witnessed.
    pub const fn reached_checkpoint(&self) -> bool {
        self.reached
    }

    /// Takes the next line.
    pub fn follow(&mut self, line: &str) -> Result<(), WrongLine> {
        let wrong = |why| WrongLine { line: self.lines + 1, why };
        let exported: Exported =
            serde_json::from_str(line).map_err(|error| wrong(WhyLine::Unreadable(error.to_string())))?;
        let event = |found: FirstWrong| wrong(WhyLine::Event(found));
        let bytes = exported.leaf.as_bytes();
        let mut reached = self.reached;
        let mut compare = |chain: &Chain| match self.witnessed {
            Some(witnessed) => {
                reached |= witnessed.seq == chain.seq();
                witnessed.compare(chain)
            }
            None => Ok(()),
        };
        let (mut chain, begins) = match (self.chain, Leaf::from_bytes(bytes)) {
            (Some(chain), Ok(leaf)) if leaf.seq <= chain.seq().saturating_add(1) => (chain, false),
            // Nothing comes before the first event, whatever it says.
            (_, Ok(leaf)) if leaf.seq <= 1 => (Chain::START, true),
            (_, Ok(leaf)) => (Chain::at(leaf.seq - 1, leaf.prev), true),
            (chain, Err(_)) => (chain.unwrap_or(Chain::START), false),
        };
        if begins {
            compare(&chain).map_err(event)?;
        }
        // A stored hash of another spelling is none.
        let hash: Vec<u8> =
            exported.hash.parse().map_or_else(|_| Vec::new(), |hash: crate::Hash| hash.0.to_vec());
        let leaf = chain.follow(bytes, &hash).map_err(event)?;
        compare(&chain).map_err(event)?;
        self.first = self.first.or(Some(leaf.seq));
        self.stretches += u64::from(begins);
        (self.chain, self.lines, self.reached) = (Some(chain), self.lines + 1, reached);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::actor::ActorKind;
    use proptest::prelude::*;
    use serde_json::Map;

    use super::*;
    use crate::{Hash, LeafActor, VERSION, Why};

    fn log(events: i64) -> Vec<String> {
        let mut prev = Hash::ZERO;
        (1..=events)
            .map(|seq| {
                let leaf = Leaf {
                    v: VERSION,
                    seq,
                    prev,
                    ts: "2026-01-01T00:00:00.000000Z".into(),
                    env: Some("dev".into()),
                    actor: LeafActor { kind: ActorKind::System, id: "test".into(), authn: "process".into() },
                    action: "claim_change".into(),
                    object: format!("\"a\\b\" {seq} \u{1f600}"),
                    before_sha256: None,
                    after_sha256: None,
                    change_id: None,
                    request_id: "r".into(),
                    trace_id: None,
                    epoch: Some(1),
                    payload: Map::new(),
                };
                let bytes = leaf.to_bytes().unwrap();
                prev = Leaf::hash_bytes(&bytes);
                Exported { hash: prev.to_string(), leaf: String::from_utf8(bytes).unwrap() }.to_string()
            })
            .collect()
    }

    fn follow<'a>(lines: &[String], witnessed: Option<&'a Checkpoint>) -> Result<Export<'a>, WrongLine> {
        let mut export = Export::new(witnessed);
        lines.iter().try_for_each(|line| export.follow(line))?;
        Ok(export)
    }

    fn hash_of(line: &str) -> Hash {
        serde_json::from_str::<Exported>(line).unwrap().hash.parse().unwrap()
    }

    #[test]
    fn a_whole_log_and_any_range_of_it_is_right() {
        let lines = log(9);
        let whole = follow(&lines, None).unwrap();
        assert_eq!((whole.count(), whole.range(), whole.stretches()), (9, Some((1, 9)), 1));
        let range = follow(&lines[3..7], None).unwrap();
        assert_eq!((range.count(), range.range(), range.stretches()), (4, Some((4, 7)), 1));
        assert_eq!(follow(&[], None).unwrap().range(), None);
    }

    #[test]
    fn what_a_filter_leaves_out_parts_the_stretches() {
        let lines = log(9);
        let some: Vec<String> = [0, 1, 4, 5, 8].map(|at| lines[at].clone()).into();
        let export = follow(&some, None).unwrap();
        assert_eq!((export.count(), export.range(), export.stretches()), (5, Some((1, 9)), 3));
    }

    #[test]
    fn an_edited_event_is_named_by_line_and_number() {
        let mut lines = log(5);
        lines[2] = lines[2].replace("claim_change", "fail_change");
        let wrong = follow(&lines, None).unwrap_err();
        assert_eq!((wrong.line, wrong.why), (3, WhyLine::Event(FirstWrong { seq: 3, why: Why::Hash })));
    }

    #[test]
    fn an_event_hashed_anew_breaks_the_link_to_the_next_one() {
        let mut lines = log(5);
        let old: Exported = serde_json::from_str(&lines[2]).unwrap();
        let leaf = old.leaf.replace("claim_change", "fail_change");
        let hash = Leaf::hash_bytes(leaf.as_bytes()).to_string();
        lines[2] = Exported { hash, leaf }.to_string();
        let wrong = follow(&lines, None).unwrap_err();
        assert_eq!((wrong.line, wrong.why), (4, WhyLine::Event(FirstWrong { seq: 4, why: Why::Previous })));
    }

    #[test]
    fn no_event_comes_twice_or_before_an_earlier_one() {
        let lines = log(5);
        let back: Vec<String> = [0, 1, 2, 1].map(|at| lines[at].clone()).into();
        let wrong = follow(&back, None).unwrap_err();
        assert_eq!(
            (wrong.line, wrong.why),
            (4, WhyLine::Event(FirstWrong { seq: 4, why: Why::Sequence(2) }))
        );
    }

    #[test]
    fn a_first_event_has_none_before_it() {
        let mut lines = log(2);
        let old: Exported = serde_json::from_str(&lines[0]).unwrap();
        let leaf = old.leaf.replace(&"0".repeat(64), &"ab".repeat(32));
        let hash = Leaf::hash_bytes(leaf.as_bytes()).to_string();
        lines[0] = Exported { hash, leaf }.to_string();
        let wrong = follow(&lines, None).unwrap_err();
        assert_eq!((wrong.line, wrong.why), (1, WhyLine::Event(FirstWrong { seq: 1, why: Why::Previous })));
    }

    #[test]
    fn it_is_held_against_a_checkpoint_where_it_comes_to_it() {
        let lines = log(9);
        let right = Checkpoint { seq: 4, hash: hash_of(&lines[3]) };
        assert!(follow(&lines, Some(&right)).unwrap().reached_checkpoint());
        assert!(follow(&lines[4..], Some(&right)).unwrap().reached_checkpoint(), "it follows that event");
        assert!(!follow(&lines[5..], Some(&right)).unwrap().reached_checkpoint());
        assert!(!follow(&lines[..3], Some(&right)).unwrap().reached_checkpoint());
        let other = Checkpoint { seq: 4, hash: Hash([1; 32]) };
        for lines in [&lines[..], &lines[4..]] {
            let wrong = follow(lines, Some(&other)).unwrap_err();
            let why = WhyLine::Event(FirstWrong { seq: 4, why: Why::NotAsWitnessed });
            assert_eq!(wrong.why, why);
        }
    }

    proptest! {
        #[test]
        fn mutated_lines_never_pass_as_whole_and_never_panic(
            line in 0..6_usize, at: prop::sample::Index, with in any::<char>(),
        ) {
            let mut lines = log(6);
            let old: Vec<char> = lines[line].chars().collect();
            let at = at.index(old.len());
            let mut new = old.clone();
            new[at] = with;
            lines[line] = new.iter().collect();
            prop_assume!(new != old);
            // JSON may be spelt otherwise and say the same: `\u0061` for `a`, a space between its parts.
            let same = serde_json::from_str::<Exported>(&lines[line]).ok()
                == serde_json::from_str::<Exported>(&log(6)[line]).ok();
            prop_assert_eq!(follow(&lines, None).is_ok(), same);
        }
    }
}
