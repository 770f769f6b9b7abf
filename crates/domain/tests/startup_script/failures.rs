//! Downloads that are not what they should be, archives out of reach, and the power that fails.

use domain::AgentType;

use crate::{
    machine::{BINARY, Machine, Run, UNIT},
    script,
};

/// Calls that only look: a power failure before one of them is one before the next.
const LOOKS: &[&str] =
    &["bash", "blkid", "cmp", "dpkg", "id ", "mountpoint", "sha256sum", "systemctl is-enabled"];

fn assert_stopped(machine: &Machine, run: &Run, why: &str) {
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains(why), "{}", run.said);
    assert!(!run.calls("systemctl") && !run.calls("apt-get"), "{:?}", run.called);
    assert_eq!(machine.read(&format!("{BINARY}.new")), None, "what was refused is not kept");
}

#[test]
fn a_wrong_checksum_stops_before_anything_is_installed() {
    for agent_type in AgentType::ALL {
        let script = script(agent_type);
        let machine = Machine::fresh("checksum");
        machine.serve("downloads.example/agent-cage-1.2.3", "something else");
        let run = machine.run(&script);
        assert_stopped(&machine, &run, "the download does not match agent-cage-sha256");
        assert_eq!((machine.read(BINARY), machine.read(UNIT)), (None, None), "{agent_type}");

        machine.offer("1.2.3");
        assert_eq!(machine.run(&script).code, Some(0), "{agent_type}");
        assert_eq!(machine.running().as_deref(), Some("agent: agent-cage 1.2.3\n"), "{agent_type}");
    }
}

#[test]
fn a_wrong_checksum_leaves_the_agent_that_is_there() {
    let script = script(AgentType::Architect);
    let machine = Machine::fresh("older");
    machine.run(&script);
    machine.offer("1.3.0");
    machine.serve("downloads.example/agent-cage-1.3.0", "something else");
    let run = machine.run(&script);
    assert_stopped(&machine, &run, "the download does not match agent-cage-sha256");
    assert_eq!(machine.read(BINARY).as_deref(), Some("agent-cage 1.2.3"));
    assert_eq!(machine.running().as_deref(), Some("agent: agent-cage 1.2.3\n"));
}

#[test]
fn without_a_checksum_or_an_address_nothing_is_installed_and_the_script_says_so() {
    let script = script(AgentType::DataEngineer);
    let machine = Machine::fresh("unsigned");
    machine.forget("agent-cage-sha256");
    let run = machine.run(&script);
    assert_stopped(&machine, &run, "agent-cage-url is set without agent-cage-sha256: not installing");
    assert!(!run.calls("curl -sSfL"), "it is not even downloaded");

    machine.forget("agent-cage-url");
    let run = machine.run(&script);
    assert_stopped(&machine, &run, "in the image and no agent-cage-url in the metadata");
    assert_eq!(machine.read(UNIT), None);
}

#[test]
fn a_download_that_fails_is_made_again() {
    let script = script(AgentType::FrontendDeveloper);
    let machine = Machine::fresh("refused");
    machine.unserve("downloads.example/agent-cage-1.2.3");
    let run = machine.run(&script);
    assert_eq!((run.code, machine.read(UNIT)), (Some(22), None), "{}", run.said);
    machine.offer("1.2.3");
    assert_eq!(machine.run(&script).code, Some(0));
    assert_eq!(machine.running().as_deref(), Some("agent: agent-cage 1.2.3\n"));
}

#[test]
fn an_archive_out_of_reach_is_said_and_made_good_at_the_next_run() {
    let script = script(AgentType::PlatformEngineer);
    let machine = Machine::fresh("archive");
    machine.unserve("apt.releases.hashicorp.com/gpg");
    let run = machine.run(&script);
    assert_eq!(run.code, Some(0), "{}", run.said);
    let said: Vec<&str> = run.said.lines().collect();
    assert_eq!(
        said,
        ["agent-runtime: cannot add the archive hashicorp", "agent-runtime: cannot install terraform"]
    );
    assert!(machine.running().is_some(), "the agent reports all the same");
    let installed = || machine.read("state/packages").unwrap();
    assert!(installed().contains("kubectl") && !installed().contains("terraform"), "{}", installed());

    machine.serve("apt.releases.hashicorp.com/gpg", "a key");
    let run = machine.run(&script);
    assert_eq!((run.code, run.said.as_str()), (Some(0), ""));
    assert!(installed().contains("terraform"), "{}", installed());
}

#[test]
fn whenever_the_power_fails_the_next_boot_finishes_the_work() {
    let script = script(AgentType::SreAgent);
    let undisturbed = Machine::fresh("undisturbed");
    let whole = undisturbed.run(&script).called;
    let set_up = undisturbed.everything();
    for (call, at) in whole.iter().zip(1..) {
        if LOOKS.iter().any(|look| call.starts_with(look)) {
            continue;
        }
        let machine = Machine::fresh("power");
        assert_eq!(machine.run_until(&script, at).code, None, "the power fails at {call}");
        machine.reboot();
        let run = machine.run(&script);
        assert_eq!((run.code, run.said.as_str()), (Some(0), ""), "after {call}: {:?}", run.called);
        assert_eq!(machine.everything(), set_up, "after {call}");
    }
}
