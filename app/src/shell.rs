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

/// A page for when something that we need does not answer: no app, no scripts, what it is and the request's id. Where only a page was
/// asked for (`reads`), it asks again by itself.
pub fn unavailable_page(what: &str, reads: bool, request_id: &str) -> String {
    const LEAD: &str =
        "Agents go on working; nothing that was applied is lost. This page works again when it answers.";
    let head = if reads { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" };
    bare_page("Unavailable", head, what, LEAD, AGAIN, request_id)
}

/// A page for when something was sent and no answer came in time: it may be done all the same, so that a person looks first.
pub fn too_slow_page(what: &str, request_id: &str) -> String {
    const LEAD: &str = "Agents go on working; nothing that was applied is lost. \
                        What you sent may have been done: look before you send it again.";
    bare_page("Unavailable", "", what, LEAD, "Back to the page", request_id)
}

/// A page for when a mistake of ours left none. Nobody can tell whether it goes away, so that a person asks again.
pub fn fault_page(what: &str, request_id: &str) -> String {
    const LEAD: &str = "The mistake is ours. Agents go on working; nothing that was applied is lost. \
                        If you sent a form, look whether it was taken before you send it again.";
    bare_page("Error", "", what, LEAD, AGAIN, request_id)
}

const AGAIN: &str = "Try again";

/// `link`: what the link to the same address is called.
fn bare_page(title: &str, head: &str, what: &str, lead: &str, link: &str, request_id: &str) -> String {
    let (what, request_id) = (escape(what), escape(request_id));
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">{head}<title>{title} · Agent Manager</title>\
         <link rel=\"stylesheet\" href=\"/pkg/agent-manager.css\"></head><body><div class=\"cover\">\
         <main class=\"main\"><section class=\"cover-sheet\"><div><h1>{what}</h1>\
         <p class=\"lead\">{lead}</p></div><a class=\"btn primary\" href=\"\">{link}</a>\
         <p class=\"sm muted\">Request <code>{request_id}</code></p></section></main></div></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{fault_page, too_slow_page, unavailable_page};

    #[test]
    fn the_page_without_an_app_says_what_and_which_request() {
        let page = unavailable_page("The <database> does not answer", true, "0190-ab");
        assert!(page.contains("The &lt;database&gt; does not answer") && page.contains("0190-ab"));
        assert!(page.contains("http-equiv=\"refresh\"") && !page.contains("<script"));
        let sent = unavailable_page("The <database> does not answer", false, "0190-ab");
        assert!(!sent.contains("refresh") && sent.contains(">Try again</a>"), "{sent}");
    }

    #[test]
    fn what_was_sent_and_not_answered_is_looked_for_first() {
        let page = too_slow_page("The server took too long to answer", "0190-ab");
        assert!(page.contains("may have been done: look before you send it again"), "{page}");
        assert!(!page.contains("refresh") && !page.contains("Try again"), "{page}");
    }

    #[test]
    fn a_fault_s_page_does_not_ask_again_by_itself() {
        let page = fault_page("Something went wrong inside", "0190-ab");
        assert!(page.contains("<h1>Something went wrong inside</h1>") && page.contains("0190-ab"));
        assert!(!page.contains("refresh") && !page.contains("<script"));
    }
}
