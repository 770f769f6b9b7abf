//! The plan of an import: what it would do, what forbids it, and the way to propose exactly this.

use domain::{
    Permission,
    plan::{Plan, Violation},
    view::{change::ShownAction, import::ImportPreview},
};
use leptos::prelude::*;

use super::{Submission, fields, given_list, given_panel};
use crate::{
    components::{
        button::Submit,
        field::TextField,
        glyph::{State, glyph},
        panel::Panel,
    },
    opening::refusal,
    pages::{
        changes::{actions_list, impact_panel, notes_list},
        review,
    },
    words,
};

pub fn plan(preview: &ImportPreview, submission: &Submission) -> impl IntoView + use<> {
    let Some(plan) = preview.plan.clone() else {
        return ().into_any();
    };
    let given = given_panel(given_list(submission));
    let rail = propose(&plan, preview, submission);
    let title =
        format!("Plan for {}: {}", plan.environment, words::count(plan.actions.len() as u64, "action"));
    let actions = if plan.is_empty() {
        view! { <p class="panel-body soft">"No call to Compute Engine is needed: what runs already is as declared."</p> }.into_any()
    } else {
        actions_list(plan.actions.iter().map(ShownAction::from).collect()).into_any()
    };
    view! {
        <div class="cols">
            <div class="stack">
                {(!plan.violations.is_empty()).then(|| violations(plan.violations.clone()))}
                {impact_panel(&plan.impact, &plan.taken_up_later(), &preview.in_force)}
                <Panel id="actions" title=title>
                    {actions}
                </Panel>
                {(!plan.notes.is_empty())
                    .then(|| {
                        let notes = notes_list(&plan.notes);
                        view! {
                            <Panel id="notes" title="What the plan decided by itself">
                                {notes}
                            </Panel>
                        }
                    })}
            </div>
            <div class="stack">
                {rail} {given}
            </div>
        </div>
    }
    .into_any()
}

fn violations(violations: Vec<Violation>) -> AnyView {
    let count = violations.len() as u64;
    let title = format!("Compute Engine would refuse this: {}", words::count(count, "rule"));
    let items = violations
        .into_iter()
        .map(|violation| {
            view! {
                <li data-s="crit">
                    {glyph(State::Crit)} <p>
                        <code>{violation.attribute}</code>
                        " "
                        {words::sentence(&violation.message)}
                        {violation.fix.map(|fix| view! { <small>"Write " <code>{fix}</code></small> })}
                    </p> <code class="muted">{violation.rule}</code>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="panel" role="alert" aria-labelledby="violations">
            <header class="panel-head">
                <h2 id="violations">{title}</h2>
            </header>
            <ul class="rows verdicts">{items}</ul>
        </section>
    }
    .into_any()
}

/// Why this plan cannot be proposed; None when it can.
fn blocked(plan: &Plan) -> Option<String> {
    let why = review::blocked(plan, false)?;
    Some(if plan.violations.is_empty() { why } else { format!("{why} Mend the text and plan again.") })
}

fn propose(plan: &Plan, preview: &ImportPreview, submission: &Submission) -> AnyView {
    let seen = preview.digest.clone();
    let why_not = blocked(plan);
    // Of what cannot be proposed there will be no change to compare it with.
    let ahead = preview.proposal.as_ref().filter(|_| why_not.is_none()).map(|proposal| {
        let edited = submission.revises.map(|(id, _)| id);
        view! {
            {review::ahead(proposal, &plan.environment, edited)}
            <p class="sm muted">"SHA-256 of what you see, as the change will show it."</p>
            {review::digests(proposal)}
        }
    });
    let blocked = why_not.or_else(|| refusal(Permission::ProposeChange));
    let reason = submission.reason.clone();
    let environment = plan.environment.clone();
    let edits = submission.revises.is_some();
    // An edit keeps the reason that the change was proposed for.
    let why = (!edits).then(|| {
        view! {
            <TextField
                id="reason"
                field=(fields::REASON, reason)
                label="Reason, shown to all"
                hint="Why the fleet should change. It stays with the change and in the audit log."
            />
        }
    });
    view! {
        <Panel
            id="propose"
            title=if edits { "Make it the next revision" } else { "Propose it" }
            aside=move || view! { <small>{environment.clone()}</small> }
        >
            <div class="panel-body form">
                {seen.map(|seen| view! { <input type="hidden" name=fields::DIGEST value=seen /> })} {ahead}
                {why}
                <div class="buttons">
                    <Submit
                        label=if edits { "Edit change" } else { "Propose change" }
                        id="propose-change"
                        primary=true
                        blocked=blocked
                        name=fields::INTENT
                        value=fields::PROPOSE
                    />
                </div>
            </div>
        </Panel>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::plan::{Action, Impact, Step};

    use super::*;

    fn plan() -> Plan {
        Plan {
            environment: "dev".into(),
            actions: vec![Action {
                step: Step::DeleteHealthCheck { name: "h".into() },
                reason: "r".into(),
                changes: Vec::new(),
            }],
            impact: Impact::default(),
            violations: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_broken_rule_or_an_empty_plan_stops_the_proposal() {
        assert_eq!(blocked(&plan()), None);
        assert!(blocked(&Plan { actions: Vec::new(), ..plan() }).is_some());
        let violation = Violation {
            attribute: "agent_pools[0].max_surge".into(),
            rule: "surge_below_zones".into(),
            message: "m".into(),
            fix: None,
        };
        let broken = Plan { violations: vec![violation], ..plan() };
        assert_eq!(blocked(&broken).as_deref(), Some("1 rule is broken. Mend the text and plan again."));
    }
}
