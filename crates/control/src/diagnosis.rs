//! The control plane's own health. Each part has a coded cause that docs/errors.md explains, and a fix where something is wrong.

use chrono::TimeDelta;
use domain::{
    Actor, Permission, Timestamp,
    agent::AgentState,
    condition::{ConditionStatus, ConditionType},
    view::diagnosis::{HealthCheck, HealthView},
};
use store::{Environment, Store};

use crate::{Control, Error, error::authorize};

/// Changes that may run and have not begun; a leader takes one within a second.
const SLOW_START: TimeDelta = TimeDelta::seconds(30);
/// Between two looks at a resting environment three seconds pass, and up to twenty while Compute Engine is away.
const STALE: TimeDelta = TimeDelta::seconds(60);
/// The leader verifies what was appended within five seconds.
const UNVERIFIED: TimeDelta = TimeDelta::seconds(60);
/// Beyond this, tokens and leases end at moments that surprise people.
pub const SKEW: TimeDelta = TimeDelta::seconds(2);

#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn diagnose(control: &Control, actor: &Actor) -> Result<HealthView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    Ok(HealthView { checks: look(control).await, now: control.clock.now() })
}

/// Every part in turn; where the database is away, the parts that it knows of are not guessed.
pub async fn look(control: &Control) -> Vec<HealthCheck> {
    let now = control.clock.now();
    let (database, answers) = database(control, now).await;
    let mut checks = Vec::new();
    if answers {
        checks.push(leader(control).await);
        checks.push(backlog(control, now).await);
        checks.push(audit_log(&control.store, now).await);
    }
    checks.push(database);
    if answers {
        checks.push(compute(control, now).await);
    }
    checks.push(agents(control));
    checks.push(streams(control));
    checks
}

async fn database(control: &Control, now: Timestamp) -> (HealthCheck, bool) {
    const PART: &str = "Database";
    match control.store.time().await {
        Ok(theirs) if (theirs - now).abs() > SKEW => {
            let seconds = (theirs - now).abs().num_seconds();
            let seen = format!("It answers, and its clock is {seconds} s away from this server's.");
            (
                HealthCheck::warn(PART, "ClockSkew", seen, "Let both machines follow the same time server."),
                true,
            )
        }
        Ok(_) => (HealthCheck::ok(PART, "Answers", "It answers, and the clocks agree."), true),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer a health check");
            let fix = "Is it up, can this server reach it, are its connections used up? Agents go on working meanwhile.";
            (HealthCheck::fail(PART, "DatabaseUnavailable", "It does not answer.", fix), false)
        }
    }
}

async fn leader(control: &Control) -> HealthCheck {
    const PART: &str = "Leader";
    let fix =
        "Start one process with `agent-manager work`, or `serve --work`; until then nothing is applied.";
    match (control.store.get_leadership().await, control.store.time().await) {
        (Ok(leadership), Ok(now)) => match leadership.holder {
            Some(holder) if leadership.expires_at > now => {
                let seen = format!("{holder} leads, in epoch {}.", leadership.epoch);
                HealthCheck::ok(PART, "Leads", seen)
            }
            Some(holder) => {
                HealthCheck::fail(PART, "LeaseExpired", format!("{holder} led and is gone."), fix)
            }
            None => HealthCheck::fail(PART, "NobodyLeads", "No process leads.", fix),
        },
        _ => HealthCheck::fail(
            PART,
            "DatabaseUnavailable",
            "The database did not say who leads.",
            "See Database.",
        ),
    }
}

async fn backlog(control: &Control, now: Timestamp) -> HealthCheck {
    const PART: &str = "Backlog";
    let waiting = match control.store.count_changes_approved().await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::warn!(%error, "the backlog cannot be read");
            return HealthCheck::fail(PART, "DatabaseUnavailable", "It could not be read.", "See Database.");
        }
    };
    match waiting.since {
        Some(since) if now - since > SLOW_START => {
            let seen = format!(
                "{} approved changes have not begun, for {} s.",
                waiting.count,
                (now - since).num_seconds()
            );
            let fix = "Changes of one environment run one after the other: look at the one that is being applied. If none is, see Leader.";
            HealthCheck::warn(PART, "SlowStart", seen, fix)
        }
        _ => HealthCheck::ok(
            PART,
            "KeepsUp",
            format!("{} approved changes wait for their turn.", waiting.count),
        ),
    }
}

/// What the leader found so far: nothing is verified while somebody waits for the answer.
pub async fn audit_log(store: &Store, now: Timestamp) -> HealthCheck {
    const PART: &str = "Audit log";
    let unread = |error: store::Error| {
        tracing::warn!(%error, "how far the audit log is verified cannot be read");
        HealthCheck::fail(PART, "DatabaseUnavailable", "It could not be read.", "See Database.")
    };
    let verified = match store.audit_verified().await {
        Ok(verified) => verified,
        Err(error) => return unread(error),
    };
    // What follows a wrong event is not verified, so it grows without end, and its count would say nothing.
    if let Some(seq) = verified.broken_at {
        let seen = format!("Event {seq} is not what was written.");
        let fix = "Stop nothing and repair nothing: copy the database as it is, then follow runbooks/audit-verify.md.";
        return HealthCheck::fail(PART, "LogBroken", seen, fix);
    }
    let (unverified, oldest) = match store.audit_backlog(verified.seq).await {
        Ok(backlog) => backlog,
        Err(error) => return unread(error),
    };
    match oldest {
        Some(oldest) if now - oldest > UNVERIFIED => {
            let seconds = (now - oldest).num_seconds();
            let seen = format!("Events that are not verified yet: {unverified}, the oldest for {seconds} s.");
            HealthCheck::warn(PART, "LogUnverified", seen, "See Leader: it is the one that verifies.")
        }
        _ => HealthCheck::ok(
            PART,
            "Verified",
            match verified.seq {
                0 => "No event waits to be verified for longer than a minute.".to_owned(),
                seq => format!("It is verified up to event {seq}."),
            },
        ),
    }
}

async fn compute(control: &Control, now: Timestamp) -> HealthCheck {
    const PART: &str = "Compute Engine";
    let environments = match control.store.list_environments().await {
        Ok(environments) => environments,
        Err(error) => {
            tracing::warn!(%error, "environments cannot be read");
            return HealthCheck::fail(
                PART,
                "DatabaseUnavailable",
                "Environments could not be read.",
                "See Database.",
            );
        }
    };
    let away = |environment: &&Environment| {
        environment.conditions.iter().any(|condition| {
            condition.kind == ConditionType::Reachable && condition.status == ConditionStatus::False
        })
    };
    if let Some(environment) = environments.iter().find(away) {
        let seen = format!("It does not answer for {}.", environment.name);
        let fix =
            "Is Compute Engine up, may this server's account read the project? It is asked again by itself.";
        return HealthCheck::fail(PART, "ComputeUnavailable", seen, fix);
    }
    let stale = environments
        .iter()
        .find(|environment| now - environment.observed_at.unwrap_or(environment.declared_at) > STALE);
    if let Some(environment) = stale {
        let seen = format!("{} was last read more than {} s ago.", environment.name, STALE.num_seconds());
        return HealthCheck::warn(PART, "StaleReading", seen, "See Leader: it is the one that reads.");
    }
    HealthCheck::ok(
        PART,
        "Answers",
        match environments.len() {
            0 => "No environment is declared, so nothing is read.".to_owned(),
            1 => "Its only environment was read within the last minute.".to_owned(),
            several => format!("All {several} environments were read within the last minute."),
        },
    )
}

fn agents(control: &Control) -> HealthCheck {
    const PART: &str = "Agents";
    let counts = control.live.count_agents();
    let all: u32 = counts.iter().map(|one| one.count).sum();
    let silent = counts.iter().find(|one| one.state == AgentState::Silent).map_or(0, |one| one.count);
    let accepted = control.live.accepted();
    if silent > 0 && silent * 2 > all {
        let seen = format!("{silent} of {all} agents are silent.");
        let fix = "So many at once are rarely ill: can VMs reach http.public_url of this server?";
        return HealthCheck::fail(PART, "MassSilence", seen, fix);
    }
    let seen =
        format!("{accepted} heartbeats since this server started; {silent} of {all} agents are silent.");
    HealthCheck::ok(PART, "Heard", seen)
}

fn streams(control: &Control) -> HealthCheck {
    let open = control.live.listeners();
    let seen = match open {
        0 => "No page is open on this server.".to_owned(),
        1 => "One page follows the fleet live.".to_owned(),
        several => format!("{several} pages follow the fleet live."),
    };
    HealthCheck::ok("Live streams", "Open", seen)
}
