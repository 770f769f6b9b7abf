//! Beside the grid: pools whose VMs do not all run one version, and what that waits for.

use domain::{condition::Condition, view::fleet::FleetRollout};
use leptos::prelude::*;

use crate::{
    components::{glyph::State, moment::ago, panel::Panel, segbar::segbar, status::status},
    routes, words,
};

/// Nothing where every pool runs what is declared.
pub fn rollouts(rows: &[FleetRollout], environment: &str) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let title = if rows.len() == 1 { "Rollout in progress" } else { "Rollouts in progress" };
    let items = rows.iter().map(|row| item(row, environment)).collect_view();
    let panel = view! {
        <Panel id="rollouts" title=title>
            <ul class="list">{items}</ul>
        </Panel>
    };
    Some(panel.into_any())
}

/// By the condition's reason, which says what moves it on.
fn said(condition: &Condition) -> (State, &'static str) {
    match condition.reason.as_str() {
        "Canary" => (State::Pending, "Canary, to be decided on"),
        "Waiting" => (State::Paused, "Waits for somebody"),
        "AttemptFailed" => (State::Warn, "Making VMs fails"),
        _ => (State::Progress, "Rolling"),
    }
}

/// `32 on v41, 8 on v42`.
fn versions(row: &FleetRollout) -> String {
    let said =
        row.versions.iter().map(|count| format!("{} on {}", words::number(count.vms.into()), count.version));
    said.collect::<Vec<_>>().join(", ")
}

fn item(row: &FleetRollout, environment: &str) -> AnyView {
    let (state, word) = said(&row.condition);
    let last = row.versions.len().saturating_sub(1);
    let parts: Vec<_> = row
        .versions
        .iter()
        .enumerate()
        .map(|(index, count)| {
            (if index == last { State::Progress } else { State::None }, u64::from(count.vms))
        })
        .collect();
    let message = format!("{}.", words::sentence(row.condition.message.trim_end_matches('.')));
    view! {
        <li>
            <a class="list-item" href=routes::pool_tab(environment, &row.pool, "rollout")>
                <b>{row.pool.clone()}</b>
                <small class="split">
                    {status(state, word)} <span>"since " {ago(row.condition.since)}</span>
                </small>
                {(!parts.is_empty()).then(|| segbar(&parts))}
                <small>{versions(row)}</small>
                <small class="soft">{message}</small>
            </a>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        condition::{ConditionStatus, ConditionType},
        view::fleet::VersionCount,
    };

    use super::*;

    #[test]
    fn a_rollout_says_which_version_runs_how_often() {
        let count = |version: &str, vms| VersionCount { version: version.into(), vms };
        let row = FleetRollout {
            pool: "web".into(),
            condition: Condition {
                kind: ConditionType::Updated,
                status: ConditionStatus::True,
                reason: "Canary".into(),
                message: String::new(),
                since: Timestamp::default(),
            },
            versions: vec![count("v41", 1032), count("v42", 8)],
        };
        assert_eq!(versions(&row), "1,032 on v41, 8 on v42");
        assert_eq!(said(&row.condition).0, State::Pending);
    }
}
