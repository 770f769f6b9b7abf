//! An open incident in a line: what is the matter, since when, and what is held for it.

use domain::incident::{Cause, Hold, Incident, Wanted};
use leptos::prelude::*;

use super::{glyph::State, moment::ago, status::badge};
use crate::{routes, words};

/// How far the brake's hold is, in a sentence; empty where the incident holds nothing.
pub fn held(incident: &Incident) -> String {
    if !incident.is_brake() {
        return String::new();
    }
    if incident.overruled_at.is_some() {
        return "The brake was let go by hand: healing and changes go on.".to_owned();
    }
    let holding: Vec<&Hold> = incident.holds.iter().filter(|hold| hold.wanted == Wanted::Hold).collect();
    let done = holding.iter().filter(|hold| hold.done).count() as u64;
    let error = holding.iter().find_map(|hold| hold.error.clone());
    let groups = words::count(holding.len() as u64, "group");
    match error {
        Some(error) => format!(
            "Healing of {} of {groups} is held; the rest is tried again: {error}.",
            words::number(done)
        ),
        None if done == holding.len() as u64 => format!("Healing of {groups} and all changes are held."),
        None => {
            format!("Healing of {} of {groups} is held, the rest is being asked for.", words::number(done))
        }
    }
}

/// A page of one environment says of which it is not.
const fn whose(incident: &Incident) -> &'static str {
    match (&incident.environment, &incident.cause) {
        (None, Cause::Alert(_)) => "It is judged of all environments together.",
        _ => "",
    }
}

/// Each of them as a line above the page.
pub fn incidents(open: &[Incident]) -> impl IntoView + use<> {
    open.iter()
        .map(|incident| {
            let (title, name, since) = (incident.title.clone(), incident.name(), incident.opened_at);
            let held = format!("{}{}", whose(incident), held(incident));
            view! {
                <section class="panel cluster notice" data-s="crit" aria-label=format!("Open incident {name}")>
                    {badge(State::Crit, "Incident".to_owned())} <p>
                        <b>{title}</b>
                        " "
                        <span class="soft">"Open since " {ago(since)} ". " {held}</span>
                    </p> <a class="btn" href=routes::ALERTS>
                        {format!("Open {name}")}
                    </a>
                </section>
            }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, alert::AlertKind, brake::Part};

    use super::*;

    #[test]
    fn a_hold_is_a_fact_only_once_compute_engine_took_it() {
        let hold = |done| Hold { group: "g".into(), wanted: Wanted::Hold, done, error: None };
        let mut incident = Incident {
            id: 1,
            environment: Some("dev".into()),
            cause: Cause::MassFailure(Part::Zone("a".into())),
            title: String::new(),
            why: String::new(),
            opened_at: Timestamp::default(),
            closed_at: None,
            closed_because: None,
            below_since: None,
            overruled_at: None,
            holds: vec![hold(true), hold(false)],
        };
        assert_eq!(held(&incident), "Healing of 1 of 2 groups is held, the rest is being asked for.");
        incident.holds = vec![hold(true)];
        assert_eq!(held(&incident), "Healing of 1 group and all changes are held.");
        assert_eq!(whose(&incident), "");
        let of_all = Incident {
            environment: None,
            cause: Cause::Alert(AlertKind::MissedHeartbeats),
            holds: Vec::new(),
            ..incident
        };
        assert_eq!(whose(&of_all), "It is judged of all environments together.");
        assert_eq!(held(&of_all), "");
    }
}
