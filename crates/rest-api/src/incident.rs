//! Incidents.

use domain::{Timestamp, incident};

use crate::schema::wire;

wire! { answer
    /// An instance group whose healing an incident holds.
    IncidentHold {
        group: String,
        /// `hold` or `restore`: what is wanted of Compute Engine now.
        wanted: String,
        /// Whether Compute Engine has taken it.
        done: bool,
        /// Why the last attempt failed; it is tried again.
        error: Option<String>,
    }
}

wire! { answer
    /// One trouble with why it is one.
    Incident {
        /// `inc-12`
        id: String,
        /// Null: of the control plane itself.
        environment: Option<String>,
        /// `mass_failure/pool/web`, `mass_failure/zone/us-central1-a`, `alert/missed_heartbeats` or `forgery/chg-12`.
        cause: String,
        title: String,
        why: String,
        opened_at: Timestamp,
        closed_at: Option<Timestamp>,
        closed_because: Option<String>,
        /// Whether it holds healing and changes now.
        holds_now: bool,
        /// When a person let go what it held.
        overruled_at: Option<Timestamp>,
        holds: Vec<IncidentHold>,
    }
}

impl From<&incident::Incident> for Incident {
    fn from(incident: &incident::Incident) -> Self {
        let hold = |hold: &incident::Hold| IncidentHold {
            group: hold.group.clone(),
            wanted: hold.wanted.as_str().to_owned(),
            done: hold.done,
            error: hold.error.clone(),
        };
        Self {
            id: incident.name(),
            environment: incident.environment.clone(),
            cause: incident.cause.to_string(),
            title: incident.title.clone(),
            why: incident.why.clone(),
            opened_at: incident.opened_at,
            closed_at: incident.closed_at,
            closed_because: incident.closed_because.clone(),
            holds_now: incident.holds_now(),
            overruled_at: incident.overruled_at,
            holds: incident.holds.iter().map(hold).collect(),
        }
    }
}
