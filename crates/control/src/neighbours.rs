//! Environments that share a project: a name of Compute Engine belongs to one of them.

use std::collections::BTreeSet;

use domain::{FleetSpec, derive, plan::Violation, resource::ResourceKind};

use crate::{Control, Error};

type Name = (ResourceKind, String);

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

fn taken(desired: &FleetSpec, other: &FleetSpec) -> Option<Violation> {
    let (mine, theirs) = (names(desired), names(other));
    let (kind, name) = mine.intersection(&theirs).next()?;
    let environment = &desired.environment;
    Some(Violation {
        attribute: "name_prefix".to_owned(),
        rule: "name_taken".to_owned(),
        message: format!(
            "the {} {name} belongs to environment {} of the same project; what one of them changes, the other would lose",
            kind.noun(),
            other.environment.environment
        ),
        fix: Some(format!("name_prefix = \"{}-{}\"", environment.name_prefix, environment.environment)),
    })
}

/// Whatever the declaration would take from another environment of its project: one violation each.
pub(crate) async fn names_taken(control: &Control, desired: &FleetSpec) -> Result<Vec<Violation>, Error> {
    let own = &desired.environment;
    let environments = control.store.list_environments().await?;
    let others = environments.iter().map(|row| &row.spec).filter(|spec| {
        spec.environment.environment != own.environment && spec.environment.project_id == own.project_id
    });
    Ok(others.filter_map(|other| taken(desired, other)).collect())
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
        let violation = taken(&fleet("development", "genesis"), &fleet("dev", "genesis")).unwrap();
        assert_eq!(violation.attribute, "name_prefix");
        assert!(violation.message.contains("belongs to environment dev"), "{}", violation.message);
        assert_eq!(violation.fix.as_deref(), Some("name_prefix = \"genesis-development\""));
        assert_eq!(taken(&fleet("development", "genesis-development"), &fleet("dev", "genesis")), None);
    }
}
