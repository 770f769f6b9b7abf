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

/// The running initdb is found by /proc.
#[cfg(target_os = "linux")]
#[test]
fn a_first_start_that_was_killed_half_way_is_begun_anew() {
    let scratch = Scratch::new("postgres").unwrap();
    let home = Places::choose(scratch.path(), Account::needed().unwrap()).unwrap().home;
    // As `kill -9` of everything, at the moment at which the folder first looks like a cluster.
    let killer = std::thread::spawn({
        let home = home.clone();
        move || {
            let began = std::time::Instant::now();
            while began.elapsed() < Duration::from_secs(60) {
                if folders(&home).iter().any(|folder| folder.join("PG_VERSION").exists()) {
                    return kill_initdb(&home);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            false
        }
    });
    let rooms = Rooms::in_folder(scratch.path()).unwrap();
    let first = Cluster::start(scratch.path(), &rooms, Durability::Safe);
    assert!(killer.join().unwrap(), "no initdb was there to be killed");
    let error = format!("{:#}", first.unwrap_err());
    assert!(error.contains("could not make a Postgres cluster"), "{error}");
    assert_eq!(folders(&home).iter().filter(|folder| folder.join("PG_VERSION").exists()).count(), 1);

    let again = start(&scratch, Durability::Throwaway);
    assert_eq!(again.sql("postgres", "select 1").unwrap(), "1");
    let versions = folders(&home).into_iter().filter(|folder| folder.join("PG_VERSION").exists());
    assert_eq!(versions.collect::<Vec<_>>(), [home.join("cluster")], "the half one is gone");
}

#[cfg(target_os = "linux")]
#[test]
fn an_initdb_that_outlived_its_run_is_ended_before_its_folder_goes() {
    let scratch = Scratch::new("postgres").unwrap();
    let places = Places::choose(scratch.path(), Account::needed().unwrap()).unwrap();
    places.prepare().unwrap();
    let attempt = places.home.join(format!("{ATTEMPT}1"));
    fs::create_dir(&attempt).unwrap();
    let writes = "n=0; while :; do n=$((n+1)); : > \"$2/$n\"; done";
    let mut initdb = Command::new("sh");
    initdb.arg0("initdb").args(["-c", writes, "initdb", "-D"]).arg(&attempt);
    let mut initdb = initdb.spawn().unwrap();
    while !attempt.join("1").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let cleared = places.clear_attempts();
    let ended = initdb.try_wait().unwrap();
    let _ = initdb.kill();
    initdb.wait().unwrap();
    cleared.unwrap();
    assert!(ended.is_some(), "it would write on");
    assert!(!attempt.exists());
    places.remove();
}

#[cfg(target_os = "linux")]
fn folders(home: &Path) -> Vec<PathBuf> {
    fs::read_dir(home).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Whether there was one that makes a cluster below this folder.
#[cfg(target_os = "linux")]
fn kill_initdb(home: &Path) -> bool {
    let mut killed = false;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        if words.contains("initdb") && words.contains(&*home.to_string_lossy()) {
            process::signal(pid, Signal::KILL);
            killed = true;
        }
    }
    killed
}

#[test]
fn a_lock_that_names_a_stranger_by_now_is_no_reason_not_to_start() {
    let scratch = Scratch::new("postgres").unwrap();
    let mut cluster = start(&scratch, Durability::Safe);
    // Under the name that Postgres runs under: of others' processes it does not mind.
    let mut sleep = Command::new("sleep");
    if let Some(account) = &cluster.places.account {
        sleep.uid(account.uid).gid(account.gid);
    }
    let mut stranger = sleep.arg("600").spawn().unwrap();
    cluster.kill();
    let lock = cluster.places.socket.join(".s.PGSQL.5432.lock");
    let told = fs::read_to_string(&lock).unwrap();
    let (_, rest) = told.split_once('\n').unwrap();
    fs::write(&lock, format!("{}\n{rest}", stranger.id())).unwrap();

    let rooms = Rooms::in_folder(scratch.path()).unwrap();
    let again = Cluster::start(scratch.path(), &rooms, Durability::Throwaway);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(again.unwrap().sql("postgres", "select 1").unwrap(), "1");
}
