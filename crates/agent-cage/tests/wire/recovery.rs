//! What an agent does on a bad day: outages, refusals, answers that are not what they should be.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::control_plane::{ControlPlane, Reply};
use super::metadata::Metadata;
use super::{Running, eventually, stage};

fn sequences(heartbeats: &[Value]) -> Vec<u64> {
    heartbeats.iter().map(|heartbeat| heartbeat["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn after_an_outage_it_sends_the_present_and_not_the_past() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    let away = control_plane.close().await;
    let tried = eventually("three attempts in vain", async || {
        let status = agent.status().await;
        let failing = status["control_plane"]["phase"] == "failing";
        let last = &status["last_heartbeat"];
        (failing && last["accepted"] == false).then(|| last["sequence"].as_u64().unwrap())
    })
    .await;
    let message = agent.message().await;
    assert!(message.starts_with("sending a heartbeat failed: no answer"), "{message}");
    assert_eq!(
        agent.get("/health").await.status(),
        200,
        "autohealing must not follow the control plane down"
    );

    let control_plane = away.open_again().await;
    let before = control_plane.heartbeats();
    eventually("heartbeats again", async || (control_plane.heartbeats() > before + 2).then_some(())).await;
    control_plane.with(|ledger| {
        let sequences = sequences(&ledger.heartbeats);
        assert!(sequences.is_sorted_by(|earlier, later| earlier < later), "{sequences:?}");
        assert!(!sequences.contains(&tried), "the heartbeat {tried} of the outage came late: {sequences:?}");
        assert_eq!(ledger.enrolments.len(), 1, "its credential outlived the outage");
    });
    assert_eq!(agent.message().await, "heartbeats are accepted");
    agent.stop().await;
}

#[tokio::test]
async fn a_refused_credential_makes_it_enrol_again_at_once() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    control_plane.with(|ledger| ledger.forget_credentials());
    let forgotten = Instant::now();
    let before = control_plane.heartbeats();
    eventually("heartbeats again", async || (control_plane.heartbeats() > before).then_some(())).await;
    assert!(forgotten.elapsed() < Duration::from_secs(5));

    control_plane.with(|ledger| {
        assert_eq!(ledger.enrolments.len(), 2);
        assert_ne!(ledger.enrolments[0]["identity_token"], ledger.enrolments[1]["identity_token"]);
        assert_eq!(ledger.enrolments[0]["boot_id"], ledger.enrolments[1]["boot_id"]);
        assert_eq!(ledger.answers.iter().filter(|answer| **answer == 401).count(), 1);
        assert!(sequences(&ledger.heartbeats).is_sorted_by(|earlier, later| earlier < later));
    });
    agent.stop().await;
}

#[tokio::test]
async fn credentials_that_are_always_refused_make_no_storm() {
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.to_heartbeats = Reply::Refuse(401, "credential_invalid"));
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    let refused = || control_plane.with(|ledger| ledger.answers.len());
    eventually("a first refusal", async || (refused() > 0).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // One at once, then 1, 2, 4 … seconds with full jitter; at the heartbeat interval there would be sixty.
    assert!(refused() < 20, "{} attempts in two seconds", refused());
    agent.stop().await;
}

#[tokio::test]
async fn an_instance_not_yet_listed_tries_again_until_it_is() {
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.to_enrolments = Reply::Refuse(403, "instance_not_in_pool"));
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    let expected = "enrolling failed: 403 instance_not_in_pool: said the double";
    eventually("the refusal in words", async || (agent.message().await == expected).then_some(())).await;
    control_plane.with(|ledger| ledger.to_enrolments = Reply::Ordinary);
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    agent.stop().await;
}

#[tokio::test]
async fn answers_larger_than_the_protocol_are_dropped() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    control_plane.with(|ledger| ledger.to_heartbeats = Reply::Huge);
    eventually("the reason in words", async || {
        agent.message().await.contains("larger than 16384 bytes").then_some(())
    })
    .await;
    control_plane.with(|ledger| {
        ledger.to_heartbeats = Reply::Ordinary;
        ledger.to_enrolments = Reply::Huge;
        ledger.forget_credentials();
    });
    eventually("the reason in words", async || {
        agent.message().await.starts_with("enrolling failed: the answer is larger").then_some(())
    })
    .await;
    let before = control_plane.heartbeats();
    control_plane.with(|ledger| ledger.to_enrolments = Reply::Ordinary);
    eventually("heartbeats again", async || (control_plane.heartbeats() > before).then_some(())).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_replay_is_answered_with_a_newer_heartbeat() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    // As after a failover to a server that had already seen more of this boot.
    let seen = control_plane.with(|ledger| {
        let mut newest = ledger.heartbeats.last().unwrap().clone();
        let ahead = newest["sequence"].as_u64().unwrap() + 2;
        newest["sequence"] = ahead.into();
        ledger.heartbeats.push(newest);
        ahead
    });
    eventually("a newer one", async || {
        control_plane
            .with(|ledger| sequences(&ledger.heartbeats).last().is_some_and(|last| *last > seen))
            .then_some(())
    })
    .await;
    control_plane.with(|ledger| assert!(ledger.answers.contains(&409), "{:?}", ledger.answers));
    agent.stop().await;
}

#[tokio::test]
async fn a_credential_follows_no_redirect() {
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.to_heartbeats = Reply::RedirectToSelf);
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    eventually("the status in words", async || agent.message().await.contains(": 307 ").then_some(())).await;
    agent.stop().await;
}

#[tokio::test]
async fn it_stops_at_once_while_the_control_plane_hangs() {
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.to_enrolments = Reply::Hang);
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    eventually("the enrolment to begin", async || {
        (agent.status().await["control_plane"]["phase"] == "enrolling").then_some(())
    })
    .await;
    timeout(Duration::from_secs(4), agent.stop()).await.expect("stopped before the request's own timeout");
}
