//! What a person chose for this browser. Kept in cookies, so that the server's first byte already has it; they hold no
//! secret and are no proof of anything.

#[cfg(feature = "ssr")]
use leptos::prelude::*;

/// What the request's cookie of that name says.
#[cfg(feature = "ssr")]
pub fn of_request<T>(name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let parts = use_context::<http::request::Parts>()?;
    let cookies = parts.headers.get_all(http::header::COOKIE);
    cookies.iter().filter_map(|line| line.to_str().ok()).find_map(|line| read(value(line, name)?))
}

/// Has the answer set the cookie.
#[cfg(feature = "ssr")]
pub fn keep(name: &str, value: &str) {
    if let (Some(options), Ok(cookie)) =
        (use_context::<leptos_axum::ResponseOptions>(), cookie(name, value).parse())
    {
        options.append_header(http::header::SET_COOKIE, cookie);
    }
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The `Set-Cookie` line: for a year.
fn cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_that_is_set_is_read_back() {
        let line = cookie("theme", "dark");
        let pair = line.split(';').next().unwrap();
        assert_eq!(value(&format!("other=1; {pair}; theme2=x"), "theme"), Some("dark"));
        assert_eq!(value("mytheme=dark", "theme"), None);
    }
}
