//! The heat grid's cells: one small square an agent. Well is small and quiet; ill is larger, filled, with a sign in it.

use std::fmt::Write;

use leptos::prelude::*;

use super::glyph::State;

/// Cells in a row of one zone's block.
const COLUMNS: usize = 10;
/// Pixels from one cell to the next.
const PITCH: usize = 12;

/// One `<path>` of a block: all cells of a state that are drawn alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    pub state: State,
    pub class: &'static str,
    pub path: String,
}

/// Width and height in pixels of a block of so many cells.
pub fn block_size(cells: usize) -> (usize, usize) {
    (cells.clamp(1, COLUMNS) * PITCH, cells.div_ceil(COLUMNS).max(1) * PITCH)
}

/// The paths of a block, in the order of the states' first cells. Cells keep their place whatever their state.
pub fn strokes(states: &[State]) -> Vec<Stroke> {
    let mut out: Vec<Stroke> = Vec::new();
    let mut add = |state: State, class: &'static str, part: String| match out
        .iter_mut()
        .find(|stroke| stroke.state == state && stroke.class == class)
    {
        Some(stroke) => stroke.path.push_str(&part),
        None => out.push(Stroke { state, class, path: part }),
    };
    for (index, &state) in states.iter().enumerate() {
        let (x, y) = (index % COLUMNS * PITCH, index / COLUMNS * PITCH);
        let square =
            |inset: usize, side: usize| format!("M{} {}h{side}v{side}h-{side}z", x + inset, y + inset);
        match state {
            State::Ok => add(state, "", square(3, 6)),
            State::Progress | State::Pending => {
                add(state, "hollow", square(2, 8));
                add(state, "half", format!("M{} {}h4v8h-4z", x + 6, y + 2));
            }
            State::Warn => {
                add(state, "", square(2, 8));
                add(state, "on-warn", format!("M{} {}l3.5 6h-7z", x + 6, y + 3));
            }
            State::Crit => {
                add(state, "", square(2, 8));
                add(state, "on-crit", format!("M{0} {1}l4 4M{2} {1}l-4 4", x + 4, y + 4, x + 8));
            }
            State::Paused | State::X => {
                add(state, "", square(2, 8));
                add(state, "on-paused", format!("M{0}.5 {2}v4M{1}.5 {2}v4", x + 4, x + 7, y + 4));
            }
            State::Unknown | State::None | State::Info => add(state, "hollow dashed", square(2, 8)),
        }
    }
    out
}

/// `9 healthy, 1 silent`: what the block says to those who do not see it. `counts` has the words' order.
pub fn block_label(counts: &[(&'static str, usize)]) -> String {
    let mut out = String::new();
    for (word, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let comma = if out.is_empty() { "" } else { ", " };
        let _ = write!(out, "{comma}{count} {word}");
    }
    out
}

/// A block of cells as one picture.
pub fn cells(states: &[State], label: String) -> AnyView {
    let paths = strokes(states)
        .into_iter()
        .map(|stroke| {
            let class = (!stroke.class.is_empty()).then_some(stroke.class);
            view! { <path data-s=stroke.state.as_str() class=class d=stroke.path></path> }
        })
        .collect_view();
    picture("cells", block_size(states.len()), label, paths.into_any())
}

/// Paths in pixels as one picture. `label` is what it says to those who do not see it.
pub fn picture(
    class: &'static str,
    (width, height): (usize, usize),
    label: String,
    paths: AnyView,
) -> AnyView {
    view! {
        <svg
            class=class
            viewBox=format!("0 0 {width} {height}")
            width=width.to_string()
            height=height.to_string()
            role="img"
            aria-label=label
        >
            {paths}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_ten_cells_wide_and_grows_down() {
        assert_eq!(
            [block_size(0), block_size(1), block_size(10), block_size(11)],
            [(12, 12), (12, 12), (120, 12), (120, 24)]
        );
    }

    #[test]
    fn a_cell_keeps_its_place_whatever_its_neighbours_do() {
        let mut states = vec![State::Ok; 12];
        states[10] = State::Crit;
        let drawn = strokes(&states);
        let crit: Vec<_> = drawn.iter().filter(|stroke| stroke.state == State::Crit).collect();
        assert_eq!(crit[0].path, "M2 14h8v8h-8z");
        assert_eq!(crit[1].path, "M4 16l4 4M8 16l-4 4");
        assert!(drawn[0].path.ends_with("M15 15h6v6h-6z"), "{}", drawn[0].path);
    }

    #[test]
    fn cells_of_one_state_share_a_path() {
        assert_eq!(strokes(&[State::Ok; 30]).len(), 1);
        assert_eq!(strokes(&[]).len(), 0);
    }

    #[test]
    fn the_label_leaves_out_what_does_not_occur() {
        assert_eq!(block_label(&[("healthy", 9), ("late", 0), ("silent", 1)]), "9 healthy, 1 silent");
    }
}
