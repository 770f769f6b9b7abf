//! A pool's conditions: those that are not well first, each with since when, its code and what to do; those that are well in a line.

use domain::{
    condition::{Condition, ConditionStatus},
    hindrance,
};
use leptos::prelude::*;

use crate::{
    components::{
        code_link::code_link,
        glyph::{State, glyph},
        icon::turning_arrow,
        moment::ago,
    },
    pages::pool_states,
    words,
};

/// Whether none says that something is missing, or cannot be told.
pub fn all_well(conditions: &[Condition]) -> bool {
    conditions.iter().all(is_well)
}

/// True is well for all types there are.
fn is_well(condition: &Condition) -> bool {
    condition.status == ConditionStatus::True
}

/// None before the first reading: then no condition is known.
pub fn conditions(all: &[Condition]) -> Option<AnyView> {
    let (well, ill): (Vec<Condition>, Vec<Condition>) = all.iter().cloned().partition(is_well);
    let head = (!ill.is_empty()).then(|| {
        let lines = worst_first(ill).into_iter().map(line).collect_view();
        view! {
            <header class="panel-head">
                <h2>"Conditions"</h2>
            </header>
            <ul class="rows verdicts">{lines}</ul>
        }
    });
    (!all.is_empty()).then(|| {
        view! {
            <section class="panel" aria-label="Conditions">
                {head}
                {quiet(well)}
            </section>
        }
        .into_any()
    })
}

/// What is critical, then what nobody goes on with, then what is on its way. That making VMs fails stands behind what says why.
fn worst_first(mut ill: Vec<Condition>) -> Vec<Condition> {
    ill.sort_by_key(|condition| match pool_states::of_condition(condition) {
        State::Crit => 0,
        State::Progress => 3,
        _ if hindrance::attempt_fails(condition) => 2,
        _ => 1,
    });
    ill
}

/// One line that names them; what each says is behind it.
fn quiet(well: Vec<Condition>) -> Option<AnyView> {
    let said = summary(&well)?;
    let lines = well.into_iter().map(line).collect_view();
    Some(
        view! {
            <details class="more">
                <summary class="cluster sm">{turning_arrow()} {said}</summary>
                <ul class="rows verdicts">{lines}</ul>
            </details>
        }
        .into_any(),
    )
}

/// `4 conditions are well: Ready, Synced, Reachable and Updated`.
fn summary(well: &[Condition]) -> Option<String> {
    let names: Vec<String> = well.iter().map(|condition| condition.kind.as_str().to_owned()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    (!names.is_empty()).then(|| {
        format!("{} {verb} well: {}", words::count(names.len() as u64, "condition"), words::list(&names))
    })
}

fn line(condition: Condition) -> AnyView {
    let state = pool_states::of_condition(&condition);
    let word = match condition.status {
        ConditionStatus::True => condition.kind.as_str().to_owned(),
        ConditionStatus::False => condition.kind.broken().to_owned(),
        ConditionStatus::Unknown => format!("{} is unknown", condition.kind.as_str()),
    };
    let remedy = hindrance::remedy(&condition);
    view! {
        <li data-s=state.as_str()>
            {glyph(state)} <p>
                <b>{word}</b>
                " "
                <span class="soft">{words::sentence(&condition.message)}</span>
                {remedy.map(|remedy| view! { " " <span>{remedy}</span> })}
                <small>"since " {ago(condition.since)}</small>
            </p> {code_link(condition.reason)}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::condition::ConditionType;

    use super::*;

    fn condition(kind: ConditionType, status: ConditionStatus) -> Condition {
        let (reason, message) = (String::new(), String::new());
        Condition { kind, status, reason, message, since: Default::default() }
    }

    #[test]
    fn what_is_well_is_one_line() {
        use ConditionStatus::True;
        assert_eq!(summary(&[]), None);
        let ready = condition(ConditionType::Ready, True);
        assert_eq!(summary(std::slice::from_ref(&ready)).as_deref(), Some("1 condition is well: Ready"));
        let both = [ready, condition(ConditionType::Reachable, True)];
        assert_eq!(summary(&both).as_deref(), Some("2 conditions are well: Ready and Reachable"));
        assert!(all_well(&both));
    }

    #[test]
    fn what_nobody_goes_on_with_stands_before_what_is_on_its_way() {
        use ConditionStatus::{False, Unknown};
        let ill = vec![
            condition(Ready, False),
            condition(Reachable, Unknown),
            condition(WithinQuota, False),
            condition(Lasting, False),
        ];
        assert!(!all_well(&ill));
        let kinds: Vec<ConditionType> = worst_first(ill).iter().map(|condition| condition.kind).collect();
        use ConditionType::{Lasting, Reachable, Ready, Synced, WithinQuota};
        assert_eq!(kinds, [Lasting, Reachable, WithinQuota, Ready]);
        let failing = Condition { reason: "AttemptFailed".into(), ..condition(Ready, False) };
        let ill = vec![failing, condition(Synced, False), condition(WithinQuota, False)];
        let kinds: Vec<ConditionType> = worst_first(ill).iter().map(|condition| condition.kind).collect();
        assert_eq!(kinds, [WithinQuota, Ready, Synced]);
    }
}
