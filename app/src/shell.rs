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
/// asked for (`reads`), it asks again by itself. `back`, here and below: where its link leads; empty for the same address.
pub fn unavailable_page(what: &str, reads: bool, back: &str, request_id: &str) -> String {
    const LEAD: &str =
        "Agents go on working; nothing that was applied is lost. This page works again when it answers.";
    let head = if reads { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" };
    let link = Link { name: if reads { AGAIN } else { BACK }, href: back };
    bare_page("Unavailable", head, what, LEAD, &link.drawn(), request_id)
}

/// A page for when something was sent and no answer came in time: it may be done all the same, so that a person looks first.
pub fn too_slow_page(what: &str, back: &str, request_id: &str) -> String {
    const LEAD: &str = "Agents go on working; nothing that was applied is lost. \
                        What you sent may have been done: look before you send it again.";
    bare_page("Unavailable", "", what, LEAD, &Link { name: BACK, href: back }.drawn(), request_id)
}

/// A page for when a mistake of ours left none. Nobody can tell whether it goes away, so that a person asks again. Its link leads where
/// that of `unavailable_page` does.
pub fn fault_page(what: &str, reads: bool, back: &str, request_id: &str) -> String {
    const LEAD: &str = "The mistake is ours. Agents go on working; nothing that was applied is lost. \
                        If you sent a form, look whether it was taken before you send it again.";
    let link = Link { name: if reads { AGAIN } else { BACK }, href: back };
    bare_page("Error", "", what, LEAD, &link.drawn(), request_id)
}

/// A page for what was turned away before any page of ours saw it, so that there is none to go back to. `what`: a sentence without its
/// full stop; `advice`: of plain text that is ours.
pub fn refused_page(what: &str, advice: &str, request_id: &str) -> String {
    bare_page("Refused", "", what, advice, &Link { name: "Go to Fleet", href: "/" }.drawn(), request_id)
}

const AGAIN: &str = "Try again";
const BACK: &str = "Back to the page";

struct Link<'a> {
    name: &'a str,
    href: &'a str,
}

impl Link<'_> {
    fn drawn(&self) -> String {
        format!("<a class=\"btn primary\" href=\"{}\">{}</a>", escape(self.href), self.name)
    }
}

/// `lead` and `acts` are HTML.
pub(crate) fn bare_page(
    title: &str,
    head: &str,
    what: &str,
    lead: &str,
    acts: &str,
    request_id: &str,
) -> String {
    let (what, request_id) = (escape(what), escape(request_id));
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">{head}<title>{title} · Agent Manager</title>\
         <link rel=\"stylesheet\" href=\"/pkg/agent-manager.css\"></head><body><div class=\"cover\">\
         <main class=\"main\"><section class=\"cover-sheet\"><div><h1>{what}</h1>\
         <p class=\"lead\">{lead}</p></div>{acts}\
         <p class=\"sm muted\">Request <code>{request_id}</code></p></section></main></div></body></html>"
    )
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{fault_page, too_slow_page, unavailable_page};

    #[test]
    fn the_page_without_an_app_says_what_and_which_request() {
        let page = unavailable_page("The <database> does not answer", true, "", "0190-ab");
        assert!(page.contains("The &lt;database&gt; does not answer") && page.contains("0190-ab"));
        assert!(page.contains("http-equiv=\"refresh\"") && !page.contains("<script"));
        assert!(page.contains(" href=\"\">Try again</a>"), "{page}");
        let sent = unavailable_page("The <database> does not answer", false, "", "0190-ab");
        assert!(!sent.contains("refresh") && sent.contains(" href=\"\">Back to the page</a>"), "{sent}");
    }

    #[test]
    fn what_was_sent_and_not_answered_is_looked_for_first() {
        let page = too_slow_page("The server took too long to answer", "/pools?q=\"a\"", "0190-ab");
        assert!(page.contains(" href=\"/pools?q=&quot;a&quot;\">Back to the page</a>"), "{page}");
        assert!(page.contains("may have been done: look before you send it again"), "{page}");
        assert!(!page.contains("refresh") && !page.contains("Try again"), "{page}");
    }

    #[test]
    fn a_fault_s_page_does_not_ask_again_by_itself() {
        let page = fault_page("Something went wrong inside", true, "", "0190-ab");
        assert!(page.contains("<h1>Something went wrong inside</h1>") && page.contains("0190-ab"));
        assert!(!page.contains("refresh") && !page.contains("<script"));
        assert!(page.contains(" href=\"\">Try again</a>"), "{page}");
        let sent = fault_page("Something went wrong inside", false, "/pools", "0190-ab");
        assert!(sent.contains(" href=\"/pools\">Back to the page</a>"), "{sent}");
    }
}
