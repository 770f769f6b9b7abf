//! What an event was done to, read from its action and its own words, so that its page can be led to.

use super::{AuditAction, AuditEvent};
use crate::{name, resource::ResourceKind};

/// What has a page of its own. A change is no subject: each event names its change beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    Pool {
        environment: &'a str,
        name: &'a str,
    },
    Template {
        environment: &'a str,
        name: &'a str,
    },
    /// By its key in the declaration.
    FirewallRule {
        environment: &'a str,
        key: &'a str,
    },
    /// Without a zone where the event names none.
    Instance {
        zone: Option<&'a str>,
        name: &'a str,
    },
    /// `inc-12`.
    Incident(&'a str),
    Budget {
        environment: &'a str,
    },
    /// What has no page of its own, in the list where it stands.
    Settings(SettingsList),
}

/// The pages of the settings that events lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsList {
    People,
    Passkeys,
    Sessions,
    Tokens,
    Policy,
}

/// Where an agent is, as an event's detail says it: `pool web in us-central1-a`.
pub fn place(pool: &str, zone: &str) -> String {
    format!("pool {pool} in {zone}")
}

/// The pool and the zone that [`place`] wrote among the parts of a detail.
pub(super) fn placed(detail: &str) -> Option<(&str, &str)> {
    detail.split(", ").find_map(|part| part.strip_prefix("pool ")?.split_once(" in "))
}

fn zone_of(detail: &str) -> Option<&str> {
    placed(detail).map(|(_, zone)| zone)
}

impl AuditEvent {
    /// `prefix` begins the names of resources in the event's environment; without it they lead nowhere.
    pub fn subject(&self, prefix: Option<&str>) -> Option<Subject<'_>> {
        let Self { action, environment, object, detail, .. } = self;
        subject_of(*action, environment.as_deref(), (object.as_str(), detail.as_str()), prefix)
    }
}

/// The same of an event of which no more is known than its words.
pub(crate) fn subject_of<'a>(
    action: AuditAction,
    environment: Option<&'a str>,
    (object, detail): (&'a str, &'a str),
    prefix: Option<&str>,
) -> Option<Subject<'a>> {
    use AuditAction as Did;
    match action {
        Did::OpenIncident | Did::CloseIncident | Did::OverruleBrake => Some(Subject::Incident(object)),
        Did::FallSilent
        | Did::FallIll
        | Did::Recover
        | Did::RestartAgent
        | Did::StopAgent
        | Did::StartAgent => Some(Subject::Instance { zone: zone_of(detail), name: object }),
        // `restart of web-1 (cmd-3)`; the answers of before named no agent.
        Did::AcknowledgeCommand | Did::RefuseCommand | Did::ExpireCommand => {
            Some(Subject::Instance { zone: None, name: object.split(' ').nth(2)? })
        }
        Did::EnrollAgent => {
            let name = object.strip_prefix("pool ")?;
            Some(Subject::Pool { environment: environment?, name })
        }
        Did::SetBudget | Did::CrossBudgetThreshold => Some(Subject::Budget { environment: environment? }),
        Did::HoldHealing | Did::RestoreHealing => {
            let name = name::pool_of(object, prefix?)?;
            Some(Subject::Pool { environment: environment?, name })
        }
        Did::IntendOperation | Did::FinishOperation | Did::FailOperation => {
            resource(environment?, object, prefix)
        }
        Did::SignIn | Did::SignOut => Some(Subject::Settings(SettingsList::People)),
        Did::RegisterPasskey | Did::RevokePasskey => Some(Subject::Settings(SettingsList::Passkeys)),
        Did::EndSession => Some(Subject::Settings(SettingsList::Sessions)),
        Did::CreateToken | Did::RevokeToken => Some(Subject::Settings(SettingsList::Tokens)),
        Did::ReviseRoster | Did::RevisePolicy => Some(Subject::Settings(SettingsList::Policy)),
        _ => None,
    }
}

/// As [`crate::plan::Action::title`] writes it: `create instance group genesis-pool-web`.
fn resource<'a>(environment: &'a str, object: &'a str, prefix: Option<&str>) -> Option<Subject<'a>> {
    let (_, named) = object.split_once(' ')?;
    let (noun, resource) = named.rsplit_once(' ')?;
    let pool = |name| Subject::Pool { environment, name };
    match ResourceKind::ALL.into_iter().find(|kind| kind.noun() == noun)? {
        ResourceKind::Instance => Some(Subject::Instance { zone: None, name: resource }),
        ResourceKind::InstanceGroup => name::pool_of(resource, prefix?).map(pool),
        ResourceKind::Autoscaler => name::pool_of_autoscaler(resource, prefix?).map(pool),
        ResourceKind::HealthCheck => name::pool_of_health_check(resource, prefix?).map(pool),
        ResourceKind::InstanceTemplate => {
            name::template_of(resource, prefix?).map(|name| Subject::Template { environment, name })
        }
        ResourceKind::FirewallRule => {
            name::key_of(resource, prefix?).map(|key| Subject::FirewallRule { environment, key })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::samples::event;

    #[test]
    fn a_vm_is_no_pool_though_its_name_holds_one() {
        let (vm, zone) = ("agent-backend-pool-x7k2", Some("us-central1-a"));
        let at = place("backend-pool", "us-central1-a");
        for (action, detail) in [
            (AuditAction::FallSilent, format!("{at}, was late")),
            (AuditAction::FallIll, at.clone()),
            (AuditAction::Recover, format!("{at}, was silent")),
            (AuditAction::RestartAgent, format!("cmd-3, {at}")),
        ] {
            let found = event(action, vm, &detail);
            assert_eq!(
                found.subject(Some("genesis")),
                Some(Subject::Instance { zone, name: vm }),
                "{detail}"
            );
        }
        let nowhere = Some(Subject::Instance { zone: None, name: vm });
        let restarted = event(AuditAction::FinishOperation, &format!("restart instance {vm}"), "");
        assert_eq!(restarted.subject(Some("genesis")), nowhere);
        for end in [AuditAction::AcknowledgeCommand, AuditAction::RefuseCommand, AuditAction::ExpireCommand] {
            let ended = event(end, &format!("restart of {vm} (cmd-3)"), "runs as boot 7a90");
            assert_eq!(ended.subject(None), nowhere, "{end:?}");
            assert_eq!(event(end, "restart (cmd-3)", "").subject(None), None, "{end:?}");
        }
    }

    #[test]
    fn what_compute_engine_was_asked_leads_to_what_declares_it() {
        let of = |object: &str, prefix: &str| {
            let event = event(AuditAction::IntendOperation, object, "");
            event.subject(Some(prefix)).map(|subject| format!("{subject:?}"))
        };
        let pool = |name: &str| Some(format!("{:?}", Subject::Pool { environment: "dev", name }));
        assert_eq!(of("create instance group genesis-pool-backend-pool", "genesis"), pool("backend-pool"));
        assert_eq!(
            of("update autoscaler genesis-pool-backend-pool-autoscaler", "genesis"),
            pool("backend-pool")
        );
        assert_eq!(
            of("delete health check genesis-pool-backend-pool-health", "genesis"),
            pool("backend-pool")
        );
        // A prefix and a pool may hold the very words that stand between and behind them.
        assert_eq!(of("resize instance group my-pool-pool-web-health", "my-pool"), pool("web-health"));
        assert_eq!(of("create instance group genesis-pool-web", "other"), None);
        let template = Subject::Template { environment: "dev", name: "backend-dev" };
        assert_eq!(
            of("delete instance template genesis-agent-backend-dev-0a1b2c3d", "genesis"),
            Some(format!("{template:?}"))
        );
        let rule = Subject::FirewallRule { environment: "dev", key: "allow-agent-ssh" };
        assert_eq!(
            of("create firewall rule genesis-agent-allow-agent-ssh", "genesis"),
            Some(format!("{rule:?}"))
        );
    }

    #[test]
    fn groups_enrolments_incidents_and_budgets_lead_to_theirs() {
        let of = |action, object: &str| {
            let event = event(action, object, "for inc-1");
            event.subject(Some("genesis")).map(|subject| format!("{subject:?}"))
        };
        let said = |subject: Subject<'_>| Some(format!("{subject:?}"));
        let pool = Subject::Pool { environment: "dev", name: "backend-pool" };
        assert_eq!(of(AuditAction::HoldHealing, "genesis-pool-backend-pool"), said(pool));
        assert_eq!(of(AuditAction::EnrollAgent, "pool backend-pool"), said(pool));
        assert_eq!(of(AuditAction::OpenIncident, "inc-12"), said(Subject::Incident("inc-12")));
        let budget = Subject::Budget { environment: "dev" };
        assert_eq!(of(AuditAction::SetBudget, "the budget of dev"), said(budget));
        assert_eq!(of(AuditAction::CrossBudgetThreshold, "80 % of the budget of dev"), said(budget));
        assert_eq!(of(AuditAction::ProposeChange, "chg-12"), None);
    }

    #[test]
    fn what_the_settings_hold_leads_to_its_list_without_an_environment() {
        use AuditAction as Did;
        for (action, object, list) in [
            (Did::SignIn, "sub-1", SettingsList::People),
            (Did::SignOut, "sub-1", SettingsList::People),
            (Did::RegisterPasskey, "passkey 0a1b2c3d", SettingsList::Passkeys),
            (Did::RevokePasskey, "passkey 0a1b2c3d", SettingsList::Passkeys),
            (Did::EndSession, "a session of sub-1", SettingsList::Sessions),
            (Did::CreateToken, "tok-3", SettingsList::Tokens),
            (Did::RevokeToken, "tok-3", SettingsList::Tokens),
            (Did::ReviseRoster, "roster r2", SettingsList::Policy),
            (Did::RevisePolicy, "policy r2", SettingsList::Policy),
        ] {
            let found = AuditEvent { environment: None, ..event(action, object, "") };
            assert_eq!(found.subject(None), Some(Subject::Settings(list)), "{object}");
        }
    }

    #[test]
    fn without_its_environment_s_prefix_a_resource_leads_nowhere() {
        let created = event(AuditAction::FinishOperation, "create instance group genesis-pool-web", "");
        assert_eq!(created.subject(None), None);
        let elsewhere = AuditEvent { environment: None, ..created };
        assert_eq!(elsewhere.subject(Some("genesis")), None);
    }
}
