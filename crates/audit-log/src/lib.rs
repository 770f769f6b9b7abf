//! The audit log's bytes: how an event becomes a leaf, how leaves are chained, and how a chain is verified.
//! No I/O: the store writes with it, and auditors verify offline with it.

pub mod canonical;
mod chain;
mod checkpoint;
mod decimal;
mod export;
mod hash;
mod leaf;

pub use chain::{Chain, FirstWrong, Why, verify_chain};
pub use checkpoint::{Checkpoint, NoCheckpoint};
pub use export::{Export, Exported, WhyLine, WrongLine};
pub use hash::Hash;
pub use leaf::{Leaf, LeafActor, LeafError, VERSION, timestamp};
