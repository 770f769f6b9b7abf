//! An instance with its agent.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    columns::{self, Cell, columns},
    pool::AgentCount,
};
use crate::{
    Timestamp,
    agent::{AgentState, LastHeartbeat, RefusedHeartbeat},
    heartbeat::HeartbeatStatus,
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
};

/// All that is known of an instance this second, as the live stream tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    pub environment: String,
    /// The pool's declared name.
    pub pool: String,
    pub instance: Instance,
    pub agent: AgentState,
    pub last_heartbeat: Option<LastHeartbeat>,
    /// The newest, where none was taken since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedHeartbeat>,
}

/// What lists show of an instance. A page carries its rows twice, drawn and to be drawn from, so that what is read on the
/// instance's own page alone is not in them, and they travel by their columns.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceLine {
    pub environment: String,
    /// The pool's declared name.
    pub pool: String,
    pub name: String,
    pub zone: String,
    pub status: InstanceStatus,
    pub current_action: CurrentAction,
    pub probe: Option<ProbeHealth>,
    pub address: Option<String>,
    pub agent: AgentState,
    pub last: Option<LineHeartbeat>,
}

columns!(InstanceLine: environment pool name zone status current_action probe address agent last);

/// The newest heartbeat, as far and as precisely as lists show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineHeartbeat {
    /// To the last decimal: by it the stream knows what is newer.
    pub received_at: Timestamp,
    pub cpu_percent: f64,
    pub memory_mib: u64,
    /// What the agent calls itself.
    pub degraded: bool,
}

/// Behind what is written of a heartbeat, for the few that are.
const DEGRADED: &str = "degraded";

impl From<&LastHeartbeat> for LineHeartbeat {
    fn from(last: &LastHeartbeat) -> Self {
        let metrics = &last.heartbeat.metrics;
        let percent = metrics.cpu_utilization_percent;
        Self {
            received_at: last.received_at,
            cpu_percent: if percent < 10.0 { (percent * 10.0).round() / 10.0 } else { percent.round() },
            memory_mib: metrics.memory_usage_bytes.saturating_add(1 << 19) >> 20,
            degraded: last.heartbeat.status == HeartbeatStatus::Degraded,
        }
    }
}

impl Cell for LineHeartbeat {
    /// The moment first: that is what it has in common with its neighbours'.
    fn written(&self) -> String {
        let written = format!("{} {} {}", self.received_at.written(), self.cpu_percent, self.memory_mib);
        if self.degraded { format!("{written} {DEGRADED}") } else { written }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let received_at = Timestamp::read(parts.next()?)?;
        let (cpu_percent, memory_mib) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let degraded = match parts.next() {
            None => false,
            Some(DEGRADED) => true,
            Some(_) => return None,
        };
        parts.next().is_none().then_some(Self { received_at, cpu_percent, memory_mib, degraded })
    }
}

/// A word of Compute Engine's, also one that it added since.
macro_rules! words_of_its_own {
    ($($word:ty),+) => {
        $(impl Cell for $word {
            fn written(&self) -> String {
                self.as_str().to_owned()
            }

            fn read(text: &str) -> Option<Self> {
                Some(text.into())
            }
        })+
    };
}

words_of_its_own!(InstanceStatus, CurrentAction, ProbeHealth);

impl From<InstanceRow> for InstanceLine {
    fn from(row: InstanceRow) -> Self {
        let InstanceRow { environment, pool, instance, agent, last_heartbeat, .. } = row;
        let last = last_heartbeat.as_ref().map(LineHeartbeat::from);
        Self {
            environment,
            pool,
            name: instance.name,
            zone: instance.zone,
            status: instance.status,
            current_action: instance.current_action,
            probe: instance.probe,
            address: instance.address,
            agent,
            last,
        }
    }
}

/// The instance page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceView {
    pub row: InstanceRow,
    /// While its agent fails: since when, where that is still known.
    pub fails_since: Option<Timestamp>,
    /// Of the version of its template that the group intends for it. None: it is leaving, or the version was never declared here.
    pub machine_type: Option<String>,
    /// When Compute Engine was last read.
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}

/// Some of an environment's instances, by zone and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstancePage {
    pub instances: Vec<InstanceRow>,
    /// Zone and name of the last one, where more follow.
    pub next: Option<(String, String)>,
}

/// Where an instance stands in its environment's list: `web/us-central1-a/agent-web-x7k2`. All that the list is ordered by, so that
/// a page can begin beside an instance that has left since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstancePlace {
    pub pool: String,
    pub zone: String,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place in the list of instances looks like web/us-central1-a/agent-web-x7k2")]
pub struct InvalidPlace;

impl InstancePlace {
    pub fn of(line: &InstanceLine) -> Self {
        Self { pool: line.pool.clone(), zone: line.zone.clone(), name: line.name.clone() }
    }
}

impl fmt::Display for InstancePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.pool, self.zone, self.name)
    }
}

impl FromStr for InstancePlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let mut parts = text.split('/').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(pool), Some(zone), Some(name), None) => Ok(Self { pool, zone, name }),
            _ => Err(InvalidPlace),
        }
    }
}

impl TryFrom<String> for InstancePlace {
    type Error = InvalidPlace;

    fn try_from(text: String) -> Result<Self, InvalidPlace> {
        text.parse()
    }
}

impl From<InstancePlace> for String {
    fn from(place: InstancePlace) -> Self {
        place.to_string()
    }
}

/// A page of an environment's instances: by pool in the declaration's order, then by zone and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceList {
    /// Those of this page.
    #[serde(with = "columns")]
    pub rows: Vec<InstanceLine>,
    /// How many there are, whatever the words say.
    pub total: u64,
    /// Of those that the words leave when nothing is asked of the agent's state; only states that occur, worst first.
    pub agents: Vec<AgentCount>,
    /// How many all words leave; none where they cannot be read.
    pub found: u64,
    /// How many of these come before this page.
    pub earlier: u64,
    /// Pass as `before` for the page before this one.
    pub previous: Option<InstancePlace>,
    /// Pass as `after` for the following page.
    pub next: Option<InstancePlace>,
    pub now: Timestamp,
}

/// Rows of one page at most, and as many an open page has the live stream follow.
pub const PAGE_ROWS: usize = 50;

/// What the live stream tells every page of an instance that came, passed into another state, or left. Its row is sent to those
/// alone that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDelta {
    pub pool: String,
    pub zone: String,
    pub name: String,
    /// None: it has come.
    pub before: Option<AgentState>,
    /// None: it has left.
    pub after: Option<AgentState>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(number: i64) -> InstanceLine {
        InstanceLine {
            environment: "dev".into(),
            pool: "web".into(),
            name: format!("agent-web-{number:04}"),
            zone: "us-central1-a".into(),
            status: InstanceStatus::Running,
            current_action: CurrentAction::None,
            probe: Some(ProbeHealth::Healthy),
            address: Some(format!("10.128.0.{number}")),
            agent: AgentState::Healthy,
            last: Timestamp::from_timestamp(1_795_057_964, 123_456_789).map(|received_at| LineHeartbeat {
                received_at: received_at + chrono::TimeDelta::milliseconds(number),
                cpu_percent: 4.5,
                memory_mib: 412,
                degraded: false,
            }),
        }
    }

    fn list(rows: Vec<InstanceLine>) -> InstanceList {
        InstanceList {
            total: rows.len() as u64,
            agents: Vec::new(),
            found: rows.len() as u64,
            earlier: 0,
            previous: None,
            next: None,
            rows,
            now: Timestamp::default(),
        }
    }

    #[test]
    fn a_row_on_its_way_is_what_differs_from_the_one_above() {
        let rows: Vec<_> = (0..50).map(line).collect();
        let sent = serde_json::to_string(&list(rows.clone())).unwrap();
        assert!(sent.len() < 50 * 50, "{sent}");
        assert_eq!(serde_json::from_str::<InstanceList>(&sent).unwrap(), list(rows));
        let torn = sent.replacen("0dev,", "-dev,", 1);
        assert!(serde_json::from_str::<InstanceList>(&torn).is_err(), "{torn}");
    }

    #[test]
    fn what_an_agent_calls_itself_is_on_its_way_where_it_is_not_well() {
        let well = line(1).last.unwrap();
        let degraded = LineHeartbeat { degraded: true, ..well };
        assert_eq!(degraded.written(), format!("{} degraded", well.written()));
        for one in [well, degraded] {
            assert_eq!(LineHeartbeat::read(&one.written()), Some(one));
        }
        for torn in ["ill", "degraded degraded", ""] {
            assert_eq!(LineHeartbeat::read(&format!("{} {torn}", well.written())), None, "{torn}");
        }
    }

    fn any_line() -> impl Strategy<Value = InstanceLine> {
        let texts = prop::array::uniform5("[a-c,~\"=]{0,4}");
        let last = prop::option::of((
            0_i64..4_000_000_000,
            0_u32..1_000_000_000,
            0_u64..100_000,
            any::<u64>(),
            any::<bool>(),
        ));
        let probe = prop::option::of("HEALTHY|NEW");
        let address = prop::option::of("(10\\.[0-9])?");
        let agent = prop::sample::select(AgentState::ALL.to_vec());
        (texts, last, probe, address, agent).prop_map(
            |([environment, pool, name, zone, word], last, probe, address, agent)| InstanceLine {
                environment,
                pool,
                name,
                zone,
                status: word.clone().into(),
                current_action: word.into(),
                probe: probe.map(ProbeHealth::from),
                address,
                agent,
                last: last.and_then(|(at, nanos, thousandths, memory_mib, degraded)| {
                    let received_at = Timestamp::from_timestamp(at, nanos)?;
                    let cpu_percent = thousandths as f64 / 1000.0;
                    Some(LineHeartbeat { received_at, cpu_percent, memory_mib, degraded })
                }),
            },
        )
    }

    proptest! {
        #[test]
        fn rows_arrive_as_they_were_sent(rows in prop::collection::vec(any_line(), 0..12)) {
            let sent = serde_json::to_string(&list(rows.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<InstanceList>(&sent).unwrap(), list(rows));
        }
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let text = "web/us-central1-a/agent-web-x7k2";
        let place: InstancePlace = text.parse().unwrap();
        assert_eq!((place.pool.as_str(), place.name.as_str()), ("web", "agent-web-x7k2"));
        assert_eq!(place.to_string(), text);
        for wrong in ["", "web", "us-central1-a/agent-web-x7k2", "chg-4", "a/b/c/d"] {
            assert_eq!(wrong.parse::<InstancePlace>(), Err(InvalidPlace), "{wrong}");
        }
    }
}
