//! What outlives the process.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use compute_emulator::{Config, Emulator};
use serde_json::{Value, json};

use crate::harness::{Api, config, groups_one, path_of, template};

/// A folder that is gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("compute-emulator-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind only if the system forbids it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the file says.
fn saved(folder: &Folder) -> Value {
    serde_json::from_slice(&std::fs::read(folder.state()).unwrap()).unwrap()
}

/// What must be the same after a restart.
async fn fleet(api: &Api) -> Vec<Value> {
    let mut fleet = vec![api.get(&groups_one("pool")).await.ok()["fingerprint"].clone()];
    for instance in api.managed("pool").await {
        let vm = api.get(&path_of(&instance["instance"])).await.ok();
        fleet.push(json!([
            vm["name"],
            vm["id"],
            vm["creationTimestamp"],
            vm["networkInterfaces"][0]["networkIP"]
        ]));
    }
    fleet
}

#[tokio::test]
async fn a_restart_brings_the_same_fleet_with_rebooted_agents() {
    let folder = Folder::new("restart");
    // A key of its own, so that only the state can bring it back.
    let own = Config { identity_key: None, ..config() };
    let config = Config { agents: true, clock_rate: 100.0, state: Some(folder.state()), ..own };
    let api = Api::start(config.clone()).await;
    let check =
        json!({"name": "alive", "type": "HTTP", "httpHealthCheck": {"port": 8080, "requestPath": "/health"}});
    api.post("global/healthChecks", check).await.ok();
    let healing = json!({"autoHealingPolicies": [{"healthCheck": "global/healthChecks/alive", "initialDelaySec": 600}]});
    api.group("pool", 2, healing).await;
    let before = fleet(&api).await;
    let keys = api.text(&api.jwks_url(), false).await.1;
    let operation = api.delete("global/instanceTemplates/none").await.refusal();
    assert_eq!(operation.0, 404);
    api.shutdown().await;

    let api = Api::start(config).await;
    assert_eq!(fleet(&api).await, before);
    assert_eq!(api.text(&api.jwks_url(), false).await.1, keys);
    let path = format!("{}/listManagedInstances", groups_one("pool"));
    let start = Instant::now();
    loop {
        let list = api.post(&path, json!({})).await.ok();
        let healthy = |i: &Value| i["instanceHealth"][0]["detailedHealthState"] == "HEALTHY";
        if list["managedInstances"].as_array().unwrap().iter().all(healthy) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(15), "{list:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(fleet(&api).await, before);
    let vm = path_of(&api.managed("pool").await[0]["instance"]);
    let console = api.get(&format!("{vm}/serialPort")).await.ok()["contents"].as_str().unwrap().to_owned();
    assert_eq!(console.matches("agent-cage[1]: listening").count(), 2, "{console}");
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_has_answered() {
    let folder = Folder::new("kill");
    let mut process = Process::start(&folder.state());
    let mut api = Api::at(&process.endpoint);
    api.group("pool", 3, json!({})).await;
    let mut before = fleet(&api).await;
    for size in 4..7 {
        let resize = format!("{}/resize?size={size}", groups_one("pool"));
        let answered = api.post(&resize, json!({})).await.ok();
        process.child.kill().unwrap();
        process.child.wait().unwrap();

        process = Process::start(&folder.state());
        api = Api::at(&process.endpoint);
        let operation = api.get(&path_of(&answered["selfLink"])).await.ok();
        assert_eq!(operation["id"], answered["id"]);
        assert_eq!(api.stable("pool").await["targetSize"], size);
        let after = fleet(&api).await;
        assert!(before.iter().all(|one| after.contains(one)), "{before:#?} became {after:#?}");
        before = after;
    }
    // Asked to end, it saves at once and ends well.
    // By the shell's own kill: the program of that name is missing where procps is.
    let ask = format!("kill -TERM {}", process.child.id());
    assert!(Command::new("sh").args(["-c", &ask]).status().unwrap().success());
    assert!(process.child.wait().unwrap().success());
    assert_eq!(saved(&folder)["vms"].as_object().unwrap().len(), 6);
}

#[tokio::test]
async fn a_change_that_cannot_be_saved_is_not_confirmed() {
    let folder = Folder::new("obstacle");
    // Where the file is written that then replaces the state's.
    let obstacle = folder.0.join("state.json.tmp");
    std::fs::create_dir(&obstacle).unwrap();
    let api = Api::start(Config { state: Some(folder.state()), ..config() }).await;
    let insert = "global/instanceTemplates?requestId=6d1f3c1e-5f0a-4b51-9d5e-2f6f6f3b7a01";
    let refusal = api.post(insert, template("web")).await.refusal();
    assert_eq!(refusal, (503, "backendError".to_owned(), "The state could not be saved.".to_owned()));
    // Reading goes on, and what needs no save is told as it is.
    api.get("global/instanceTemplates/web").await.ok();
    assert_eq!(api.delete("global/instanceTemplates/none").await.refusal().0, 404);

    std::fs::remove_dir(&obstacle).unwrap();
    api.post(insert, template("web")).await.ok();
    assert_eq!(saved(&folder)["resources"].as_object().unwrap().len(), 1);
    assert_eq!(saved(&folder)["operations"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_state_file_that_cannot_be_read_is_not_overwritten() {
    let folder = Folder::new("broken");
    std::fs::write(folder.state(), "{\"vms\":").unwrap();
    let error = Emulator::start(Config { state: Some(folder.state()), ..config() }).await.unwrap_err();
    assert!(format!("{error:#}").contains("is not a state file of this emulator"), "{error:#}");
    assert_eq!(std::fs::read_to_string(folder.state()).unwrap(), "{\"vms\":");
}

/// The binary, on a free port.
struct Process {
    child: Child,
    endpoint: String,
}

impl Process {
    fn start(state: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_compute-emulator"))
            .args(["--listen", "127.0.0.1:0", "--clock", "200x", "--agents", "off", "--state"])
            .arg(state)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the emulator's binary");
        let mut lines = BufReader::new(child.stderr.take().expect("its stderr")).lines();
        let line = lines
            .by_ref()
            .map(|line| line.expect("a line"))
            .find(|line| line.contains("the emulator listens"))
            .expect("the line that names the port");
        let (_, address) = line.split_once("address=").expect("the address");
        let endpoint = format!("http://{}", address.split_whitespace().next().expect("the address"));
        // What it says later must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, endpoint }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed half-way leaves no process behind; one that ended is no longer there to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
