//! The panel of a rollout: a square an instance, old against new, what it waits for and what happens next.

use domain::{
    Permission, Timestamp,
    incident::Incident,
    view::{
        pool::PoolView,
        rollout::{
            Rollout as View, RolloutState, Square, SquareState, VersionLabel, VersionRole, VersionShare,
        },
    },
};
use leptos::prelude::*;

use crate::{
    components::{
        button::{ButtonLink, LockedLink},
        glyph::{State, glyph},
        status::status,
    },
    opening::refusal,
    routes, words,
};

/// When the canary may be promoted, where only time keeps it from that.
pub fn opens(rollout: &View) -> Option<Timestamp> {
    rollout.holds_promotion.as_ref()?.until
}

/// The state's glyph and the panel's first sentence.
fn answer(rollout: &View) -> (State, String) {
    let canary = rollout.versions.iter().find(|share| share.role == VersionRole::Canary);
    let own = rollout.versions.first();
    match rollout.state {
        RolloutState::Settled => {
            let version = own.map_or_else(String::new, |share| share.label.long());
            let all = words::every(u64::from(rollout.target_size), "VM", ("runs", "run"));
            match ill(rollout) {
                0 => (State::Ok, format!("{all} {version}.")),
                _ if rollout.target_size == 1 => (State::Warn, format!("{all} {version}, and is ill.")),
                1 => (State::Warn, format!("{all} {version}, and 1 of them is ill.")),
                many => (State::Warn, format!("{all} {version}, and {many} of them are ill.")),
            }
        }
        RolloutState::Canary => {
            let said = canary.map_or_else(String::new, |share| {
                format!("{} of {} VMs try {}.", share.total, rollout.target_size, share.label.long())
            });
            (State::Paused, said)
        }
        RolloutState::Rolling => {
            let new = canary.or(own);
            let said = new.map_or_else(String::new, |share| {
                format!("{} of {} VMs serve on {}.", share.ready, share.wanted, share.label.long())
            });
            (State::Progress, said)
        }
        RolloutState::Waiting => {
            let old: u32 =
                rollout.versions.iter().filter(|v| v.role == VersionRole::Old).map(|v| v.total).sum();
            (State::Pending, format!("{old} of {} VMs run an older version.", rollout.target_size))
        }
        RolloutState::Failing => (State::Crit, "Compute Engine cannot make its VMs.".to_owned()),
    }
}

fn ill(rollout: &View) -> usize {
    rollout.squares.iter().filter(|square| square.state == SquareState::Ill).count()
}

/// Where nothing stands in the way: of a rollout that has just begun nothing is to be seen yet.
const fn waits_for_none(state: RolloutState) -> &'static str {
    match state {
        RolloutState::Rolling => "Compute Engine, which has yet to take its next step.",
        _ => "Nothing. Every VM is as declared.",
    }
}

/// What comes next where no version is to come. `held`: the brake holds the pool's healing.
fn at_rest(rollout: &View, held: bool) -> &'static str {
    // Every version has as many VMs as it is to have, and not all of them run.
    if rollout.state == RolloutState::Rolling {
        let stopped = rollout.squares.iter().any(|square| square.state == SquareState::Stopped);
        return match (stopped, held) {
            (true, true) => "Nothing until the brake lets go: it holds healing.",
            (true, false) => "Compute Engine brings back what is missing; nobody has to do anything.",
            (false, _) => "Compute Engine finishes what is under way.",
        };
    }
    match (ill(rollout), held) {
        (0, _) => "Nothing until somebody changes the pool.",
        (_, true) => "Nothing until the brake lets go: it holds healing.",
        (_, false) => "Compute Engine makes anew what is ill.",
    }
}

/// `Rollout from v1 to v2`, while there is one.
fn title(rollout: &View) -> String {
    let short = |share: &VersionShare| share.label.short();
    match (rollout.origin().map(short), rollout.destination().map(short)) {
        (Some(from), Some(to)) => format!("Rollout from {from} to {to}"),
        _ => "Rollout".to_owned(),
    }
}

/// `undrawn`: VMs that have no square here, and therefore a link to where they do.
pub fn rollout_panel(view: &PoolView, rollout: &View, undrawn: u64) -> AnyView {
    let (state, said) = answer(rollout);
    let waves = rollout
        .versions
        .iter()
        .enumerate()
        .map(|(place, share)| {
            let squares: Vec<&Square> =
                rollout.squares.iter().filter(|square| square.version == place).collect();
            wave(share, &squares)
        })
        .collect_view();
    let list = |items: &[String], nothing: &'static str| match items {
        [] => view! { <p class="soft">{nothing}</p> }.into_any(),
        items => {
            let items = items.iter().map(|item| view! { <li>{words::sentence(item)}</li> }).collect_view();
            view! { <ul class="plain">{items}</ul> }.into_any()
        }
    };
    let waits = list(&rollout.waits_for, waits_for_none(rollout.state));
    let held = view.incidents.iter().any(Incident::holds_now);
    let next = list(&rollout.next, at_rest(rollout, held));
    view! {
        <section class="panel rollout" aria-labelledby="rollout">
            <header class="panel-head">
                <h2 id="rollout">{title(rollout)}</h2>
                <span class="status" data-s=state.as_str()>
                    {glyph(state)}
                    {said}
                </span>
            </header>
            <ol class="waves">{waves}</ol>
            {if undrawn == 0 { legend(rollout) } else { Some(elsewhere(view, undrawn)) }}
            <div class="facets two gate">
                <div>
                    <h3>"Waits for"</h3>
                    {waits}
                </div>
                <div>
                    <h3>"What happens next"</h3>
                    {next}
                </div>
            </div>
            {verbs(view, rollout)}
        </section>
    }
    .into_any()
}

fn wave(share: &VersionShare, squares: &[&Square]) -> AnyView {
    let role = match share.role {
        VersionRole::Own => "the pool's version",
        VersionRole::Canary => "the canary",
        VersionRole::Old => "not declared any more",
    };
    let (mark, word) = if share.total == share.wanted && share.ready == share.wanted {
        (State::Ok, format!("{} of {} serve", share.ready, share.wanted))
    } else if share.role == VersionRole::Old {
        (State::Progress, format!("{} left", share.total))
    } else if share.total == share.wanted && !squares.iter().any(|square| square.state.moves()) {
        (State::Warn, format!("{} of {} serve", share.ready, share.wanted))
    } else {
        (State::Progress, format!("{} of {} serve", share.ready, share.wanted))
    };
    let cells = squares.iter().map(|square| cell(square, &share.label)).collect_view();
    view! {
        <li class="wave">
            <div>
                <b>{share.label.long()}</b>
                <small class="muted">{format!(" {role}")}</small>
            </div>
            <div class="squares">{cells}</div>
            {status(mark, word)}
        </li>
    }
    .into_any()
}

/// The shape and its colour.
const fn drawn(state: SquareState) -> State {
    match state {
        SquareState::Ready => State::Ok,
        SquareState::Starting => State::Progress,
        SquareState::Stopped => State::Paused,
        SquareState::Ill | SquareState::Failing => State::Crit,
        SquareState::Leaving => State::Pending,
    }
}

fn class(is_new: bool) -> &'static str {
    if is_new { "square new" } else { "square" }
}

fn face(state: SquareState, label: &str) -> AnyView {
    match state {
        SquareState::Ready => label.to_owned().into_any(),
        other => glyph(drawn(other)).into_any(),
    }
}

fn cell(square: &Square, label: &VersionLabel) -> AnyView {
    let short = label.short();
    let said = format!("{} · {} · {} · {}", square.name, square.zone, label.long(), square.state.word());
    view! {
        <a
            class=class(square.is_new)
            data-s=drawn(square.state).as_str()
            href=routes::instance(&square.zone, &square.name)
            title=said.clone()
            aria-label=said
        >
            {face(square.state, &short)}
        </a>
    }
    .into_any()
}

/// Then the sentence above the squares says all that a legend would.
fn alike_and_well(rollout: &View) -> bool {
    rollout.versions.len() <= 1 && rollout.squares.iter().all(|square| square.state == SquareState::Ready)
}

/// Only what there is. None where all are alike and well.
fn legend(rollout: &View) -> Option<AnyView> {
    if alike_and_well(rollout) {
        return None;
    }
    let mut kinds: Vec<(bool, SquareState, String, u64)> = Vec::new();
    for square in &rollout.squares {
        let known = kinds.iter_mut().find(|(new, state, ..)| *new == square.is_new && *state == square.state);
        match known {
            Some((.., count)) => *count += 1,
            None => kinds.push((square.is_new, square.state, rollout.label(square).short(), 1)),
        }
    }
    let moving = rollout.versions.len() > 1;
    let items = kinds
        .into_iter()
        .map(|(is_new, state, label, count)| {
            let age = match (moving, is_new) {
                (false, _) => "",
                (true, true) => "new, ",
                (true, false) => "old, ",
            };
            view! {
                <li class="status">
                    <i class=class(is_new) data-s=drawn(state).as_str()>
                        {face(state, &label)}
                    </i>
                    {format!("{age}{} ", state.word())}
                    <b>{words::number(count)}</b>
                </li>
            }
        })
        .collect_view();
    Some(view! { <ul class="legend sm kinds">{items}</ul> }.into_any())
}

/// Instead of a legend, whose counts would lack them.
fn elsewhere(view: &PoolView, undrawn: u64) -> AnyView {
    let all = routes::pool_tab(&view.row.environment, &view.row.name, "rollout");
    view! {
        <p class="legend sm kinds soft">
            {format!("{} that serve have no square here.", words::count(undrawn, "VM"))}
            <a class="link" href=all>
                "All squares"
            </a>
        </p>
    }
    .into_any()
}

fn verbs(view: &PoolView, rollout: &View) -> AnyView {
    let (environment, name) = (&view.row.environment, &view.row.name);
    let to = |verb: &str| routes::pool_tab(environment, name, verb);
    let role = refusal(Permission::ProposeChange);
    let declared = view.spec.canary.is_some();
    let runs = rollout.versions.iter().any(|share| share.role == VersionRole::Canary);
    let busy = declared.then(|| "A canary is under way: promote it or roll it back first.".to_owned());
    let holds = match (&rollout.holds_promotion, runs) {
        (Some(hold), _) => Some(format!("{}.", words::sentence(&hold.why))),
        (None, false) => Some("No VM runs the canary yet.".to_owned()),
        (None, true) => None,
    };
    let opens = opens(rollout).filter(|_| role.is_none());
    // Who fails is looked at before anything else is done.
    let failing = rollout.failing().map(|square| {
        let href = routes::instance(&square.zone, &square.name);
        let what = if square.state == SquareState::Ill { "agent" } else { "VM" };
        view! { <ButtonLink href=href label=format!("Open failing {what}") primary=true /> }
    });
    let calm = failing.is_none();
    let first = calm && !declared;
    let canary = declared.then(|| {
        view! {
            <LockedLink
                id="promote"
                href=to("promote")
                label="Promote canary"
                primary=calm
                blocked=role.clone().or(holds)
                opens=opens
            />
            <LockedLink id="roll-back" href=to("roll-back") label="Roll back canary" blocked=role.clone() />
        }
    });
    view! {
        <footer class="panel-foot actions">
            <LockedLink
                id="change-version"
                href=to("version")
                label="Change template"
                primary=first
                blocked=role.clone().or(busy)
            />
            {canary}
            {failing}
        </footer>
    }
    .into_any()
}

#[cfg(test)]
mod tests;
