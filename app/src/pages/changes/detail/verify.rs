//! What was looked at before a change counted as applied, and what was found.

use domain::{
    ChangeState,
    view::change::{ChangeDetail, STEPS},
};
use leptos::prelude::*;

use super::{super::apply::waiting_list, show_all::show_all};
use crate::{
    components::{
        code_link::with_code_link,
        glyph::{State, glyph},
        moment::{clock_time, took_words},
        phase::Phase,
    },
    words,
};

pub(super) fn verify(view: &ChangeDetail) -> AnyView {
    let change = &view.change;
    let called = view.calls.are_done();
    let took = change.finished_at.map(|at| took_words((at - change.proposed_at).num_seconds()));
    let (state, say) = match change.state {
        ChangeState::Applied => (
            State::Ok,
            format!("observed equals desired, {} after it was proposed", took.unwrap_or_default()),
        ),
        ChangeState::Applying if called => (State::Progress, "waits until the fleet has followed".to_owned()),
        ended if ended.is_terminal() => (State::X, "not reached".to_owned()),
        _ => (State::None, "compares observed with desired".to_owned()),
    };
    let outcome = change.outcome.clone().filter(|_| change.state == ChangeState::Failed).map(|outcome| {
        view! {
            <p class="reason" data-s="warn">
                {glyph(State::Warn)}
                <span class="break">{with_code_link(&words::sentence(&outcome))}</span>
            </p>
        }
    });
    let finished_at = change.finished_at.filter(|_| change.state == ChangeState::Applied);
    // What keeps it from its beginning stands with the calls that wait for it.
    let waits = !view.waiting_for.is_empty() && change.state != ChangeState::Approved;
    let open = outcome.is_some() || waits;
    let waiting = waits.then(|| waiting_list(&view.waiting_for.shown).into_any());
    let looked_at = looked_at(view);
    let more = waits.then(|| show_all(change.id, &view.waiting_for, "thing", STEPS, view.whole)).flatten();
    view! {
        <Phase
            state=state
            title="Verify"
            say=say
            aside=move || finished_at.map(clock_time)
            open=open
            current=state == State::Progress
        >
            {outcome}
            {waiting}
            {more}
            {looked_at}
        </Phase>
    }
    .into_any()
}

/// The checks that make a change applied: the reconciler asks for all of them at once, by one look at Compute Engine.
fn looked_at(view: &ChangeDetail) -> Option<AnyView> {
    let checks = match (view.change.state, view.change.revision.pools) {
        (ChangeState::Applied, 0) => vec![PLANNED_AGAIN.to_owned()],
        (ChangeState::Applied, pools) => vec![
            PLANNED_AGAIN.to_owned(),
            format!(
                "All VMs of {} were running, as many as wanted, and nothing was under way on any of them.",
                words::count(u64::from(pools), "pool")
            ),
            "Every instance group called itself stable.".to_owned(),
        ],
        (state, _) if state.is_terminal() => return None,
        _ => {
            return Some(
                view! {
                    <p class="soft">
                        "After the last call Compute Engine is looked at anew. The change is applied when the same declaration plans to no step, every pool has its VMs running, and its group is stable; and not before."
                    </p>
                }
                .into_any(),
            );
        }
    };
    let checks = checks
        .into_iter()
        .map(|found| {
            view! {
                <li data-s="ok">
                    {glyph(State::Ok)} <p>{found}</p>
                </li>
            }
        })
        .collect_view();
    Some(view! { <ul class="rows verdicts">{checks}</ul> }.into_any())
}

const PLANNED_AGAIN: &str =
    "After the last call the same declaration was planned again, and no step was left to do.";
