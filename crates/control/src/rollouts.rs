//! Rollouts: what versions are called, and when a canary may be promoted. How one fares is `domain::view::rollout`.

use domain::{
    FleetSpec, ObservedFleet, Timestamp, derive, name,
    view::{
        pool::{TemplateChoice, VersionChoice},
        rollout::{Labels, Rollout, VersionLabel, rollout},
    },
};

use crate::{Control, Error};

/// Every version that the environment ever declared, by its resource's name.
pub(crate) async fn labels(control: &Control, environment: &str) -> Result<Labels, Error> {
    let known = control.store.list_template_names(environment).await?;
    Ok(known
        .into_iter()
        .map(|template| {
            let label = VersionLabel {
                template: template.name,
                number: Some(template.version),
                resource: template.resource_name,
            };
            (label.resource.clone(), label)
        })
        .collect())
}

/// None where no such group was observed.
pub(crate) fn of_group(
    observed: &ObservedFleet,
    group: &str,
    labels: &Labels,
    min_ready_sec: u32,
    now: Timestamp,
) -> Option<Rollout> {
    let (settings, status) = (observed.resources.groups.get(group)?, observed.groups.get(group)?);
    Some(rollout(settings, status, labels, min_ready_sec, now))
}

/// What pools can be given: the declared templates, each with what it is and what it was.
pub(crate) async fn choices(control: &Control, spec: &FleetSpec) -> Result<Vec<TemplateChoice>, Error> {
    let labels = labels(control, &spec.environment.environment).await?;
    Ok(spec
        .agent_vm_templates
        .iter()
        .map(|template| {
            let present = derive::present_version(spec, template).name;
            let mut versions: Vec<VersionChoice> = labels
                .values()
                .filter(|label| label.template == template.name)
                .map(|label| VersionChoice { present: label.resource == present, label: label.clone() })
                .collect();
            versions.sort_by_key(|choice| (!choice.present, std::cmp::Reverse(choice.label.number)));
            TemplateChoice { name: template.name.clone(), agent_type: template.agent_type, versions }
        })
        .collect())
}

/// Refuses to promote a canary whose VMs do not all serve or are too young, by what was last observed.
pub(crate) async fn check_promotion(control: &Control, spec: &FleetSpec, pool: &str) -> Result<(), Error> {
    let environment = &spec.environment;
    let Some(declared) = spec.agent_pools.iter().find(|declared| declared.name == pool) else {
        return Ok(());
    };
    let observed = control.store.observed_pool(&environment.environment, pool).await?.unwrap_or_default();
    let group = name::instance_group(&environment.name_prefix, pool);
    let now = control.clock.now();
    let seen = of_group(&observed, &group, &Labels::new(), declared.min_ready_sec, now);
    match seen {
        Some(Rollout { holds_promotion: Some(hold), .. }) => Err(Error::Conflict(hold.said(now))),
        // A group that never got its canary has none to promote.
        Some(seen) if declared.canary.is_some() && seen.versions.len() < 2 => Err(Error::Conflict(format!(
            "no VM of {pool} runs the canary yet: its change has to be applied first"
        ))),
        Some(_) => Ok(()),
        None => Err(Error::Conflict(format!("{pool} was not observed yet: there is no canary to judge"))),
    }
}
