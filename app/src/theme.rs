//! Light, dark, or what the system says.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::preference;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The value of `data-theme`; the system's choice has none.
    pub const fn forced(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light | Self::Dark => Some(self.as_str()),
        }
    }

    /// The one of that name.
    #[cfg(any(test, feature = "ssr"))]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name)
    }

    /// What the request's cookie asks for.
    #[cfg(feature = "ssr")]
    pub fn of_request() -> Self {
        preference::of_request(COOKIE, Self::named).unwrap_or_default()
    }
}

#[cfg(feature = "ssr")]
pub const COOKIE: &str = "theme";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_known_by_its_name_and_nothing_else_is_one() {
        for theme in Theme::ALL {
            assert_eq!(Theme::named(theme.as_str()), Some(theme));
        }
        assert_eq!(Theme::named("purple"), None);
    }
}
