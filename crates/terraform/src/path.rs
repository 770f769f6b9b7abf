//! Where in the declaration something stands, as messages name it: `agent_pools[0].target_size`.

use std::fmt;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'p> {
    /// The module itself: its attributes are named without a prefix.
    Module,
    Field(&'p Path<'p>, &'p str),
    /// A key that the user chose, as in `firewall_rules["allow-ssh"]`.
    Key(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(crate) const fn field(&'p self, name: &'p str) -> Self {
        Self::Field(self, name)
    }

    pub(crate) const fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    pub(crate) const fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module => Ok(()),
            Self::Field(Path::Module, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Key(parent, key) => write!(f, "{parent}[{key:?}]"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_they_would_be_written() {
        let pools = Path::Module.field("agent_pools");
        assert_eq!(pools.item(0).field("target_size").to_string(), "agent_pools[0].target_size");
        let rules = Path::Module.field("firewall_rules");
        assert_eq!(rules.key("a-b").field("allow").item(1).to_string(), "firewall_rules[\"a-b\"].allow[1]");
    }
}
