//! Lists: filter, order, pages.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{call::Call, filter::Filter};
use crate::{error::Error, fingerprint, reference::link};

const MOST: usize = 500;

/// One page of `items`, which come with their keys, in the order of these.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<String>,
}

/// A whole list response.
pub(crate) fn list(call: &Call, kind: &str, items: Vec<(String, Value)>) -> Result<Value, Error> {
    let page = page(call, items)?;
    let mut list = json!({
        "kind": kind,
        "id": call.path(),
        "selfLink": link(call.path()),
    });
    if !page.items.is_empty() {
        list["items"] = page.items.into();
    }
    if let Some(next) = page.next {
        list["nextPageToken"] = next.into();
    }
    Ok(list)
}

pub(crate) fn page(call: &Call, items: Vec<(String, Value)>) -> Result<Page, Error> {
    let mut items = filtered(call, items)?;
    match call.query("orderBy") {
        None | Some("name") => {}
        Some("creationTimestamp desc") => {
            items.sort_by_key(|(key, item)| {
                (std::cmp::Reverse(item["creationTimestamp"].as_str().map(str::to_owned)), key.clone())
            });
        }
        Some(other) => {
            return Err(Error::invalid("orderBy", other, "Must be 'name' or 'creationTimestamp desc'."));
        }
    }
    let size = match call.query("maxResults").map(|text| (text, text.parse::<usize>())) {
        None | Some((_, Ok(0))) => MOST,
        Some((_, Ok(size))) if size <= MOST => size,
        Some((text, _)) => {
            return Err(Error::invalid("maxResults", text, "Must be between 0 and 500, inclusive."));
        }
    };
    let start = match call.query("pageToken") {
        None => 0,
        Some(token) => {
            let last = read_token(call, token)?;
            items.iter().position(|(key, _)| *key == last).map_or_else(
                // What the last page ended with is gone: go on with what follows it by key.
                || items.iter().position(|(key, _)| *key > last).unwrap_or(items.len()),
                |at| at + 1,
            )
        }
    };
    let rest = items.split_off(start.min(items.len()));
    let more = rest.len() > size;
    let shown: Vec<(String, Value)> = rest.into_iter().take(size).collect();
    let next = shown.last().filter(|_| more).map(|(key, _)| token(call, key));
    Ok(Page { items: shown.into_iter().map(|(_, item)| item).collect(), next })
}

pub(crate) fn filtered(call: &Call, items: Vec<(String, Value)>) -> Result<Vec<(String, Value)>, Error> {
    let filter = call.query("filter").map(Filter::parse).transpose()?.unwrap_or_default();
    Ok(items.into_iter().filter(|(_, item)| filter.admits(item)).collect())
}

/// A token is bound to its list and filter.
fn token(call: &Call, last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{:016x}{last}", binding(call)))
}

fn read_token(call: &Call, token: &str) -> Result<String, Error> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .and_then(|text| text.strip_prefix(&format!("{:016x}", binding(call))))
        .map(str::to_owned)
        .ok_or_else(|| Error::invalid("pageToken", token, "It was not issued for this list."))
}

fn binding(call: &Call) -> u64 {
    let asked = |name| call.query(name).unwrap_or_default();
    fingerprint::digest(&format!("{} {} {}", call.path(), asked("filter"), asked("orderBy")))
}
