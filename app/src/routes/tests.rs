//! Which path belongs to what.

use super::*;

#[test]
fn only_a_pool_s_path_names_an_environment() {
    assert_eq!(environment_of("/pools/dev/web"), Some("dev"));
    assert_eq!(environment_of("/pools/dev/web/changes"), Some("dev"));
    assert_eq!(environment_of("/templates/dev/web/edit"), Some("dev"));
    for path in [
        "/pools",
        "/pools/",
        "/pools/dev",
        "/pools/dev/",
        "/templates/new",
        "/pools/new",
        "/poolside/a/b",
        "/",
    ] {
        assert_eq!(environment_of(path), None, "{path}");
    }
}

#[test]
fn a_thing_is_named_by_its_page_and_by_those_below_it() {
    let vm = "/instances/us-central1-a/agent-web-x7k2";
    for path in [vm.to_owned(), format!("{vm}/status"), format!("{vm}/serial/")] {
        assert_eq!(thing_of(&path), Some(vm), "{path}");
    }
    assert_eq!(thing_of("/changes/chg-12"), Some("/changes/chg-12"));
    for path in [
        "/instances",
        "/instances/",
        "/instances/us-central1-a",
        "/instances/z/",
        "/instances//a",
        "/changes",
        "/changes/",
        "/pools/dev/web",
        "/",
    ] {
        assert_eq!(thing_of(path), None, "{path}");
    }
}

#[test]
fn a_room_contains_its_pages_and_fleet_only_itself() {
    assert!(is_within("/pools/dev/web", POOLS) && is_within("/", FLEET));
    assert!(!is_within("/poolside", POOLS) && !is_within("/pools", FLEET));
}

#[test]
fn what_comes_back_after_signing_in_is_encoded_once() {
    assert_eq!(sign_in("/changes?state=failed"), "/sign-in?next=%2Fchanges%3Fstate%3Dfailed");
}
