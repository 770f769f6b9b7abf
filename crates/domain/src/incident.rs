//! Incidents: one open trouble, one cause, with why it is one. Opened and closed by the control plane itself.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ChangeId, Timestamp, alert::AlertKind, brake::Part};

/// What it is about. Only one incident of a cause is open in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Cause {
    /// Too many agents of a part fail together: the brake holds.
    MassFailure(Part),
    Alert(AlertKind),
    /// What stands in the database for a change is not what was signed or logged. A person says what came of it.
    Forgery(ChangeId),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MassFailure(Part::Pool(name)) => write!(f, "mass_failure/pool/{name}"),
            Self::MassFailure(Part::Zone(name)) => write!(f, "mass_failure/zone/{name}"),
            Self::Alert(kind) => write!(f, "alert/{kind}"),
            Self::Forgery(change) => write!(f, "forgery/{change}"),
        }
    }
}

impl FromStr for Cause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.splitn(3, '/');
        match (words.next(), words.next(), words.next()) {
            (Some("mass_failure"), Some("pool"), Some(name)) => {
                Ok(Self::MassFailure(Part::Pool(name.to_owned())))
            }
            (Some("mass_failure"), Some("zone"), Some(name)) => {
                Ok(Self::MassFailure(Part::Zone(name.to_owned())))
            }
            (Some("alert"), Some(kind), None) => Ok(Self::Alert(kind.parse()?)),
            (Some("forgery"), Some(change), None) => {
                Ok(Self::Forgery(change.parse().map_err(|_| format!("unknown cause `{text}`"))?))
            }
            _ => Err(format!("unknown cause `{text}`")),
        }
    }
}

impl TryFrom<String> for Cause {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cause> for String {
    fn from(cause: Cause) -> Self {
        cause.to_string()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: i64,
    /// None: of the control plane itself.
    pub environment: Option<String>,
    pub cause: Cause,
    /// One line: what is the matter.
    pub title: String,
    /// What was measured when it was opened, and what follows from it.
    pub why: String,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Why it was closed.
    pub closed_because: Option<String>,
    /// With the brake: since when the share has been low enough to let go.
    pub below_since: Option<Timestamp>,
    /// With the brake: when a person let it go.
    pub overruled_at: Option<Timestamp>,
    /// With the brake: each group whose healing it holds.
    pub holds: Vec<Hold>,
}

impl Incident {
    /// `inc-12`.
    pub fn name(&self) -> String {
        format!("inc-{}", self.id)
    }

    /// What [`Incident::name`] names; None of anything else.
    pub fn id_of(name: &str) -> Option<i64> {
        name.strip_prefix("inc-")?.parse().ok()
    }

    pub const fn is_brake(&self) -> bool {
        matches!(self.cause, Cause::MassFailure(_))
    }

    /// Whether a person closes it: nothing that is measured tells that it is over.
    pub const fn is_closed_by_hand(&self) -> bool {
        matches!(self.cause, Cause::Forgery(_))
    }

    /// Whether it holds healing and changes now.
    pub const fn holds_now(&self) -> bool {
        self.is_brake() && self.closed_at.is_none() && self.overruled_at.is_none()
    }
}

/// A group whose healing is held for an incident, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub group: String,
    /// What is wanted of Compute Engine now.
    pub wanted: Wanted,
    /// Whether Compute Engine has taken it.
    pub done: bool,
    /// Why the last attempt failed; it is tried again.
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    Hold,
    Restore,
}

impl Wanted {
    pub const ALL: [Self; 2] = [Self::Hold, Self::Restore];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Restore => "restore",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_s_name_reads_back() {
        assert_eq!(Incident::id_of("inc-12"), Some(12));
        for other in ["12", "inc-", "inc-x", "chg-12", ""] {
            assert_eq!(Incident::id_of(other), None, "{other}");
        }
    }

    #[test]
    fn causes_are_read_back() {
        let causes = [
            Cause::MassFailure(Part::Pool("web/x".into())),
            Cause::MassFailure(Part::Zone("us-central1-a".into())),
            Cause::Forgery(ChangeId(12)),
        ];
        let alerts = AlertKind::ALL.iter().map(|kind| Cause::Alert(*kind));
        for cause in causes.into_iter().chain(alerts) {
            assert_eq!(cause.to_string().parse(), Ok(cause));
        }
        for other in [
            "",
            "alert",
            "alert/x",
            "mass_failure/planet/earth",
            "forgery/",
            "forgery/12",
            "forgery/chg-12/x",
        ] {
            assert!(other.parse::<Cause>().is_err(), "{other}");
        }
    }
}
