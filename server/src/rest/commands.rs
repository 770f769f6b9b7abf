//! What people ask of one agent. It goes with the answer to the agent's next heartbeat.

use axum::{Json, extract::Path, http::StatusCode};
use control::{Error, commands};
use domain::command::Verb;
use rest_api::{Command, CommandList, Commanded};

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .on("list_commands", list_commands)
        .on("start_agent", start_agent)
        .on("stop_agent", stop_agent)
        .on("restart_agent", restart_agent)
}

/// Zone and name.
type Instance = Path<(String, String)>;

async fn list_commands(asked: Asked, Path((zone, name)): Instance) -> Result<Json<CommandList>, Problem> {
    let listed = asked.done(commands::list_commands(&asked.control, &asked.actor, &zone, &name).await)?;
    Ok(Json(CommandList { commands: listed.iter().map(Command::from).collect() }))
}

async fn start_agent(asked: Asked, Path((zone, name)): Instance) -> Result<Answer, Problem> {
    let made = commands::start_agent(&asked.control, &asked.actor, &zone, &name).await;
    commanded(&asked, Verb::Start, made)
}

async fn stop_agent(asked: Asked, Path((zone, name)): Instance) -> Result<Answer, Problem> {
    let made = commands::stop_agent(&asked.control, &asked.actor, &zone, &name).await;
    commanded(&asked, Verb::Stop, made)
}

async fn restart_agent(asked: Asked, Path((zone, name)): Instance) -> Result<Answer, Problem> {
    let made = commands::restart_agent(&asked.control, &asked.actor, &zone, &name).await;
    commanded(&asked, Verb::Restart, made)
}

type Answer = (StatusCode, Json<Commanded>);

fn commanded(asked: &Asked, verb: Verb, made: Result<i64, Error>) -> Result<Answer, Problem> {
    Ok((StatusCode::ACCEPTED, Json(Commanded::new(asked.done(made)?, verb))))
}
