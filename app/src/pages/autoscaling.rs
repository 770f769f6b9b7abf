//! Autoscaling: why this size? Every pool in a line.

use domain::{
    Timestamp,
    autoscaling::{AutoscalingMode, ScheduleInForce},
    view::autoscaling::{AutoscalingList, AutoscalingRow},
};
use leptos::prelude::*;

use crate::{
    api,
    components::{
        button::ButtonLink, empty::Empty, glyph::State, icon::Icon, loaded::loaded, moment::ago,
        page_head::PageHead, spark::spark, status::status, table::Table, title::Title,
    },
    frame::Scope,
    live::Live,
    routes, words,
};

#[component]
pub fn Autoscaling() -> AnyView {
    let (scope, live) = (Scope::here(), Live::here());
    let rows = Resource::new(
        move || (scope.named(), live.pools(), live.instances()),
        |(environment, ..)| api::autoscaling::list_autoscaling(environment),
    );
    view! {
        <Title text="Autoscaling" />
        {loaded(rows, "the autoscalers", draw)}
    }
    .into_any()
}

fn draw(list: AutoscalingList) -> AnyView {
    let scaled = list.rows.iter().filter(|row| row.desired.is_some()).count() as u64;
    let capped = list.rows.iter().filter(|row| is_capped(row)).count() as u64;
    let lead = match (list.rows.len() as u64, scaled) {
        (0, _) => "No pool is declared yet.".to_owned(),
        (all, 0) => format!("{} by people.", words::every(all, "pool", ("is sized", "are sized"))),
        (all, scaled) => {
            let held = match capped {
                0 => "None is held at a bound.".to_owned(),
                1 => "One is held at its maximum.".to_owned(),
                capped => format!("{capped} are held at their maximum."),
            };
            match (scaled, all) {
                (1, 1) => format!("The pool sizes itself. {held}"),
                (1, all) => format!("1 of {} sizes itself. {held}", words::count(all, "pool")),
                (scaled, all) => format!("{scaled} of {} size themselves. {held}", words::count(all, "pool")),
            }
        }
    };
    let body = if list.rows.is_empty() {
        view! {
            <Empty title="A pool comes from a declaration" icon=Icon::Autoscaling>
                <p class="soft">"Import the Terraform module block that declares it."</p>
                <ButtonLink href=routes::IMPORT label="Import from Terraform" primary=true />
            </Empty>
        }
        .into_any()
    } else {
        table(list.rows, list.now)
    };
    view! {
        <PageHead title="Autoscaling" lead=move || lead.clone() />
        <section class="panel" aria-label="Pools and their autoscalers">
            {body}
        </section>
    }
    .into_any()
}

fn table(rows: Vec<AutoscalingRow>, now: Timestamp) -> AnyView {
    let lines = rows.into_iter().map(|row| line(row, now)).collect_view();
    view! {
        <Table label="Pools and their autoscalers" class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Pool"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="num">
                        "Actual"
                    </th>
                    <th scope="col" class="num">
                        "Recommended"
                    </th>
                    <th scope="col" class="num">
                        "Bounds"
                    </th>
                    <th scope="col" class="num">
                        "CPU target"
                    </th>
                    <th scope="col">"Last 6 hours"</th>
                    <th scope="col">"Schedule"</th>
                    <th scope="col">"Why"</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(row: AutoscalingRow, now: Timestamp) -> AnyView {
    let href = routes::pool_autoscaling(&row.environment, &row.pool);
    let (state, word) = standing(&row);
    let size = |size: Option<u32>| size.map(|size| words::number(u64::from(size)));
    let recent: Vec<f64> = row.recent.iter().map(|running| f64::from(*running)).collect();
    let said = format!("VMs of {} in the last six hours", row.pool);
    let bounds =
        row.desired.as_ref().map(|scaler| format!("{} to {}", scaler.min_replicas, scaler.max_replicas));
    let target = row.desired.as_ref().map(|scaler| words::percent(scaler.cpu_target * 100.0));
    let in_force =
        row.in_force.as_ref().map(|on| view! { <span>{in_force_words(on, now)}</span> }.into_any());
    let schedule = in_force.or_else(|| {
        let next = row.next.as_ref()?;
        let asks = words::count(u64::from(next.min_required_replicas), "VM");
        Some(view! { <span>{asks} " " {ago(next.at)}</span> }.into_any())
    });
    let recommended = row.recommended();
    let running = row.running;
    let reason = first_reason(&row);
    view! {
        <tr>
            <th scope="row">
                <a href=href>
                    {row.pool} " " <small>{row.environment}</small>
                </a>
            </th>
            <td>{status(state, words::sentence(&word))}</td>
            <td class="num" data-label="Actual">
                {size(running)}
            </td>
            <td class="num" data-label="Recommended">
                {size(recommended)}
            </td>
            <td class="num" data-label="Bounds">
                {bounds}
            </td>
            <td class="num" data-label="CPU target">
                {target}
            </td>
            <td>{spark(&recent, said)}</td>
            <td data-label="Schedule">{schedule}</td>
            <td>{reason}</td>
        </tr>
    }
    .into_any()
}

/// The service would take more than it may. One that only recommends is not held back by its maximum.
fn is_capped(row: &AutoscalingRow) -> bool {
    let says_so = row.status.as_ref().is_some_and(|status| {
        status.details.iter().any(|detail| detail.kind == "CAPPED_AT_MAX_NUM_REPLICAS")
    });
    says_so && row.desired.is_some() && row.mode() != Some(AutoscalingMode::Off)
}

/// `In force until 17:00 UTC, asks for 4 VMs`.
pub fn in_force_words(on: &ScheduleInForce, now: Timestamp) -> String {
    let asks = words::count(u64::from(on.min_required_replicas), "VM");
    format!("In force until {}, asks for {asks}", on.until_words(now))
}

/// The service's first reason, as a line has room for one.
pub fn first_reason(row: &AutoscalingRow) -> Option<String> {
    let detail = row.status.as_ref()?.details.first()?;
    Some(if detail.message.is_empty() {
        reason_words(&detail.kind)
    } else {
        words::sentence(&detail.message)
    })
}

/// `CAPPED_AT_MAX_NUM_REPLICAS` as words.
pub fn reason_words(kind: &str) -> String {
    words::sentence(&kind.to_lowercase().replace('_', " "))
}

/// Silence tells something only of an autoscaler that was looked at.
pub fn no_reason(row: &AutoscalingRow) -> &'static str {
    let (Some(_), Some(status)) = (&row.observed, &row.status) else {
        return "Nothing is known yet: the autoscaler was not seen at Compute Engine.";
    };
    match (status.status.as_str(), status.recommended_size) {
        ("ERROR", _) => "Compute Engine does not say why it fails.",
        (_, None) => "It has not recommended a size yet.",
        (_, Some(_)) => "The service gives no reason: nothing holds the size back.",
    }
}

/// What one sees at a glance of the pool's autoscaler.
pub fn standing(row: &AutoscalingRow) -> (State, String) {
    let Some(desired) = &row.desired else { return (State::None, "sized by people".to_owned()) };
    let (Some(_), Some(status)) = (&row.observed, &row.status) else {
        return (State::Pending, "not there yet".to_owned());
    };
    if status.status == "ERROR" {
        return (State::Crit, "error".to_owned());
    }
    if is_capped(row) {
        return (State::Warn, "held at its maximum".to_owned());
    }
    match (desired.mode, status.recommended_size, row.running) {
        (AutoscalingMode::Off, ..) => (State::Paused, "only recommends".to_owned()),
        (_, Some(wanted), Some(running)) if wanted > running => (State::Progress, "scaling out".to_owned()),
        (AutoscalingMode::On, Some(wanted), Some(running)) if wanted < running => {
            (State::Progress, "scaling in".to_owned())
        }
        (AutoscalingMode::OnlyScaleOut, Some(wanted), Some(running)) if wanted < running => {
            (State::Ok, "kept above: scaling in is off".to_owned())
        }
        (_, None, _) => (State::Pending, "no recommendation yet".to_owned()),
        _ => (State::Ok, "as recommended".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        autoscaling::{AutoscalerStatus, StatusDetail},
        resource::{Autoscaler, ScaleInControl},
    };

    use super::*;

    fn row(mode: AutoscalingMode, recommended: Option<u32>, details: &[&str]) -> AutoscalingRow {
        let scaler = Autoscaler {
            name: "a".into(),
            group: "g".into(),
            min_replicas: 1,
            max_replicas: 5,
            cooldown_sec: 60,
            cpu_target: 0.7,
            predictive: false,
            custom_metrics: Vec::new(),
            scale_in: ScaleInControl { max_percent: 25, time_window_sec: 600 },
            mode,
            schedules: Vec::new(),
        };
        let details = details
            .iter()
            .map(|kind| StatusDetail { kind: (*kind).to_owned(), message: String::new() })
            .collect();
        AutoscalingRow {
            environment: "dev".into(),
            pool: "web".into(),
            desired: Some(scaler.clone()),
            observed: Some(scaler),
            status: Some(AutoscalerStatus {
                status: "ACTIVE".into(),
                recommended_size: recommended,
                details,
                ..AutoscalerStatus::default()
            }),
            target: Some(3),
            running: Some(3),
            next: None,
            in_force: None,
            recent: Vec::new(),
        }
    }

    #[test]
    fn a_state_says_what_happens_and_not_what_is_wished() {
        use AutoscalingMode::{Off, On, OnlyScaleOut};
        let word = |row: AutoscalingRow| standing(&row).1;
        assert_eq!(word(row(On, Some(3), &[])), "as recommended");
        assert_eq!(word(row(On, Some(2), &[])), "scaling in");
        assert_eq!(word(row(OnlyScaleOut, Some(2), &[])), "kept above: scaling in is off");
        assert_eq!(word(row(OnlyScaleOut, Some(3), &[])), "as recommended");
        assert_eq!(word(row(OnlyScaleOut, Some(4), &[])), "scaling out");
        assert_eq!(word(row(Off, Some(5), &["MODE_OFF"])), "only recommends");
        assert_eq!(word(row(On, Some(5), &["CAPPED_AT_MAX_NUM_REPLICAS"])), "held at its maximum");
        assert_eq!(word(row(Off, Some(5), &["CAPPED_AT_MAX_NUM_REPLICAS"])), "only recommends");
        assert_eq!(word(row(On, None, &[])), "no recommendation yet");
        assert_eq!(word(AutoscalingRow { observed: None, ..row(On, None, &[]) }), "not there yet");
        assert_eq!(first_reason(&row(Off, None, &["MODE_OFF"])).as_deref(), Some("Mode off"));
    }

    #[test]
    fn a_service_that_was_not_asked_is_not_told_to_be_silent() {
        let seen = row(AutoscalingMode::On, Some(3), &[]);
        assert!(no_reason(&seen).starts_with("The service gives no reason"));
        let young = row(AutoscalingMode::On, None, &[]);
        assert_eq!(no_reason(&young), "It has not recommended a size yet.");
        let status = AutoscalerStatus { status: "ERROR".into(), ..AutoscalerStatus::default() };
        let fails = AutoscalingRow { status: Some(status), ..young };
        assert_eq!(no_reason(&fails), "Compute Engine does not say why it fails.");
        let unseen = AutoscalingRow { observed: None, status: None, ..seen };
        assert!(no_reason(&unseen).starts_with("Nothing is known yet"));
    }

    #[test]
    fn a_schedule_in_force_says_until_when_and_how_many() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let on = |least| ScheduleInForce {
            name: "day".into(),
            until: at("2026-11-23T17:00:00Z"),
            min_required_replicas: least,
        };
        let now = at("2026-11-23T08:16:00Z");
        assert_eq!(in_force_words(&on(4), now), "In force until 17:00 UTC, asks for 4 VMs");
        assert_eq!(in_force_words(&on(1), now), "In force until 17:00 UTC, asks for 1 VM");
    }

    #[test]
    fn only_what_an_autoscaler_sizes_is_held_at_its_maximum() {
        let capped = |mode| row(mode, Some(5), &["CAPPED_AT_MAX_NUM_REPLICAS"]);
        assert!(is_capped(&capped(AutoscalingMode::On)) && is_capped(&capped(AutoscalingMode::OnlyScaleOut)));
        assert!(!is_capped(&row(AutoscalingMode::On, Some(5), &[])));
        assert!(!is_capped(&capped(AutoscalingMode::Off)), "it only recommends");
        let left = AutoscalingRow { desired: None, ..capped(AutoscalingMode::On) };
        assert!(!is_capped(&left), "people size it by now, and its autoscaler is about to go");
    }
}
