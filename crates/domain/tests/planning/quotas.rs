//! What a plan says of the vCPUs that a region has left.

use domain::{
    AgentType, FleetSpec, ObservedFleet,
    firewall::Severity,
    observed::{Location, Quota},
    plan::{Note, plan},
    pool::PoolSpec,
};

use crate::examples::{applied, fixed, nothing, now};

/// Each with its limit and what is used of it.
fn with(observed: ObservedFleet, quotas: &[(&str, f64, f64)]) -> ObservedFleet {
    let quotas =
        quotas.iter().map(|&(metric, limit, usage)| (metric.to_owned(), Quota { limit, usage })).collect();
    ObservedFleet { location: Some(Location { quotas, ..Location::default() }), ..observed }
}

fn said(desired: &FleetSpec, observed: &ObservedFleet) -> Vec<Note> {
    let mut notes = plan(desired, observed, now()).notes;
    notes.retain(|note| note.message.contains("quota"));
    notes
}

#[test]
fn more_vcpus_than_are_left_are_warned_of() {
    // Three of e2-standard-2.
    let desired = fixed(3);
    let notes = said(&desired, &with(nothing(), &[("CPUS", 8.0, 3.0)]));
    assert_eq!(
        notes,
        [Note {
            attribute: "agent_pools[0].target_size".to_owned(),
            message: "the plan adds 6 vCPUs of the quota CPUS, more than is left of its limit of 8 in us-central1: \
                      VMs that do not fit wait until there is more"
                .to_owned(),
            severity: Severity::Warning,
        }]
    );
    // Votes are over the plan's own bytes: what others use meanwhile must not change them.
    assert_eq!(said(&desired, &with(nothing(), &[("CPUS", 8.0, 7.0)])), notes);
    assert_eq!(said(&desired, &with(nothing(), &[("CPUS", 8.0, 2.0)])), []);
}

#[test]
fn what_the_region_does_not_tell_is_not_guessed() {
    let mut desired = fixed(3);
    assert_eq!(said(&desired, &nothing()), []);
    assert_eq!(said(&desired, &with(nothing(), &[("N2_CPUS", 0.0, 0.0)])), []);
    desired.agent_vm_templates[0].machine_type = Some("n2-standard-2".to_owned());
    assert_eq!(said(&desired, &with(nothing(), &[("CPUS", 0.0, 0.0)])), []);
    assert_eq!(said(&desired, &with(nothing(), &[("N2_CPUS", 0.0, 0.0)])).len(), 1);
}

#[test]
fn pools_are_summed_and_the_one_that_adds_most_is_named() {
    let mut desired = fixed(3);
    desired.agent_pools.push(PoolSpec {
        target_size: Some(2),
        ..PoolSpec::new("platform-pool", AgentType::PlatformEngineer, "platform-eng")
    });
    assert_eq!(said(&desired, &with(nothing(), &[("CPUS", 14.0, 0.0)])), []);
    let notes = said(&desired, &with(nothing(), &[("CPUS", 13.0, 0.0)]));
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].attribute, "agent_pools[1].target_size");
    assert!(notes[0].message.contains("adds 14 vCPUs"), "{notes:?}");
}

#[test]
fn a_replacement_adds_what_it_has_more() {
    let before = applied(&fixed(4), &nothing());
    assert_eq!(said(&fixed(4), &with(before.clone(), &[("CPUS", 8.0, 8.0)])), []);
    let mut desired = fixed(4);
    desired.agent_vm_templates[0].machine_type = Some("e2-standard-8".to_owned());
    assert_eq!(said(&desired, &with(before.clone(), &[("CPUS", 32.0, 8.0)])), []);
    let notes = said(&desired, &with(before.clone(), &[("CPUS", 31.0, 8.0)]));
    assert!(notes[0].message.contains("adds 24 vCPUs"), "{notes:?}");
    // Another family leaves nothing free of its own metric.
    desired.agent_vm_templates[0].machine_type = Some("n2-standard-8".to_owned());
    let notes = said(&desired, &with(before, &[("CPUS", 8.0, 8.0), ("N2_CPUS", 31.0, 0.0)]));
    assert!(notes[0].message.contains("adds 32 vCPUs of the quota N2_CPUS"), "{notes:?}");
}

#[test]
fn spot_vms_have_a_quota_of_their_own_where_one_was_granted() {
    let mut desired = fixed(3);
    desired.agent_vm_templates[0].preemptible = Some(true);
    let of = |limit: f64| with(nothing(), &[("CPUS", 4.0, 0.0), ("PREEMPTIBLE_CPUS", limit, 0.0)]);
    assert_eq!(said(&desired, &of(6.0)), []);
    assert!(said(&desired, &of(5.0))[0].message.contains("PREEMPTIBLE_CPUS"));
    assert!(said(&desired, &of(0.0))[0].message.contains("the quota CPUS,"));
}
