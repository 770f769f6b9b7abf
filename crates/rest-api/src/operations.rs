//! The table of operations. A route that is not in it cannot be mounted.

use domain::Permission;
use serde_json::Value;

use crate::{
    AlertList, AuditEventList, Autoscaling, Change, ChangeList, CommandList, Commanded, Costs, Declaration,
    Environment, EnvironmentList, FirewallRuleList, Instance, InstanceList, MakePlan, Me, OutputList,
    PlanAnswer, PlanEdit, Pool, PoolList, PoolRollout, ProposeChange, ProposeEdit, Proposed, TemplateList,
    schema::{Definitions, Schema},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What an operation does about `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    Ignored,
    Heeded,
    /// Without it, nothing is done: 428.
    Required,
}

/// One value of the query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The use-case's name.
    pub id: &'static str,
    pub method: Method,
    /// With its parameters in braces.
    pub path: &'static str,
    pub about: &'static str,
    /// None: any token that is valid.
    pub permission: Option<Permission>,
    pub query: &'static [Parameter],
    pub request: Option<fn(&mut Definitions) -> Value>,
    pub answer: fn(&mut Definitions) -> Value,
    /// Of success.
    pub status: u16,
    /// Takes `Idempotency-Key`.
    pub once: bool,
    /// What it does about `If-Match` with the environment's generation.
    pub if_match: IfMatch,
    /// Its answer has an ETag, and `If-None-Match` with that is answered by 304.
    pub etag: bool,
}

const ENVIRONMENT: Parameter =
    Parameter { name: "environment", about: "Only of this environment; without it, of all" };
const CURSOR: Parameter = Parameter { name: "cursor", about: "`next` of the page before" };

const fn read(
    id: &'static str,
    path: &'static str,
    about: &'static str,
    answer: fn(&mut Definitions) -> Value,
) -> Operation {
    Operation {
        id,
        method: Method::Get,
        path,
        about,
        permission: Some(Permission::ReadFleet),
        query: &[],
        request: None,
        answer,
        status: 200,
        once: false,
        if_match: IfMatch::Ignored,
        etag: false,
    }
}

const fn command(id: &'static str, path: &'static str, about: &'static str) -> Operation {
    Operation {
        method: Method::Post,
        permission: Some(Permission::CommandAgent),
        // Asked, and not done yet.
        status: 202,
        once: true,
        ..read(id, path, about, Commanded::schema)
    }
}

pub const OPERATIONS: &[Operation] = &[
    Operation {
        permission: None,
        ..read("load_me", "/api/v1/me", "Whom the token speaks for and what it may do.", Me::schema)
    },
    read("list_environments", "/api/v1/environments", "All environments, by name.", EnvironmentList::schema),
    read("load_environment", "/api/v1/environments/{environment}", "One environment.", Environment::schema),
    Operation {
        etag: true,
        ..read(
            "load_declaration",
            "/api/v1/environments/{environment}/declaration",
            "What the environment declares, whole. Its ETag is what If-Match takes.",
            Declaration::schema,
        )
    },
    read(
        "list_pools",
        "/api/v1/environments/{environment}/pools",
        "The environment's pools in the order of its declaration.",
        PoolList::schema,
    ),
    read("load_pool", "/api/v1/environments/{environment}/pools/{pool}", "One pool.", Pool::schema),
    read(
        "load_pool_rollout",
        "/api/v1/environments/{environment}/pools/{pool}/rollout",
        "Which of the pool's VMs runs which version, what is waited for and what comes next.",
        PoolRollout::schema,
    ),
    Operation {
        query: &[Parameter {
            name: "window",
            about: "Seconds that the samples go back: 3600, 21600, 86400 or 604800; without it, 3600",
        }],
        ..read(
            "load_autoscaling",
            "/api/v1/environments/{environment}/pools/{pool}/autoscaling",
            "How the pool is sized, what the service recommends and why, and what ran.",
            Autoscaling::schema,
        )
    },
    Operation {
        query: &[
            Parameter { name: "pool", about: "Only of this pool" },
            Parameter { name: "name", about: "Only of this name; several zones may have one" },
            CURSOR,
        ],
        ..read(
            "list_instances",
            "/api/v1/environments/{environment}/instances",
            "The environment's instances with their agents, by zone and name.",
            InstanceList::schema,
        )
    },
    read("load_instance", "/api/v1/instances/{zone}/{instance}", "One instance.", Instance::schema),
    read(
        "list_commands",
        "/api/v1/instances/{zone}/{instance}/agent/commands",
        "What was asked of the instance's agent lately, the newest first.",
        CommandList::schema,
    ),
    command(
        "start_agent",
        "/api/v1/instances/{zone}/{instance}/agent/start",
        "Asks the agent to begin its work again, which was stopped. The agent answers by a later heartbeat.",
    ),
    command(
        "stop_agent",
        "/api/v1/instances/{zone}/{instance}/agent/stop",
        "Asks the agent to end its work. The VM runs on, and the agent says that it is stopped.",
    ),
    command(
        "restart_agent",
        "/api/v1/instances/{zone}/{instance}/agent/restart",
        "Asks the agent to end its work and to begin anew. The agent answers by a later heartbeat.",
    ),
    read(
        "list_templates",
        "/api/v1/environments/{environment}/templates",
        "The environment's templates as declared now.",
        TemplateList::schema,
    ),
    read(
        "list_firewall_rules",
        "/api/v1/environments/{environment}/firewall-rules",
        "The environment's firewall rules in the order in which they decide.",
        FirewallRuleList::schema,
    ),
    read(
        "load_outputs",
        "/api/v1/environments/{environment}/outputs",
        "The Terraform module's outputs, each by its name.",
        OutputList::schema,
    ),
    Operation {
        query: &[Parameter {
            name: "month",
            about: "Such as 2026-11; without it, and for a month that is yet to come, the present one",
        }],
        ..read(
            "load_costs",
            "/api/v1/environments/{environment}/costs",
            "What the environment costs in a month, by day, pool and agent type, and its budget.",
            Costs::schema,
        )
    },
    read(
        "list_alerts",
        "/api/v1/alerts",
        "The alerts as they were judged last, the open incidents and those that were closed lately.",
        AlertList::schema,
    ),
    Operation {
        query: &[ENVIRONMENT, Parameter { name: "state", about: "Only in this state" }, CURSOR],
        ..read("list_changes", "/api/v1/changes", "Changes, newest first.", ChangeList::schema)
    },
    read("load_change", "/api/v1/changes/{change}", "One change.", Change::schema),
    Operation {
        method: Method::Post,
        permission: Some(Permission::ProposeChange),
        request: Some(ProposeChange::schema),
        status: 201,
        once: true,
        if_match: IfMatch::Heeded,
        ..read(
            "propose_change",
            "/api/v1/changes",
            "Proposes a declaration. The policy decides who must agree; nothing is written to the cloud by this call.",
            Proposed::schema,
        )
    },
    Operation {
        method: Method::Post,
        permission: Some(Permission::ProposeChange),
        request: Some(ProposeEdit::schema),
        status: 201,
        once: true,
        if_match: IfMatch::Required,
        ..read(
            "propose_edit",
            "/api/v1/environments/{environment}/changes",
            "Proposes one edit of the environment's declaration. Nothing is written to the cloud by this call.",
            Proposed::schema,
        )
    },
    Operation {
        method: Method::Post,
        permission: Some(Permission::CancelChange),
        once: true,
        ..read(
            "cancel_change",
            "/api/v1/changes/{change}/cancel",
            "Ends a change that has not started.",
            Proposed::schema,
        )
    },
    Operation {
        method: Method::Post,
        permission: Some(Permission::PlanChange),
        request: Some(MakePlan::schema),
        ..read(
            "make_plan",
            "/api/v1/plan",
            "What a declaration would do. Nothing is stored.",
            PlanAnswer::schema,
        )
    },
    Operation {
        method: Method::Post,
        permission: Some(Permission::PlanChange),
        request: Some(PlanEdit::schema),
        ..read(
            "plan_edit",
            "/api/v1/environments/{environment}/plan",
            "What one edit of the environment's declaration would do. Nothing is stored.",
            PlanAnswer::schema,
        )
    },
    Operation {
        permission: Some(Permission::ReadAudit),
        query: &[ENVIRONMENT, Parameter { name: "change", about: "Only of this change" }, CURSOR],
        ..read("list_audit", "/api/v1/audit-events", "The audit log, newest first.", AuditEventList::schema)
    },
];

/// The operation of that name; None where there is none.
pub fn operation(id: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.id == id)
}

impl Operation {
    /// The names in its path, in their order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
