//! Environments that share a project: a name of Compute Engine belongs to one of them.

use std::collections::BTreeSet;

use domain::{FleetSpec, derive, plan::Violation, resource::ResourceKind};

use crate::{Control, Error};

pub(crate) type Name = (ResourceKind, String);

/// What a declaration would take from other environments of its project.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) names: BTreeSet<Name>,
    /// One for each of the others.
    pub(crate) violations: Vec<Violation>,
}

/// Templates are left out: their names carry a digest, their metadata the environment.
fn names(spec: &FleetSpec) -> BTreeSet<Name> {
    let set = derive::resources(spec, &[]);
    let of = |kind: ResourceKind| move |name: String| (kind, name);
    let groups = set.groups.into_keys().map(of(ResourceKind::InstanceGroup));
    let checks = set.health_checks.into_keys().map(of(ResourceKind::HealthCheck));
    let rules = set.firewall_rules.into_keys().map(of(ResourceKind::FirewallRule));
    let scalers = set.autoscalers.into_keys().map(of(ResourceKind::Autoscaler));
    groups.chain(checks).chain(rules).chain(scalers).collect()
}

fn taken(desired: &FleetSpec, others: &[&FleetSpec]) -> Taken {
    let mut taken = Taken::default();
    let mine = names(desired);
    for other in others {
        let theirs: Vec<Name> = mine.intersection(&names(other)).cloned().collect();
        taken.violations.extend(theirs.first().map(|name| violation(desired, other, name)));
        taken.names.extend(theirs);
    }
    taken
}

fn violation(desired: &FleetSpec, other: &FleetSpec, (kind, name): &Name) -> Violation {
    let environment = &desired.environment;
    Violation {
        attribute: "name_prefix".to_owned(),
        rule: "name_taken".to_owned(),
        message: format!(
            "the {} {name} belongs to environment {} of the same project; what one of them changes, the other would lose",
            kind.noun(),
            other.environment.environment
        ),
        fix: Some(format!("name_prefix = \"{}-{}\"", environment.name_prefix, environment.environment)),
    }
}

/// Reads the declarations in force, not Compute Engine.
pub(crate) async fn names_taken(control: &Control, desired: &FleetSpec) -> Result<Taken, Error> {
    let own = &desired.environment;
    let environments = control.store.list_environments().await?;
    let others: Vec<&FleetSpec> = environments
        .iter()
        .map(|row| &row.spec)
        .filter(|spec| {
            spec.environment.environment != own.environment && spec.environment.project_id == own.project_id
        })
        .collect();
    Ok(taken(desired, &others))
}

#[cfg(test)]
mod tests {
    use domain::environment::EnvironmentSpec;

    use super::*;

    fn fleet(environment: &str, prefix: &str) -> FleetSpec {
        let mut place = EnvironmentSpec::new("p", "us-central1", environment, "n", "s");
        place.name_prefix = prefix.to_owned();
        FleetSpec::new(place)
    }

    #[test]
    fn the_same_prefix_takes_the_other_s_names_and_another_does_not() {
        let (dev, development) = (fleet("dev", "genesis"), fleet("development", "genesis"));
        let taken_names = taken(&development, &[&dev]);
        let [violation] = taken_names.violations.as_slice() else { panic!("{taken_names:?}") };
        assert_eq!(violation.attribute, "name_prefix");
        assert!(violation.message.contains("belongs to environment dev"), "{}", violation.message);
        assert_eq!(violation.fix.as_deref(), Some("name_prefix = \"genesis-development\""));
        assert_eq!(taken_names.names, names(&dev));
        let free = taken(&fleet("development", "genesis-development"), &[&dev]);
        assert!(free.names.is_empty() && free.violations.is_empty(), "{free:?}");
    }
}
