//! What people ask of one agent: restart, stop, start. It travels in the answer to the agent's next heartbeat
//! (docs/agent-protocol.md), and ends when the agent says what became of it or when its time is over.

use domain::{
    Actor, Permission,
    audit::{AuditAction, place},
    command::{COMMANDS_OPEN, Command, CommandState, Verb},
};
use store::{NewCommand, NewEvent};

use crate::{Control, Error, error::authorize, health, live::Acknowledged, reconcile::Leader};

/// Characters of an agent's word on a command that are kept.
const LONGEST_DETAIL: usize = 200;
/// Commands of one agent that are read back: more than may be open, so that who asked finds theirs.
const LISTED: u32 = 50;

#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn restart_agent(control: &Control, actor: &Actor, zone: &str, name: &str) -> Result<i64, Error> {
    ask(control, actor, zone, name, Verb::Restart).await
}

#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn stop_agent(control: &Control, actor: &Actor, zone: &str, name: &str) -> Result<i64, Error> {
    ask(control, actor, zone, name, Verb::Stop).await
}

#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn start_agent(control: &Control, actor: &Actor, zone: &str, name: &str) -> Result<i64, Error> {
    ask(control, actor, zone, name, Verb::Start).await
}

const fn action(verb: Verb) -> AuditAction {
    match verb {
        Verb::Restart => AuditAction::RestartAgent,
        Verb::Stop => AuditAction::StopAgent,
        Verb::Start => AuditAction::StartAgent,
    }
}

async fn ask(control: &Control, actor: &Actor, zone: &str, name: &str, verb: Verb) -> Result<i64, Error> {
    authorize(actor, Permission::CommandAgent)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let (Some(instance_id), Some(last)) = (&row.instance.id, &row.last_heartbeat) else {
        return Err(Error::Conflict(format!("{name} has never spoken: nobody would hear the command")));
    };
    if let Some(why) = verb.pointless(last.heartbeat.status) {
        return Err(Error::Conflict(format!("nothing to do for {name}: {why}")));
    }
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    let open = tx.lock_pending_commands(&row.environment, name).await?;
    if open.contains(&verb) {
        return Err(Error::Conflict(format!("{name} was already asked to {verb} and has not answered yet")));
    }
    if open.len() >= COMMANDS_OPEN {
        return Err(Error::Conflict(format!("{name} has {COMMANDS_OPEN} commands to answer already")));
    }
    let id = tx
        .insert_command(&NewCommand {
            environment: &row.environment,
            instance: name,
            instance_id,
            boot_id: &last.heartbeat.boot_id,
            verb,
            asked_by: &actor.id,
            at: now,
        })
        .await?;
    let asked = NewEvent {
        environment: Some(row.environment.clone()),
        detail: format!("cmd-{id}, {}", place(&row.pool, zone)),
        ..NewEvent::new(actor, action(verb), name, now)
    };
    tx.append_audit(&asked).await?;
    tx.commit().await?;
    Ok(id)
}

/// What was asked of the agent under that name, the newest first.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn list_commands(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
) -> Result<Vec<Command>, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    Ok(control.store.list_commands(&row.environment, name, LISTED).await?)
}

/// Writes down what an agent said. Said twice, it counts once.
pub(crate) async fn acknowledge(control: &Control, heard: &Acknowledged) -> Result<(), Error> {
    let said = &heard.acknowledgement;
    let Some(id) = said.command() else { return Ok(()) };
    let detail: String = said.detail.chars().filter(|one| !one.is_control()).take(LONGEST_DETAIL).collect();
    let state = said.outcome.state();
    let mut tx = control.store.begin().await?;
    let own = (heard.environment.as_str(), heard.name.as_str(), heard.instance_id.as_str());
    let Some(verb) = tx.end_command(id, own, state, &detail, heard.at).await? else { return Ok(()) };
    let actor = health::agent(heard);
    let did = match state {
        CommandState::Done => AuditAction::AcknowledgeCommand,
        _ => AuditAction::RefuseCommand,
    };
    let answered = NewEvent {
        environment: Some(heard.environment.clone()),
        detail,
        ..NewEvent::new(&actor, did, format!("{verb} of {} (cmd-{id})", heard.name), heard.at)
    };
    tx.append_audit(&answered).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends what nobody answered in time; returns how many.
pub(crate) async fn expire(control: &Control, leader: &Leader) -> Result<u32, crate::reconcile::Stopped> {
    let now = control.clock.now();
    let mut expired = 0;
    for command in control.store.list_pending_commands().await? {
        if command.expires_at > now {
            continue;
        }
        let mut tx = leader.begin(control).await?;
        let why = "the agent did not answer in time";
        let of = (command.environment.as_str(), command.instance.as_str(), command.instance_id.as_str());
        if tx.end_command(command.id, of, CommandState::Expired, why, now).await?.is_none() {
            continue;
        }
        let actor = crate::reconcile::changes::system(control);
        let event = NewEvent {
            environment: Some(command.environment.clone()),
            detail: why.to_owned(),
            ..NewEvent::new(
                &actor,
                AuditAction::ExpireCommand,
                format!("{} of {} ({})", command.verb, command.instance, command.name()),
                now,
            )
        };
        tx.append_audit(&leader.signs(event)).await?;
        tx.commit().await?;
        expired += 1;
    }
    Ok(expired)
}
