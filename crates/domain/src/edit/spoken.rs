//! An edit as programs say it: a line of `g`, and the request to `/api/v1`. `g` has fewer words than an edit: a line is
//! given only where the declaration that follows from it is the very same.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Edit;
use crate::{Amount, FleetSpec, pool::PoolSpec};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// The line of `g`. None: no verb of it says this.
    pub command: Option<String>,
    /// Method and path, headers and, after an empty line, the body. Token and key are left to fill in.
    pub request: String,
}

impl Spoken {
    /// `declared` is the declaration of that generation; the digest is of the plan that was seen.
    pub fn new(edit: &Edit, declared: &FleetSpec, generation: i64, digest: &str) -> Self {
        Self { command: command(edit, declared), request: request(edit, declared, generation, digest) }
    }
}

fn request(edit: &Edit, declared: &FleetSpec, generation: i64, digest: &str) -> String {
    let environment = &declared.environment.environment;
    let body = json!({ "edit": edit, "digest": digest });
    format!(
        "POST /api/v1/environments/{environment}/changes\nAuthorization: Bearer TOKEN\n\
         Content-Type: application/json\nIdempotency-Key: KEY\nIf-Match: \"{generation}\"\n\n{body:#}"
    )
}

/// The words of a verb of `g vm`, and the edit that it makes of them.
type Line = (Vec<String>, Edit);

fn command(edit: &Edit, declared: &FleetSpec) -> Option<String> {
    let wanted = edit.apply(declared).ok().filter(|wanted| wanted != declared)?;
    let (words, _) = lines(edit, declared, &wanted)
        .into_iter()
        .find(|(_, said)| said.apply(declared).is_ok_and(|said| said == wanted))?;
    let environment = ["--environment", declared.environment.environment.as_str()];
    let words = words.iter().map(String::as_str).chain(environment).map(quoted).collect::<Vec<_>>();
    Some(format!("g vm {}", words.join(" ")))
}

/// What could say it, the plainest first.
fn lines(edit: &Edit, declared: &FleetSpec, wanted: &FleetSpec) -> Vec<Line> {
    match edit {
        Edit::CreatePool { pool } => vec![create(pool)],
        Edit::UpdatePool { name, .. } | Edit::ScalePool { name, .. } | Edit::SetPoolTemplate { name, .. } => {
            match (find(declared, name), find(wanted, name)) {
                (Some(before), Some(after)) => {
                    [scale(after), bound(before, after), replace(after), pace(before, after)]
                        .into_iter()
                        .flatten()
                        .collect()
                }
                _ => Vec::new(),
            }
        }
        Edit::DeletePool { name } => vec![(words(["delete-pool", name, "--confirm", name]), edit.clone())],
        // Templates and firewall rules reach `g` as Terraform text alone; canaries and VMs by name do not reach it.
        _ => Vec::new(),
    }
}

fn find<'a>(spec: &'a FleetSpec, name: &str) -> Option<&'a PoolSpec> {
    spec.agent_pools.iter().find(|pool| pool.name == name)
}

fn create(wanted: &PoolSpec) -> Line {
    let PoolSpec { name, agent_type, template_name, .. } = wanted;
    let mut said = words(["create-pool", "--type", agent_type.as_str(), "--name", name]);
    said.extend(words(["--template", template_name]));
    let mut pool = PoolSpec::new(name, *agent_type, template_name);
    if let Some(size) = wanted.target_size {
        pool.target_size = Some(size);
        flag(&mut said, "--size", size);
    }
    if let (Some(min), Some(max)) = (wanted.min_replicas, wanted.max_replicas) {
        pool.enable_autoscaling = Some(true);
        (pool.min_replicas, pool.max_replicas) = (Some(min), Some(max));
        flag(&mut said, "--min", min);
        flag(&mut said, "--max", max);
    }
    (said, Edit::CreatePool { pool })
}

fn scale(after: &PoolSpec) -> Option<Line> {
    let target_size = after.target_size?;
    let mut said = words(["scale-pool", &after.name]);
    flag(&mut said, "--size", target_size);
    Some((said, Edit::ScalePool { name: after.name.clone(), target_size }))
}

fn bound(before: &PoolSpec, after: &PoolSpec) -> Option<Line> {
    let mut pool = PoolSpec { enable_autoscaling: Some(true), ..before.clone() };
    let mut said = words(["scale-pool", &after.name]);
    let verb = said.len();
    if let Some(min) = after.min_replicas {
        pool.min_replicas = Some(min);
        flag(&mut said, "--min", min);
    }
    if let Some(max) = after.max_replicas {
        pool.max_replicas = Some(max);
        flag(&mut said, "--max", max);
    }
    (said.len() > verb).then(|| (said, Edit::UpdatePool { name: after.name.clone(), pool }))
}

fn replace(after: &PoolSpec) -> Option<Line> {
    let PoolSpec { name, template_name, .. } = after.clone();
    let said = words(["update-pool", &name, "--template", &template_name]);
    Some((said, Edit::SetPoolTemplate { name, template_name, template_version: None }))
}

/// Another pace of updates, and another template with it. The template alone is another edit.
fn pace(before: &PoolSpec, after: &PoolSpec) -> Option<Line> {
    let mut pool = before.clone();
    let mut said = words(["update-pool", &after.name]);
    let verb = said.len();
    if let Some(Amount::Fixed(surge)) = after.max_surge
        && after.max_surge != before.max_surge
    {
        pool.max_surge = after.max_surge;
        flag(&mut said, "--max-surge", surge);
    }
    if let Amount::Fixed(away) = after.max_unavailable
        && after.max_unavailable != before.max_unavailable
    {
        pool.max_unavailable = after.max_unavailable;
        flag(&mut said, "--max-unavailable", away);
    }
    if said.len() == verb {
        return None;
    }
    if after.template_name != before.template_name {
        pool.template_name.clone_from(&after.template_name);
        said.extend(words(["--template", &after.template_name]));
    }
    Some((said, Edit::UpdatePool { name: after.name.clone(), pool }))
}

fn words<const N: usize>(of: [&str; N]) -> Vec<String> {
    of.map(str::to_owned).to_vec()
}

fn flag(said: &mut Vec<String>, name: &str, value: u32) {
    said.push(name.to_owned());
    said.push(value.to_string());
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::tests::fleet,
        firewall::{Direction, FirewallRuleSpec},
        plan::instances::{InstanceAction, InstanceVerb},
    };

    fn said(edit: &Edit) -> Option<String> {
        Spoken::new(edit, &fleet(), 7, "abc").command
    }

    fn front() -> PoolSpec {
        fleet().agent_pools[0].clone()
    }

    fn update(pool: PoolSpec) -> Edit {
        Edit::UpdatePool { name: "front".into(), pool }
    }

    #[test]
    fn a_verb_of_g_is_given_where_it_leads_to_the_same_declaration() {
        let other = PoolSpec { target_size: Some(4), name: "batch".into(), ..front() };
        let autoscaled = PoolSpec {
            enable_autoscaling: Some(true),
            min_replicas: Some(2),
            max_replicas: Some(10),
            ..front()
        };
        let surge = PoolSpec { max_surge: Some(Amount::Fixed(3)), ..front() };
        for (edit, line) in [
            (
                Edit::CreatePool { pool: other },
                "create-pool --type backend-developer --name batch --template web --size 4",
            ),
            (Edit::ScalePool { name: "front".into(), target_size: 3 }, "scale-pool front --size 3"),
            (update(PoolSpec { target_size: Some(5), ..front() }), "scale-pool front --size 5"),
            (update(autoscaled), "scale-pool front --min 2 --max 10"),
            (update(surge), "update-pool front --max-surge 3"),
            (Edit::DeletePool { name: "front".into() }, "delete-pool front --confirm front"),
        ] {
            assert_eq!(said(&edit), Some(format!("g vm {line} --environment dev")));
        }
    }

    #[test]
    fn what_no_verb_says_whole_is_not_said_by_half() {
        let labelled = PoolSpec {
            target_size: Some(5),
            labels: [("team".to_owned(), "web".to_owned())].into(),
            ..front()
        };
        let restart = InstanceAction {
            pool: "front".into(),
            verb: InstanceVerb::Restart,
            instances: vec!["front-a".into()],
        };
        let rule = FirewallRuleSpec::new("Probes", Direction::Ingress);
        for edit in [
            update(labelled.clone()),
            Edit::CreatePool { pool: PoolSpec { name: "batch".into(), ..labelled } },
            update(PoolSpec { max_surge: Some(Amount::Percent(20)), ..front() }),
            update(front()),
            Edit::ActOnInstances(restart),
            Edit::CreateFirewallRule { key: "probes".into(), firewall_rule: rule },
            Edit::RetireTemplate { name: "web".into() },
            Edit::DeletePool { name: "ghost".into() },
        ] {
            assert_eq!(said(&edit), None, "{edit:?}");
        }
    }

    #[test]
    fn the_request_is_whole_but_for_what_is_secret() {
        let edit = Edit::ScalePool { name: "front".into(), target_size: 3 };
        let request = Spoken::new(&edit, &fleet(), 7, "abc").request;
        assert_eq!(
            request,
            "POST /api/v1/environments/dev/changes\nAuthorization: Bearer TOKEN\nContent-Type: application/json\n\
             Idempotency-Key: KEY\nIf-Match: \"7\"\n\n{\n  \"digest\": \"abc\",\n  \"edit\": {\n    \
             \"edit\": \"scale_pool\",\n    \"name\": \"front\",\n    \"target_size\": 3\n  }\n}"
        );
    }

    #[test]
    fn a_word_that_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(["web-1", "", "a b", "it's;"].map(quoted), ["web-1", "''", "'a b'", r"'it'\''s;'"]);
    }
}
