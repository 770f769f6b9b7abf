//! The conditions that somebody must hear of, each judged from figures that were really measured. What is not measured says so.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

macro_rules! kinds {
    ($($variant:ident $text:literal $title:literal $measured:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AlertKind { $($variant,)* }

        impl AlertKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable, explained in docs/errors.md.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What is measured, exactly.
            pub const fn measured(self) -> &'static str {
                match self { $(Self::$variant => $measured,)* }
            }
        }
    };
}

kinds! {
    ProvisioningFailureRate "provisioning_failure_rate" "Provisioning fails"
        "Operations that Compute Engine ended with an error in the last hour, and VMs whose group's last attempt failed, of all operations that ended in that hour and all VMs that are being made.",
    MissedHeartbeats "missed_heartbeats" "Heartbeats are missed"
        "Silent agents, of all agents that should speak (neither starting nor stopped nor leaving).",
    KeyRotationFailures "key_rotation_failures" "Keys cannot be renewed"
        "Attempts to fetch the rotating keys that VMs' identity tokens are signed with, since the last one that succeeded, in each serving process. The key that seals agents' credentials is not rotated by the control plane, so nothing of it is measured yet.",
    AuditPipelineLag "audit_pipeline_lag" "The audit log is not followed"
        "Events appended and not yet verified by the leader, and how old the oldest of them is. Publishing outside of the database is not there yet, so its lag is not measured yet.",
    DatabaseConnections "database_connections" "Database connections run out"
        "Connections in use of those that each process may open, and sessions on the database server of those that it allows; the fuller of the two.",
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AlertKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("unknown alert `{text}`"))
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub part: u64,
    pub of: u64,
}

impl Share {
    /// More than `percent` of a whole that is not empty.
    pub fn above(self, percent: u64) -> bool {
        self.part.saturating_mul(100) > self.of.saturating_mul(percent)
    }

    /// Which of two is the fuller.
    #[must_use]
    pub fn fuller(self, other: Self) -> Self {
        let ahead = u128::from(other.part) * u128::from(self.of.max(1))
            > u128::from(self.part) * u128::from(other.of.max(1));
        if ahead { other } else { self }
    }
}

/// Everything that the conditions are judged by. None: nobody measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub provisioning: Option<Share>,
    pub heartbeats: Option<Share>,
    pub keys: Option<KeyFigures>,
    pub audit: Option<AuditFigures>,
    pub connections: Option<Share>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFigures {
    /// Since the last success; of the worst process.
    pub failures: u64,
    /// Whether keys were ever asked for.
    pub asked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditFigures {
    pub unverified: u64,
    pub oldest_seconds: u64,
    /// The verifier found an event that is not the one that was appended.
    pub broken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Ok,
    Firing,
    NotMeasured,
}

impl AlertState {
    pub const ALL: [Self; 3] = [Self::Ok, Self::Firing, Self::NotMeasured];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Firing => "firing",
            Self::NotMeasured => "not_measured",
        }
    }
}

/// One condition as it was judged last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub kind: AlertKind,
    pub state: AlertState,
    /// What was measured, in words: `2 of 40 agents are silent`.
    pub value: String,
    /// When it fires, in words.
    pub limit: String,
    /// In this state since.
    pub since: Timestamp,
    pub judged_at: Timestamp,
}

/// A judgement without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub kind: AlertKind,
    pub state: AlertState,
    pub value: String,
    pub limit: String,
}

const PROVISIONING_PERCENT: u64 = 20;
const HEARTBEATS_PERCENT: u64 = 10;
const KEY_FAILURES: u64 = 3;
const AUDIT_SECONDS: u64 = 300;
const CONNECTIONS_PERCENT: u64 = 80;

/// Each condition, in order. One that fires ends only at half its limit, so that it does not flap: `firing` says which do.
pub fn judge(figures: &Figures, firing: impl Fn(AlertKind) -> bool) -> Vec<Judgement> {
    AlertKind::ALL.iter().map(|kind| judge_one(*kind, figures, firing(*kind))).collect()
}

fn judge_one(kind: AlertKind, figures: &Figures, firing: bool) -> Judgement {
    let now = |limit: u64| if firing { limit / 2 } else { limit };
    let (limit, measured) = match kind {
        AlertKind::ProvisioningFailureRate => (
            format!("above {PROVISIONING_PERCENT} %"),
            figures.provisioning.map(|share| {
                (
                    share.above(now(PROVISIONING_PERCENT)),
                    format!("{} of {} attempts failed", share.part, share.of),
                )
            }),
        ),
        AlertKind::MissedHeartbeats => (
            format!("above {HEARTBEATS_PERCENT} %"),
            figures.heartbeats.map(|share| {
                (
                    share.above(now(HEARTBEATS_PERCENT)),
                    format!("{} of {} agents are silent", share.part, share.of),
                )
            }),
        ),
        AlertKind::KeyRotationFailures => (
            format!("after {KEY_FAILURES} failures in a row"),
            figures.keys.map(|keys| {
                let value = match (keys.asked, keys.failures) {
                    (false, _) => "no key was needed yet".to_owned(),
                    (true, 0) => "the last fetch succeeded".to_owned(),
                    (true, failures) => format!("{failures} fetches failed in a row"),
                };
                // Any failure keeps it firing: the next success is its end.
                (keys.failures >= if firing { 1 } else { KEY_FAILURES }, value)
            }),
        ),
        AlertKind::AuditPipelineLag => (
            format!("on an event unverified for {} min, or a wrong one", AUDIT_SECONDS / 60),
            figures.audit.map(|audit| {
                let value = match (audit.broken, audit.unverified) {
                    (true, _) => "an event is not the one that was appended: run audit verify".to_owned(),
                    (false, 0) => "every event is verified".to_owned(),
                    (false, events) => {
                        format!("{events} events unverified, the oldest for {} s", audit.oldest_seconds)
                    }
                };
                (audit.broken || audit.oldest_seconds > now(AUDIT_SECONDS), value)
            }),
        ),
        AlertKind::DatabaseConnections => (
            format!("above {CONNECTIONS_PERCENT} %"),
            figures.connections.map(|share| {
                (
                    share.above(now(CONNECTIONS_PERCENT)),
                    format!("{} of {} connections in use", share.part, share.of),
                )
            }),
        ),
    };
    match measured {
        Some((fires, value)) => {
            let state = if fires { AlertState::Firing } else { AlertState::Ok };
            Judgement { kind, state, value, limit }
        }
        None => {
            Judgement { kind, state: AlertState::NotMeasured, value: "not measured yet".to_owned(), limit }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(figures: &Figures, kind: AlertKind, firing: bool) -> Judgement {
        judge(figures, |_| firing).into_iter().find(|one| one.kind == kind).unwrap()
    }

    #[test]
    fn what_nobody_measured_is_never_called_well() {
        for judgement in judge(&Figures::default(), |_| false) {
            assert_eq!(judgement.state, AlertState::NotMeasured, "{:?}", judgement.kind);
            assert_eq!(judgement.value, "not measured yet");
        }
    }

    #[test]
    fn a_share_fires_above_its_limit_and_ends_at_half_of_it() {
        let silent = |part| Figures { heartbeats: Some(Share { part, of: 100 }), ..Figures::default() };
        let state = |part, firing| of(&silent(part), AlertKind::MissedHeartbeats, firing).state;
        assert_eq!((state(10, false), state(11, false)), (AlertState::Ok, AlertState::Firing));
        assert_eq!((state(6, true), state(5, true)), (AlertState::Firing, AlertState::Ok));
        assert_eq!(of(&silent(11), AlertKind::MissedHeartbeats, false).value, "11 of 100 agents are silent");
    }

    #[test]
    fn of_nothing_nothing_fails() {
        let empty = Some(Share { part: 0, of: 0 });
        let figures =
            Figures { provisioning: empty, heartbeats: empty, connections: empty, ..Figures::default() };
        for judgement in judge(&figures, |_| false) {
            assert_ne!(judgement.state, AlertState::Firing);
        }
    }

    #[test]
    fn keys_fire_after_three_failures_until_one_success() {
        let keys =
            |failures| Figures { keys: Some(KeyFigures { failures, asked: true }), ..Figures::default() };
        let state = |failures, firing| of(&keys(failures), AlertKind::KeyRotationFailures, firing).state;
        assert_eq!((state(2, false), state(3, false)), (AlertState::Ok, AlertState::Firing));
        assert_eq!((state(1, true), state(0, true)), (AlertState::Firing, AlertState::Ok));
    }

    #[test]
    fn a_broken_log_fires_at_once() {
        let audit = AuditFigures { broken: true, ..AuditFigures::default() };
        let figures = Figures { audit: Some(audit), ..Figures::default() };
        assert_eq!(of(&figures, AlertKind::AuditPipelineLag, false).state, AlertState::Firing);
    }

    #[test]
    fn the_fuller_of_two_counts() {
        let (half, most) = (Share { part: 5, of: 10 }, Share { part: 90, of: 100 });
        assert_eq!((half.fuller(most), most.fuller(half)), (most, most));
        assert_eq!(Share::default().fuller(half), half);
    }

    #[test]
    fn kinds_are_read_back() {
        for kind in AlertKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert!(!kind.title().is_empty() && !kind.measured().is_empty());
        }
    }
}
