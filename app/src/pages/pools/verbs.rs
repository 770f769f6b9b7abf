//! The forms of a pool's verbs: resize, another version, promote, roll back, delete, and what is done to instances.
//! What they were sent means an edit, or which fields mean nothing.

use domain::{
    Amount,
    edit::Edit,
    plan::instances::{InstanceAction, InstanceVerb},
    pool::CanarySpec,
};

use crate::{api::FieldProblem, url_state::Query};

pub const SIZE: &str = "target_size";
/// `web` for the template as it is declared, `web@0a1b2c3d` for one of its versions.
pub const VERSION: &str = "version";
pub const HOW: &str = "how";
pub const CANARY_FIRST: &str = "canary";
pub const ALL_VMS: &str = "all";
pub const CANARY_SIZE: &str = "canary_size";
pub const CONFIRM: &str = "confirm";
pub const VERB: &str = "verb";
pub const INSTANCE: &str = "instance";

type Meant = Result<Edit, Vec<FieldProblem>>;

fn refuse(field: &str, message: impl Into<String>) -> Vec<FieldProblem> {
    vec![FieldProblem { field: field.to_owned(), message: message.into() }]
}

pub fn resize(pool: &str, values: &Query) -> Meant {
    let text = values.get(SIZE).unwrap_or_default().trim();
    let target_size = text
        .parse()
        .map_err(|_| refuse(SIZE, format!("`{text}` is no number of VMs: write digits, as 5")))?;
    Ok(Edit::ScalePool { name: pool.to_owned(), target_size })
}

/// As the list of versions sends it.
pub fn version_value(template: &str, digits: Option<&str>) -> String {
    digits.map_or_else(|| template.to_owned(), |digits| format!("{template}@{digits}"))
}

pub fn change_version(pool: &str, values: &Query) -> Meant {
    let chosen = values.get(VERSION).ok_or_else(|| refuse(VERSION, "choose a version"))?;
    let (template, version) = match chosen.split_once('@') {
        Some((template, digits)) => (template.to_owned(), Some(digits.to_owned())),
        None => (chosen.to_owned(), None),
    };
    match values.get(HOW).unwrap_or(CANARY_FIRST) {
        ALL_VMS => Ok(Edit::SetPoolTemplate {
            name: pool.to_owned(),
            template_name: template,
            template_version: version,
        }),
        CANARY_FIRST => {
            let size = values.get(CANARY_SIZE).unwrap_or_default();
            let target_size: Amount =
                size.parse().map_err(|error| refuse(CANARY_SIZE, format!("{error}")))?;
            let canary = CanarySpec { template_name: Some(template), template_version: version, target_size };
            Ok(Edit::StartCanary { name: pool.to_owned(), canary })
        }
        other => Err(refuse(HOW, format!("`{other}` is no way to do it: choose one"))),
    }
}

/// Deleting asks for the pool's name.
#[cfg(any(test, feature = "ssr"))]
pub fn confirmed(pool: &str, values: &Query) -> Result<(), Vec<FieldProblem>> {
    if values.get(CONFIRM).is_some_and(|typed| typed.trim() == pool) {
        return Ok(());
    }
    Err(refuse(CONFIRM, format!("write the pool's name, {pool}, to say that you mean it")))
}

pub fn act_on_instances(pool: &str, values: &Query) -> Meant {
    let verb: InstanceVerb =
        values.get(VERB).unwrap_or_default().parse().map_err(|message: String| refuse(VERB, message))?;
    let instances: Vec<String> = values.all(INSTANCE).map(str::to_owned).collect();
    if instances.is_empty() {
        return Err(refuse(INSTANCE, "choose at least one instance"));
    }
    Ok(Edit::ActOnInstances(InstanceAction { pool: pool.to_owned(), verb, instances }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(meant: Meant) -> String {
        meant.unwrap_err().remove(0).field
    }

    #[test]
    fn a_size_is_a_number() {
        let scale = Edit::ScalePool { name: "web".into(), target_size: 5 };
        assert_eq!(resize("web", &Query::parse("target_size=5")), Ok(scale));
        for wrong in ["", "target_size=", "target_size=many", "target_size=-1", "target_size=2.5"] {
            assert_eq!(field(resize("web", &Query::parse(wrong))), SIZE, "{wrong}");
        }
    }

    #[test]
    fn another_version_is_tried_first_or_taken_by_all() {
        let tried = change_version("web", &Query::parse("version=t@0a1b2c3d&canary_size=10%25"));
        let canary = CanarySpec {
            template_name: Some("t".into()),
            template_version: Some("0a1b2c3d".into()),
            target_size: Amount::Percent(10),
        };
        assert_eq!(tried, Ok(Edit::StartCanary { name: "web".into(), canary }));
        let all = change_version("web", &Query::parse("version=t&how=all"));
        let set =
            Edit::SetPoolTemplate { name: "web".into(), template_name: "t".into(), template_version: None };
        assert_eq!(all, Ok(set));
        assert_eq!(field(change_version("web", &Query::parse("version=t&canary_size=x"))), CANARY_SIZE);
        assert_eq!(field(change_version("web", &Query::parse("how=all"))), VERSION);
        assert_eq!(version_value("t", Some("0a1b2c3d")), "t@0a1b2c3d");
    }

    #[test]
    fn deleting_takes_the_very_name() {
        assert_eq!(confirmed("web", &Query::parse("confirm=web")), Ok(()));
        for wrong in ["", "confirm=", "confirm=Web", "confirm=webs"] {
            assert!(confirmed("web", &Query::parse(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn instances_are_named_and_the_verb_is_known() {
        let edit = act_on_instances("web", &Query::parse("verb=restart&instance=a&instance=b")).unwrap();
        let action = edit.instance_action().unwrap();
        assert_eq!((action.verb, action.instances.len()), (InstanceVerb::Restart, 2));
        assert_eq!(field(act_on_instances("web", &Query::parse("verb=restart"))), INSTANCE);
        assert_eq!(field(act_on_instances("web", &Query::parse("verb=explode&instance=a"))), VERB);
    }
}
