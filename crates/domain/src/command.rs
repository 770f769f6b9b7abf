//! What a person asks of one agent. It travels in the answer to a heartbeat and is acknowledged in a later one
//! (docs/agent-protocol.md).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Timestamp, heartbeat::HeartbeatStatus};

/// An agent that has not answered after this long is no longer asked: what was wanted then may be wrong now.
pub const COMMAND_LIFETIME_SECONDS: i64 = 300;
/// Commands that one agent may have open.
pub const COMMANDS_OPEN: usize = 8;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|one| one.as_str() == text);
                found.ok_or_else(|| format!("unknown word `{text}`"))
            }
        }
    };
}

words! {
    Verb {
        /// Its work ends and begins anew, as another boot.
        Restart "restart",
        /// Its work ends. It still speaks, so that it can be started.
        Stop "stop",
        Start "start",
    }
}

words! {
    CommandState {
        /// On its way: not acknowledged yet.
        Pending "pending",
        Done "done",
        /// The agent could not, and said why.
        Refused "refused",
        /// Nobody acknowledged it in time.
        Expired "expired",
    }
}

impl CommandState {
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    pub id: i64,
    pub environment: String,
    /// The instance's name.
    pub instance: String,
    /// Compute Engine's number: a VM that was made anew under the name is not meant.
    pub instance_id: String,
    /// The boot that was running when it was asked for: an agent that has restarted since does not restart again.
    pub boot_id: String,
    pub verb: Verb,
    pub state: CommandState,
    pub asked_by: String,
    pub asked_by_name: String,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was acknowledged or ran out.
    pub ended_at: Option<Timestamp>,
    /// What the agent said of it, or why it ended.
    pub detail: String,
}

/// A command as an agent gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: String,
    pub command: Verb,
    pub boot_id: String,
    pub expires_at: Timestamp,
}

/// `cmd-12`: how a command is called on the wire and in the log.
pub fn name(id: i64) -> String {
    format!("cmd-{id}")
}

impl Command {
    pub fn name(&self) -> String {
        name(self.id)
    }

    pub fn order(&self) -> Order {
        Order {
            id: self.name(),
            command: self.verb,
            boot_id: self.boot_id.clone(),
            expires_at: self.expires_at,
        }
    }
}

/// What became of a command, as its agent says in a later heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    pub id: String,
    pub outcome: Outcome,
    #[serde(default)]
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done,
    Refused,
}

impl Outcome {
    pub const fn state(self) -> CommandState {
        match self {
            Self::Done => CommandState::Done,
            Self::Refused => CommandState::Refused,
        }
    }
}

impl Acknowledgement {
    /// The number in `cmd-12`.
    pub fn command(&self) -> Option<i64> {
        self.id.strip_prefix("cmd-")?.parse().ok().filter(|id| *id > 0)
    }
}

impl Verb {
    /// Why an agent that says this of itself need not be asked.
    pub const fn pointless(self, status: HeartbeatStatus) -> Option<&'static str> {
        match (self, status) {
            (Self::Stop, HeartbeatStatus::Stopped) => Some("it is stopped already"),
            (Self::Restart, HeartbeatStatus::Stopped) => Some("it is stopped: start it instead"),
            (Self::Start, HeartbeatStatus::Stopped) | (Self::Stop | Self::Restart, _) => None,
            (Self::Start, _) => Some("it runs already"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for verb in Verb::ALL {
            assert_eq!(verb.as_str().parse(), Ok(*verb));
        }
        for state in CommandState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert!("reboot".parse::<Verb>().is_err());
    }

    #[test]
    fn only_our_own_names_are_acknowledged() {
        let named = |id: &str| {
            Acknowledgement { id: id.into(), outcome: Outcome::Done, detail: String::new() }.command()
        };
        assert_eq!(named("cmd-12"), Some(12));
        for other in ["cmd-", "cmd-0", "cmd--3", "12", "cmd-99999999999999999999", "CMD-1"] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn what_would_change_nothing_says_so() {
        use HeartbeatStatus::{Healthy, Stopped, Unhealthy};
        assert_eq!(Verb::Restart.pointless(Unhealthy), None);
        assert!(Verb::Start.pointless(Healthy).is_some());
        assert_eq!(Verb::Start.pointless(Stopped), None);
        assert!(Verb::Stop.pointless(Stopped).is_some());
    }
}
