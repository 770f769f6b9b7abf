//! One reading of everything that an environment owns, in as few calls as it takes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Timestamp,
    instance::Instance,
    name::is_rfc1035,
    observed::{GroupStatus, ObservedFleet},
    resource::{InstanceGroup, ResourceSet},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tracing::Instrument;

use crate::{Compute, Error, Scope, instances::Vm};

/// Calls at a time.
pub(crate) const CONCURRENCY: usize = 8;

/// Which of a project's resources belong to an environment. Other people's are never read into a fleet, whatever their name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Templates of ours are named `{name_prefix}-agent-…`; there are more of them than the store may know.
    pub name_prefix: String,
    /// A template is ours only with all of these labels.
    pub labels: BTreeMap<String, String>,
    pub groups: BTreeSet<String>,
    pub health_checks: BTreeSet<String>,
    pub firewall_rules: BTreeSet<String>,
    pub autoscalers: BTreeSet<String>,
}

impl Compute {
    /// `now` becomes `observed_at`; the location is left out, since it hardly ever changes (see [`Compute::location`]).
    pub async fn observe(
        &self,
        scope: &Scope,
        ownership: &Ownership,
        now: Timestamp,
    ) -> Result<ObservedFleet, Error> {
        let span =
            tracing::info_span!("compute.observe", project = scope.project, prefix = ownership.name_prefix);
        self.read_fleet(scope, ownership, now).instrument(span).await
    }

    async fn read_fleet(
        &self,
        scope: &Scope,
        ownership: &Ownership,
        now: Timestamp,
    ) -> Result<ObservedFleet, Error> {
        let ((templates, groups), health_checks, firewall_rules, autoscalers) = tokio::try_join!(
            async {
                // A group made or changed between the two lists then names a template that is listed, never the other way round.
                let groups = match filter(&ownership.groups) {
                    Some(filter) => self.list_instance_groups(scope, filter).await?,
                    None => Vec::new(),
                };
                let prefix = &ownership.name_prefix;
                let templates = if is_rfc1035(prefix) {
                    self.list_instance_templates(scope, starting_with(&format!("{prefix}-agent-"))).await?
                } else {
                    Vec::new()
                };
                Ok::<_, Error>((templates, groups))
            },
            async {
                match filter(&ownership.health_checks) {
                    Some(filter) => self.list_health_checks(scope, filter).await,
                    None => Ok(Vec::new()),
                }
            },
            async {
                match filter(&ownership.firewall_rules) {
                    Some(filter) => self.list_firewall_rules(scope, filter).await,
                    None => Ok(Vec::new()),
                }
            },
            async {
                match filter(&ownership.autoscalers) {
                    Some(filter) => self.list_autoscalers(scope, filter).await,
                    None => Ok(Vec::new()),
                }
            },
        )?;
        let groups: Vec<_> =
            groups.into_iter().filter(|(group, _)| ownership.groups.contains(&group.name)).collect();
        let statuses = self.read_instances(scope, &groups).await?;
        let (scaler_statuses, scalers): (Vec<_>, Vec<_>) =
            autoscalers.into_iter().map(|(scaler, status)| ((scaler.name.clone(), status), scaler)).unzip();
        let resources = ResourceSet {
            templates: templates
                .into_iter()
                .filter(|template| {
                    ownership.labels.iter().all(|(key, value)| template.labels.get(key) == Some(value))
                })
                .map(|template| (template.name.clone(), template))
                .collect(),
            health_checks: owned(health_checks, &ownership.health_checks, |check| &check.name),
            firewall_rules: owned(firewall_rules, &ownership.firewall_rules, |rule| &rule.name),
            groups: groups.into_iter().map(|(group, _)| (group.name.clone(), group)).collect(),
            autoscalers: owned(scalers, &ownership.autoscalers, |autoscaler| &autoscaler.name),
        };
        let mut autoscalers: BTreeMap<_, _> = scaler_statuses.into_iter().collect();
        autoscalers.retain(|name, _| resources.autoscalers.contains_key(name));
        Ok(ObservedFleet { resources, groups: statuses, autoscalers, location: None, observed_at: Some(now) })
    }

    /// The groups' instances, completed by what the VMs tell: one listing per group and one per zone.
    async fn read_instances(
        &self,
        scope: &Scope,
        groups: &[(InstanceGroup, GroupStatus)],
    ) -> Result<BTreeMap<String, GroupStatus>, Error> {
        let managed: Vec<_> = groups
            .iter()
            .map(|(group, status)| self.managed(scope, group.name.clone(), status.clone()))
            .collect();
        let bases: BTreeSet<_> = groups.iter().map(|(group, _)| group.base_instance_name.clone()).collect();
        let zones: BTreeSet<_> = groups.iter().flat_map(|(group, _)| group.zones.iter().cloned()).collect();
        let vms: Vec<_> = match filter(&bases) {
            Some(filter) => zones.into_iter().map(|zone| self.vms(scope, zone, filter.clone())).collect(),
            None => Vec::new(),
        };
        let (mut managed, vms): (Vec<_>, Vec<_>) = tokio::try_join!(
            stream::iter(managed).buffer_unordered(CONCURRENCY).try_collect(),
            stream::iter(vms).buffer_unordered(CONCURRENCY).try_collect(),
        )?;
        let vms: HashMap<_, _> = vms
            .into_iter()
            .flat_map(|(zone, vms): (String, Vec<Vm>)| {
                vms.into_iter().map(move |vm| ((zone.clone(), vm.name.clone()), vm))
            })
            .collect();
        for (_, status) in &mut managed {
            for instance in &mut status.instances {
                complete(instance, &vms);
            }
            status.instances.sort_unstable_by(|a, b| (&a.zone, &a.name).cmp(&(&b.zone, &b.name)));
        }
        Ok(managed.into_iter().collect())
    }

    async fn managed(
        &self,
        scope: &Scope,
        group: String,
        status: GroupStatus,
    ) -> Result<(String, GroupStatus), Error> {
        // Deleted since it was listed: its instances are gone with it.
        let instances = match self.list_managed_instances(scope, &group).await {
            Err(Error::NotFound { .. }) => Vec::new(),
            other => other?,
        };
        Ok((group, GroupStatus { instances, ..status }))
    }

    async fn vms(&self, scope: &Scope, zone: String, filter: String) -> Result<(String, Vec<Vm>), Error> {
        let vms = self.list_vms(scope, &zone, filter).await?;
        Ok((zone, vms))
    }
}

/// A name may come back with another VM while the two lists are read: only the same id completes an instance.
fn complete(instance: &mut Instance, vms: &HashMap<(String, String), Vm>) {
    let key = (instance.zone.clone(), instance.name.clone());
    if let Some(vm) = vms.get(&key).filter(|vm| instance.id.as_ref() == Some(&vm.id)) {
        instance.address.clone_from(&vm.address);
        instance.created_at = vm.created_at;
    }
}

fn owned<T>(found: Vec<T>, names: &BTreeSet<String>, name: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    found
        .into_iter()
        .filter(|resource| names.contains(name(resource)))
        .map(|resource| (name(&resource).clone(), resource))
        .collect()
}

/// The narrowest one filter that lets all of these names through; what else passes is sorted out afterwards. None: there is nothing
/// to ask for. What nothing can be called is not there, and the service would refuse the question.
fn filter(names: &BTreeSet<String>) -> Option<String> {
    let mut names = names.iter().filter(|name| is_rfc1035(name));
    // In an ordered set the first and the last name have in common what all have.
    let first = names.next()?;
    let last = names.next_back().unwrap_or(first);
    let common = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    Some(starting_with(&first[..common]))
}

/// In the API's filter language `eq` matches a regular expression against the whole name. Resource names need no escaping.
fn starting_with(prefix: &str) -> String {
    format!("name eq {prefix}.*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_what_the_names_have_in_common() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(filter(&names(&[])), None);
        assert_eq!(filter(&names(&["web"])).as_deref(), Some("name eq web.*"));
        assert_eq!(filter(&names(&["g-pool-web", "g-pool-db"])).as_deref(), Some("name eq g-pool-.*"));
        assert_eq!(filter(&names(&["a", "b"])).as_deref(), Some("name eq .*"));
    }

    #[test]
    fn what_nothing_can_be_called_is_not_asked_for() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(filter(&names(&["g-pool-Backend Pool", "g-pool-(", ""])), None);
        let some = names(&["g-pool-Backend Pool", "g-pool-web", "g-pool-web-2", "x y"]);
        assert_eq!(filter(&some).as_deref(), Some("name eq g-pool-web.*"));
    }
}
