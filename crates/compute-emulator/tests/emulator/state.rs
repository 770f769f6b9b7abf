//! What outlives the process.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use compute_emulator::{Config, Emulator};
use serde_json::{Value, json};

use crate::harness::{Api, config, groups_one, path_of};

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
async fn a_killed_process_loses_nothing_that_has_come_to_rest() {
    let folder = Folder::new("kill");
    let mut first = Process::start(&folder.state());
    let api = Api::at(&first.endpoint);
    api.group("pool", 3, json!({})).await;
    let before = fleet(&api).await;
    // Longer than the pause between a change and its file.
    tokio::time::sleep(Duration::from_millis(600)).await;
    first.child.kill().unwrap();
    first.child.wait().unwrap();

    let mut second = Process::start(&folder.state());
    let api = Api::at(&second.endpoint);
    assert_eq!(fleet(&api).await, before);
    api.post(&format!("{}/resize?size=4", groups_one("pool")), json!({})).await.ok();
    assert_eq!(api.stable("pool").await["targetSize"], 4);
    // Asked to end, it saves at once and ends well.
    // By the shell's own kill: the program of that name is missing where procps is.
    let ask = format!("kill -TERM {}", second.child.id());
    assert!(Command::new("sh").args(["-c", &ask]).status().unwrap().success());
    assert!(second.child.wait().unwrap().success());
    let saved: Value = serde_json::from_slice(&std::fs::read(folder.state()).unwrap()).unwrap();
    assert_eq!(saved["vms"].as_object().unwrap().len(), 4);
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
