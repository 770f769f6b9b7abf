//! A form as a command and as a request. The server composed them with the review, so they are of what was reviewed, with
//! and without scripts, and no browser carries what composes them.

use domain::edit::Spoken;
use leptos::prelude::*;

use crate::components::icon::turning_arrow;

/// The fold of an edit's form. None: it was not reviewed yet.
pub(super) fn as_a_command(spoken: Option<Spoken>) -> AnyView {
    let Some(Spoken { command, request }) = spoken else {
        return fold(
            view! { <p class="soft">"Review the change: what was reviewed is said here."</p> }.into_any(),
        );
    };
    let line = match command {
        Some(line) => view! {
            <pre class="source whole" role="group" aria-label="Command">{line}</pre>
            <p class="sm muted">"--reason says why, --wait stays until it has ended."</p>
        }
        .into_any(),
        None => {
            view! { <p class="soft">"No verb of g says exactly this. The request below does."</p> }.into_any()
        }
    };
    fold(
        view! {
            {line}
            <pre class="source whole" role="group" aria-label="HTTP request">{request}</pre>
            <p class="sm muted">
                "TOKEN is an API token, KEY any text that is new with each request. With a field reason beside the digest it says why."
            </p>
        }
        .into_any(),
    )
}

fn fold(inner: AnyView) -> AnyView {
    view! {
        <details class="panel">
            <summary class="panel-head">
                <span class="cluster">{turning_arrow()} <b>"As a command"</b></span>
                <small>"With " <code>"g"</code> " and over HTTP"</small>
            </summary>
            <div class="panel-body form">{inner}</div>
        </details>
    }
    .into_any()
}
