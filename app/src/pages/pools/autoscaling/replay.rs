//! What a draft of the policy would have done with the load of the last day, before anybody proposes it.

use domain::{
    autoscaling::{AutoscalingMode, Replay},
    cost::Money,
    view::autoscaling::ReplayView,
};
use leptos::prelude::*;

use crate::{
    api::autoscaling::ReplayPage,
    components::{
        moment::{absolute, span_words},
        plot::PlotFigure,
    },
};

/// Seconds that a day may lack and still be called one.
const NEARLY: i64 = 86_400 - 900;

pub fn replayed(page: ReplayPage) -> AnyView {
    let ReplayPage { view, sizes } = page;
    let notes = notes(&view).into_iter().map(|note| view! { <p class="sm soft">{note}</p> }).collect_view();
    view! {
        <section class="stack" aria-labelledby="replay">
            <div>
                <h2 id="replay">"On the load of the last day"</h2>
                <p>{verdict(&view)}</p>
                {notes}
            </div>
            {sizes.map(|plot| view! { <PlotFigure plot=plot /> })}
        </section>
    }
    .into_any()
}

/// `It would have run 40.0 VM hours instead of 48.0, about $0.71 less a day.`
fn verdict(view: &ReplayView) -> String {
    let (since, replay) = match (view.since, &view.replay) {
        (Some(since), Some(replay)) => (since, replay),
        (Some(since), None) => {
            return format!(
                "Looks at the policy in force are kept since {}: less than 10 min of them, too little to say anything.",
                absolute(since)
            );
        }
        (None, _) => {
            return "No look at the policy in force was kept in the last day, so there is no load to replay."
                .to_owned();
        }
    };
    let hours = |seconds: i64| format!("{:.1}", seconds as f64 / 3600.0);
    let (would, ran) = (hours(replay.would_run), hours(replay.ran));
    let instead = if would == ran {
        format!("It would have run {would} VM hours, as many as ran")
    } else {
        format!("It would have run {would} VM hours instead of {ran}")
    };
    let covers = if replay.covered < NEARLY {
        let span = span_words(replay.covered);
        format!(" Looks at the policy in force are kept since {} and cover {span}.", absolute(since))
    } else {
        String::new()
    };
    format!("{instead}{}.{covers}", cost(view.more_a_day))
}

fn cost(more_a_day: Option<Money>) -> String {
    let about = |amount: Money| match amount.exact() {
        tiny if tiny.starts_with("under") => tiny,
        exact => format!("about {exact}"),
    };
    match more_a_day {
        None => ", at a price that is not known".to_owned(),
        Some(Money::ZERO) => String::new(),
        Some(more) if more > Money::ZERO => format!(", {} more a day", about(more)),
        Some(less) => format!(", {} less a day", about(less.times(-1))),
    }
}

/// What the reader should know of the figure.
fn notes(view: &ReplayView) -> Vec<String> {
    let Some(replay) = &view.replay else { return Vec::new() };
    let Replay { at_minimum, at_maximum, .. } = *replay;
    let mut notes = Vec::new();
    if view.draft.mode == AutoscalingMode::Off {
        notes.push("With OFF the size stays as it was when the looks begin.".to_owned());
    }
    if at_maximum > 0 {
        notes.push(format!(
            "For {} the service was held at its maximum, so the load may have been higher than it could show.",
            span_words(at_maximum)
        ));
    }
    if at_minimum > 0 {
        notes.push(format!(
            "For {} the service was held at its minimum, so the load may have been lower than it could show.",
            span_words(at_minimum)
        ));
    }
    notes.push(
        "The load is what the service recommended, at the CPU target in force. Other metrics and schedules count as they \
         did; cooldown is not replayed."
            .to_owned(),
    );
    notes
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        resource::{Autoscaler, ScaleInControl},
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
    }

    fn view(covered: i64, would_run: i64, more_a_day: Option<&str>) -> ReplayView {
        ReplayView {
            draft: Autoscaler {
                name: "a".into(),
                group: "g".into(),
                min_replicas: 1,
                max_replicas: 9,
                cooldown_sec: 60,
                cpu_target: 0.7,
                predictive: false,
                custom_metrics: Vec::new(),
                scale_in: ScaleInControl { max_percent: 25, time_window_sec: 600 },
                mode: AutoscalingMode::On,
                schedules: Vec::new(),
            },
            since: Some(at(-covered)),
            replay: Some(Replay { covered, ran: 172_800, would_run, ..Replay::default() }),
            more_a_day: more_a_day.map(|text| text.parse().unwrap()),
            now: at(0),
        }
    }

    #[test]
    fn hours_and_dollars_are_said_with_their_direction() {
        let said = |would_run, more| verdict(&view(86_400, would_run, more));
        assert_eq!(
            said(144_000, Some("-0.71")),
            "It would have run 40.0 VM hours instead of 48.0, about $0.71 less a day."
        );
        assert_eq!(
            said(180_000, Some("0.18")),
            "It would have run 50.0 VM hours instead of 48.0, about $0.18 more a day."
        );
        assert!(said(144_000, Some("-0.004")).ends_with("instead of 48.0, under $0.01 less a day."));
        assert_eq!(said(172_800, Some("0")), "It would have run 48.0 VM hours, as many as ran.");
        assert_eq!(
            said(144_000, None),
            "It would have run 40.0 VM hours instead of 48.0, at a price that is not known."
        );
    }

    #[test]
    fn looks_that_are_too_few_say_since_when_they_are() {
        assert!(verdict(&view(7260, 172_800, Some("0"))).ends_with(
            " Looks at the policy in force are kept since 19 Nov 2026, 01:11:44 UTC and cover 2 h 1 min."
        ));
        let few = ReplayView { replay: None, ..view(60, 0, None) };
        assert!(
            verdict(&few)
                .starts_with("Looks at the policy in force are kept since 19 Nov 2026, 03:11:44 UTC: less")
        );
        assert!(verdict(&ReplayView { since: None, ..few }).starts_with("No look"));
    }

    #[test]
    fn what_the_figure_does_not_know_is_said() {
        let mut held = view(86_400, 0, None);
        held.draft.mode = AutoscalingMode::Off;
        held.replay = Some(Replay { at_maximum: 7200, at_minimum: 60, ..Replay::default() });
        let said = notes(&held);
        assert_eq!(said.len(), 4);
        assert!(said[1].contains("For 2 h the service was held at its maximum"), "{said:?}");
        assert!(said[2].contains("For 1 min the service was held at its minimum"), "{said:?}");
    }
}
