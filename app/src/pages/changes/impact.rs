//! What a plan does to running VMs, in a few figures. Stands before everything else: it is what one signs for.

use domain::{
    cost::CostImpact,
    firewall::{Direction, TrafficChange},
    plan::{Impact, ZoneImpact},
};
use leptos::prelude::*;

use crate::{
    components::{
        facets::{Facet, facets},
        glyph::{State, glyph},
    },
    words,
};

/// `later`: pools whose VMs take their new version only as they are made anew. `in_force`: what schedules ask for now, which the
/// figures leave out.
pub fn impact_panel(impact: &Impact, later: &[String], in_force: &[String]) -> AnyView {
    let total = impact.total();
    let mut items = vec![
        facet("VMs created", total.created, impact, |zone| zone.created),
        facet("VMs replaced", total.replaced, impact, |zone| zone.replaced),
        facet("VMs deleted", total.deleted, impact, |zone| zone.deleted),
    ];
    if total.restarted > 0 {
        items.push(facet("VMs restarted", total.restarted, impact, |zone| zone.restarted));
    }
    items.push(lowest_capacity(impact));
    items.extend(impact.cost.as_ref().filter(|cost| !cost.is_nothing()).map(|cost| month(cost, later)));
    view! {
        <section class="panel" aria-labelledby="impact">
            <h2 id="impact" class="sr">
                "Impact"
            </h2>
            {facets(items)} {schedules(in_force)} {traffic("Newly allowed", &impact.traffic.gained, true)}
            {traffic("No longer allowed", &impact.traffic.lost, false)}
        </section>
    }
    .into_any()
}

/// They add VMs as soon as the autoscaler has them.
fn schedules(in_force: &[String]) -> Option<AnyView> {
    let state = State::Warn;
    let lines = in_force
        .iter()
        .map(|said| {
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p>{said.clone()}</p>
                </li>
            }
        })
        .collect_view();
    (!in_force.is_empty()).then(|| {
        view! {
            <div class="panel-body">
                <h3>"Schedules in force"</h3>
                <ul class="rows verdicts">{lines}</ul>
            </div>
        }
        .into_any()
    })
}

/// Who may reach whom that could not before, or no longer.
fn traffic(title: &'static str, changes: &[TrafficChange], gained: bool) -> Option<AnyView> {
    let lines = changes
        .iter()
        .map(|change| {
            let state = match (gained, change.internet) {
                (true, true) => State::Crit,
                (true, false) => State::Warn,
                (false, _) => State::Info,
            };
            let (peers, targets) = (change.peers.join(", "), words::list(&change.targets()));
            let (from, to) = match change.direction {
                Direction::Ingress => (peers, targets),
                Direction::Egress => (targets, peers),
            };
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p>"From " <b>{from}</b> " to " <b>{to}</b></p>
                    <code>{change.services.join(", ")}</code>
                </li>
            }
        })
        .collect_view();
    (!changes.is_empty()).then(|| {
        view! {
            <div class="panel-body">
                <h3>{title}</h3>
                <ul class="rows verdicts">{lines}</ul>
            </div>
        }
        .into_any()
    })
}

fn facet(name: &'static str, total: u32, impact: &Impact, of: fn(&ZoneImpact) -> u32) -> Facet {
    Facet { name, figure: words::number(u64::from(total)), unit: String::new(), detail: by_zone(impact, of) }
}

/// `1 in us-central1-a, 1 in us-central1-b`, or `16 in each of 4 zones`. Nothing under a 0.
fn by_zone(impact: &Impact, of: fn(&ZoneImpact) -> u32) -> String {
    let zones: Vec<(&String, u32)> =
        impact.zones.iter().map(|(zone, effect)| (zone, of(effect))).filter(|(_, vms)| *vms > 0).collect();
    match zones.as_slice() {
        [] => String::new(),
        [(zone, _)] => format!("in {zone}"),
        [(_, first), rest @ ..] if rest.len() > 1 && rest.iter().all(|(_, vms)| vms == first) => {
            format!("{} in each of {} zones", words::number(u64::from(*first)), zones.len())
        }
        _ => zones
            .iter()
            .map(|(zone, vms)| format!("{} in {zone}", words::number(u64::from(*vms))))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Of the pool that loses the largest share.
fn lowest_capacity(impact: &Impact) -> Facet {
    let worst = impact.capacity.iter().min_by(|a, b| share(a).total_cmp(&share(b)));
    match worst {
        Some(pool) => Facet {
            name: "Lowest capacity",
            figure: words::number(u64::from(pool.lowest)),
            unit: format!("of {}", words::number(u64::from(pool.of))),
            detail: format!("in {}", pool.pool),
        },
        None => Facet {
            name: "Lowest capacity",
            figure: "all".to_owned(),
            unit: String::new(),
            detail: "no running pool is touched".to_owned(),
        },
    }
}

/// List prices by the month of 730 hours, as the plan has them. What has no price is said, never counted as nothing;
/// and where pools wait to be updated by name, that the difference does not come by itself.
fn month(cost: &CostImpact, later: &[String]) -> Facet {
    let before = cost.before.words();
    let mut detail = match cost.is_same() {
        true => "as before, at list prices".to_owned(),
        false => format!("from {before}, at list prices"),
    };
    if let Some(most) = cost.at_most.as_ref().filter(|most| **most != cost.after) {
        detail.push_str(&format!("; {} with every autoscaler at its maximum", most.words()));
    }
    if !later.is_empty() && !cost.is_same() {
        detail.push_str(&format!("; in {} only as VMs are made anew", few(later)));
    }
    if let Some(unknown) = cost.after.unknown.first().or_else(|| cost.before.unknown.first()) {
        detail.push_str(&format!("; no price is known for {unknown}"));
    }
    Facet { name: "Cost a month", figure: cost.after.words(), unit: String::new(), detail }
}

/// All of three, and the first of more: what they are is among the plan's steps.
fn few(pools: &[String]) -> String {
    match pools {
        [first, rest @ ..] if rest.len() > 2 => format!("{first} and {} more", rest.len()),
        pools => words::list(pools),
    }
}

fn share(capacity: &domain::plan::Capacity) -> f64 {
    if capacity.of == 0 { 1.0 } else { f64::from(capacity.lowest) / f64::from(capacity.of) }
}

#[cfg(test)]
mod tests {
    use domain::plan::Capacity;

    use super::*;

    fn created(zones: &[(&str, u32)]) -> Impact {
        let zones = zones
            .iter()
            .map(|(zone, created)| {
                ((*zone).to_owned(), ZoneImpact { created: *created, ..Default::default() })
            })
            .collect();
        Impact { zones, ..Default::default() }
    }

    #[test]
    fn zones_are_said_as_shortly_as_is_true() {
        let said = |zones: &[(&str, u32)]| by_zone(&created(zones), |zone| zone.created);
        assert_eq!(said(&[]), "");
        assert_eq!(said(&[("a", 2), ("b", 0)]), "in a");
        assert_eq!(said(&[("a", 1), ("b", 1)]), "1 in a, 1 in b");
        assert_eq!(said(&[("a", 16), ("b", 16), ("c", 16)]), "16 in each of 3 zones");
        assert_eq!(said(&[("a", 2), ("b", 1), ("c", 1)]), "2 in a, 1 in b, 1 in c");
    }

    #[test]
    fn a_price_that_is_missing_is_said_and_never_nothing() {
        use domain::cost::{Money, Monthly};
        let after = Monthly { known: Money::ZERO, unknown: ["machine type c4-standard-8".to_owned()].into() };
        let cost = CostImpact { after, ..CostImpact::default() };
        let facet = month(&cost, &[]);
        assert_eq!(facet.figure, "unknown");
        assert!(
            facet.detail.ends_with("no price is known for machine type c4-standard-8"),
            "{}",
            facet.detail
        );
    }

    #[test]
    fn a_month_that_waits_for_vms_to_be_made_anew_says_so() {
        use domain::cost::{Money, Monthly};
        let of = |dollars| Monthly { known: Money::from_dollars(dollars), ..Monthly::default() };
        let said = |before, later: &[&str]| {
            let later: Vec<String> = later.iter().map(|&pool| pool.to_owned()).collect();
            let cost = CostImpact { before: of(before), after: of(300), ..CostImpact::default() };
            month(&cost, &later).detail
        };
        assert_eq!(said(200, &["web"]), "from $200, at list prices; in web only as VMs are made anew");
        assert!(said(200, &["a", "b", "c"]).ends_with("; in a, b and c only as VMs are made anew"));
        assert!(said(200, &["a", "b", "c", "d"]).ends_with("; in a and 3 more only as VMs are made anew"));
        assert_eq!(said(200, &[]), "from $200, at list prices");
        assert_eq!(said(300, &["web"]), "as before, at list prices");
    }

    #[test]
    fn the_pool_that_loses_most_is_named() {
        let capacity = |pool: &str, lowest, of| Capacity { pool: pool.into(), lowest, of };
        let impact =
            Impact { capacity: vec![capacity("a", 9, 10), capacity("b", 1, 2)], ..Default::default() };
        assert_eq!(lowest_capacity(&impact).detail, "in b");
    }
}
