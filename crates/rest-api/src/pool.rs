//! Pools.

use domain::{AgentType, agent::AgentState, view::pool::PoolRow};

use crate::{Condition, schema::wire};

wire! { answer
    /// How many of a pool's agents are in a state.
    AgentCount {
        state: AgentState,
        count: u32,
    }
}

wire! { answer
    /// A pool: what is declared beside what was last seen.
    Pool {
        environment: String,
        name: String,
        agent_type: AgentType,
        /// The declared template's name.
        template: String,
        /// The managed instance group's name.
        instance_group: String,
        /// VMs wanted now; under an autoscaler what it wants at the moment.
        desired_size: u32,
        /// VMs that run; null: nothing was seen yet.
        observed_size: Option<u32>,
        /// `1 to 5` where an autoscaler decides.
        autoscaling: Option<String>,
        /// States that occur, worst first.
        agents: Vec<AgentCount>,
        conditions: Vec<Condition>,
        generation: i64,
        observed_generation: i64,
    }
}

wire! { answer
    /// An environment's pools, in the order of its declaration.
    PoolList {
        pools: Vec<Pool>,
    }
}

impl From<&PoolRow> for Pool {
    fn from(row: &PoolRow) -> Self {
        Self {
            environment: row.environment.clone(),
            name: row.name.clone(),
            agent_type: row.agent_type,
            template: row.template.clone(),
            instance_group: row.group.clone(),
            desired_size: row.desired_size,
            observed_size: row.observed_size,
            autoscaling: row.autoscaling.clone(),
            agents: row
                .agents
                .iter()
                .map(|agents| AgentCount { state: agents.state, count: agents.count })
                .collect(),
            conditions: row.conditions.iter().map(Condition::from).collect(),
            generation: row.generation,
            observed_generation: row.observed_generation,
        }
    }
}
