//! The people of the demo: who they are, and which roles and groups their tokens carry.

use serde_json::{Value, json};

/// Somebody to be, with one click and no password.
#[derive(Clone, Debug)]
pub struct Persona {
    /// The `sub` claim and the value of `login_hint`.
    pub subject: String,
    pub name: String,
    /// Their job, as people say it.
    pub title: String,
    /// One line: what they do in Agent Manager.
    pub does: String,
    pub roles: Vec<String>,
    pub groups: Vec<String>,
}

impl Persona {
    fn new(name: &str, title: &str, does: &str, roles: &[&str], groups: &[&str]) -> Persona {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Persona {
            subject: name.to_lowercase(),
            name: name.to_owned(),
            title: title.to_owned(),
            does: does.to_owned(),
            roles: owned(roles),
            groups: owned(groups),
        }
    }

    pub(crate) fn email(&self) -> String {
        format!("{}@example.test", self.subject)
    }

    /// What both the ID token and userinfo say about this person.
    pub(crate) fn claims(&self) -> serde_json::Map<String, Value> {
        let claims = json!({
            "sub": self.subject,
            "name": self.name,
            "email": self.email(),
            "roles": self.roles,
            "groups": self.groups,
        });
        match claims {
            Value::Object(claims) => claims,
            _ => serde_json::Map::new(),
        }
    }
}

/// Enough people for four eyes: two approvers of different groups, and nobody who can do all alone.
pub fn demo_personas() -> Vec<Persona> {
    vec![
        Persona::new(
            "Mara",
            "SRE",
            "Declares pools, proposes changes and watches them being applied.",
            &["operator"],
            &["sre"],
        ),
        Persona::new(
            "Wen",
            "Approver, SRE",
            "Reads what a change will do, then approves or rejects it.",
            &["approver"],
            &["sre"],
        ),
        Persona::new(
            "Noor",
            "Approver, SRE",
            "Approves or rejects beside Wen, so that no night waits for one person.",
            &["approver"],
            &["sre"],
        ),
        Persona::new(
            "Ines",
            "Approver, security",
            "Gives the second signature where security must agree.",
            &["approver"],
            &["security"],
        ),
        Persona::new(
            "Jonah",
            "On-call",
            "Is woken at night, finds the cause and may act on it.",
            &["operator", "approver"],
            &["sre", "on-call"],
        ),
        Persona::new("Vera", "Viewer", "Sees everything and changes nothing.", &["viewer"], &[]),
        Persona::new(
            "Ada",
            "Administrator",
            "Looks after people, policies and settings.",
            &["admin"],
            &["platform"],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_name_the_person_with_roles_and_groups_as_arrays() {
        let personas = demo_personas();
        let jonah = personas.iter().find(|persona| persona.subject == "jonah").expect("Jonah");
        assert_eq!(
            Value::Object(jonah.claims()),
            json!({"sub": "jonah", "name": "Jonah", "email": "jonah@example.test",
                   "roles": ["operator", "approver"], "groups": ["sre", "on-call"]})
        );
        let vera = personas.iter().find(|persona| persona.subject == "vera").expect("Vera");
        assert_eq!(vera.claims()["groups"], json!([]));
    }
}
