//! From a declaration to its plan against what Compute Engine holds right now. Nothing is stored here.

use std::collections::{BTreeMap, BTreeSet};

use ::compute::{Ownership, Scope};
use domain::{
    FleetSpec, ObservedFleet, Timestamp, derive,
    plan::{
        Plan, Step, Violation,
        instances::{InstanceAction, plan_instances},
        plan_beside,
    },
    resource::{ResourceKind, ResourceSet},
    rules,
};

use crate::{
    Control, Error,
    canonical::{Canonical, canonical},
    error::FieldError,
    neighbours::{self, Taken},
};

/// A plan with everything that it was made from.
#[derive(Clone, Debug)]
pub struct Planned {
    pub desired: FleetSpec,
    pub plan: Plan,
    /// The environment's generation that it follows; 0 where there is no environment yet.
    pub base_generation: i64,
    /// That generation declares exactly this.
    pub declared_already: bool,
    pub payload: Canonical,
    pub plan_bytes: Canonical,
}

impl Planned {
    /// Over the declaration, its plan and the generation it follows: what was seen is what is proposed.
    pub fn digest(&self) -> Result<String, Error> {
        self.digest_over(&self.payload, self.base_generation)
    }

    /// What it would be, were the same plan that of another declaration, which follows another generation.
    pub(crate) fn digest_over(&self, payload: &Canonical, base_generation: i64) -> Result<String, Error> {
        Ok(canonical(&(&payload.sha256, &self.plan_bytes.sha256, base_generation.to_string()))?.sha256)
    }
}

pub fn scope(spec: &FleetSpec) -> Scope {
    Scope::new(&spec.environment.project_id, &spec.environment.region)
}

/// One spelling for each link and image, so that equal things compare equal.
pub fn normalize(spec: &mut FleetSpec) {
    let environment = &mut spec.environment;
    environment.network_id = compute::normalize_network(&environment.project_id, &environment.network_id);
    environment.subnet_id =
        compute::normalize_subnetwork(&environment.project_id, &environment.region, &environment.subnet_id);
    environment.default_agent_image =
        compute::normalize_image(&environment.project_id, &environment.default_agent_image);
    for template in &mut spec.agent_vm_templates {
        template.source_image = template
            .source_image
            .as_deref()
            .map(|image| compute::normalize_image(&environment.project_id, image));
    }
}

/// What belongs to the environment by its declarations, and its templates of the past.
pub fn ownership(specs: &[&FleetSpec]) -> Ownership {
    let mut ownership = Ownership::default();
    for spec in specs {
        own(&mut ownership, &derive::resources(spec, &[]));
        ownership.name_prefix.clone_from(&spec.environment.name_prefix);
        ownership.labels = BTreeMap::from([("vm_role".to_owned(), "agent-runtime".to_owned())]);
    }
    ownership
}

/// Reads Compute Engine. Of templates that share the prefix, only those of the environment stay: their metadata says whose they are,
/// in a key that no declaration can set.
pub async fn observe(
    control: &Control,
    spec: &FleetSpec,
    ownership: &Ownership,
    now: Timestamp,
) -> Result<ObservedFleet, compute::Error> {
    let mut observed = control.compute.observe(&scope(spec), ownership, now).await?;
    let environment = Some(&spec.environment.environment);
    observed
        .resources
        .templates
        .retain(|_, template| template.metadata.get("agent-environment") == environment);
    Ok(observed)
}

/// Adds what was seen before: a resource that no declaration names any more must not be lost from sight.
pub fn own(ownership: &mut Ownership, resources: &ResourceSet) {
    ownership.health_checks.extend(resources.health_checks.keys().cloned());
    ownership.firewall_rules.extend(resources.firewall_rules.keys().cloned());
    ownership.groups.extend(resources.groups.keys().cloned());
    ownership.autoscalers.extend(resources.autoscalers.keys().cloned());
}

/// Adds what a plan's step acts on.
pub fn own_step(ownership: &mut Ownership, step: &Step) {
    let name = step.name().to_owned();
    match step.kind() {
        ResourceKind::HealthCheck => ownership.health_checks.insert(name),
        ResourceKind::FirewallRule => ownership.firewall_rules.insert(name),
        ResourceKind::InstanceGroup => ownership.groups.insert(name),
        ResourceKind::Autoscaler => ownership.autoscalers.insert(name),
        // Known by prefix and labels, and by their groups.
        ResourceKind::InstanceTemplate | ResourceKind::Instance => false,
    };
}

/// Takes away what belongs to another environment: what is there of it is not this one's to compare with, change or delete.
fn disown(ownership: &mut Ownership, taken: &Taken) {
    for (kind, name) in &taken.names {
        match kind {
            ResourceKind::HealthCheck => ownership.health_checks.remove(name),
            ResourceKind::FirewallRule => ownership.firewall_rules.remove(name),
            ResourceKind::InstanceGroup => ownership.groups.remove(name),
            ResourceKind::Autoscaler => ownership.autoscalers.remove(name),
            ResourceKind::InstanceTemplate | ResourceKind::Instance => false,
        };
    }
}

/// What is there, as far as Compute Engine can be asked for it: nothing is in a place that cannot be, or that it does not know. The
/// rules say the former by themselves; the latter comes with what it breaks.
async fn look(
    control: &Control,
    desired: &FleetSpec,
    ownership: &Ownership,
    now: Timestamp,
) -> Result<(ObservedFleet, Option<Violation>), Error> {
    if !rules::may_exist(&desired.environment) {
        return Ok((ObservedFleet::default(), None));
    }
    let read = async {
        let mut observed = observe(control, desired, ownership, now).await?;
        let location = control.compute.location(&scope(desired), &machine_types(desired)).await?;
        observed.location = Some(location);
        Ok::<_, compute::Error>(observed)
    };
    let region = &desired.environment.region;
    match read.await {
        Ok(observed) => Ok((observed, None)),
        Err(error) if lacks_region(&error, region) => {
            Ok((ObservedFleet::default(), Some(rules::unknown_region(region))))
        }
        Err(error) => Err(refused(error)),
    }
}

/// What is in a region says it in other words than the region itself.
fn lacks_region(error: &compute::Error, region: &str) -> bool {
    match error {
        compute::Error::Invalid { message } => message.contains("field 'region'"),
        compute::Error::NotFound { message } => message.contains(&format!("/regions/{region}'")),
        _ => false,
    }
}

/// What the rest follows from is said before it. An unknown region is told once.
fn put_first(plan: &mut Plan, taken: Vec<Violation>, unknown: Option<Violation>) {
    if unknown.is_some() {
        plan.violations.retain(|violation| violation.attribute != "region");
    }
    plan.violations.splice(0..0, taken.into_iter().chain(unknown));
}

/// The machine types that the declaration asks for.
pub fn machine_types(spec: &FleetSpec) -> Vec<String> {
    let templates = derive::resources(spec, &[]).templates;
    templates
        .into_values()
        .map(|template| template.machine_type)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// Plans a declaration of an environment, new or known.
pub async fn plan_fleet(control: &Control, desired: FleetSpec) -> Result<Planned, Error> {
    plan_with(control, desired, None).await
}

/// The same together with what is done to VMs by name.
pub async fn plan_with(
    control: &Control,
    mut desired: FleetSpec,
    action: Option<&InstanceAction>,
) -> Result<Planned, Error> {
    normalize(&mut desired);
    check_limits(&desired)?;
    complete_versions(control, &mut desired).await?;
    let current = control.store.get_environment(&desired.environment.environment).await?;
    let base_generation = current.as_ref().map_or(0, |row| row.generation);
    if let Some(row) = &current {
        check_same_place(&row.spec, &desired)?;
    }
    let specs: Vec<&FleetSpec> = current.iter().map(|row| &row.spec).chain([&desired]).collect();
    let mut ownership = ownership(&specs);
    if let Some(before) = control.store.observed_fleet(&desired.environment.environment).await? {
        own(&mut ownership, &before.resources);
    }
    let taken = neighbours::names_taken(control, &desired).await?;
    disown(&mut ownership, &taken);
    let now = control.clock.now();
    let (observed, unknown) = look(control, &desired, &ownership, now).await?;
    let mut plan = match action {
        None => plan_beside(&desired, &observed, &taken.names, now),
        Some(action) => plan_instances(&desired, &observed, action, now)
            .map_err(|refused| Error::invalid(refused.field, refused.message))?,
    };
    put_first(&mut plan, taken.violations, unknown);
    let payload = canonical(&desired)?;
    let plan_bytes = canonical(&plan)?;
    let declared_already = current.is_some_and(|row| row.spec == desired);
    Ok(Planned { desired, plan, base_generation, declared_already, payload, plan_bytes })
}

/// What is digested of a declaration when it is planned.
pub(crate) async fn payload(control: &Control, mut desired: FleetSpec) -> Result<Canonical, Error> {
    normalize(&mut desired);
    complete_versions(control, &mut desired).await?;
    canonical(&desired)
}

/// Finds the versions that pools hold to, so that the declaration has them whole. One that was never declared here stays
/// missing, and the plan names it.
async fn complete_versions(control: &Control, desired: &mut FleetSpec) -> Result<(), Error> {
    let names: Vec<String> = derive::held_versions(desired)
        .into_iter()
        .filter(|name| !desired.template_versions.contains_key(name))
        .collect();
    let environment = desired.environment.environment.clone();
    let mut known = control.store.find_template_versions(&environment, &names).await?;
    let unknown: Vec<&String> = names.iter().filter(|name| !known.contains_key(*name)).collect();
    if !unknown.is_empty() {
        let declared = control.store.list_template_names(&environment).await?;
        if declared.iter().any(|template| unknown.contains(&&template.resource_name)) {
            // Before versions were kept whole: it is what its template was, unless the environment's defaults moved.
            for template in control.store.list_templates(&environment).await? {
                let version = derive::present_version(desired, &template.spec);
                known.entry(version.name.clone()).or_insert(version);
            }
        }
    }
    derive::complete_versions(desired, |name| known.get(name).cloned());
    Ok(())
}

/// What reading the project met, as far as the one who declared it can mend it.
fn refused(error: compute::Error) -> Error {
    use compute::Error as Refusal;
    match &error {
        Refusal::NotFound { .. } | Refusal::Forbidden { quota: false, .. } | Refusal::Invalid { .. } => {
            Error::invalid("project_id", format!("Compute Engine would not read the project: {error}"))
        }
        _ => error.into(),
    }
}

/// More than any fleet of Compute Engine's own limits, less than what would hurt us.
fn check_limits(spec: &FleetSpec) -> Result<(), Error> {
    let over = |field: &str, count: usize, limit: usize| {
        (count > limit).then(|| FieldError {
            field: field.to_owned(),
            message: format!("holds {count} entries; at most {limit} fit in one environment"),
        })
    };
    let errors: Vec<FieldError> = [
        over("agent_vm_templates", spec.agent_vm_templates.len(), 500),
        over("agent_pools", spec.agent_pools.len(), 500),
        over("firewall_rules", spec.firewall_rules.len(), 500),
    ]
    .into_iter()
    .flatten()
    .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// An environment stays where it is: moving it would leave its VMs behind, unseen.
fn check_same_place(current: &FleetSpec, desired: &FleetSpec) -> Result<(), Error> {
    let (is, wanted) = (&current.environment, &desired.environment);
    let fixed = [
        ("project_id", &is.project_id, &wanted.project_id),
        ("region", &is.region, &wanted.region),
        ("name_prefix", &is.name_prefix, &wanted.name_prefix),
    ];
    let errors: Vec<FieldError> = fixed
        .into_iter()
        .filter(|(_, is, wanted)| is != wanted)
        .map(|(field, is, _)| FieldError {
            field: field.to_owned(),
            message: format!(
                "environment {} lives in {is}; use that, or declare a new environment name",
                current.environment.environment
            ),
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
