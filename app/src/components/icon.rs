//! Icons: things, drawn in line. The shapes are symbols of one sprite that the shell embeds.

use leptos::{prelude::*, tachys::html::InertElement};

/// The sprite of all icons and glyphs. Only the server holds it; the browser refers to it.
#[cfg(feature = "ssr")]
pub const SPRITE: &str = include_str!("sprite.svg");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Alerts,
    Audit,
    Autoscaling,
    Changes,
    Collapse,
    Costs,
    Down,
    Filter,
    Firewall,
    Fleet,
    Health,
    Import,
    Instances,
    Key,
    Left,
    Lock,
    Menu,
    Moon,
    Out,
    Pools,
    Retry,
    Right,
    Search,
    Settings,
    Sun,
    System,
    Templates,
    X,
}

impl Icon {
    #[cfg(all(test, feature = "ssr"))]
    const ALL: [Self; 28] = [
        Self::Alerts,
        Self::Audit,
        Self::Autoscaling,
        Self::Changes,
        Self::Collapse,
        Self::Costs,
        Self::Down,
        Self::Filter,
        Self::Firewall,
        Self::Fleet,
        Self::Health,
        Self::Import,
        Self::Instances,
        Self::Key,
        Self::Left,
        Self::Lock,
        Self::Menu,
        Self::Moon,
        Self::Out,
        Self::Pools,
        Self::Retry,
        Self::Right,
        Self::Search,
        Self::Settings,
        Self::Sun,
        Self::System,
        Self::Templates,
        Self::X,
    ];

    pub const fn href(self) -> &'static str {
        match self {
            Self::Alerts => "#i-alerts",
            Self::Audit => "#i-audit",
            Self::Autoscaling => "#i-autoscaling",
            Self::Changes => "#i-changes",
            Self::Collapse => "#i-collapse",
            Self::Costs => "#i-costs",
            Self::Down => "#i-down",
            Self::Filter => "#i-filter",
            Self::Firewall => "#i-firewall",
            Self::Fleet => "#i-fleet",
            Self::Health => "#i-health",
            Self::Import => "#i-import",
            Self::Instances => "#i-instances",
            Self::Key => "#i-key",
            Self::Left => "#i-left",
            Self::Lock => "#i-lock",
            Self::Menu => "#i-menu",
            Self::Moon => "#i-moon",
            Self::Out => "#i-out",
            Self::Pools => "#i-pools",
            Self::Retry => "#i-retry",
            Self::Right => "#i-right",
            Self::Search => "#i-search",
            Self::Settings => "#i-settings",
            Self::Sun => "#i-sun",
            Self::System => "#i-system",
            Self::Templates => "#i-templates",
            Self::X => "#i-x",
        }
    }
}

/// Always decoration: a control that shows only an icon carries its own label.
pub fn icon(icon: Icon) -> impl IntoView {
    drawn("icon", icon)
}

/// The arrow of a `<summary>`: the style turns it when its details are open.
pub fn turning_arrow() -> impl IntoView {
    drawn("icon turn", Icon::Right)
}

/// One of a few texts, as a glyph is: the frame alone has forty of them.
fn drawn(class: &'static str, icon: Icon) -> InertElement {
    let href = icon.href();
    InertElement::new(format!("<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"{href}\"/></svg>"))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_sprite_has_every_icon() {
        for icon in Icon::ALL {
            let id = icon.href().trim_start_matches('#');
            assert!(SPRITE.contains(&format!("id=\"{id}\"")), "{id} is not in sprite.svg");
        }
    }
}
