//! Glyphs: states, drawn in fill. Each state has its own silhouette, so that colour is never the only sign.

use leptos::prelude::*;

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

    const fn href(self) -> &'static str {
        match self {
            Self::Ok => "#g-ok",
            Self::Progress => "#g-progress",
            Self::Warn => "#g-warn",
            Self::Crit => "#g-crit",
            Self::Unknown => "#g-unknown",
            Self::Paused => "#g-paused",
            Self::Pending => "#g-pending",
            Self::None => "#g-none",
            Self::X => "#g-x",
            Self::Info => "#g-info",
        }
    }
}

/// The shape alone: a word stands beside it, and `data-s` on it or above it gives the colour.
pub fn glyph(state: State) -> impl IntoView {
    view! {
        <svg class="glyph" aria-hidden="true">
            <use_ href=state.href()></use_>
        </svg>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::components::icon::SPRITE;

    #[test]
    fn the_sprite_has_every_glyph() {
        for state in State::ALL {
            assert!(SPRITE.contains(&format!("id=\"{}\"", state.href().trim_start_matches('#'))));
        }
    }
}
