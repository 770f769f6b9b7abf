//! Desired beside observed, as a pool's page shows them.

use domain::{derive, instance::InstanceStatus, view::pool::Setting, view::settings::pool_settings};

use crate::examples::{applied, basic, fixed, nothing};

const GROUP: &str = "genesis-pool-backend-pool";

fn differing(rows: &[Setting]) -> Vec<&str> {
    rows.iter().filter(|row| row.differs()).map(|row| row.name.as_str()).collect()
}

#[test]
fn an_applied_pool_has_equal_columns() {
    for fleet in [basic(), fixed(3)] {
        let observed = applied(&fleet, &nothing());
        let rows = pool_settings(&derive::desired(&fleet, &observed), Some(&observed), GROUP);
        assert_eq!(differing(&rows), [""; 0]);
        assert!(rows.iter().all(|row| row.desired.is_some() && row.observed.is_some()), "{rows:?}");
    }
}

#[test]
fn a_pool_that_does_not_exist_has_an_empty_second_column() {
    let rows = pool_settings(&derive::desired(&basic(), &nothing()), Some(&nothing()), GROUP);
    assert!(rows.iter().all(|row| row.desired.is_some() && row.observed.is_none()), "{rows:?}");
    assert_eq!(rows, pool_settings(&derive::desired(&basic(), &nothing()), None, GROUP));
}

#[test]
fn what_differs_is_what_was_changed() {
    let observed = applied(&fixed(3), &nothing());
    let mut desired = fixed(4);
    desired.agent_vm_templates[0].machine_type = Some("e2-standard-4".to_owned());
    let rows = pool_settings(&derive::desired(&desired, &observed), Some(&observed), GROUP);
    assert_eq!(differing(&rows), ["Size", "Template", "Machine type"]);
}

#[test]
fn what_is_equal_and_seldom_asked_for_folds() {
    let shown = |rows: &[Setting]| -> Vec<String> {
        rows.iter().filter(|row| !row.folds()).map(|row| row.name.clone()).collect()
    };
    let observed = applied(&basic(), &nothing());
    let rows = pool_settings(&derive::desired(&basic(), &observed), Some(&observed), GROUP);
    let first =
        ["Size", "Autoscaling", "CPU target", "Template", "Machine type", "Image", "Zones", "Health check"];
    assert_eq!(shown(&rows), first);
    let unread = pool_settings(&derive::desired(&basic(), &nothing()), None, GROUP);
    assert_eq!(shown(&unread), first, "no reading contradicts nothing");

    let mut other = basic();
    other.agent_vm_templates[0].enable_workspace_disk = false;
    let rows = pool_settings(&derive::desired(&other, &observed), Some(&observed), GROUP);
    assert!(shown(&rows).contains(&"Workspace disk".to_owned()), "what differs is in sight: {rows:?}");
}

#[test]
fn the_observed_size_is_what_runs() {
    let mut observed = applied(&basic(), &nothing());
    observed.groups.get_mut(GROUP).unwrap().instances[0].status = InstanceStatus::Staging;
    let rows = pool_settings(&derive::desired(&basic(), &observed), Some(&observed), GROUP);
    assert_eq!(differing(&rows), ["Size"]);
    assert_eq!((rows[0].desired.as_deref(), rows[0].observed.as_deref()), (Some("2"), Some("1")));
}

#[test]
fn the_rows_read_well() {
    let observed = applied(&basic(), &nothing());
    let rows = pool_settings(&derive::desired(&basic(), &observed), Some(&observed), GROUP);
    let lines: Vec<String> =
        rows.iter().map(|row| format!("{}: {}", row.name, row.observed.as_deref().unwrap_or("—"))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
