//! Glyphs: states, drawn in fill. Each state has its own silhouette, so that colour is never the only sign.

use leptos::{prelude::*, tachys::html::InertElement};

/// How a thing fares, as the whole face draws it. A noun's own states map to these beside its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    Ok,
    Progress,
    Warn,
    Crit,
    Unknown,
    Paused,
    Pending,
    /// Not begun.
    None,
    /// Ended without effect: rejected, cancelled.
    X,
    Info,
}

macro_rules! drawn {
    ($name:literal) => {
        concat!("<i class=\"glyph g-", $name, "\"></i>")
    };
}

impl State {
    #[cfg(all(test, feature = "ssr"))]
    const ALL: [Self; 10] = [
        Self::Ok,
        Self::Progress,
        Self::Warn,
        Self::Crit,
        Self::Unknown,
        Self::Paused,
        Self::Pending,
        Self::None,
        Self::X,
        Self::Info,
    ];

    /// The value of `data-s`, which the style sheets turn into colours.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Progress => "progress",
            Self::Warn => "warn",
            Self::Crit => "crit",
            Self::Unknown => "unknown",
            Self::Paused => "paused",
            Self::Pending => "pending",
            Self::None => "none",
            Self::X => "x",
            Self::Info => "info",
        }
    }

    /// The shape's markup: one of ten texts, so that a page of fifty rows need not build it of elements.
    pub const fn drawn(self) -> &'static str {
        match self {
            Self::Ok => drawn!("ok"),
            Self::Progress => drawn!("progress"),
            Self::Warn => drawn!("warn"),
            Self::Crit => drawn!("crit"),
            Self::Unknown => drawn!("unknown"),
            Self::Paused => drawn!("paused"),
            Self::Pending => drawn!("pending"),
            Self::None => drawn!("none"),
            Self::X => drawn!("x"),
            Self::Info => drawn!("info"),
        }
    }
}

/// The shape alone: a word stands beside it, and `data-s` on it or above it gives the colour.
pub fn glyph(state: State) -> impl IntoView {
    InertElement::new(state.drawn())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_has_every_glyph() {
        let sheet = include_str!("../../../style/components/glyph.css");
        for state in State::ALL {
            let name = state.as_str();
            let class = format!("  .g-{name} {{ mask-image: url(\"data:image/svg+xml,<svg ");
            assert!(sheet.contains(&class), "{name} is not in glyph.css");
            assert_eq!(state.drawn(), format!("<i class=\"glyph g-{name}\"></i>"));
        }
        assert_eq!(sheet.matches("  .g-").count(), State::ALL.len(), "no shape without a state");
    }
}
