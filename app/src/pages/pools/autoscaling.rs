//! A pool's autoscaling: recommended against actual, the service's reasons, what comes next, and how it is told.

pub mod form;
mod panel;
mod replay;

use domain::{
    Permission, Timestamp,
    autoscaling::STATUS_TYPES,
    resource::Autoscaler,
    view::autoscaling::{AutoscalingRow, AutoscalingView},
};
use leptos::prelude::*;

pub use panel::EditAutoscaling;

use super::head::{head, named, pool_resource};
use crate::{
    api::{self, autoscaling::AutoscalingPage},
    components::{
        button::LockedLink,
        code_link::code_link,
        empty::Empty,
        facets::{Facet, facets},
        glyph::{State, glyph},
        icon::Icon,
        loaded::loaded,
        moment::{absolute, ago},
        panel::Panel,
        plot::PlotFigure,
        status::status,
    },
    live::Live,
    opening::refusal,
    pages::autoscaling::{in_force_words, no_reason, reason_words, standing},
    routes,
    url_state::{Query, use_query},
    words,
};

const WINDOW: &str = "window";
/// What the address says, what it means in seconds, and what the link reads.
const WINDOWS: [(&str, i64, &str); 4] =
    [("1h", 3600, "Hour"), ("6h", 21_600, "6 hours"), ("24h", 86_400, "Day"), ("7d", 604_800, "Week")];
const DEFAULT: &str = "6h";

#[component]
pub fn PoolAutoscaling() -> AnyView {
    let (named, query, live) = (named(), use_query(), Live::here());
    let chosen = Memo::new(move |_| {
        let named = query.with(|query| query.get(WINDOW).map(str::to_owned));
        let known = |key: &str| WINDOWS.into_iter().find(|(known, ..)| *known == key);
        named.and_then(|key| known(&key)).or_else(|| known(DEFAULT)).unwrap_or(WINDOWS[1])
    });
    let page = Resource::new(
        move || (named.get(), chosen.get().1, live.pools()),
        |((environment, pool), window, ..)| api::autoscaling::load_autoscaling(environment, pool, window),
    );
    let pool = pool_resource();
    view! {
        {loaded(pool, "the pool", |view| head(&view))}
        {loaded(page, "the autoscaler", move |page| draw(page, chosen.get_untracked().0))}
    }
    .into_any()
}

fn draw(page: AutoscalingPage, window: &'static str) -> AnyView {
    let AutoscalingPage { view, sizes } = page;
    let base = routes::pool_autoscaling(&view.row.environment, &view.row.pool);
    let (edit, blocked) = (format!("{base}/edit"), refusal(Permission::ProposeChange));
    let Some(desired) = view.row.desired.clone() else {
        return view! {
            <section class="panel block" aria-label="No autoscaler">
                <Empty title="People size this pool" icon=Icon::Autoscaling>
                    <p class="soft">"An autoscaler would follow the load between a least and a most number of VMs."</p>
                    <LockedLink
                        id="turn-autoscaling-on"
                        href=edit
                        label="Turn autoscaling on"
                        primary=true
                        blocked=blocked
                    />
                </Empty>
            </section>
        }
        .into_any();
    };
    let windows = choices(&base, window);
    let plot = match sizes {
        Some(plot) => view! { <PlotFigure plot=plot aside=move || windows() /> }.into_any(),
        None => view! {
            <section class="panel" aria-label="Nothing yet">
                <Empty title="Nothing was observed yet" icon=Icon::Autoscaling>
                    <p class="soft">"Sizes are drawn from the first look at the autoscaler on."</p>
                </Empty>
            </section>
        }
        .into_any(),
    };
    view! {
        <div class="cols block">
            <div class="stack">
                <section class="panel" aria-label="In figures">
                    {facets(figures(&view))}
                </section>
                {plot}
            </div>
            <aside class="stack" aria-label="Why and how">
                {reasons(&view.row, view.now)} {schedules(&view.row, &desired)} {policy(&desired, edit, blocked)}
            </aside>
        </div>
    }
    .into_any()
}

fn choices(base: &str, chosen: &'static str) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    let base = base.to_owned();
    move || {
        let links = WINDOWS
            .into_iter()
            .map(|(key, _, label)| {
                let href = Query::default().with(WINDOW, (key != DEFAULT).then_some(key)).on(&base);
                view! {
                    <a class="chip" href=href aria-current=(key == chosen).then_some("true")>
                        {label}
                    </a>
                }
            })
            .collect_view();
        view! {
            <nav class="choice" aria-label="Window of time">
                {links}
            </nav>
        }
        .into_any()
    }
}

fn figures(view: &AutoscalingView) -> Vec<Facet> {
    let row = &view.row;
    let (state, word) = standing(row);
    let follows = state == State::Ok && row.recommended() == row.running;
    let size = |size: Option<u32>| size.map_or("none".to_owned(), |size| words::number(u64::from(size)));
    let mut items = vec![
        Facet {
            name: "Actual",
            figure: size(row.running),
            unit: row.target.map(|target| format!("of {target}")).unwrap_or_default(),
            detail: "VMs that run, of those asked for".to_owned(),
        },
        Facet {
            name: "Recommended",
            figure: size(row.recommended()),
            unit: String::new(),
            detail: if follows { "what runs now".to_owned() } else { word },
        },
    ];
    if let Some(scaler) = &row.desired {
        items.push(Facet {
            name: "Bounds",
            figure: format!("{} to {}", scaler.min_replicas, scaler.max_replicas),
            unit: String::new(),
            detail: scaler.mode.words().to_owned(),
        });
    }
    if let Some(cost) = &view.cost {
        let most = cost.at_most.as_ref().map(|most| most.words()).unwrap_or_default();
        items.push(Facet {
            name: "Cost a month",
            figure: cost.after.words(),
            unit: String::new(),
            detail: format!("{} at the minimum, {most} at the maximum", cost.before.words()),
        });
    }
    items
}

/// The service's own words, each with its type.
fn reasons(row: &AutoscalingRow, now: Timestamp) -> AnyView {
    let details = row.status.as_ref().map(|status| status.details.clone()).unwrap_or_default();
    let (state, word) = standing(row);
    let none = (details.is_empty() && row.in_force.is_none()).then(|| no_reason(row));
    let in_force = row.in_force.as_ref().map(|on| {
        let state = State::Info;
        view! {
            <li data-s=state.as_str()>
                {glyph(state)} <p>"Schedule " <b>{on.name.clone()}</b> ". " {in_force_words(on, now)} "."</p>
            </li>
        }
        .into_any()
    });
    let lines = details
        .into_iter()
        .map(|detail| {
            let said = if detail.message.is_empty() {
                reason_words(&detail.kind)
            } else {
                words::sentence(&detail.message)
            };
            let state = of_detail(&detail.kind);
            let code = match STATUS_TYPES.contains(&detail.kind.as_str()) {
                true => code_link(detail.kind),
                false => view! { <code>{detail.kind}</code> }.into_any(),
            };
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p>{said} <small>{code}</small></p>
                </li>
            }
        })
        .collect_view();
    view! {
        <Panel id="reasons" title="Why this size" aside=move || status(state, words::sentence(&word))>
            {none.map(|none| view! { <p class="panel-body soft">{none}</p> })}
            <ul class="rows verdicts">{in_force} {lines}</ul>
        </Panel>
    }
    .into_any()
}

fn of_detail(kind: &str) -> State {
    match kind {
        "CAPPED_AT_MAX_NUM_REPLICAS" | "NOT_ENOUGH_QUOTA_AVAILABLE" | "ALL_INSTANCES_UNHEALTHY" => {
            State::Warn
        }
        "BACKEND_SERVICE_DOES_NOT_EXIST" | "CUSTOM_METRIC_INVALID" | "SCALING_TARGET_DOES_NOT_EXIST" => {
            State::Warn
        }
        "MORE_THAN_ONE_BACKEND_SERVICE" | "UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION" => State::Warn,
        kind if kind.ends_with("RESOURCE_STOCKOUT") || kind.starts_with("MISSING_") => State::Warn,
        "MODE_OFF" => State::Paused,
        _ => State::Info,
    }
}

fn schedules(row: &AutoscalingRow, desired: &Autoscaler) -> AnyView {
    let status = row.status.clone().unwrap_or_default();
    let lines = desired
        .schedules
        .iter()
        .map(|schedule| {
            let known = status.schedules.get(&schedule.name).cloned().unwrap_or_default();
            let state = match known.state.as_str() {
                "ACTIVE" => State::Ok,
                "DISABLED" | "OBSOLETE" => State::Paused,
                _ => State::None,
            };
            let next =
                known.next_start.map(|at| view! { <span>" Next " {ago(at)} ", " {absolute(at)} "."</span> });
            view! {
                <li data-s=state.as_str()>
                    {glyph(state)} <p>
                        <b>{schedule.name.clone()}</b>
                        " "
                        {schedule.words()}
                        "."
                        {next}
                        <small>{schedule.description.clone()}</small>
                    </p>
                </li>
            }
        })
        .collect_view();
    let none = desired.schedules.is_empty();
    view! {
        <Panel id="schedules" title="Schedules">
            {none.then(|| view! { <p class="panel-body soft">"None. Load alone decides, between the bounds."</p> })}
            <ul class="rows verdicts">{lines}</ul>
        </Panel>
    }
    .into_any()
}

fn policy(desired: &Autoscaler, edit: String, blocked: Option<String>) -> AnyView {
    let metrics = match desired.custom_metrics.len() {
        0 => "none".to_owned(),
        _ => desired
            .custom_metrics
            .iter()
            .map(|metric| format!("{} at {} ({})", metric.name, metric.target, metric.kind))
            .collect::<Vec<_>>()
            .join("; "),
    };
    let props = [
        ("Mode", format!("{}, {}", desired.mode, desired.mode.words())),
        ("CPU target", words::percent(desired.cpu_target * 100.0)),
        ("Other metrics", metrics),
        ("New VMs count after", format!("{} s", desired.cooldown_sec)),
        (
            "Scale-in",
            format!("at most {} % in {} s", desired.scale_in.max_percent, desired.scale_in.time_window_sec),
        ),
        ("Predictive", if desired.predictive { "yes" } else { "no" }.to_owned()),
    ];
    let lines = props
        .into_iter()
        .map(|(name, value)| {
            view! {
                <dt>{name}</dt>
                <dd class="break">{value}</dd>
            }
        })
        .collect_view();
    view! {
        <Panel
            id="policy"
            title="Policy"
            aside=move || {
                view! {
                    <div class="cluster">
                        <LockedLink
                            id="edit-autoscaling"
                            href=edit.clone()
                            label="Edit"
                            blocked=blocked.clone()
                        />
                    </div>
                }
            }
        >
            <div class="panel-body">
                <dl class="props">{lines}</dl>
            </div>
        </Panel>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_an_autoscaler_fail_is_drawn_as_a_warning() {
        for fails in [
            "BACKEND_SERVICE_DOES_NOT_EXIST",
            "CUSTOM_METRIC_INVALID",
            "MORE_THAN_ONE_BACKEND_SERVICE",
            "NOT_ENOUGH_QUOTA_AVAILABLE",
            "REGION_RESOURCE_STOCKOUT",
            "SCALING_TARGET_DOES_NOT_EXIST",
            "UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION",
            "ZONE_RESOURCE_STOCKOUT",
        ] {
            assert_eq!(of_detail(fails), State::Warn, "{fails}");
        }
        assert_eq!(of_detail("MODE_OFF"), State::Paused);
        assert_eq!(of_detail("MIN_EQUALS_MAX"), State::Info);
    }
}
