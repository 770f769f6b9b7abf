use super::*;

fn settled(states: &[SquareState]) -> View {
    let label = VersionLabel { template: "web".into(), number: Some(1), resource: "t-agent-web-1".into() };
    let squares = states.iter().map(|&state| Square {
        name: "agent-web-x".into(),
        zone: "us-central1-a".into(),
        version: 0,
        is_new: false,
        state,
    });
    View {
        state: RolloutState::Settled,
        versions: vec![VersionShare {
            label: label.clone(),
            role: VersionRole::Own,
            wanted: 3,
            ready: 2,
            total: 3,
        }],
        labels: vec![label],
        squares: squares.collect(),
        target_size: 3,
        waits_for: Vec::new(),
        next: Vec::new(),
        holds_promotion: None,
    }
}

#[test]
fn its_title_names_both_versions_while_there_are_two() {
    let mut view = settled(&[SquareState::Ready]);
    assert_eq!(title(&view), "Rollout");
    let label = VersionLabel { number: Some(2), ..view.labels[0].clone() };
    view.versions.push(VersionShare { label, role: VersionRole::Canary, wanted: 1, ready: 1, total: 1 });
    assert_eq!(title(&view), "Rollout from v1 to v2");
}

#[test]
fn a_rollout_without_a_hindrance_is_not_told_to_be_over() {
    assert_eq!(waits_for_none(RolloutState::Settled), "Nothing. Every VM is as declared.");
    assert!(waits_for_none(RolloutState::Rolling).starts_with("Compute Engine"));
}

#[test]
fn squares_that_are_all_alike_and_well_need_no_legend() {
    use SquareState::{Ill, Ready};
    let mut view = settled(&[Ready, Ready, Ready]);
    assert!(alike_and_well(&view) && alike_and_well(&settled(&[])));
    assert!(!alike_and_well(&settled(&[Ready, Ill])));
    view.versions.push(view.versions[0].clone());
    assert!(!alike_and_well(&view));
}

#[test]
fn a_settled_pool_says_who_is_ill_and_whether_that_is_healed() {
    use SquareState::{Ill, Ready};
    let well = settled(&[Ready, Ready, Ready]);
    assert_eq!(answer(&well), (State::Ok, "All 3 VMs run web v1.".to_owned()));
    assert_eq!(at_rest(&well, true), "Nothing until somebody changes the pool.");
    let one = settled(&[Ready, Ready, Ill]);
    assert_eq!(answer(&one), (State::Warn, "All 3 VMs run web v1, and 1 of them is ill.".to_owned()));
    assert_eq!(at_rest(&one, false), "Compute Engine makes anew what is ill.");
    assert!(at_rest(&one, true).contains("it holds healing"));
}

#[test]
fn a_vm_that_stopped_comes_back_without_anybody_s_doing() {
    use SquareState::{Ready, Stopped};
    let rolling = View { state: RolloutState::Rolling, ..settled(&[Ready, Ready, Stopped]) };
    assert!(rolling.next.is_empty());
    assert!(at_rest(&rolling, false).starts_with("Compute Engine brings back what is missing"));
    assert_eq!(at_rest(&rolling, true), "Nothing until the brake lets go: it holds healing.");
}

#[test]
fn what_comes_or_goes_is_not_told_to_be_missing() {
    use SquareState::{Leaving, Ready, Starting};
    for state in [Starting, Leaving] {
        let rolling = View { state: RolloutState::Rolling, ..settled(&[Ready, Ready, state]) };
        for held in [false, true] {
            assert_eq!(at_rest(&rolling, held), "Compute Engine finishes what is under way.", "{state:?}");
        }
    }
}
