//! What an edit is of. While that is declared as it was when the edit was begun, the edit goes on upon whatever else was
//! declared since (decision 10).

use super::Edit;
use crate::{
    FleetSpec,
    pool::{CanarySpec, PoolSpec},
    template::TemplateSpec,
};

impl Edit {
    /// Whether both declarations have alike what it is of, or both lack it. What its noun inherits or refers to is another
    /// noun, unless the edit is about nothing but that reference.
    pub fn finds_alike(&self, begun: &FleetSpec, now: &FleetSpec) -> bool {
        let same_template = |name: &str| template(begun, name) == template(now, name);
        let same_pool = |name: &str| pool(begun, name) == pool(now, name);
        match self {
            Self::CreateTemplate { template: TemplateSpec { name, .. } }
            | Self::UpdateTemplate { name, .. }
            | Self::RetireTemplate { name }
            | Self::StageTemplate { name, .. }
            | Self::RollTemplate { name, .. } => same_template(name),
            Self::CreatePool { pool: PoolSpec { name, .. } }
            | Self::ScalePool { name, .. }
            | Self::RollBackCanary { name }
            | Self::DeletePool { name } => same_pool(name),
            // It may give the pool another template too, or another one to try.
            Self::UpdatePool { name, pool: wanted } => {
                let before = pool(now, name).map(followed).unwrap_or_default();
                let alike = |(wanted, before): (Option<&str>, Option<&str>)| {
                    wanted == before || wanted.is_none_or(same_template)
                };
                same_pool(name) && followed(wanted).into_iter().zip(before).all(alike)
            }
            // A version that is named is the same for ever; otherwise what VMs get is what the template says.
            Self::SetPoolTemplate { name, template_name, template_version } => {
                same_pool(name) && (template_version.is_some() || same_template(template_name))
            }
            Self::StartCanary { name, canary } => {
                same_pool(name)
                    && pool(now, name).and_then(|pool| tried(pool, canary)).is_none_or(same_template)
            }
            // It gives the pool what the canary tries, which may be another content by now.
            Self::PromoteCanary { name } => {
                let own = pool(now, name).and_then(|pool| tried(pool, pool.canary.as_ref()?));
                same_pool(name) && own.is_none_or(same_template)
            }
            // It leaves no trace in a declaration: sent twice, it must not be done twice.
            Self::ActOnInstances(_) => false,
            Self::CreateFirewallRule { key, .. }
            | Self::UpdateFirewallRule { key, .. }
            | Self::DeleteFirewallRule { key } => {
                begun.firewall_rules.get(key) == now.firewall_rules.get(key)
            }
            Self::UpdateEnvironment { .. } => begun.environment == now.environment,
        }
    }
}

fn template<'a>(spec: &'a FleetSpec, name: &str) -> Option<&'a TemplateSpec> {
    spec.agent_vm_templates.iter().find(|template| template.name == name)
}

fn pool<'a>(spec: &'a FleetSpec, name: &str) -> Option<&'a PoolSpec> {
    spec.agent_pools.iter().find(|pool| pool.name == name)
}

/// The template whose present content the pool's canary runs; None where it names a version.
fn tried<'a>(pool: &'a PoolSpec, canary: &'a CanarySpec) -> Option<&'a str> {
    let named = canary.template_name.as_deref().unwrap_or(&pool.template_name);
    canary.template_version.is_none().then_some(named)
}

/// The templates whose present content the pool runs, and its canary.
fn followed(pool: &PoolSpec) -> [Option<&str>; 2] {
    let own = pool.template_version.is_none().then_some(pool.template_name.as_str());
    [own, pool.canary.as_ref().and_then(|canary| tried(pool, canary))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AgentType, Amount,
        edit::tests::fleet,
        firewall::{Direction, FirewallRuleSpec},
        plan::instances::{InstanceAction, InstanceVerb},
    };

    const KIND: AgentType = AgentType::BackendDeveloper;
    const KEY: &str = "allow-agent-ssh";

    /// One with another of each noun, so that what an edit is of is not all that there is.
    fn declared() -> FleetSpec {
        let mut spec = fleet();
        spec.agent_vm_templates.push(TemplateSpec::new("spare", KIND));
        spec.agent_pools.push(PoolSpec::new("back", KIND, "spare"));
        spec
    }

    fn one(template: Option<&str>, version: Option<&str>) -> CanarySpec {
        CanarySpec {
            template_name: template.map(str::to_owned),
            template_version: version.map(str::to_owned),
            target_size: Amount::Fixed(1),
        }
    }

    fn canary(template: Option<&str>, version: Option<&str>) -> Edit {
        Edit::StartCanary { name: "front".into(), canary: one(template, version) }
    }

    fn take(version: Option<&str>) -> Edit {
        Edit::SetPoolTemplate {
            name: "front".into(),
            template_name: "spare".into(),
            template_version: version.map(str::to_owned),
        }
    }

    /// What somebody else did meanwhile, and the same edits looked at after each.
    fn overtaken(edits: &[Edit], meanwhile: impl Fn(&mut FleetSpec)) -> Vec<bool> {
        let (begun, mut now) = (declared(), declared());
        meanwhile(&mut now);
        assert!(edits.iter().all(|edit| edit.finds_alike(&begun, &begun)));
        edits.iter().map(|edit| !edit.finds_alike(&begun, &now)).collect()
    }

    fn all(edits: &[Edit], meanwhile: fn(&mut FleetSpec)) -> bool {
        overtaken(edits, meanwhile).into_iter().all(|overtaken| overtaken)
    }

    fn none(edits: &[Edit], meanwhile: fn(&mut FleetSpec)) -> bool {
        overtaken(edits, meanwhile).into_iter().all(|overtaken| !overtaken)
    }

    #[test]
    fn an_edit_is_overtaken_where_its_own_noun_was_changed_or_went() {
        let front = PoolSpec::new("front", KIND, "web");
        let web = TemplateSpec::new("web", KIND);
        let rule = FirewallRuleSpec::new("SSH", Direction::Ingress);
        let name = || "front".to_owned();
        let of_pool = [
            Edit::UpdatePool { name: name(), pool: front },
            Edit::ScalePool { name: name(), target_size: 3 },
            Edit::PromoteCanary { name: name() },
            Edit::RollBackCanary { name: name() },
            Edit::DeletePool { name: name() },
            take(None),
            canary(None, None),
        ];
        let of_template = [
            Edit::UpdateTemplate { name: "web".into(), template: web.clone() },
            Edit::StageTemplate { name: "web".into(), template: web.clone() },
            Edit::RollTemplate { name: "web".into(), template: web },
            Edit::RetireTemplate { name: "web".into() },
        ];
        let of_rule = [
            Edit::UpdateFirewallRule { key: KEY.into(), firewall_rule: rule },
            Edit::DeleteFirewallRule { key: KEY.into() },
        ];
        let of_environment = [Edit::UpdateEnvironment { environment: Box::new(declared().environment) }];
        let pool: fn(&mut FleetSpec) = |spec| spec.agent_pools[0].max_replicas = Some(9);
        let other_pool: fn(&mut FleetSpec) = |spec| spec.agent_pools[1].max_replicas = Some(9);
        let template: fn(&mut FleetSpec) = |spec| spec.agent_vm_templates[0].disk_size_gb = Some(90);
        let user: fn(&mut FleetSpec) = |spec| spec.agent_pools[1].template_name = "web".to_owned();
        let rule: fn(&mut FleetSpec) = |spec| spec.firewall_rules.get_mut(KEY).unwrap().priority = 7;
        let other_rule: fn(&mut FleetSpec) = |spec| drop(spec.firewall_rules.remove("allow-agent-http"));
        let environment: fn(&mut FleetSpec) = |spec| spec.environment.default_disk_size_gb = 40;

        assert!(all(&of_pool, pool) && all(&of_pool, |spec| drop(spec.agent_pools.remove(0))));
        assert!(none(&of_pool, other_pool) && none(&of_pool, rule) && none(&of_pool, environment));
        // Where a declaration stands in its list is nobody's edit.
        assert!(none(&of_pool, |spec| spec.agent_pools.reverse()));
        assert!(all(&of_template, template));
        assert!(
            none(&of_template, pool) && none(&of_template, user),
            "who uses it is the pools' declaration"
        );
        assert!(all(&of_rule, rule) && all(&of_rule, |spec| spec.firewall_rules.clear()));
        assert!(none(&of_rule, other_rule) && none(&of_rule, pool));
        assert!(all(&of_environment, environment) && none(&of_environment, pool));
    }

    #[test]
    fn a_creation_is_overtaken_by_its_name() {
        let edits = [
            Edit::CreatePool { pool: PoolSpec::new("new", KIND, "web") },
            Edit::CreateTemplate { template: TemplateSpec::new("new", KIND) },
            Edit::CreateFirewallRule {
                key: "new".into(),
                firewall_rule: FirewallRuleSpec::new("", Direction::Egress),
            },
        ];
        let others = |spec: &mut FleetSpec| {
            spec.agent_pools.clear();
            spec.agent_vm_templates.clear();
            spec.firewall_rules.clear();
        };
        assert_eq!(overtaken(&edits, others), [false; 3]);
        for edit in &edits {
            let same_name = |spec: &mut FleetSpec| *spec = edit.apply(spec).unwrap();
            assert_eq!(overtaken(std::slice::from_ref(edit), same_name), [true], "{edit:?}");
        }
    }

    #[test]
    fn a_version_is_of_what_its_template_says_unless_it_is_named() {
        let edits = [take(None), take(Some("spare-1")), canary(Some("spare"), None), canary(None, None)];
        let spare = |spec: &mut FleetSpec| spec.agent_vm_templates[1].disk_size_gb = Some(90);
        assert_eq!(overtaken(&edits, spare), [true, false, true, false]);
        let web = |spec: &mut FleetSpec| spec.agent_vm_templates[0].disk_size_gb = Some(90);
        assert_eq!(overtaken(&edits, web), [false, false, false, true]);
        assert_eq!(overtaken(&[canary(None, Some("web-1"))], web), [false]);
    }

    #[test]
    fn a_pool_s_edit_is_also_of_a_template_that_it_gives_the_pool() {
        let update = |change: fn(&mut PoolSpec)| {
            let mut pool = declared().agent_pools.remove(0);
            change(&mut pool);
            Edit::UpdatePool { name: pool.name.clone(), pool }
        };
        let edits = [
            update(|pool| pool.max_replicas = Some(9)),
            update(|pool| "spare".clone_into(&mut pool.template_name)),
            update(|pool| {
                "spare".clone_into(&mut pool.template_name);
                pool.template_version = Some("spare-1".to_owned());
            }),
            update(|pool| pool.canary = Some(one(Some("spare"), None))),
            update(|pool| pool.canary = Some(one(None, None))),
        ];
        let spare = |spec: &mut FleetSpec| spec.agent_vm_templates[1].disk_size_gb = Some(90);
        assert_eq!(overtaken(&edits, spare), [false, true, false, true, false]);
        let web = |spec: &mut FleetSpec| spec.agent_vm_templates[0].disk_size_gb = Some(90);
        assert_eq!(
            overtaken(&edits, web),
            [false, false, false, false, true],
            "what it ran before is no gift"
        );

        let mut begun = declared();
        begun.agent_pools[0].template_version = Some("web-1".to_owned());
        let mut now = begun.clone();
        web(&mut now);
        assert!(!edits[0].finds_alike(&begun, &now), "it lets go of the version that the pool holds to");
    }

    #[test]
    fn a_promotion_is_of_what_the_canary_tries() {
        let promote = Edit::PromoteCanary { name: "front".into() };
        let after = |started: Edit, template: usize| {
            let begun = started.apply(&declared()).unwrap();
            let mut now = begun.clone();
            now.agent_vm_templates[template].disk_size_gb = Some(90);
            !promote.finds_alike(&begun, &now)
        };
        let (web, spare) = (0, 1);
        assert!(after(canary(None, None), web) && !after(canary(None, None), spare));
        assert!(after(canary(Some("spare"), None), spare) && !after(canary(Some("spare"), None), web));
        for template in [web, spare] {
            assert!(!after(canary(Some("spare"), Some("spare-1")), template), "it never changes");
        }
    }

    #[test]
    fn what_is_done_to_vms_by_name_follows_no_other_generation() {
        let action = InstanceAction {
            pool: "front".into(),
            verb: InstanceVerb::Restart,
            instances: vec!["agent-front-a".into()],
        };
        assert!(!Edit::ActOnInstances(action).finds_alike(&declared(), &declared()));
    }
}
