//! Against a real Postgres, like all database tests here.

use std::time::Duration;

use super::*;
use crate::scratch::Scratch;

fn start(scratch: &Scratch, durability: Durability) -> Cluster {
    let rooms = Rooms::in_folder(scratch.path()).unwrap();
    Cluster::start(scratch.path(), &rooms, durability).unwrap()
}

#[test]
fn a_killed_cluster_comes_back_with_its_data() {
    let scratch = Scratch::new("postgres").unwrap();
    let mut cluster = start(&scratch, Durability::Safe);
    cluster.prepare_database(true).unwrap();
    cluster.prepare_database(true).unwrap();
    cluster.sql(NAME, "create table kept as select 7 as number").unwrap();
    cluster.sql(NAME, "checkpoint").unwrap();
    let pid = cluster.service().map(|service| service.pid()).unwrap();
    cluster.kill();
    assert!(crate::pid::Identity::of(pid).is_none());

    let again = start(&scratch, Durability::Throwaway);
    assert_eq!(again.sql(NAME, "select number from kept").unwrap(), "7");
    let folder = again.folder().to_path_buf();
    drop(again);
    assert!(!folder.exists());
}

#[test]
fn a_cluster_that_a_killed_run_left_running_is_taken_over() {
    let scratch = Scratch::new("postgres").unwrap();
    let mut left = start(&scratch, Durability::Safe);
    let pid = left.service().map(|service| service.pid()).unwrap();
    // Reaps the child, as init does for a run that was killed.
    let identity = crate::pid::Identity::of(pid).unwrap();
    let watcher = std::thread::spawn(move || {
        while left.service().is_some_and(|service| service.ended().is_none()) {
            std::thread::sleep(Duration::from_millis(10));
        }
        left
    });
    let again = start(&scratch, Durability::Throwaway);
    assert!(!identity.runs());
    assert_eq!(again.sql("postgres", "select 1").unwrap(), "1");
    drop(watcher.join().unwrap());
    assert_eq!(again.sql("postgres", "select 1").unwrap(), "1");
}

#[test]
fn the_role_owns_its_database_and_is_no_superuser() {
    let scratch = Scratch::new("postgres").unwrap();
    let cluster = start(&scratch, Durability::Throwaway);
    cluster.prepare_database(false).unwrap();
    let file = scratch.path().join("whoami.sql");
    fs::write(&file, "create table mine as select current_user::text as owner").unwrap();
    cluster.run_file(&file).unwrap();
    assert_eq!(cluster.sql(NAME, "select owner from mine").unwrap(), NAME);
    let rights = "select rolsuper, rolcreatedb from pg_roles where rolname = 'agent_manager'";
    assert_eq!(cluster.sql(NAME, rights).unwrap(), "f|f");
    fs::write(&file, "select broken").unwrap();
    let error = cluster.run_file(&file).unwrap_err().to_string();
    assert!(error.contains("broken"), "{error}");
    let alone = "create index concurrently by_owner on mine (owner);\n";
    fs::write(&file, alone).unwrap();
    assert!(cluster.run_file(&file).is_err(), "not within a transaction");
    fs::write(&file, format!("-- no-transaction\n{alone}")).unwrap();
    cluster.run_file(&file).unwrap();
}

#[test]
fn a_long_path_gets_a_short_socket() {
    let long = Path::new("/var").join("x".repeat(120));
    let places = Places::choose(&long, None).unwrap();
    assert!(places.socket.as_os_str().len() <= LONGEST_SOCKET_FOLDER);
    assert!(places.data.starts_with(&long), "only the socket moves");
    assert_eq!(places.socket, Places::choose(&long, None).unwrap().socket, "the same at each run");
}

#[test]
fn a_url_carries_any_path() {
    assert_eq!(percent_encoded(Path::new("/a b/ü?&")), "/a%20b/%C3%BC%3F%26");
}
