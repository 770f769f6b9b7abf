//! What came of an agent since it began to fail: whether somebody or something has taken it up already.

use domain::{
    Timestamp,
    view::health::{Happening, InstanceHistory},
};
use leptos::prelude::*;

use super::{detail::moment, history::all_of};
use crate::{
    components::{
        half_hour::{counted, none_told},
        moment::ago,
        panel::Panel,
    },
    routes, words,
};

/// Nothing while the agent does not fail.
pub fn since(past: &InstanceHistory, here: &str) -> Option<AnyView> {
    let began = past.fails_since?;
    let said = said(past, began);
    let lines = past.since.iter().map(line).collect_view();
    let body = match past.since.is_empty() {
        true => {
            let none = none_told(past.since_more, "Nothing more has come of it.");
            view! { <p class="panel-body soft">{none}</p> }.into_any()
        }
        false => view! { <ol class="rows">{lines}</ol> }.into_any(),
    };
    let more = (past.since_earlier > 0).then(|| {
        view! {
            <p class="panel-foot sm soft">
                {format!("{} left out. ", words::count(past.since_earlier, "earlier event"))}
                <a class="link" href=all_of(here, "since")>
                    "Show all"
                </a>
            </p>
        }
    });
    Some(
        view! {
            <Panel id="since" title="What came since" aside=move || view! { <small>{said.clone()}</small> }>
                {body}
                {more}
            </Panel>
        }
        .into_any(),
    )
}

/// How much, and from when.
fn said(past: &InstanceHistory, began: Timestamp) -> String {
    let count = counted(past.since.len() as u64 + past.since_earlier, past.since_more);
    format!("{count}, from {}", moment(began, past.now))
}

fn line(one: &Happening) -> AnyView {
    let change = one.change.map(|id| {
        view! {
            ", "
            <a class="link mono" href=routes::change(id)>
                {id.to_string()}
            </a>
        }
    });
    let detail = (!one.detail.is_empty()).then(|| format!(": {}", words::sentence(&one.detail)));
    view! {
        <li>
            <p>
                {one.sentence.clone()} <small>{ago(one.at)} {change} {detail}</small>
            </p>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{
        heartbeat_history::{Day, Hour},
        view::health::Source,
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_964 + seconds, 0).unwrap()
    }

    fn past(fails_since: Option<Timestamp>, earlier: u64) -> InstanceHistory {
        let asked = Happening {
            at: at(9),
            source: Source::Agent,
            sentence: "Mara asked agent-a to restart".to_owned(),
            detail: String::new(),
            change: None,
        };
        InstanceHistory {
            day: Day { from: at(0), runs: Vec::new(), beats: 0 },
            hour: Hour::default(),
            fails_since,
            before: Vec::new(),
            earlier: 0,
            before_more: false,
            before_since: at(-1800),
            before_until: at(0),
            since: vec![asked],
            since_earlier: earlier,
            since_more: false,
            commands: Vec::new(),
            more_commands: false,
            incidents: Vec::new(),
            now: at(60),
        }
    }

    #[test]
    fn what_is_left_out_counts_and_another_day_is_named() {
        assert_eq!(said(&past(Some(at(0)), 0), at(0)), "1 event, from 03:12:44 UTC");
        let yesterday = at(-86_400);
        let told = said(&past(Some(yesterday), 12), yesterday);
        assert_eq!(told, "13 events, from 18 Nov 2026, 03:12:44 UTC");
        let busy = InstanceHistory { since_more: true, ..past(Some(at(0)), 49) };
        assert_eq!(said(&busy, at(0)), "at least 50 events, from 03:12:44 UTC");
    }

    #[test]
    fn of_an_agent_that_does_not_fail_nothing_is_drawn() {
        assert!(since(&past(None, 0), "/instances/z/agent-a").is_none());
    }
}
