//! What people ask of one agent.

use domain::{
    Timestamp,
    command::{self, CommandState, Verb},
};

use crate::schema::wire;

wire! { answer
    /// What was asked of an agent, and what became of it.
    Command {
        id: String,
        environment: String,
        instance: String,
        /// Compute Engine's own number of the VM that is meant.
        instance_id: String,
        command: Verb,
        state: CommandState,
        asked_by_name: String,
        asked_at: Timestamp,
        /// What is not acknowledged by then is no longer asked.
        expires_at: Timestamp,
        /// When it was acknowledged or ran out.
        ended_at: Option<Timestamp>,
        /// What the agent said of it, or why it ended.
        detail: String,
    }
}

wire! { answer
    /// What was asked of one agent lately, the newest first.
    CommandList {
        commands: Vec<Command>,
    }
}

wire! { answer
    /// A command that goes with the answer to the agent's next heartbeat; the agent's commands say what becomes of it.
    Commanded {
        id: String,
        command: Verb,
        state: CommandState,
    }
}

impl Commanded {
    /// One that was just asked for.
    pub fn new(id: i64, command: Verb) -> Self {
        Self { id: command::name(id), command, state: CommandState::Pending }
    }
}

impl From<&command::Command> for Command {
    fn from(command: &command::Command) -> Self {
        Self {
            id: command.name(),
            environment: command.environment.clone(),
            instance: command.instance.clone(),
            instance_id: command.instance_id.clone(),
            command: command.verb,
            state: command.state,
            asked_by_name: command.asked_by_name.clone(),
            asked_at: command.asked_at,
            expires_at: command.expires_at,
            ended_at: command.ended_at,
            detail: command.detail.clone(),
        }
    }
}
