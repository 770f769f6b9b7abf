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
                <link rel="icon" href="/favicon.svg" />
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
