//! Icons: things, drawn in line. The style sheet has the shapes (decision 11); here are their names.

use leptos::{prelude::*, tachys::html::InertElement};

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

    /// What its class ends with, as the style sheet names it.
    const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Audit => "audit",
            Self::Autoscaling => "autoscaling",
            Self::Changes => "changes",
            Self::Collapse => "collapse",
            Self::Costs => "costs",
            Self::Down => "down",
            Self::Filter => "filter",
            Self::Firewall => "firewall",
            Self::Fleet => "fleet",
            Self::Health => "health",
            Self::Import => "import",
            Self::Instances => "instances",
            Self::Key => "key",
            Self::Left => "left",
            Self::Lock => "lock",
            Self::Menu => "menu",
            Self::Moon => "moon",
            Self::Out => "out",
            Self::Pools => "pools",
            Self::Retry => "retry",
            Self::Right => "right",
            Self::Search => "search",
            Self::Settings => "settings",
            Self::Sun => "sun",
            Self::System => "system",
            Self::Templates => "templates",
            Self::X => "x",
        }
    }
}

/// Always decoration: a control that shows only an icon carries its own label.
pub fn icon(icon: Icon) -> impl IntoView {
    drawn(icon, "")
}

/// As pale as what stands in for a thing.
pub fn muted_icon(icon: Icon) -> impl IntoView {
    drawn(icon, " muted")
}

/// The arrow of a `<summary>`: the style turns it when its details are open.
pub fn turning_arrow() -> impl IntoView {
    drawn(Icon::Right, " turn")
}

/// One of a few texts, as a glyph is: the frame alone has twenty of them. It has no words, so nothing need hide it from readers
/// by ear. `more` are further classes.
fn drawn(icon: Icon, more: &'static str) -> InertElement {
    InertElement::new(format!("<i class=\"icon i-{}{more}\"></i>", icon.name()))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_has_every_icon() {
        let sheet = include_str!("../../../style/components/icon.css");
        for icon in Icon::ALL {
            let class = format!("  .i-{} {{ mask-image: url(\"data:image/svg+xml,<svg ", icon.name());
            assert!(sheet.contains(&class), "{icon:?} is not in icon.css");
        }
        assert_eq!(sheet.matches("  .i-").count(), Icon::ALL.len(), "no shape without a name");
    }
}
