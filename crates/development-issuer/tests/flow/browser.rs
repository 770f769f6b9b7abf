//! As much of a browser as a page without scripts needs: it reads the form and sends what a click would send.

use std::collections::HashMap;

use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
    url: Url,
}

impl Page {
    pub(crate) async fn of(response: reqwest::Response) -> Page {
        let (status, headers, url) =
            (response.status().as_u16(), response.headers().clone(), response.url().clone());
        Page { status, headers, url, html: response.text().await.unwrap() }
    }

    pub(crate) fn hidden(&self) -> Vec<(String, String)> {
        let fields = self.html.split("<input type=\"hidden\" ").skip(1);
        fields.map(|field| (attribute(field, "name"), attribute(field, "value"))).collect()
    }

    pub(crate) fn form(&self, button: &str, value: &str) -> (Url, Vec<(String, String)>) {
        let form = self.html.split("<form ").nth(1).expect("a form on the page");
        assert_eq!(attribute(form, "method"), "post");
        let marker = format!("<button name=\"{button}\" value=\"{value}\"");
        let quiet = format!("<button class=\"quiet\" name=\"{button}\" value=\"{value}\"");
        assert!(form.contains(&marker) || form.contains(&quiet), "no button {button}={value}: {form}");
        let mut fields = self.hidden();
        fields.push((button.to_owned(), value.to_owned()));
        (self.url.join(&attribute(form, "action")).unwrap(), fields)
    }

    pub(crate) async fn click(&self, http: &reqwest::Client, button: &str, value: &str) -> Page {
        let (action, fields) = self.form(button, value);
        let request = http.post(action).header("sec-fetch-site", "same-origin").form(&fields);
        Page::of(request.send().await.unwrap()).await
    }

    /// The parameters with which the browser was sent back to the client.
    pub(crate) fn returned(&self) -> HashMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.html);
        let url = Url::parse(self.headers[LOCATION].to_str().unwrap()).unwrap();
        assert_eq!(url.as_str().split('?').next().unwrap(), super::CALLBACK);
        url.query_pairs().into_owned().collect()
    }
}

fn attribute(element: &str, name: &str) -> String {
    let marker = format!("{name}=\"");
    let value = element.split(&marker).nth(1).expect("the attribute").split('"').next().unwrap();
    value
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
