//! The parts that pages are made of. Each has a sheet of its name in `style/components`.

pub mod button;
pub mod diff;
pub mod digest;
pub mod drop;
pub mod empty;
pub mod facets;
pub mod field;
pub mod focus;
pub mod glyph;
pub mod heat;
pub mod icon;
pub mod lines;
pub mod loaded;
pub mod moment;
pub mod page_head;
pub mod pair;
pub mod panel;
pub mod phase;
pub mod plot;
pub mod segbar;
pub mod side_panel;
pub mod spark;
pub mod status;
pub mod tabs;
pub mod title;
pub mod toast;
