//! What is open, in one sentence whose parts lead to it.

use domain::view::fleet::FleetView;
use leptos::prelude::*;

use super::rail;
use crate::{routes, url_state::Query, words};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    what: String,
    href: String,
    /// After the link.
    is: &'static str,
}

/// `one incident`, `two changes`.
fn how_many(count: usize, noun: &str) -> String {
    match words::spelled(count) {
        Some(word) => format!("{word} {noun}{}", if count == 1 { "" } else { "s" }),
        None => words::count(count as u64, noun),
    }
}

/// The worst first.
pub fn open(view: &FleetView) -> Vec<Part> {
    let environment = view.environment.as_deref();
    let within = |path: &str| Query::default().with("environment", environment).on(path);
    let rollouts = match (&view.rollouts[..], environment) {
        ([only], Some(environment)) => routes::pool_tab(environment, &only.pool, "rollout"),
        _ => within(routes::POOLS),
    };
    let one = |count: usize, one: &'static str, several: &'static str| if count == 1 { one } else { several };
    let part = |count: usize, noun: &str, href: String, is: &'static str| {
        (count > 0).then(|| Part { what: how_many(count, noun), href, is })
    };
    let (incidents, rolling) = (view.incidents.len(), view.rollouts.len());
    let (mine, others) = (view.waiting.len(), view.changes.len());
    let noun = if mine == 0 { "change" } else { "other change" };
    let parts = [
        part(incidents, "incident", routes::ALERTS.to_owned(), one(incidents, " is open", " are open")),
        part(rolling, "rollout", rollouts, one(rolling, " is in progress", " are in progress")),
        part(mine, "change", rail::for_me(environment), one(mine, " waits for you", " wait for you")),
        part(others, noun, within(routes::CHANGES), one(others, " is under way", " are under way")),
    ];
    let mut parts: Vec<Part> = parts.into_iter().flatten().collect();
    if let Some(first) = parts.first_mut() {
        first.what = words::sentence(&first.what);
    }
    parts
}

/// Behind another sentence; None: nothing is open.
pub fn sentence(parts: &[Part]) -> Option<AnyView> {
    let last = parts.len().checked_sub(1)?;
    let said = parts
        .iter()
        .enumerate()
        .map(|(index, part)| {
            let before = if index == 0 { " " } else { ", " };
            let after = format!("{}{}", part.is, if index == last { "." } else { "" });
            view! {
                {before}
                <a class="link" href=part.href.clone()>
                    {part.what.clone()}
                </a>
                {after}
            }
        })
        .collect_view();
    Some(said.into_any())
}

#[cfg(test)]
mod tests {
    use domain::{
        ChangeId, ChangeState, Timestamp,
        view::{
            change::{ChangeRow, RowSeats},
            fleet::AwaitedVote,
        },
    };

    use super::*;
    use crate::pages::changes::samples;

    fn change(id: i64) -> ChangeRow {
        let row = samples::row(ChangeState::AwaitingApprovals, RowSeats::default());
        ChangeRow { id: ChangeId(id), ..row }
    }

    #[test]
    fn what_waits_for_the_viewer_stands_before_the_others() {
        let mut view = FleetView {
            environment: Some("dev".into()),
            zones: Vec::new(),
            pools: Vec::new(),
            waiting: Vec::new(),
            changes: Vec::new(),
            rollouts: Vec::new(),
            spend: None,
            incidents: Vec::new(),
            observed_at: None,
            unreachable: None,
            half_applied: None,
            budget_notice: None,
            now: Timestamp::default(),
        };
        assert_eq!(open(&view), []);
        view.changes = vec![change(1), change(2)];
        let said = |view: &FleetView| -> Vec<String> {
            open(view).iter().map(|part| format!("{}{}", part.what, part.is)).collect()
        };
        assert_eq!(said(&view), ["Two changes are under way"]);
        view.waiting = vec![AwaitedVote { change: change(3), seats: Vec::new() }];
        assert_eq!(said(&view), ["One change waits for you", "two other changes are under way"]);
    }
}
