//! What Compute Engine failed to do to the VM, in its own words: the newest first, each with the cause that docs/errors.md explains.

use domain::view::health::{CloudError, CloudErrors};
use leptos::prelude::*;

use crate::{
    api::ApiError,
    components::{
        code_link::code_link,
        glyph::{State, glyph},
        moment::ago,
        panel::Panel,
    },
    words,
};

pub fn cloud_panel(errors: Result<CloudErrors, ApiError>) -> AnyView {
    let body = match errors {
        Ok(errors) => draw(errors),
        Err(error) => sentence(error.message),
    };
    view! {
        <Panel id="cloud-errors" title="Cloud errors">
            {body}
        </Panel>
    }
    .into_any()
}

fn sentence(text: String) -> AnyView {
    view! { <p class="panel-body soft">{text}</p> }.into_any()
}

fn draw(errors: CloudErrors) -> AnyView {
    let CloudErrors { group, told, older, of_others, read_at } = errors;
    let body = match told {
        Err(why) => {
            let why = words::sentence(&why);
            sentence(format!("{why}, so that what was said about this VM is not known."))
        }
        Ok(told) if told.is_empty() => sentence(nothing(&group, of_others)),
        Ok(told) => {
            let lines = told.into_iter().map(line).collect_view();
            view! { <ol class="rows verdicts">{lines}</ol> }.into_any()
        }
    };
    let more = (older > 0).then(|| format!(" {} left out.", words::count(older, "older error")));
    view! {
        {body}
        <p class="panel-foot sm soft">"Read " {ago(read_at)} "." {more}</p>
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
