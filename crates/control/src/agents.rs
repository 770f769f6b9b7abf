//! What agents ask of the control plane: to be enrolled once, and to be heard every ten seconds.

use chrono::DateTime;
use domain::{
    Actor, Timestamp,
    actor::ActorKind,
    audit::AuditAction,
    command::{Acknowledgement, COMMANDS_OPEN, Order},
    heartbeat::{HEARTBEAT_INTERVAL_SECONDS, Heartbeat},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Hash, NewEvent};

use crate::{
    Control,
    credential::{Credential, CredentialRefused, LIFETIME_SECONDS},
    environments,
    identity::IdentityError,
    live::BeatRefused,
};

/// Bytes of a request's body, at most.
pub const LARGEST_BODY: usize = 16 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    pub identity_token: String,
    pub boot_id: String,
    pub version: String,
}

#[derive(Debug, Serialize)]
pub struct Enrolled {
    pub credential: String,
    pub expires_at: Timestamp,
    pub heartbeat_interval_seconds: u32,
}

/// Why an agent was not served. The codes are those of docs/agent-protocol.md.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AgentRefused {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl AgentRefused {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn body_too_large() -> Self {
        Self::new(413, "body_too_large", format!("send at most {LARGEST_BODY} bytes"))
    }

    /// The body of a heartbeat is no JSON of the right shape.
    fn unreadable(why: impl std::fmt::Display) -> Self {
        Self::new(422, "heartbeat_invalid", format!("the body cannot be read: {why}"))
    }

    /// The same of an enrolment's body.
    pub fn unreadable_enrolment(why: impl std::fmt::Display) -> Self {
        Self::new(422, "enrolment_invalid", format!("the body cannot be read: {why}"))
    }

    fn unavailable() -> Self {
        Self::new(503, "unavailable", "try again in a moment")
    }

    fn not_in_pool() -> Self {
        Self::new(403, "instance_not_in_pool", "no pool lists this instance (yet)")
    }

    fn credential_invalid() -> Self {
        Self::new(401, "credential_invalid", "enrol again")
    }
}

/// Checks a VM's proof against the pool's own listing and gives it a credential. Each token is accepted once.
#[tracing::instrument(skip_all, err(level = "debug"))]
pub async fn enroll_agent(
    control: &Control,
    enrolment: Enrolment,
    request_id: &str,
) -> Result<Enrolled, AgentRefused> {
    counted(control, enroll(control, enrolment, request_id).await)
}

async fn enroll(control: &Control, enrolment: Enrolment, request_id: &str) -> Result<Enrolled, AgentRefused> {
    let now = control.clock.now();
    well_formed_boot(&enrolment.boot_id)?;
    let identity =
        control.verifier.verify(&enrolment.identity_token, now).await.map_err(|error| match error {
            IdentityError::Invalid(why) => AgentRefused::new(401, "identity_token_invalid", why),
            IdentityError::KeysUnavailable(source) => {
                tracing::warn!(error = %source, "the issuer's keys cannot be read");
                AgentRefused::unavailable()
            }
        })?;
    let vm = identity.vm;
    let row = control
        .live
        .find_incarnation(&vm.zone, &vm.instance_name, &vm.instance_id)
        .ok_or_else(AgentRefused::not_in_pool)?;
    // A name that came back after a recreation is another VM.
    if row.instance.created_at.is_some_and(|created| created.timestamp() != vm.instance_creation_timestamp) {
        return Err(AgentRefused::not_in_pool());
    }
    let project = environments::require(control, &row.environment).await.map_err(unavailable)?;
    if project.spec.environment.project_id != vm.project_id {
        return Err(AgentRefused::not_in_pool());
    }

    let expires_at = now.timestamp() + LIFETIME_SECONDS;
    let credential = Credential {
        environment: row.environment.clone(),
        name: row.instance.name.clone(),
        instance_id: vm.instance_id,
        boot_id: enrolment.boot_id,
        expires_at,
    };
    let sealed = control.sealer.seal(&credential).map_err(unavailable)?;

    let actor = Actor {
        kind: ActorKind::Agent,
        id: row.instance.name.clone(),
        name: row.instance.name.clone(),
        roles: Default::default(),
        reach: Default::default(),
        authn: "identity_token".to_owned(),
        request_id: request_id.to_owned(),
    };
    let token_sha256: [u8; 32] = Sha256::digest(enrolment.identity_token.as_bytes()).into();
    let token_ends = DateTime::from_timestamp(identity.expires_at, 0).unwrap_or(now);
    let mut tx = control.store.begin().await.map_err(unavailable)?;
    if !tx.use_identity_token(Hash(token_sha256), token_ends).await.map_err(unavailable)? {
        return Err(AgentRefused::new(401, "identity_token_invalid", "it was used before: fetch a new one"));
    }
    let version: String = enrolment.version.chars().filter(|one| one.is_ascii_graphic()).take(32).collect();
    let enrolled = NewEvent {
        environment: Some(row.environment.clone()),
        detail: format!("agent-cage {version} in {}", vm.zone),
        ..NewEvent::new(&actor, AuditAction::EnrollAgent, format!("pool {}", row.pool), now)
    };
    tx.append_audit(&enrolled).await.map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;

    Ok(Enrolled {
        credential: sealed,
        expires_at: DateTime::from_timestamp(expires_at, 0).unwrap_or(now),
        heartbeat_interval_seconds: HEARTBEAT_INTERVAL_SECONDS,
    })
}

/// Hears an agent out. Nothing is written here: the batch writer does that within a second.
/// What comes back are commands that wait for the agent.
pub fn receive_heartbeat(
    control: &Control,
    credential: &str,
    body: &[u8],
) -> Result<Vec<Order>, AgentRefused> {
    counted(control, heartbeat(control, credential, body))
}

fn heartbeat(control: &Control, credential: &str, body: &[u8]) -> Result<Vec<Order>, AgentRefused> {
    let now = control.clock.now();
    if body.len() > LARGEST_BODY {
        return Err(AgentRefused::body_too_large());
    }
    let credential = control.sealer.open(credential, now).map_err(|refused| match refused {
        CredentialRefused::Invalid => AgentRefused::credential_invalid(),
        CredentialRefused::Expired => AgentRefused::new(401, "credential_expired", "enrol again"),
    })?;
    taken(control, &credential, body, now).inspect_err(|refused| {
        let Credential { environment, name, instance_id, .. } = &credential;
        control.live.refuse(environment, name, instance_id, refused.code, now);
    })
}

/// From here on it is known whose it is, so that its refusal can be told of the VM.
fn taken(
    control: &Control,
    credential: &Credential,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<Order>, AgentRefused> {
    let heartbeat: Heartbeat = serde_json::from_slice(body).map_err(AgentRefused::unreadable)?;
    heartbeat.validate().map_err(|why| AgentRefused::new(422, "heartbeat_invalid", why.to_string()))?;
    printable(&heartbeat)?;
    let said: Said = serde_json::from_slice(body).map_err(AgentRefused::unreadable)?;
    if said.acknowledged.len() > COMMANDS_OPEN {
        let why = format!("`acknowledged` must hold at most {COMMANDS_OPEN} answers");
        return Err(AgentRefused::new(422, "heartbeat_invalid", why));
    }
    if heartbeat.boot_id != credential.boot_id {
        return Err(AgentRefused::credential_invalid());
    }
    if heartbeat.environment != credential.environment {
        let why = format!("`environment` must be {}, where this VM is", credential.environment);
        return Err(AgentRefused::new(422, "heartbeat_invalid", why));
    }
    control
        .live
        .hear(
            &credential.environment,
            &credential.name,
            &credential.instance_id,
            (heartbeat, said.acknowledged),
            now,
        )
        .map_err(|refused| match refused {
            BeatRefused::NotInPool => AgentRefused::not_in_pool(),
            BeatRefused::Replayed => AgentRefused::new(
                409,
                "heartbeat_replayed",
                "its sequence is not above the last one, or it is of an earlier boot",
            ),
        })
}

/// What a heartbeat says besides the agent's state.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    acknowledged: Vec<Acknowledgement>,
}

/// Heartbeats repeat the id that was enrolled, and pages and logs show it: what it may hold is settled here.
fn well_formed_boot(boot_id: &str) -> Result<(), AgentRefused> {
    let plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.');
    if (1..=64).contains(&boot_id.len()) && boot_id.bytes().all(plain) {
        return Ok(());
    }
    let why = "`boot_id` must have 1 to 64 characters of a-z, A-Z, 0-9, `-`, `_` and `.`";
    Err(AgentRefused::new(422, "enrolment_invalid", why))
}

/// Batches are written as one: a text that the database refuses would keep everybody's heartbeats out of it.
fn printable(heartbeat: &Heartbeat) -> Result<(), AgentRefused> {
    let texts = [
        ("boot_id", &heartbeat.boot_id),
        ("version", &heartbeat.version),
        ("agent_type", &heartbeat.agent_type),
        ("environment", &heartbeat.environment),
    ];
    match texts.into_iter().find(|(_, text)| text.chars().any(char::is_control)) {
        Some((field, _)) => Err(AgentRefused::new(
            422,
            "heartbeat_invalid",
            format!("`{field}` must not hold control characters"),
        )),
        None => Ok(()),
    }
}

fn counted<T>(control: &Control, result: Result<T, AgentRefused>) -> Result<T, AgentRefused> {
    result.inspect_err(|refused| control.live.count_refusal(refused.code))
}

fn unavailable(error: impl std::fmt::Display) -> AgentRefused {
    tracing::warn!(%error, "an agent could not be served");
    AgentRefused::unavailable()
}
