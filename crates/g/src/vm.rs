//! `g vm`: one file for what reads, one for what proposes, one for what asks an agent, one for Terraform texts, and one each
//! for a pool's rollout and its autoscaling.

mod agents;
mod autoscaling;
mod propose;
mod read;
mod rollout;
mod texts;

use domain::command::Verb;

use crate::{
    cli::{Common, Vm},
    client::Client,
    failure::Failure,
};

pub(crate) async fn run(verb: Vm, common: &Common) -> Result<(), Failure> {
    // The one verb that needs neither a server nor a token.
    if let Vm::Plan { texts, offline: true } = &verb {
        return texts::plan_offline(texts, common);
    }
    let client = Client::new(common)?;
    match verb {
        Vm::ListPools => read::list_pools(&client, common).await,
        Vm::ListInstances { pool } => read::list_instances(&client, common, pool.as_deref()).await,
        Vm::ListTemplates => read::list_templates(&client, common).await,
        Vm::Rollout { pool } => rollout::show(&client, common, &pool).await,
        Vm::Autoscaling { pool, window } => autoscaling::show(&client, common, &pool, window).await,
        Vm::HealthCheck { pool } => read::health_check(&client, common, pool.as_deref()).await,
        Vm::Outputs { name } => read::outputs(&client, common, name.as_deref()).await,
        Vm::CreatePool { agent_type, size, name, template, min, max, proposal } => {
            let wanted = propose::NewPool { agent_type, size, name, template, bounds: min.zip(max) };
            propose::create_pool(&client, common, wanted, &proposal).await
        }
        Vm::ScalePool { pool, size, min, max, proposal } => {
            propose::scale_pool(&client, common, &pool, (size, min, max), &proposal).await
        }
        Vm::UpdatePool { pool, template, max_surge, max_unavailable, proposal } => {
            let wanted = propose::Update { template, max_surge, max_unavailable };
            propose::update_pool(&client, common, &pool, wanted, &proposal).await
        }
        Vm::DeletePool { pool, confirm, proposal } => {
            propose::delete_pool(&client, common, &pool, &confirm, &proposal).await
        }
        Vm::AgentStart { asking } => agents::command(&client, common, Verb::Start, &asking).await,
        Vm::AgentStop { asking } => agents::command(&client, common, Verb::Stop, &asking).await,
        Vm::AgentRestart { asking } => agents::command(&client, common, Verb::Restart, &asking).await,
        Vm::Import { texts, proposal } => texts::import(&client, common, &texts, &proposal).await,
        Vm::Plan { texts, .. } => texts::plan(&client, common, &texts).await,
    }
}
