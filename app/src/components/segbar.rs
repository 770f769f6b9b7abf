//! Parts of a whole as one bar. The legend beside it says the numbers; the bar is decoration.

use leptos::prelude::*;

use super::glyph::State;

/// Units of the bar's whole width.
const WIDTH: f64 = 1000.0;
/// Between two parts.
const GAP: f64 = 3.0;
/// A part is never thinner than this, so that one of thousands is still seen.
const LEAST: f64 = 8.0;

/// Start and width of each part; parts of nothing are left out, small ones grow at the cost of the large.
pub fn segments(parts: &[(State, u64)]) -> Vec<(State, f64, f64)> {
    let parts: Vec<_> = parts.iter().filter(|(_, count)| *count > 0).collect();
    let total: u64 = parts.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return Vec::new();
    }
    let room = WIDTH - GAP * (parts.len() - 1) as f64;
    let share = |count: u64| room * count as f64 / total as f64;
    let small = parts.iter().filter(|(_, count)| share(*count) < LEAST).count() as f64;
    let large: f64 = parts.iter().map(|(_, count)| share(*count)).filter(|width| *width >= LEAST).sum();
    let mut at = 0.0;
    parts
        .iter()
        .map(|(state, count)| {
            let width = match share(*count) {
                width if width < LEAST => LEAST,
                width => width * (room - small * LEAST) / large,
            };
            let start = at;
            at += width + GAP;
            (*state, start, width)
        })
        .collect()
}

pub fn segbar(parts: &[(State, u64)]) -> AnyView {
    let rects = segments(parts)
        .into_iter()
        .map(|(state, start, width)| {
            view! {
                <rect
                    class="seg"
                    data-s=state.as_str()
                    x=format!("{start:.1}")
                    width=format!("{width:.1}")
                    height="8"
                ></rect>
            }
        })
        .collect_view();
    view! {
        <svg class="segbar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
            {rects}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_filled_to_its_end() {
        for parts in [
            vec![(State::Ok, 1)],
            vec![(State::Ok, 1173), (State::Crit, 1), (State::Unknown, 3)],
            vec![(State::Ok, 0), (State::Warn, 5), (State::Crit, 5)],
        ] {
            let (_, start, width) = segments(&parts).pop().unwrap();
            assert!((start + width - WIDTH).abs() < 0.01, "{parts:?} ends at {}", start + width);
        }
    }

    #[test]
    fn one_of_thousands_is_seen() {
        let drawn = segments(&[(State::Ok, 10_000), (State::Crit, 1)]);
        assert!((drawn[1].2 - LEAST).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_draws_nothing() {
        assert!(segments(&[(State::Ok, 0)]).is_empty());
    }
}
