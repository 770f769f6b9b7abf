//! Alerts with the incidents that they and the brakes open.

use domain::{
    Timestamp,
    alert::{self, AlertKind, AlertState},
    view::health::AlertsView,
};

use crate::{Incident, schema::wire};

wire! { answer
    /// A condition as it was judged last.
    Alert {
        /// docs/errors.md explains each.
        kind: AlertKind,
        title: String,
        state: AlertState,
        /// What was measured, in words: `2 of 40 agents are silent`.
        value: String,
        /// When it fires, in words.
        limit: String,
        /// In this state since.
        since: Timestamp,
        judged_at: Timestamp,
    }
}

wire! { answer
    /// The alerts, and the incidents of all environments.
    AlertList {
        /// Those that were judged; empty before the first judgement.
        alerts: Vec<Alert>,
        /// Newest first.
        open_incidents: Vec<Incident>,
        /// The last ones, newest first.
        closed_incidents: Vec<Incident>,
    }
}

impl From<&alert::Alert> for Alert {
    fn from(alert: &alert::Alert) -> Self {
        Self {
            kind: alert.kind,
            title: alert.kind.title().to_owned(),
            state: alert.state,
            value: alert.value.clone(),
            limit: alert.limit.clone(),
            since: alert.since,
            judged_at: alert.judged_at,
        }
    }
}

impl From<&AlertsView> for AlertList {
    fn from(view: &AlertsView) -> Self {
        Self {
            alerts: view.alerts.iter().map(Alert::from).collect(),
            open_incidents: view.open.iter().map(Incident::from).collect(),
            closed_incidents: view.closed.iter().map(Incident::from).collect(),
        }
    }
}
