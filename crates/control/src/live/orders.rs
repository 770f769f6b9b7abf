//! Commands on their way to agents, and what agents said of them until the store was told.

use std::collections::{HashMap, HashSet};

use domain::{
    Timestamp,
    command::{Acknowledgement, Command, Order},
};

use super::rows::Key;

/// An agent's word on a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub environment: String,
    pub name: String,
    pub instance_id: String,
    pub acknowledgement: Acknowledgement,
    pub at: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Orders {
    pending: HashMap<Key, Vec<Command>>,
    /// Ids that were acknowledged; not asked for again while the store is told.
    answered: HashSet<i64>,
    heard: Vec<Acknowledged>,
}

impl Orders {
    /// All that the store knows to be on their way.
    pub(super) fn set(&mut self, commands: Vec<Command>) {
        self.answered.retain(|id| commands.iter().any(|command| command.id == *id));
        self.pending.clear();
        for command in commands {
            let key = (command.environment.clone(), command.instance.clone());
            self.pending.entry(key).or_default().push(command);
        }
    }

    /// What the agent of this VM is to be asked now.
    pub(super) fn of(&self, key: &Key, instance_id: &str, now: Timestamp) -> Vec<Order> {
        let commands = self.pending.get(key).map(Vec::as_slice).unwrap_or_default();
        commands
            .iter()
            .filter(|command| command.instance_id == instance_id && command.expires_at > now)
            .filter(|command| !self.answered.contains(&command.id))
            .map(Command::order)
            .collect()
    }

    /// Takes the agent's word. One that was never asked for is dropped; one that is said again is told again.
    pub(super) fn hear(&mut self, key: &Key, instance_id: &str, said: Vec<Acknowledgement>, now: Timestamp) {
        let asked = self.pending.get(key).map(Vec::as_slice).unwrap_or_default();
        for acknowledgement in said {
            let Some(id) = acknowledgement.command() else { continue };
            if asked.iter().any(|command| command.id == id && command.instance_id == instance_id)
                && self.answered.insert(id)
            {
                self.heard.push(Acknowledged {
                    environment: key.0.clone(),
                    name: key.1.clone(),
                    instance_id: instance_id.to_owned(),
                    acknowledgement,
                    at: now,
                });
            }
        }
    }

    pub(super) fn take(&mut self) -> Vec<Acknowledged> {
        std::mem::take(&mut self.heard)
    }

    pub(super) fn put_back(&mut self, mut heard: Vec<Acknowledged>) {
        heard.append(&mut self.heard);
        self.heard = heard;
    }
}

#[cfg(test)]
mod tests {
    use domain::command::{CommandState, Outcome, Verb};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn command(id: i64) -> Command {
        Command {
            id,
            environment: "dev".into(),
            instance: "a".into(),
            instance_id: "7".into(),
            boot_id: "b".into(),
            verb: Verb::Restart,
            state: CommandState::Pending,
            asked_by: "olga".into(),
            asked_by_name: "Olga".into(),
            asked_at: at(0),
            expires_at: at(300),
            ended_at: None,
            detail: String::new(),
        }
    }

    #[test]
    fn a_command_is_asked_until_it_is_acknowledged_or_runs_out() {
        let mut orders = Orders::default();
        let key = ("dev".to_owned(), "a".to_owned());
        orders.set(vec![command(1)]);
        let asked = orders.of(&key, "7", at(1));
        assert_eq!((asked.len(), asked[0].id.as_str()), (1, "cmd-1"));
        assert!(orders.of(&key, "8", at(1)).is_empty(), "another VM of the name");
        assert!(orders.of(&key, "7", at(300)).is_empty(), "too late");

        let said =
            |id: &str| Acknowledgement { id: id.into(), outcome: Outcome::Done, detail: String::new() };
        orders.hear(&key, "8", vec![said("cmd-1")], at(2));
        orders.hear(&key, "7", vec![said("cmd-2"), said("nonsense")], at(2));
        assert!(orders.take().is_empty(), "not theirs, or never asked for");
        orders.hear(&key, "7", vec![said("cmd-1"), said("cmd-1")], at(2));
        assert!(orders.of(&key, "7", at(3)).is_empty());
        assert_eq!(orders.take().len(), 1);
        // The store had already forgotten it, or a restart of ours lost the word: it is said and heard again.
        orders.set(Vec::new());
        orders.set(vec![command(1)]);
        orders.hear(&key, "7", vec![said("cmd-1")], at(4));
        assert_eq!(orders.take().len(), 1);
    }
}
