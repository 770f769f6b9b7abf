//! Who must agree, who has, who has not yet, and which votes do not count any more.

use domain::{
    ChangeState,
    approvals::Ballot,
    view::{
        approval::{Awaited, AwaitedGroup, SeatsView, Standing, VoteView},
        change::ChangeDetail,
    },
};
use leptos::prelude::*;

use super::overtaken;
use crate::{
    components::{
        glyph::{State, glyph},
        icon::{Icon, icon},
        moment::{absolute, clock_time, span_words, took_words},
        phase::Phase,
        status::status,
    },
    words,
};

pub fn approvals(view: &ChangeDetail) -> AnyView {
    let (change, approvals) = (&view.change, &view.approvals);
    let waits = change.state == ChangeState::AwaitingApprovals;
    let nobody = approvals.requirement.is_nobody();
    let taken_by = overtaken::by(view);
    let (state, say) = match change.state {
        _ if taken_by.is_some() => (State::Warn, "nobody is asked: overtaken".to_owned()),
        ChangeState::AwaitingApprovals => (State::Pending, approvals.tally()),
        ChangeState::Rejected => (State::X, "rejected".to_owned()),
        ChangeState::Expired => (State::X, format!("nobody agreed in time: {}", approvals.tally())),
        ChangeState::Cancelled | ChangeState::Superseded if change.approved_at.is_none() => {
            (State::X, "ended before it was approved".to_owned())
        }
        _ if nobody => (State::Ok, "none needed".to_owned()),
        _ => (State::Ok, approvals.tally()),
    };
    let aside = match (waits, approvals.expires_at, change.approved_at) {
        (true, Some(end), _) => Some(format!("{} left", span_words((end - view.now).num_seconds()))),
        _ => None,
    };
    let approved = change.approved_at.filter(|_| !waits).map(|at| {
        let took = took_words((at - change.proposed_at).num_seconds());
        // The policy decides at once.
        (at, if nobody { String::new() } else { format!(", after {took}") })
    });
    let stuck = approvals.stuck.clone().map(|why| {
        view! {
            <p class="reason" data-s="warn">
                {glyph(State::Warn)} <span>{words::sentence(&why)}"."</span>
            </p>
        }
    });
    let body = if let Some(by) = taken_by {
        view! {
            {overtaken::nobody_asked(by)}
            {others(&approvals.votes)}
        }
        .into_any()
    } else if nobody && approvals.votes.is_empty() {
        view! { <p class="soft">"The policy approved it by itself, and the audit log says so."</p> }
            .into_any()
    } else {
        let awaited = |seats: &SeatsView| view.beside.awaited.iter().find(|one| one.group == seats.group);
        let groups =
            approvals.seats.iter().map(|seats| group(seats, &approvals.votes, awaited(seats))).collect_view();
        view! {
            {stuck}
            {groups}
            {others(&approvals.votes)}
        }
        .into_any()
    };
    let rejected = change.state == ChangeState::Rejected;
    view! {
        <Phase
            state=state
            title="Approvals"
            say=say
            aside=move || match (&aside, &approved) {
                (Some(left), _) => Some(left.clone().into_any()),
                (None, Some((at, after))) => Some(view! { {clock_time(*at)} {after.clone()} }.into_any()),
                (None, None) => None,
            }
            open=waits || rejected
            current=waits
        >
            {body}
        </Phase>
    }
    .into_any()
}

/// `sre` with its seats, those who sit in them, and those who do not yet.
fn group(seats: &SeatsView, votes: &[VoteView], awaited: Option<&AwaitedGroup>) -> AnyView {
    let taken = u32::try_from(seats.people.len()).unwrap_or(u32::MAX);
    let state = if taken >= seats.needed { "ok" } else { "pending" };
    let pips = (0..seats.needed.min(20))
        .map(|seat| view! { <i class=(seat < taken).then_some("on")></i> })
        .collect_view();
    let counted = votes
        .iter()
        .filter(|vote| vote.group.as_deref() == Some(seats.group.as_str()))
        .map(row)
        .collect_view();
    let awaited_people = awaited.into_iter().flat_map(|group| &group.people).map(awaited_row).collect_view();
    let more = awaited.map(|group| group.more).filter(|more| *more > 0).map(|more| {
        view! { <p class="sm muted">{format!("and {} more of this group.", words::number(u64::from(more)))}</p> }
    });
    let empty = taken == 0 && awaited.is_none_or(|group| group.people.is_empty());
    view! {
        <h3 class="split note">
            <span>{seats.group.clone()}</span>
            <span class="cluster">
                <span class="muted">{format!("{taken} of {}", seats.needed)}</span>
                <span class="pips" data-s=state aria-hidden="true">
                    {pips}
                </span>
            </span>
        </h3>
        {if empty {
            view! { <p class="sm muted">"Nobody of this group has approved it."</p> }.into_any()
        } else {
            view! {
                <ul class="rows votes">{counted} {awaited_people}</ul>
                {more}
            }
                .into_any()
        }}
    }
    .into_any()
}

/// One of the group who sits in no seat of it: whether they can, and what hinders them.
fn awaited_row(one: &Awaited) -> AnyView {
    let (state, hindrance, word) = match &one.standing {
        Standing::CanSign => (State::Pending, None, "Can sign"),
        Standing::WithoutPasskey => (State::None, Some("has no passkey yet".to_owned()), "Cannot sign yet"),
        Standing::NeverSignedIn => (State::None, Some("has never signed in".to_owned()), "Not seen"),
        Standing::NotApprover => (State::None, Some("lacks the role approver".to_owned()), "Cannot sign"),
        Standing::SignedFor(group) => (State::Ok, Some(format!("signed for {group}")), "Signed"),
        Standing::Author => (State::None, Some("proposed or edited this change".to_owned()), "Cannot sign"),
    };
    let locked = matches!(one.standing, Standing::NotApprover | Standing::Author);
    let told = [one.you.then(|| "you".to_owned()), hindrance].into_iter().flatten().collect::<Vec<_>>();
    view! {
        <li data-s=state.as_str()>
            {avatar(&one.name)} <p>
                <b>{one.name.clone()}</b>
                " "
                <span class="muted">{told.join(", ")}</span>
            </p>
            {if locked {
                view! { <span class="reason sm">{icon(Icon::Lock)} {word}</span> }.into_any()
            } else {
                view! { <small>{status(state, word)}</small> }.into_any()
            }}
        </li>
    }
    .into_any()
}

fn avatar(name: &str) -> AnyView {
    let initial: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    view! {
        <span class="avatar" aria-hidden="true">
            {initial}
        </span>
    }
    .into_any()
}

/// Votes that fill no seat: rejections, those that are void, and those beyond what is needed.
fn others(votes: &[VoteView]) -> Option<AnyView> {
    let others: Vec<&VoteView> = votes.iter().filter(|vote| vote.group.is_none()).collect();
    (!others.is_empty()).then(|| {
        let rows = others.into_iter().map(row).collect_view();
        view! {
            <h3 class="note">"Rejections and votes that do not count"</h3>
            <ul class="rows votes">{rows}</ul>
        }
        .into_any()
    })
}

fn row(vote: &VoteView) -> AnyView {
    let (state, word) = match (&vote.void, vote.ballot) {
        (Some(_), _) => (State::None, "Void"),
        (None, Ballot::Approve) if vote.group.is_none() => (State::None, "Not needed"),
        (None, Ballot::Approve) => (State::Ok, "Approved"),
        (None, Ballot::Reject) => (State::X, "Rejected"),
    };
    let did = match vote.ballot {
        Ballot::Approve => "approved",
        Ballot::Reject => "rejected",
    };
    let reason = (!vote.reason.is_empty()).then(|| {
        let reason = vote.reason.clone();
        view! { <q class="soft break">{reason}</q> }
    });
    let void = vote.void.clone().map(|why| view! { <small>"Does not count: " {why} "."</small> });
    let until = absolute(vote.expires_at);
    let live = vote.void.is_none() && vote.ballot == Ballot::Approve;
    view! {
        <li data-s=state.as_str()>
            {avatar(&vote.person_name)}
            <div>
                <p>
                    <b>{vote.person_name.clone()}</b>
                    " "
                    <span class="muted">
                        {did} " revision " {vote.revision} " at " {clock_time(vote.cast_at)} " with a passkey"
                    </span>
                </p>
                {reason}
                {void}
                <small class="break">"Signed " <code>{vote.digest.clone()}</code></small>
                {live.then(|| view! { <small>"Holds until " {until}</small> })}
            </div>
            <small>{status(state, word)}</small>
        </li>
    }
    .into_any()
}
