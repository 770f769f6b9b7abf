//! Light, dark, or what the system says. Kept in a cookie, so that the server's first byte already has it.

#[cfg(feature = "ssr")]
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

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

    /// What the request's cookie asks for.
    #[cfg(feature = "ssr")]
    pub fn of_request() -> Self {
        use_context::<http::request::Parts>()
            .and_then(|parts| {
                let cookies = parts.headers.get_all(http::header::COOKIE);
                cookies.iter().filter_map(|line| line.to_str().ok()).find_map(from_cookies)
            })
            .unwrap_or_default()
    }
}

/// The cookie's name. It holds no secret and is no proof of anything.
#[cfg(any(test, feature = "ssr"))]
const COOKIE: &str = "theme";

#[cfg(any(test, feature = "ssr"))]
fn from_cookies(line: &str) -> Option<Theme> {
    let value = line.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    Theme::ALL.into_iter().find(|theme| theme.as_str() == value)
}

/// The `Set-Cookie` line: for a year.
#[cfg(any(test, feature = "ssr"))]
pub fn cookie(theme: Theme) -> String {
    format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", theme.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_that_is_set_is_read_back() {
        for theme in Theme::ALL {
            let line = cookie(theme);
            let pair = line.split(';').next().unwrap();
            assert_eq!(from_cookies(&format!("other=1; {pair}; theme2=x")), Some(theme));
        }
    }

    #[test]
    fn a_foreign_value_is_no_theme() {
        assert_eq!(from_cookies("theme=purple"), None);
        assert_eq!(from_cookies("mytheme=dark"), None);
    }
}
