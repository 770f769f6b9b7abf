//! The document around the app. Only the server draws it.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::MetaTags;

use crate::{routes::App, theme::Theme};

/// The whole document. Scripts carry the nonce that the server put into its policy header.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let theme = Theme::of_request();
    let sheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.forced()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="stylesheet" href=sheet />
                <link rel="icon" type="image/svg+xml" href=ICON />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The mark of the product as the page's icon.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Cpath fill='%235f9c8d' d='M1 1h5v5H1zM7.5 1h5v5h-5zM14 1h5v5h-5zM1 7.5h5v5H1zM14 7.5h5v5h-5zM1 14h5v5H1zM7.5 14h5v5h-5z'/%3E%3Cpath fill='%231668dc' d='M7.5 7.5h5v5h-5z'/%3E%3C/svg%3E";

/// A page for when nobody can be recognised because the database is away: no app, no scripts, one sentence and the id.
pub fn unavailable_page(what: &str, request_id: &str) -> String {
    let (what, request_id) = (escape(what), escape(request_id));
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta http-equiv=\"refresh\" content=\"5\"><title>Unavailable · Agent Manager</title>\
         <link rel=\"stylesheet\" href=\"/pkg/agent-manager.css\"></head><body><div class=\"cover\">\
         <main class=\"main\"><section class=\"cover-sheet\"><div><h1>{what}</h1>\
         <p class=\"lead\">Agents go on working; nothing that was applied is lost. This page works again \
         when it answers.</p></div><a class=\"btn primary\" href=\"\">Try again</a>\
         <p class=\"sm muted\">Request <code>{request_id}</code></p></section></main></div></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::unavailable_page;

    #[test]
    fn the_page_without_an_app_says_what_and_which_request() {
        let page = unavailable_page("The <database> does not answer", "0190-ab");
        assert!(page.contains("The &lt;database&gt; does not answer") && page.contains("0190-ab"));
        assert!(!page.contains("<script"));
    }
}
