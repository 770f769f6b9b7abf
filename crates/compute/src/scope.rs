//! Where a call goes, and the name of what it started.

use std::{fmt, str::FromStr};

/// One environment's place in Compute Engine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub project: String,
    pub region: String,
}

impl Scope {
    pub fn new(project: impl Into<String>, region: impl Into<String>) -> Self {
        Self { project: project.into(), region: region.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OperationScope {
    Global,
    Region,
    /// The zone's short name.
    Zone(String),
}

/// A long-running operation, within a [`Scope`]. Its text (`global/…`, `region/…`, `zones/us-central1-a/…`) is what a store keeps,
/// so that a process that died while it waited can wait again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OperationRef {
    pub scope: OperationScope,
    pub name: String,
}

impl fmt::Display for OperationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            OperationScope::Global => write!(f, "global/{}", self.name),
            OperationScope::Region => write!(f, "region/{}", self.name),
            OperationScope::Zone(zone) => write!(f, "zones/{zone}/{}", self.name),
        }
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no operation: expected `global/NAME`, `region/NAME` or `zones/ZONE/NAME`")]
pub struct ParseOperationRefError(String);

impl FromStr for OperationRef {
    type Err = ParseOperationRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scope, name) = match text.split('/').collect::<Vec<_>>()[..] {
            ["global", name] => (OperationScope::Global, name),
            ["region", name] => (OperationScope::Region, name),
            ["zones", zone, name] if !zone.is_empty() => (OperationScope::Zone(zone.to_owned()), name),
            _ => return Err(ParseOperationRefError(text.to_owned())),
        };
        if name.is_empty() {
            return Err(ParseOperationRefError(text.to_owned()));
        }
        Ok(Self { scope, name: name.to_owned() })
    }
}

/// What came of a call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Compute Engine took it. Persist the operation before waiting for it.
    Started(OperationRef),
    /// Nothing to do: the resource is there as wanted, or gone as wanted.
    AlreadyThere,
}

impl Submitted {
    pub fn operation(&self) -> Option<&OperationRef> {
        match self {
            Self::Started(operation) => Some(operation),
            Self::AlreadyThere => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_operation_reads_back() {
        for scope in
            [OperationScope::Global, OperationScope::Region, OperationScope::Zone("us-central1-a".to_owned())]
        {
            let operation = OperationRef { scope, name: "operation-17-a-b-c".to_owned() };
            assert_eq!(operation.to_string().parse(), Ok(operation));
        }
    }

    #[test]
    fn other_texts_are_no_operations() {
        for text in ["", "operation-1", "global/", "zones/a", "zones//operation-1", "global/a/b"] {
            assert!(text.parse::<OperationRef>().is_err(), "{text}");
        }
    }
}
