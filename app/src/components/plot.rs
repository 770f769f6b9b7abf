//! A plot: paths that stretch with the page while words and marks keep their size, a sentence that says what it shows,
//! the same numbers as a table, and a read-out that follows the pointer or the arrow keys.

use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};

use super::{icon::turning_arrow, table::Table};

/// Above the ground, for the marks; below it, for the words of the horizontal axis.
const TOP: f64 = 16.0;
const BOTTOM: f64 = 24.0;
/// A letter of the axis' words, in pixels.
const LETTER: usize = 7;

/// One line or area, drawn in a box a thousand units wide and as high as the plot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlotPath {
    pub class: String,
    pub d: String,
}

/// A word at an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Per cent from the left, or pixels from the top of the ground.
    pub at: f64,
    pub label: String,
    /// Left out where there is little room.
    pub optional: bool,
}

/// A word in the plot, which ends at its right edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndLabel {
    /// Pixels from the top of the ground.
    pub y: f64,
    pub text: String,
    pub strong: bool,
}

/// All series at one place of the horizontal axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Per cent from the left.
    pub at: f64,
    pub label: String,
    /// One a series: where its point is, pixels from the top, and its value in words.
    pub values: Vec<(Option<f64>, Option<String>)>,
}

/// Drawn on the server, shown on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// Unique on its page.
    pub id: String,
    pub title: String,
    /// What it shows, in sentences.
    pub summary: String,
    /// Of the ground, in pixels.
    pub height: u32,
    pub paths: Vec<PlotPath>,
    /// Heights, lowest first.
    pub y: Vec<Tick>,
    pub x: Vec<Tick>,
    /// Where the future begins, per cent from the left.
    pub future: Option<f64>,
    pub ends: Vec<EndLabel>,
    /// What the readings' labels are: `UTC`, `Day`.
    pub axis: String,
    pub series: Vec<String>,
    pub readings: Vec<Reading>,
}

/// A number as an attribute: two decimals at most, and none that say nothing.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn percent(number: f64) -> String {
    short(number) + "%"
}

/// The figure as a panel; `aside` stands below the heading's read-out, `foot` between the drawing and its data.
#[component]
pub fn PlotFigure(
    plot: Plot,
    /// Links that choose what is shown.
    #[prop(into, optional)]
    aside: ViewFn,
) -> AnyView {
    let cursor = RwSignal::new(None::<usize>);
    let readings = StoredValue::new(plot.readings.clone());
    let series = StoredValue::new(plot.series.clone());
    let heading = format!("{}-h", plot.id);
    let named = heading.clone();
    view! {
        <figure class="panel" aria-labelledby=named>
            <figcaption class="panel-head">
                <h2 id=heading>{plot.title.clone()}</h2>
                {read_out(readings, series, cursor)}
            </figcaption>
            <div class="panel-body">
                {aside.run()} {drawing(&plot, readings, cursor)}
                <p class="sm soft">{plot.summary.clone()}</p>
            </div>
            {data(&plot)}
        </figure>
    }
    .into_any()
}

/// The values under the cursor; without one, the newest.
fn read_out(
    readings: StoredValue<Vec<Reading>>,
    series: StoredValue<Vec<String>>,
    cursor: RwSignal<Option<usize>>,
) -> impl IntoView {
    view! {
        <output class="legend sm">
            {move || {
                let reading = readings.with_value(|all| current(all, cursor.get()).cloned());
                reading
                    .map(|reading| {
                        let values = series
                            .get_value()
                            .into_iter()
                            .zip(reading.values)
                            .filter_map(|(name, (_, value))| Some((name, value?)))
                            .map(|(name, value)| view! { <span>{name} " " <b>{value}</b></span> })
                            .collect_view();
                        view! {
                            <span>{reading.label}</span>
                            {values}
                        }
                    })
            }}
        </output>
    }
}

fn current(readings: &[Reading], cursor: Option<usize>) -> Option<&Reading> {
    let newest =
        || readings.iter().rev().find(|reading| reading.values.iter().any(|(_, value)| value.is_some()));
    cursor.and_then(|index| readings.get(index)).or_else(newest)
}

fn drawing(plot: &Plot, readings: StoredValue<Vec<Reading>>, cursor: RwSignal<Option<usize>>) -> AnyView {
    let ground = f64::from(plot.height);
    let whole = short(TOP + ground + BOTTOM);
    let gutter = plot.y.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(1) * LETTER + 6;
    let (title_id, summary_id) = (format!("{}-t", plot.id), format!("{}-d", plot.id));
    let named = format!("{title_id} {summary_id}");
    let scale = plot
        .y
        .iter()
        .map(|tick| view! { <text y=short(TOP + tick.at + 4.0)>{tick.label.clone()}</text> })
        .collect_view();
    let grid = plot
        .y
        .iter()
        .map(|tick| {
            let y = short(TOP + tick.at);
            view! { <line class="grid" x2="100%" y1=y.clone() y2=y></line> }
        })
        .collect_view();
    let future = plot.future.map(|from| {
        view! {
            <rect
                class="zone"
                x=percent(from)
                y=short(TOP)
                width=percent(100.0 - from)
                height=short(ground)
            ></rect>
        }
    });
    let paths = plot
        .paths
        .iter()
        .map(|path| view! { <path class=path.class.clone() d=path.d.clone()></path> })
        .collect_view();
    let ends = plot
        .ends
        .iter()
        .map(|end| {
            let class = if end.strong { "end strong opt" } else { "end opt" };
            view! {
                <text class=class x="100%" y=short(TOP + end.y)>
                    {end.text.clone()}
                </text>
            }
        })
        .collect_view();
    let last = plot.x.len().saturating_sub(1);
    let words = plot
        .x
        .iter()
        .enumerate()
        .map(|(index, tick)| {
            let place = match index {
                0 if tick.at < 4.0 => "",
                index if index == last && tick.at > 96.0 => "end",
                _ => "mid",
            };
            let class = if tick.optional { format!("{place} opt") } else { place.to_owned() };
            view! {
                <text class=class x=percent(tick.at) y=short(TOP + ground + 18.0)>
                    {tick.label.clone()}
                </text>
            }
        })
        .collect_view();
    let view_box = format!("0 0 1000 {}", plot.height);
    let (title, summary) = (plot.title.clone(), plot.summary.clone());
    view! {
        <div class="plot-box">
            <svg class="plot" width=gutter.to_string() height=whole.clone() aria-hidden="true">
                {scale}
            </svg>
            <div class="plot-area" on:pointermove=move |event| follow(&event, readings, cursor) on:pointerleave=move |_| {
                cursor.set(None);
            }>
                <svg class="plot" height=whole role="img" aria-labelledby=named>
                    <title id=title_id>{title}</title>
                    <desc id=summary_id>{summary}</desc>
                    {future}
                    {grid}
                    <svg
                        y=short(TOP)
                        width="100%"
                        height=plot.height.to_string()
                        viewBox=view_box
                        preserveAspectRatio="none"
                    >
                        {paths}
                    </svg>
                    {ends}
                    {words}
                    {move || cross(readings, cursor.get(), ground)}
                </svg>
                {slider(&plot.title, readings, cursor)}
            </div>
        </div>
    }
    .into_any()
}

/// The line under the cursor and a point on each series.
fn cross(readings: StoredValue<Vec<Reading>>, cursor: Option<usize>, ground: f64) -> impl IntoView {
    let reading = cursor.and_then(|index| readings.with_value(|all| all.get(index).cloned()));
    reading.map(|reading| {
        let x = percent(reading.at);
        let points = reading
            .values
            .iter()
            .filter_map(|(y, _)| *y)
            .map(|y| {
                view! { <circle class="point" cx=percent(reading.at) cy=short(TOP + y) r="3"></circle> }
            })
            .collect_view();
        view! {
            <line class="rule" x1=x.clone() x2=x y1=short(TOP) y2=short(TOP + ground)></line>
            {points}
        }
    })
}

/// Reading by keys: a range over the readings, there only where it works.
fn slider(
    title: &str,
    readings: StoredValue<Vec<Reading>>,
    cursor: RwSignal<Option<usize>>,
) -> impl IntoView + use<> {
    let label = format!("Read {title}");
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    move || {
        let count = readings.with_value(Vec::len);
        let label = label.clone();
        (awake.get() && count > 0).then(move || {
            let said = move || {
                readings.with_value(|all| current(all, cursor.get()).map(|reading| reading.label.clone()))
            };
            view! {
                <input
                    type="range"
                    class="plot-cursor"
                    min="0"
                    max=(count - 1).to_string()
                    aria-label=label
                    aria-valuetext=said
                    prop:value=move || cursor.get().unwrap_or(count - 1).to_string()
                    on:input=move |event| cursor.set(event_target_value(&event).parse().ok())
                    on:blur=move |_| cursor.set(None)
                />
            }
        })
    }
}

/// The reading nearest to the pointer.
#[cfg(feature = "hydrate")]
fn follow(event: &ev::PointerEvent, readings: StoredValue<Vec<Reading>>, cursor: RwSignal<Option<usize>>) {
    use wasm_bindgen::JsCast as _;
    let Some(area) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    else {
        return;
    };
    let bounds = area.get_bounding_client_rect();
    if bounds.width() <= 0.0 {
        return;
    }
    let at = (f64::from(event.client_x()) - bounds.left()) / bounds.width() * 100.0;
    let distance = |reading: &Reading| (reading.at - at).abs();
    let nearest = readings
        .with_value(|all| (0..all.len()).min_by(|a, b| distance(&all[*a]).total_cmp(&distance(&all[*b]))));
    if cursor.get_untracked() != nearest {
        cursor.set(nearest);
    }
}

#[cfg(not(feature = "hydrate"))]
fn follow(_: &ev::PointerEvent, _: StoredValue<Vec<Reading>>, _: RwSignal<Option<usize>>) {}

/// The same numbers, exactly.
fn data(plot: &Plot) -> AnyView {
    let heads = plot
        .series
        .iter()
        .map(|name| {
            view! {
                <th scope="col" class="num">
                    {capital(name)}
                </th>
            }
        })
        .collect_view();
    let rows = plot
        .readings
        .iter()
        .rev()
        .filter(|reading| reading.values.iter().any(|(_, value)| value.is_some()))
        .map(|reading| {
            let cells = reading
                .values
                .iter()
                .map(|(_, value)| view! { <td class="num">{value.clone()}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{reading.label.clone()}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    let (label, axis) = (format!("Data of {}", plot.title), plot.axis.clone());
    view! {
        <details class="more sm">
            <summary class="cluster">{turning_arrow()} "Show data"</summary>
            <Table label=label region="scroll plot-data">
                <thead>
                    <tr>
                        <th scope="col">{axis}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </details>
    }
    .into_any()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(value: Option<&str>) -> Reading {
        Reading { at: 0.0, label: "03:00".into(), values: vec![(None, value.map(str::to_owned))] }
    }

    #[test]
    fn without_a_cursor_the_newest_that_says_something_is_read() {
        let all = [reading(Some("1")), reading(Some("2")), reading(None)];
        assert_eq!(current(&all, None), Some(&all[1]));
        assert_eq!(current(&all, Some(0)), Some(&all[0]));
        assert_eq!(current(&[], None), None);
    }
}
