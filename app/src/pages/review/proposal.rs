//! What a proposal would meet, beside the button that makes it: whose agreement it takes, what of the environment waits or runs
//! already, and the digests that its change will show.

use domain::{
    ChangeId,
    view::proposal::{OpenChange, Proposal},
};
use leptos::prelude::*;

use crate::{components::digest::digest, pages::change_states, routes, words};

/// `edited`: the change that it would be a revision of, which is none beside it.
pub fn ahead(proposal: &Proposal, environment: &str, edited: Option<ChangeId>) -> AnyView {
    let asks = asks(&proposal.verdict.reason);
    let open: Vec<OpenChange> =
        proposal.open.iter().filter(|change| Some(change.id) != edited).cloned().collect();
    let waiting = (!open.is_empty()).then(|| {
        let title = not_ended(open.len(), proposal.more, environment);
        let changes = open.into_iter().map(open_change).collect_view();
        view! {
            <p>
                <b>{title}</b>
            </p>
            <ul class="stack">{changes}</ul>
        }
    });
    view! {
        <p class="soft">{asks}</p>
        {waiting}
    }
    .into_any()
}

/// The same two that the change's page shows, to be compared with it.
pub fn digests(proposal: &Proposal) -> AnyView {
    view! {
        {digest("Plan".to_owned(), &proposal.plan_sha256)}
        {digest("Declaration".to_owned(), &proposal.payload_sha256)}
    }
    .into_any()
}

/// The policy's reason as a sentence, as the change's page says it.
fn asks(reason: &str) -> String {
    format!("{}.", words::sentence(reason).trim_end_matches('.'))
}

fn not_ended(count: usize, more: bool, environment: &str) -> String {
    match (count, more) {
        (_, true) => format!("Changes of {environment} that have not ended, the newest:"),
        (1, false) => format!("1 change of {environment} has not ended:"),
        (count, false) => format!("{count} changes of {environment} have not ended:"),
    }
}

fn open_change(change: OpenChange) -> AnyView {
    view! {
        <li class="break">
            <a class="link" href=routes::change(change.id)>
                {change.id.to_string()}
            </a>
            {format!(" {}. ", change.title)}
            <small class="muted">{change_states::word(change.state)}</small>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_sentence() {
        assert_eq!(asks("prod is guarded: 2 of sre must approve"), "Prod is guarded: 2 of sre must approve.");
        assert_eq!(asks("dev runs at once."), "Dev runs at once.");
    }

    #[test]
    fn what_has_not_ended_is_counted_as_far_as_it_is_named() {
        assert_eq!(not_ended(1, false, "dev"), "1 change of dev has not ended:");
        assert_eq!(not_ended(2, false, "dev"), "2 changes of dev have not ended:");
        assert_eq!(not_ended(5, true, "dev"), "Changes of dev that have not ended, the newest:");
    }
}
