//! The answer to a form that came when nobody was signed in any more: nothing was done, and what was typed is not lost where the page can
//! hold it. One signs in beside it, in another tab, and sends the same again from here.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest as _, Multipart, Request},
};
use http::{Method, header::CONTENT_TYPE};

use crate::{
    form_post,
    pages::import::fields,
    routes,
    shell::{bare_page, escape},
};

/// Bytes of a form that is held, at most: nobody has said who sends it.
const LARGEST: usize = 256 * 1024;

/// What was sent, to be sent again to the same address.
struct Held {
    multipart: bool,
    pairs: Vec<(String, String)>,
}

/// The page. It is of what the browser itself sent from a page of ours: requests of other sites are refused before.
pub async fn session_ended_page(request: Request, request_id: &str) -> String {
    let held = held(request).await;
    let advice = match held {
        Some(_) => {
            "Your session has ended, or you have not signed in yet. What you typed is kept on this page: sign in, come back to it, \
             and send it again."
        }
        None => {
            "Your session has ended, or you have not signed in yet. Sign in in the other tab, then go back here with your browser's \
             Back: most browsers keep what was typed."
        }
    };
    let sign_in = format!(
        "<a class=\"btn primary\" href=\"{}\" target=\"_blank\" rel=\"noopener\">Sign in in another tab</a>",
        routes::SIGN_IN
    );
    let acts = match held {
        Some(held) => format!("{sign_in}{}", held.form()),
        None => sign_in,
    };
    bare_page("Signed out", "", "Nothing was done: you are not signed in", advice, &acts, request_id)
}

impl Held {
    /// Without an address: that of the page is the one that it was sent to.
    fn form(&self) -> String {
        let kind = if self.multipart { " enctype=\"multipart/form-data\"" } else { "" };
        let inputs: String = self
            .pairs
            .iter()
            .map(|(name, value)| {
                format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
            })
            .collect();
        format!("<form method=\"post\"{kind}>{inputs}<button class=\"btn\">Send it again</button></form>")
    }
}

/// None of what is too large, holds a file that is no text, or was sent to a function, whose address shows no page.
async fn held(request: Request) -> Option<Held> {
    if request.method() != Method::POST || request.uri().path().starts_with("/fn/") {
        return None;
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, LARGEST).await.ok()?;
    let kind = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let multipart = kind.starts_with("multipart/form-data");
    let pairs = if multipart {
        of_parts(Request::from_parts(parts, Body::from(bytes))).await?
    } else {
        form_post::read(&parts, Body::from(bytes)).await.ok()?.into_pairs()
    };
    Some(Held { multipart, pairs })
}

/// A chosen file comes as if its text had been pasted, for a page cannot choose files.
async fn of_parts(request: Request) -> Option<Vec<(String, String)>> {
    let mut parts = Multipart::from_request(request, &()).await.ok()?;
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let text = text_of(part.bytes().await.ok()?)?;
        match file {
            None => pairs.push((name, text)),
            // Left empty.
            Some(file) if file.is_empty() || text.is_empty() => {}
            Some(file) if name == fields::UPLOAD => {
                let file = file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                pairs.extend([(fields::FILE_NAME.to_owned(), file), (fields::FILE_TEXT.to_owned(), text)]);
            }
            Some(_) => return None,
        }
    }
    Some(pairs)
}

fn text_of(bytes: Bytes) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn page(path: &str, kind: &str, body: impl Into<Body>) -> String {
        let request = Request::post(path).header(CONTENT_TYPE, kind).body(body.into()).unwrap();
        session_ended_page(request, "0190-ab").await
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn what_was_typed_is_held_as_text_and_sent_to_where_it_was_sent() {
        let page = page("/pools/new", FORM, "name=%22%3E%3Cscript%3E&note=a%0D%0Ab&intent=review").await;
        assert!(page.contains("<h1>Nothing was done: you are not signed in</h1>"), "{page}");
        assert!(page.contains("name=\"name\" value=\"&quot;&gt;&lt;script&gt;\""), "{page}");
        assert!(page.contains("name=\"note\" value=\"a\nb\"") && page.contains("value=\"review\""), "{page}");
        assert!(page.contains("<form method=\"post\"><input") && !page.contains("<script"), "{page}");
        assert!(page.contains("href=\"/sign-in\" target=\"_blank\"") && page.contains("0190-ab"), "{page}");
    }

    /// The import form, with a file that was chosen or none.
    fn import(file: &str, text: &[u8]) -> Vec<u8> {
        let head = format!(
            "--x\r\ncontent-disposition: form-data; name=\"file_text\"\r\n\r\na = 1\r\n--x\r\n\
             content-disposition: form-data; name=\"upload\"; filename=\"{file}\"\r\n\r\n"
        );
        [head.as_bytes(), text, b"\r\n--x--\r\n"].concat()
    }

    #[tokio::test]
    async fn texts_of_an_import_are_held_with_its_chosen_files() {
        const KIND: &str = "multipart/form-data; boundary=x";
        let pasted = page("/import", KIND, import("", b"")).await;
        assert!(pasted.contains("<form method=\"post\" enctype=\"multipart/form-data\">"), "{pasted}");
        assert!(pasted.contains("name=\"file_text\" value=\"a = 1\"") && !pasted.contains("upload"));
        let chosen = page("/import", KIND, import("C:\\x\\b.tf", b"b = 2")).await;
        assert!(chosen.contains("name=\"file_name\" value=\"b.tf\""), "{chosen}");
        assert!(chosen.contains("name=\"file_text\" value=\"b = 2\""), "{chosen}");
        let picture = page("/import", KIND, import("a.png", &[0xff, 0xfe])).await;
        assert!(!picture.contains("<form") && picture.contains("your browser's Back"), "{picture}");
    }

    #[tokio::test]
    async fn what_cannot_be_held_is_said_with_the_way_back() {
        for (path, kind, body) in [
            ("/pools/new", FORM, "a".repeat(LARGEST + 1)),
            ("/pools/new", "application/json", "{}".to_owned()),
            ("/fn/set_theme", FORM, "theme=dark".to_owned()),
        ] {
            let page = page(path, kind, body).await;
            assert!(!page.contains("<form") && page.contains("your browser's Back"), "{path}: {page}");
        }
    }
}
