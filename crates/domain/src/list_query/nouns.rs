//! The keys of each list, and what they are asked of.

use super::{Key, ListQuery};
use crate::{ChangeState, Timestamp, agent::AgentState, instance::Instance, view::change::ChangeRow};

const fn any(name: &'static str) -> Key {
    Key { name, values: Vec::new }
}

/// Names are those of instances; `age` is since Compute Engine made the VM.
pub const INSTANCE_KEYS: &[Key] = &[
    Key { name: "state", values: || AgentState::ALL.map(AgentState::as_str).into() },
    any("pool"),
    any("zone"),
    // The VM's own state, as Compute Engine spells it.
    any("vm"),
];

/// Names are titles and ids; `age` is since it was proposed.
pub const CHANGE_KEYS: &[Key] =
    &[Key { name: "state", values: || ChangeState::ALL.map(ChangeState::as_str).into() }, any("by")];

impl ListQuery {
    pub fn holds_instance(&self, (pool, agent): (&str, AgentState), vm: &Instance, now: Timestamp) -> bool {
        self.is("state", agent.as_str())
            && self.is("pool", pool)
            && self.is("zone", &vm.zone)
            && self.is("vm", vm.status.as_str())
            && self.names(&vm.name)
            && self.aged(vm.created_at, now)
    }

    pub fn holds_change(&self, row: &ChangeRow, now: Timestamp) -> bool {
        self.is("state", row.state.as_str())
            && self.is("by", &row.proposed_by_name)
            && self.names(&format!("{} {}", row.id, row.title))
            && self.aged(Some(row.proposed_at), now)
    }

    /// The states that a change may be in; empty: any.
    pub fn change_states(&self) -> Vec<ChangeState> {
        self.values("state").iter().filter_map(|state| state.parse().ok()).collect()
    }

    /// Whether nothing but the state is asked for.
    pub fn asks_for_states_alone(&self) -> bool {
        self.with("state", None).is_empty()
    }
}
