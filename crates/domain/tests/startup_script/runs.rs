//! What the scripts do to a VM, the first time, again, and at its next boot.

use domain::AgentType;

use crate::{
    machine::{BINARY, DISK, Machine, Run, UNIT},
    script,
};

/// Calls that change a machine, beyond writing the same again.
const CHANGES: &[&str] = &["apt-get", "curl -sSf", "gpg", "mkfs", "mount ", "systemctl restart", "useradd"];

fn assert_well(run: &Run, what: &str) {
    assert_eq!((run.code, run.said.as_str()), (Some(0), ""), "{what}: {:?}", run.called);
}

fn assert_changes_nothing(run: &Run, what: &str) {
    assert_well(run, what);
    for change in CHANGES {
        assert!(!run.calls(change), "{what}: {change}: {:?}", run.called);
    }
}

#[test]
fn each_script_sets_a_machine_up_once() {
    for agent_type in AgentType::ALL {
        let script = script(agent_type);
        let machine = Machine::fresh("set-up");
        let first = machine.run(&script);
        assert_well(&first, agent_type.as_str());
        for change in CHANGES {
            let archive_less = *change == "gpg" && !script.contains("\narchive ");
            assert!(first.calls(change) || archive_less, "{agent_type}: {change}");
        }
        assert_eq!(machine.running().as_deref(), Some("agent: agent-cage 1.2.3\n"), "{agent_type}");
        assert_eq!(machine.read("state/mounts").as_deref(), Some("/var/lib/agent/workspace\n"));
        machine.work();

        let set_up = machine.everything();
        assert_changes_nothing(&machine.run(&script), agent_type.as_str());
        assert_eq!(machine.everything(), set_up, "{agent_type}: a second run");

        machine.reboot();
        let next = machine.run(&script);
        assert_well(&next, agent_type.as_str());
        assert!(next.calls("mount ") && !next.calls("mkfs") && !next.calls("apt-get"), "{agent_type}");
        assert_eq!(machine.everything(), set_up, "{agent_type}: the next boot");
        assert_eq!(machine.read(DISK).as_deref(), Some("ext4\nhalf a day's work\n"), "{agent_type}");
    }
}

#[test]
fn the_unit_runs_under_its_own_user_and_may_do_little() {
    let machine = Machine::fresh("unit");
    let run = machine.run(&script(AgentType::BackendDeveloper));
    assert_well(&run, "the first run");
    assert_eq!(machine.read("state/users").as_deref(), Some("agent\n"));
    let user = run.called.iter().find(|call| call.starts_with("useradd")).unwrap();
    assert!(user.contains("--system") && user.contains("--shell /usr/sbin/nologin"), "{user}");
    let unit = machine.read(UNIT).unwrap();
    for line in [
        "User=agent",
        "ExecStart=/opt/agent/agent-cage",
        "Restart=always",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ReadWritePaths=/var/lib/agent",
    ] {
        assert!(unit.lines().any(|found| found == line), "{line}:\n{unit}");
    }
    assert!(machine.read("state/enabled/agent-runtime").is_some(), "it starts with the machine");
}

#[test]
fn another_version_is_installed_and_the_agent_restarted() {
    let script = script(AgentType::TechLead);
    let machine = Machine::fresh("version");
    assert_well(&machine.run(&script), "the first run");
    machine.offer("1.3.0");
    let run = machine.run(&script);
    assert_well(&run, "the second run");
    assert!(run.calls("systemctl restart agent-runtime") && !run.calls("systemctl start"));
    assert_eq!(machine.running().as_deref(), Some("agent: agent-cage 1.3.0\n"));
    assert_changes_nothing(&machine.run(&script), "the third run");
}

#[test]
fn an_image_that_has_the_agent_needs_no_address() {
    let machine = Machine::fresh("image");
    machine.forget("agent-cage-url");
    machine.place_binary("agent-cage of the image");
    let run = machine.run(&script(AgentType::QaAutomation));
    assert_well(&run, "the first run");
    assert!(!run.calls("sha256sum"));
    assert_eq!(machine.running().as_deref(), Some("agent: agent-cage of the image\n"));
    assert_eq!(machine.read(BINARY).as_deref(), Some("agent-cage of the image"));
}
