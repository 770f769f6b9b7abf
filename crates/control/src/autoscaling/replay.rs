//! A draft of a pool's policy on the load of the last day, with what it would have cost.

use chrono::TimeDelta;
use domain::{
    Actor, FleetSpec, ObservedFleet, Permission,
    audit::AuditAction,
    autoscaling::{Replay, Replayed, replay},
    cost::Accrued,
    derive, name,
    pool::PoolSpec,
    rules,
    view::autoscaling::ReplayView,
};
use store::AuditFilter;

use crate::{
    Control, Error,
    costs::declared_price,
    environments,
    error::{FieldError, authorize},
    pools::{self, Declared},
};

const DAY: i64 = 86_400;
/// Seconds of looks below which nothing is said: the service itself decides by the peak of its last ten minutes.
const ENOUGH: i64 = 600;
/// Seconds between the looks that are replayed: one is kept a minute.
const STEP: i32 = 60;
/// Points of a plot: more would not be seen.
const POINTS: usize = 180;

/// What the draft would have done with the last day's load, of which only the part counts that the policy in force was looked at:
/// before its last edit, another target made the same recommendation of another load. Stores nothing.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool = draft.name), err(level = "debug"))]
pub async fn replay_autoscaling(
    control: &Control,
    actor: &Actor,
    environment: &str,
    draft: &PoolSpec,
) -> Result<ReplayView, Error> {
    authorize(actor, Permission::PlanChange)?;
    let declared = Declared::load(control, environments::require(control, environment).await?).await?;
    let pool = draft.name.as_str();
    let (spec, place) =
        drafted(&declared.environment.spec, draft).ok_or_else(|| pools::missing(environment, pool))?;
    check(&spec, &declared.observed, &place)?;
    let scaler = name::autoscaler(&spec.environment.name_prefix, pool);
    let drafted =
        derive::desired(&spec, &declared.observed).autoscalers.remove(&scaler).ok_or_else(|| {
            Error::invalid(
                format!("{place}enable_autoscaling"),
                "tick it: without an autoscaler there is no policy to replay",
            )
        })?;

    let now = control.clock.now();
    let day_ago = now - TimeDelta::seconds(DAY);
    let edits = AuditFilter {
        environment: Some(environment),
        action: Some(AuditAction::FinishOperation),
        object: Some(scaler.as_str()),
        from: Some(day_ago),
        ..AuditFilter::default()
    };
    let edited = control.store.list_audit(&edits, 1).await?.pop().map(|event| event.at);
    let from = edited.unwrap_or(day_ago);
    let samples = control.store.list_autoscaling_samples(environment, pool, from, STEP).await?;
    let in_force = declared.observed.resources.autoscalers.get(&scaler);
    let in_force = in_force.or_else(|| declared.desired.autoscalers.get(&scaler));
    let replayed = in_force
        .map(|in_force| replay(&samples, in_force, &drafted, now))
        .filter(|replayed| replayed.covered >= ENOUGH);
    let price = declared_price(&declared, pool).filter(|price| price.is_whole());
    let more_a_day = replayed.as_ref().zip(price).map(|(replayed, price)| {
        let more = (replayed.would_run - replayed.ran) * DAY / replayed.covered;
        Accrued::of(price.known(), more).money()
    });
    Ok(ReplayView {
        draft: drafted,
        since: samples.first().map(|sample| sample.at),
        replay: replayed.map(thinned),
        more_a_day,
        now,
    })
}

/// The declaration with the draft in the place of its pool, and that place as attributes begin.
fn drafted(current: &FleetSpec, draft: &PoolSpec) -> Option<(FleetSpec, String)> {
    let index = current.agent_pools.iter().position(|pool| pool.name == draft.name)?;
    let mut spec = current.clone();
    *spec.agent_pools.get_mut(index)? = draft.clone();
    Some((spec, format!("agent_pools[{index}].")))
}

/// A draft that breaks a rule could not be applied, so it is not replayed either.
fn check(spec: &FleetSpec, observed: &ObservedFleet, place: &str) -> Result<(), Error> {
    let broken: Vec<FieldError> = rules::check(spec, observed)
        .into_iter()
        .filter(|violation| violation.attribute.starts_with(place))
        .map(|violation| FieldError {
            message: match &violation.fix {
                Some(fix) => format!("{}: write {fix}", violation.message),
                None => violation.message,
            },
            field: violation.attribute,
        })
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(Error::Invalid(broken)) }
}

/// As many points as a plot shows, the last one among them.
fn thinned(mut replay: Replay) -> Replay {
    let step = replay.points.len().div_ceil(POINTS).max(1);
    let mut points: Vec<Replayed> = replay.points.into_iter().rev().step_by(step).collect();
    points.reverse();
    replay.points = points;
    replay
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn a_plot_has_points_enough_and_ends_with_the_last() {
        let points = (0..1000).map(|minute| Replayed {
            at: Timestamp::from_timestamp(1_795_057_964 + minute * 60, 0).unwrap(),
            running: 1,
            size: 2,
        });
        let points: Vec<Replayed> = points.collect();
        let thin = thinned(Replay { points: points.clone(), would_run: 7, ..Replay::default() });
        assert_eq!((thin.points.len(), thin.would_run), (167, 7));
        assert_eq!(thin.points.last(), points.last());
        assert_eq!(thinned(Replay::default()), Replay::default());
    }
}
