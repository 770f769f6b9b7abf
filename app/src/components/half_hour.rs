//! What happened in half an hour: where one looks first for the cause of what began to fail after it. Drawn by source, and told
//! below by the same numbers.

use domain::{
    Timestamp,
    view::health::{Happening, Source},
};
use leptos::prelude::*;

use super::{
    moment::{clock_time, hour_minute, utc},
    panel::Panel,
};
use crate::{routes, words};

/// Pixels of a lane, and above the first one.
const LANE: usize = 28;
const TOP: usize = 8;
/// Below the last one: the times.
const FOOT: usize = 24;
/// Percent of the width within which marks of a lane are drawn as one: two of them would touch.
const NEAR: f64 = 8.0;
/// Percent of the width beyond which the count of those drawn with a mark has no room behind it, and stands before it.
const LATE: f64 = 90.0;
/// Radius of a mark: two digits have room in it.
const RADIUS: usize = 9;

/// What is shown of the half hour, and the way to what is not.
#[derive(Clone, Debug)]
pub struct Span {
    pub since: Timestamp,
    pub until: Timestamp,
    /// What began at its end: `fails from 03:02:18 UTC`.
    pub ends_with: Option<String>,
    /// How many happenings are left out before those that are told, and where all are told.
    pub earlier: Option<(u64, String)>,
    /// Whether still more happened than is told anywhere but in the log, or may have.
    pub more: bool,
}

/// `12 events`, `at least 50 events` where not all were read or are told.
pub fn counted(events: u64, more: bool) -> String {
    let said = words::count(events, "event");
    match (more, events) {
        (false, _) => said,
        (true, 0) => "not all events".to_owned(),
        (true, _) => format!("at least {said}"),
    }
}

/// In place of events where none is told. `nothing`: what it means where all were read.
pub const fn none_told(more: bool, nothing: &'static str) -> &'static str {
    if more { "Nothing among the latest events. Earlier ones stand in Audit." } else { nothing }
}

/// Its title says before what.
pub fn half_hour(title: &'static str, happenings: &[Happening], span: Span) -> AnyView {
    let Span { since, until, earlier, .. } = &span;
    let left_out = earlier.as_ref().map_or(0, |(count, _)| *count);
    let count = counted(happenings.len() as u64 + left_out, span.more);
    let said = format!("{count}, {} to {}", utc(*since), utc(*until));
    let lines = happenings.iter().enumerate().map(|(index, one)| happening(index + 1, one)).collect_view();
    let body = match happenings.is_empty() {
        true => {
            view! { <p class="panel-body soft">{none_told(span.more, "Nothing changed.")}</p> }.into_any()
        }
        false => view! {
            <div class="panel-body">{lanes(happenings, &span)}</div>
            <ol class="rows story">{lines}</ol>
        }
        .into_any(),
    };
    let more = span.earlier.clone().map(|(count, all)| {
        view! {
            <p class="panel-foot sm soft">
                {format!("{} left out. ", words::count(count, "earlier event"))}
                <a class="link" href=all>
                    "Show all"
                </a>
            </p>
        }
    });
    view! {
        <Panel id="before" title=title aside=move || view! { <small>{said.clone()}</small> }>
            {body}
            {more}
        </Panel>
    }
    .into_any()
}

/// What stands at one place of a lane.
#[derive(Debug, PartialEq)]
struct Mark {
    /// In percent of the half hour.
    at: f64,
    /// Of the first happening there, as the list below counts them.
    number: usize,
    /// How many more are there.
    more: usize,
}

/// Those that occur, in this order, with their marks.
fn marked(happenings: &[Happening], span: &Span) -> Vec<(Source, Vec<Mark>)> {
    let whole = (span.until - span.since).num_milliseconds().max(1) as f64;
    [Source::Change, Source::Control, Source::Agent]
        .into_iter()
        .map(|source| {
            let mut marks: Vec<Mark> = Vec::new();
            for (index, one) in happenings.iter().enumerate().filter(|(_, one)| one.source == source) {
                let at = (one.at - span.since).num_milliseconds() as f64 * 100.0 / whole;
                let at = at.clamp(0.0, 100.0);
                match marks.last_mut() {
                    Some(mark) if at - mark.at < NEAR => mark.more += 1,
                    _ => marks.push(Mark { at, number: index + 1, more: 0 }),
                }
            }
            (source, marks)
        })
        .filter(|(_, marks)| !marks.is_empty())
        .collect()
}

/// What the drawing shows, for who cannot see it.
fn summary(lanes: &[(Source, Vec<Mark>)], span: &Span) -> String {
    let told: Vec<String> = lanes
        .iter()
        .map(|(source, marks)| {
            let events: usize = marks.iter().map(|mark| 1 + mark.more).sum();
            format!("{events} under {}", source.word())
        })
        .collect();
    format!(
        "Events by source from {} to {} UTC: {}",
        hour_minute(span.since),
        hour_minute(span.until),
        words::list(&told)
    )
}

fn lanes(happenings: &[Happening], span: &Span) -> AnyView {
    let lanes = marked(happenings, span);
    let label = summary(&lanes, span);
    // What began at the end stands above the lanes.
    let top = if span.ends_with.is_some() { 24 } else { TOP };
    let bottom = top + LANE * lanes.len();
    let height = (bottom + FOOT).to_string();
    let rules = move || {
        let row = move |index: usize| (top + LANE * index).to_string();
        (0..=(bottom - top) / LANE)
            .map(|index| view! { <line class="grid" x1="0" y1=row(index) x2="100%" y2=row(index)></line> })
            .collect_view()
    };
    let base = |index: usize| top + LANE * index + LANE / 2 + 4;
    let names = lanes
        .iter()
        .enumerate()
        .map(|(index, (source, _))| view! { <text y=base(index).to_string()>{source.word()}</text> })
        .collect_view();
    let marks = lanes
        .iter()
        .enumerate()
        .flat_map(|(index, (_, marks))| marks.iter().map(move |mark| (base(index), mark)))
        .map(|(y, mark)| {
            let x = format!("{:.1}%", mark.at);
            let more = (mark.more > 0).then(|| {
                let (class, aside) = if mark.at > LATE { (Some("end"), "-13") } else { (None, "13") };
                view! {
                    <text class=class x=x.clone() dx=aside y=y.to_string()>
                        {format!("+{}", mark.more)}
                    </text>
                }
            });
            view! {
                <circle class="point quiet" cx=x.clone() cy=(y - 4).to_string() r=RADIUS.to_string()></circle>
                <text class="no" x=x y=y.to_string()>
                    {mark.number}
                </text>
                {more}
            }
        })
        .collect_view();
    let end = span.ends_with.clone().map(|words| {
        view! {
            <line class="rule crit" x1="100%" y1="18" x2="100%" y2=bottom.to_string()></line>
            <text class="end" x="100%" y="14">
                {words}
            </text>
        }
    });
    let foot = (bottom + 20).to_string();
    let middle = span.since + (span.until - span.since) / 2;
    view! {
        <div class="plot-box">
            <svg class="plot" width="88" height=height.clone() aria-hidden="true">
                {rules()}
                {names}
            </svg>
            <svg class="plot" height=height role="img" aria-label=label>
                {rules()}
                {end}
                {marks}
                <text x="0%" y=foot.clone()>
                    {hour_minute(span.since)}
                </text>
                <text class="mid" x="50%" y=foot.clone()>
                    {hour_minute(middle)}
                </text>
                <text class="end" x="100%" y=foot>
                    {hour_minute(span.until)}
                </text>
            </svg>
        </div>
    }
    .into_any()
}

/// A line of what happened, with its change.
fn happening(number: usize, one: &Happening) -> AnyView {
    let change =
        one.change.map(|id| view! { <a class="link mono" href=routes::change(id)>{id.to_string()}</a> });
    let detail = words::sentence(&one.detail);
    // By whom it came is told by its lane.
    let parted = (change.is_some() && !detail.is_empty()).then_some(": ");
    let told =
        (change.is_some() || !detail.is_empty()).then(|| view! { <small>{change} {parted} {detail}</small> });
    view! {
        <li>
            <i class="mark-no">{number}</i>
            <span class="muted">{clock_time(one.at)}</span>
            <p>{one.sentence.clone()} {told}</p>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_057_920 + minutes * 60, 0).unwrap()
    }

    fn told(source: Source, minutes: i64) -> Happening {
        Happening {
            at: at(minutes),
            source,
            sentence: "It happened".to_owned(),
            detail: String::new(),
            change: None,
        }
    }

    #[test]
    fn a_list_that_is_not_whole_says_so() {
        assert_eq!(counted(50, false), "50 events");
        assert_eq!(counted(50, true), "at least 50 events");
        assert_eq!(counted(1, true), "at least 1 event");
        assert_eq!(counted(0, true), "not all events");
        assert_eq!(counted(0, false), "0 events");
        assert_eq!(none_told(false, "Nothing changed."), "Nothing changed.");
        assert!(none_told(true, "Nothing changed.").ends_with("stand in Audit."));
    }

    #[test]
    fn lanes_have_what_occurs_and_marks_that_touch_are_one() {
        let span = Span { since: at(0), until: at(30), ends_with: None, earlier: None, more: false };
        let happenings = [
            told(Source::Agent, 3),
            told(Source::Change, 15),
            told(Source::Agent, 16),
            told(Source::Change, 16),
            told(Source::Agent, 40),
        ];
        let lanes = marked(&happenings, &span);
        let mark = |at, number, more| Mark { at, number, more };
        assert_eq!(
            lanes,
            [
                (Source::Change, vec![mark(50.0, 2, 1)]),
                (Source::Agent, vec![mark(10.0, 1, 0), mark(16.0 * 100.0 / 30.0, 3, 0), mark(100.0, 5, 0)]),
            ]
        );
        assert_eq!(
            summary(&lanes, &span),
            "Events by source from 03:12 to 03:42 UTC: 2 under Change and 3 under Agent"
        );
    }
}
