//! Waiting for a change to end or an agent to answer, telling each step on standard error, so that standard output stays the answer's.

use std::time::Duration;

use domain::{ChangeId, ChangeState, command::CommandState, queue::held_words};
use rest_api::{Change, Command, CommandList};
use tokio::time::{Instant, sleep};

use crate::{
    cli::Waiting,
    client::{Answer, BETWEEN_TRIES, Client},
    failure::{Failure, Kind},
    output::tell,
};

const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// Looks in a row that nobody answers: a server that is restarted ends no wait.
const UNANSWERED: u32 = 3;

async fn look(client: &Client, id: &str, operation: &str, path: &[&str]) -> Result<Answer, Failure> {
    let mut looks = 0;
    loop {
        looks += 1;
        match client.get(operation, path, &[]).await {
            Err(failure) if failure.is_unreachable() && looks < UNANSWERED => sleep(BETWEEN_TRIES).await,
            Err(failure) if failure.is_unreachable() => {
                return Err(failure.with(&format!("g looked {UNANSWERED} times; {id} goes on without it")));
            }
            // Who may propose or ask need not be let to read, and learns here alone how it is called.
            Err(failure) if failure.is_forbidden() => {
                return Err(failure.with(&format!("{id} goes on; g cannot follow it by this token")));
            }
            answered => return answered,
        }
    }
}

/// Returns when it was applied; otherwise the failure says how it ended.
pub(crate) async fn until_ended(client: &Client, id: ChangeId, waiting: &Waiting) -> Result<Answer, Failure> {
    let until = Instant::now() + Duration::from_secs(waiting.timeout);
    let mut told = String::new();
    loop {
        let name = id.to_string();
        let answer = look(client, &name, "load_change", &[&name]).await?;
        let change: Change = answer.read()?;
        let line = progress(&change);
        if line != told {
            tell(&format!("{id} {line}"));
            told = line;
        }
        match change.state {
            ChangeState::Applied => return Ok(answer),
            ended if ended.is_terminal() => {
                let why = change.outcome.unwrap_or_else(|| "no reason was kept".to_owned());
                return Err(Failure::new(Kind::InVain, format!("{id} {}: {why}", words(ended))));
            }
            _ if Instant::now() >= until => {
                let message = format!(
                    "{id} is still {} after {} s; it goes on without g",
                    words(change.state),
                    waiting.timeout
                );
                return Err(Failure::new(Kind::InVain, message));
            }
            _ => sleep(BETWEEN_LOOKS).await,
        }
    }
}

/// Returns when the agent did what the command asks; otherwise the failure says what became of it.
pub(crate) async fn until_answered(
    client: &Client,
    (zone, instance): (&str, &str),
    id: &str,
    timeout: u64,
) -> Result<Command, Failure> {
    let until = Instant::now() + Duration::from_secs(timeout);
    let in_vain = |message: String| Failure::new(Kind::InVain, message);
    tell(&format!("{id} pending: goes with the answer to the next heartbeat of {instance}"));
    loop {
        let list: CommandList = look(client, id, "list_commands", &[zone, instance]).await?.read()?;
        let Some(command) = list.commands.into_iter().find(|command| command.id == id) else {
            return Err(in_vain(format!(
                "{id} is no longer listed: many others were asked of {instance} since"
            )));
        };
        match command.state {
            CommandState::Pending if Instant::now() >= until => {
                return Err(in_vain(format!(
                    "{id} is still pending after {timeout} s; it goes on without g"
                )));
            }
            CommandState::Pending => sleep(BETWEEN_LOOKS).await,
            CommandState::Done => {
                tell(&format!("{id} done"));
                return Ok(command);
            }
            CommandState::Refused | CommandState::Expired => {
                return Err(in_vain(format!("{id} {}: {}", command.state, command.detail)));
            }
        }
    }
}

pub(crate) fn words(state: ChangeState) -> String {
    state.as_str().replace('_', " ")
}

/// With what holds it: `approved, waits for chg-28`.
pub(crate) fn standing(state: ChangeState, held_by: Option<&str>) -> String {
    match held_by {
        Some(by) => format!("{}, {}", words(state), held_words(by)),
        None => words(state),
    }
}

fn progress(change: &Change) -> String {
    let done = change.calls.iter().filter(|call| call.state == "done").count();
    let of = change.plan.actions.len();
    let state = words(change.state);
    match change.state {
        ChangeState::AwaitingApprovals => format!("{state}: {}", change.approvals.tally()),
        ChangeState::Approved => match change.waiting_for.first() {
            Some(first) => format!("{state}: waits for {first}"),
            None => state,
        },
        ChangeState::Applying => match change.waiting_for.first() {
            Some(first) if done >= of || change.held_by.is_some() => {
                format!("{state}: {done} of {of} steps, waits for {first}")
            }
            _ => format!("{state}: {done} of {of} steps"),
        },
        _ => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_change_stands_beside_its_state() {
        assert_eq!(standing(ChangeState::AwaitingApprovals, None), "awaiting approvals");
        assert_eq!(standing(ChangeState::Approved, Some("chg-28")), "approved, waits for chg-28");
        assert_eq!(standing(ChangeState::Applying, Some("inc-2")), "applying, held by inc-2");
    }
}
