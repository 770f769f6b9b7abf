//! The few pages a person sees. Plain HTML with an embedded sheet; no scripts, and every foreign word is escaped.

use std::fmt::Write as _;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::authorize::Parameters;
use crate::persona::Persona;

const STYLE: &str = include_str!("page.css");
const ICON: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#343c46"/>"##,
    r##"<circle cx="8" cy="6" r="2.5" fill="#fff"/><path d="M3.5 13a4.5 4.5 0 0 1 9 0z" fill="#fff"/></svg>"##,
);

/// Only our own sheet, and forms only to us and, by the redirect that follows, to the client.
pub(crate) fn content_security_policy(client_origins: &[String]) -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src 'self'; form-action 'self' {}; base-uri 'none'; \
         frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(STYLE)),
        client_origins.join(" "),
    )
}

pub(crate) fn choose_persona(personas: &[Persona], parameters: &Parameters) -> Response {
    let mut body = String::from(
        "<h1>Sign in to the demo</h1>\n<p class=\"lead\">Choose who to be. These people exist on this machine \
         only, and none has a password.</p>\n<form method=\"post\" action=\"authorize\">\n",
    );
    for (name, value) in hidden_fields(parameters) {
        if let Some(value) = value {
            let value = escaped(value);
            // Writing into a String cannot fail, here and below.
            let _ = writeln!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        }
    }
    body.push_str("<ul>\n");
    for persona in personas {
        let subject = escaped(&persona.subject);
        let hint = parameters.login_hint.as_deref().unwrap_or_default();
        let hinted =
            hint.eq_ignore_ascii_case(&persona.subject) || hint.eq_ignore_ascii_case(&persona.email());
        let (focus, tag) =
            if hinted { (" autofocus", " <em>suggested by the application</em>") } else { ("", "") };
        let _ = writeln!(
            body,
            "<li><button name=\"persona\" value=\"{subject}\" aria-describedby=\"{subject}-does\"{focus}>\
             <strong>{name}</strong> <span>{title}</span></button>{tag}\
             <p id=\"{subject}-does\">{does}</p></li>",
            name = escaped(&persona.name),
            title = escaped(&persona.title),
            does = escaped(&persona.does),
        );
    }
    body.push_str(
        "</ul>\n<button class=\"quiet\" name=\"cancel\" value=\"yes\">Go back without signing in</button>\n</form>",
    );
    document(StatusCode::OK, "Sign in to the demo", &body)
}

/// What the form must carry so that the answer can be checked like the question.
fn hidden_fields(parameters: &Parameters) -> [(&'static str, Option<&String>); 9] {
    [
        ("client_id", parameters.client_id.as_ref()),
        ("redirect_uri", parameters.redirect_uri.as_ref()),
        ("response_type", parameters.response_type.as_ref()),
        ("response_mode", parameters.response_mode.as_ref()),
        ("scope", parameters.scope.as_ref()),
        ("state", parameters.state.as_ref()),
        ("nonce", parameters.nonce.as_ref()),
        ("code_challenge", parameters.code_challenge.as_ref()),
        ("code_challenge_method", parameters.code_challenge_method.as_ref()),
    ]
}

pub(crate) fn refused(status: StatusCode, reason: &str) -> Response {
    let body = format!(
        "<h1>This cannot go on</h1>\n<p class=\"lead\">{}</p>\n<p>Go back to the application and try again from \
         there. If it happens again, compare the application's sign-in settings with how this issuer was started.</p>",
        escaped(reason)
    );
    document(status, "This cannot go on", &body)
}

pub(crate) fn signed_out() -> Response {
    let body = "<h1>You are signed out</h1>\n<p class=\"lead\">This issuer remembers nobody: the next sign-in asks \
                again who to be.</p>";
    document(StatusCode::OK, "You are signed out", body)
}

pub(crate) async fn not_found() -> Response {
    refused(StatusCode::NOT_FOUND, "There is no such page at this issuer.")
}

pub(crate) async fn favicon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON).into_response()
}

fn document(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} · Agent Manager</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}\n</main>\n<footer><p>Development issuer of Agent Manager. It listens on this machine \
         only and is refused outside development.</p></footer>\n</body>\n</html>\n",
    );
    (status, Html(html)).into_response()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_can_end_an_attribute_or_open_an_element() {
        assert_eq!(escaped(r#"<a b="c" d='e'>&"#), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
    }

    #[test]
    fn the_policy_names_the_sheet_and_the_client_and_no_wildcard() {
        let policy = content_security_policy(&["http://localhost:3000".into()]);
        assert!(policy.contains("form-action 'self' http://localhost:3000;"), "{policy}");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains('*') && !policy.contains("unsafe"), "{policy}");
    }
}
