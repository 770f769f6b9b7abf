//! A pool's rollout.

use domain::view::rollout::{RolloutState, VersionLabel, VersionRole};
use rest_api::{PoolRollout, PromotionHold, Rollout, RolloutInstance};

use crate::{
    cli::Common,
    client::Client,
    failure::Failure,
    output::{self, fact, moment, table, vms},
};

pub(super) async fn show(client: &Client, common: &Common, pool: &str) -> Result<(), Failure> {
    let environment = client.environment().await?;
    let answer = client.get("load_pool_rollout", &[&environment, pool], &[]).await?;
    output::show(common.output, &answer, || Ok(drawn(&answer.read()?)))
}

fn drawn(answer: &PoolRollout) -> String {
    let PoolRollout { environment, pool, rollout } = answer;
    let Some(rollout) = rollout else { return format!("{environment}/{pool}  not seen yet\n") };
    let mut text =
        format!("{environment}/{pool}  {}  {} wanted\n", state(rollout.state), vms(rollout.target_size));
    for waited in &rollout.waits_for {
        text.push_str(&fact("waits for", waited));
    }
    for step in &rollout.next {
        text.push_str(&fact("next", step));
    }
    if let Some(hold) = &rollout.holds_promotion {
        text.push_str(&fact("promotion", &held(hold)));
    }
    text.push('\n');
    text.push_str(&versions(rollout));
    if !rollout.instances.is_empty() {
        text.push('\n');
        text.push_str(&instances(rollout));
    }
    text
}

fn held(hold: &PromotionHold) -> String {
    match hold.until {
        Some(until) => format!("held until {}: {}", moment(until), hold.why),
        None => format!("held: {}", hold.why),
    }
}

fn versions(rollout: &Rollout) -> String {
    let rows: Vec<Vec<String>> = rollout
        .versions
        .iter()
        .map(|version| {
            vec![
                label(rollout, &version.instance_template),
                role(version.role).to_owned(),
                version.wanted.to_string(),
                version.ready.to_string(),
                version.total.to_string(),
                version.instance_template.clone(),
            ]
        })
        .collect();
    table(&["VERSION", "ROLE", "WANTED", "READY", "TOTAL", "INSTANCE TEMPLATE"], &rows)
}

fn instances(rollout: &Rollout) -> String {
    let row = |instance: &RolloutInstance| {
        vec![
            instance.name.clone(),
            instance.zone.clone(),
            instance.state.word().to_owned(),
            label(rollout, &instance.instance_template),
            if instance.is_new { "yes" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = rollout.instances.iter().map(row).collect();
    table(&["INSTANCE", "ZONE", "STATE", "VERSION", "NEW"], &rows)
}

/// What people call the version: `web v3`. One that only leaving VMs have is called by its instance template.
fn label(rollout: &Rollout, instance_template: &str) -> String {
    let named = rollout.versions.iter().find(|version| version.instance_template == instance_template);
    match named {
        Some(version) => VersionLabel {
            template: version.template.clone(),
            number: version.number,
            resource: version.instance_template.clone(),
        }
        .long(),
        None if instance_template.is_empty() => "not known".to_owned(),
        None => instance_template.to_owned(),
    }
}

const fn state(state: RolloutState) -> &'static str {
    match state {
        RolloutState::Settled => "settled",
        RolloutState::Rolling => "rolling",
        RolloutState::Canary => "canary",
        RolloutState::Waiting => "waiting",
        RolloutState::Failing => "failing",
    }
}

const fn role(role: VersionRole) -> &'static str {
    match role {
        VersionRole::Own => "own",
        VersionRole::Canary => "canary",
        VersionRole::Old => "old",
    }
}

#[cfg(test)]
mod tests {
    use domain::view::rollout::SquareState;
    use rest_api::RolloutVersion;

    use super::*;

    fn version(number: u32, role: VersionRole) -> RolloutVersion {
        RolloutVersion {
            template: "web".to_owned(),
            number: Some(number),
            instance_template: format!("t-web-{number}"),
            role,
            wanted: 1,
            ready: 1,
            total: 1,
        }
    }

    fn instance(name: &str, instance_template: &str, is_new: bool, state: SquareState) -> RolloutInstance {
        let (zone, instance_template) = ("us-central1-a".to_owned(), instance_template.to_owned());
        RolloutInstance { name: name.to_owned(), zone, instance_template, is_new, state }
    }

    fn canary() -> Rollout {
        Rollout {
            state: RolloutState::Canary,
            target_size: 2,
            versions: vec![version(1, VersionRole::Own), version(2, VersionRole::Canary)],
            instances: vec![
                instance("web-1", "t-web-1", false, SquareState::Ready),
                instance("web-2", "t-web-2", true, SquareState::Ready),
                instance("web-3", "", false, SquareState::Leaving),
            ],
            waits_for: vec!["1 VM to be deleted".to_owned()],
            next: vec!["Promote: 1 VM of web v1 is replaced by web v2.".to_owned()],
            holds_promotion: Some(PromotionHold { why: "it is young".to_owned(), until: None }),
        }
    }

    #[test]
    fn a_canary_is_told_with_what_holds_it() {
        let answer =
            PoolRollout { environment: "dev".to_owned(), pool: "front".to_owned(), rollout: Some(canary()) };
        let expected = "\
dev/front  canary  2 VMs wanted
waits for   1 VM to be deleted
next        Promote: 1 VM of web v1 is replaced by web v2.
promotion   held: it is young

VERSION  ROLE    WANTED  READY  TOTAL  INSTANCE TEMPLATE
web v1   own     1       1      1      t-web-1
web v2   canary  1       1      1      t-web-2

INSTANCE  ZONE           STATE    VERSION    NEW
web-1     us-central1-a  healthy  web v1
web-2     us-central1-a  healthy  web v2     yes
web-3     us-central1-a  leaving  not known
";
        assert_eq!(drawn(&answer), expected);
    }

    #[test]
    fn a_pool_that_nobody_has_seen_has_no_rollout_to_tell_of() {
        let answer = PoolRollout { environment: "dev".to_owned(), pool: "front".to_owned(), rollout: None };
        assert_eq!(drawn(&answer), "dev/front  not seen yet\n");
    }
}
