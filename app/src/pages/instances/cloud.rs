//! What Compute Engine failed to do to the VM, in its own words: the newest first, each with the cause that docs/errors.md explains.

use domain::{
    Timestamp,
    view::health::{CloudError, CloudErrors},
};
use leptos::prelude::*;

use super::history::{FIRST, all_of};
use crate::{
    api::ApiError,
    components::{
        code_link::code_link,
        empty::could_not_load,
        glyph::{State, glyph},
        moment::ago,
    },
    words,
};

/// A panel where something is told; else one quiet line. `all`: as many as are told, not the newest few.
pub fn cloud_errors(errors: Result<CloudErrors, ApiError>, all: bool, here: &str) -> AnyView {
    let CloudErrors { group, told, older, of_others, read_at } = match errors {
        Ok(errors) => errors,
        Err(error) => return quiet(could_not_load(&error), None),
    };
    let mut told = match told {
        Err(why) => {
            let why = words::sentence(&why);
            let said = format!("{why}, so that what was said about this VM is not known.");
            return quiet(said.into_any(), Some(read_at));
        }
        Ok(told) if told.is_empty() => return quiet(nothing(&group, of_others).into_any(), Some(read_at)),
        Ok(told) => told,
    };
    let hidden = if all { 0 } else { told.len().saturating_sub(FIRST) };
    told.truncate(told.len() - hidden);
    let lines = told.into_iter().map(line).collect_view();
    let left_out = older + hidden as u64;
    let more = (left_out > 0).then(|| format!(" {} left out. ", words::count(left_out, "older error")));
    let way = (hidden > 0).then(|| {
        view! {
            <a class="link" href=all_of(here, "cloud-errors")>
                "Show more"
            </a>
        }
    });
    view! {
        <section class="panel block" aria-labelledby="cloud-errors">
            <header class="panel-head">
                <h2 id="cloud-errors">"Cloud errors"</h2>
                <small>{format!("of {group}, read ")} {ago(read_at)}</small>
            </header>
            <ol class="rows verdicts">{lines}</ol>
            {(left_out > 0).then(|| view! { <p class="panel-foot sm soft">{more} {way}</p> })}
        </section>
    }
    .into_any()
}

fn quiet(said: AnyView, read_at: Option<Timestamp>) -> AnyView {
    view! {
        <section class="block" aria-label="Cloud errors">
            <p class="sm muted">{said} {read_at.map(|at| view! { " Read " {ago(at)} "." })}</p>
        </section>
    }
    .into_any()
}

/// What its silence means: the service keeps the latest errors of each group, and no more.
fn nothing(group: &str, of_others: u64) -> String {
    let list = match of_others {
        0 => "which is empty".to_owned(),
        others => format!("which has {} of other VMs", words::count(others, "error")),
    };
    format!(
        "Compute Engine reported nothing about it in the list of errors that it keeps of {group}, {list}."
    )
}

fn line(error: CloudError) -> AnyView {
    let cause = error.cause();
    let action = match error.action.as_str() {
        "" => "An attempt".to_owned(),
        action => words::sentence(&action.replace('_', " ").to_lowercase()),
    };
    let last = match error.last {
        Some(at) => ago(at).into_any(),
        None => "at a time that it does not tell".into_any(),
    };
    let again = (error.times > 1).then(|| {
        let first = error.first.map(|at| view! { ", first " {ago(at)} });
        view! {
            {format!(", {} in a row", words::count(u64::from(error.times), "time"))}
            {first}
        }
    });
    view! {
        <li data-s="warn">
            {glyph(State::Warn)} <p>
                <b>{format!("{action} failed. ")}</b>
                <span class="soft">{error.message}</span>
                <small>{last} {again} ", " <code>{error.code}</code></small>
            </p> {code_link(cause.as_str())}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_no_more_than_a_list_without_it() {
        assert_eq!(
            nothing("genesis-pool-web", 0),
            "Compute Engine reported nothing about it in the list of errors that it keeps of genesis-pool-web, which is empty."
        );
        assert!(nothing("genesis-pool-web", 1).ends_with(", which has 1 error of other VMs."));
        assert!(nothing("genesis-pool-web", 7).ends_with(", which has 7 errors of other VMs."));
    }
}
