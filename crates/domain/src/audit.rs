//! One event of the audit log as people read it. The hashing is in `audit-log`.

mod of_pool;
#[cfg(test)]
mod samples;
mod subject;

use serde::{Deserialize, Serialize};

pub(crate) use subject::subject_of;
pub use subject::{SettingsList, Subject, place};

use crate::{ChangeId, Timestamp, actor::ActorKind, plan::FieldChange};

macro_rules! actions {
    ($($variant:ident $text:literal $sentence:literal,)*) => {
        /// Every action that is ever recorded. The text is stored; the sentence is shown, with `{object}` filled in,
        /// or `{object.done}` where the object begins with a verb that has been carried out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum AuditAction { $(#[serde(rename = $text)] $variant,)* }

        impl AuditAction {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What the actor did, to be read after their name.
            pub fn sentence(self, object: &str) -> String {
                let template = match self { $(Self::$variant => $sentence,)* };
                template.replace("{object.done}", &done(object)).replace("{object}", object)
            }
        }

        impl std::str::FromStr for AuditAction {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(format!("unknown audit action `{text}`")) }
            }
        }
    };
}

actions! {
    ProposeChange "propose_change" "proposed {object}",
    ApproveChange "approve_change" "cleared {object} to run",
    ClaimChange "claim_change" "started to apply {object}",
    FinishChange "finish_change" "finished {object}",
    FailChange "fail_change" "gave up on {object}",
    CancelChange "cancel_change" "cancelled {object}",
    ReviseChange "revise_change" "edited {object}",
    VoteToApprove "vote_to_approve" "approved {object}",
    VoteToReject "vote_to_reject" "rejected {object}",
    VoidVotes "void_votes" "voided the votes on {object}",
    RejectChange "reject_change" "ended {object}, because it was rejected",
    ExpireChange "expire_change" "ended {object}, because nobody agreed in time",
    SupersedeChange "supersede_change" "set {object} aside, because the environment moved first",
    IntendOperation "intend_operation" "began to {object}",
    FinishOperation "finish_operation" "{object.done}",
    FailOperation "fail_operation" "was refused to {object}",
    SetBudget "set_budget" "set {object}",
    CrossBudgetThreshold "cross_budget_threshold" "saw {object} spent",
    EnrollAgent "enroll_agent" "enrolled in {object}",
    RegisterPasskey "register_passkey" "registered {object}",
    RevokePasskey "revoke_passkey" "revoked {object}",
    ReviseRoster "revise_roster" "set {object} in force",
    RevisePolicy "revise_policy" "set {object} in force",
    FallSilent "fall_silent" "heard nothing more of {object}",
    FallIll "fall_ill" "found {object} ill",
    Recover "recover" "found {object} well again",
    OpenIncident "open_incident" "opened {object}",
    CloseIncident "close_incident" "closed {object}",
    HoldHealing "hold_healing" "held the healing of {object}",
    RestoreHealing "restore_healing" "let {object} heal again",
    OverruleBrake "overrule_brake" "let go the brake of {object}",
    RestartAgent "restart_agent" "asked {object} to restart",
    StopAgent "stop_agent" "asked {object} to stop",
    StartAgent "start_agent" "asked {object} to start",
    AcknowledgeCommand "acknowledge_command" "did {object}",
    RefuseCommand "refuse_command" "could not do {object}",
    ExpireCommand "expire_command" "stopped waiting for {object}",
    SignIn "sign_in" "signed in as {object}",
    SignOut "sign_out" "signed out as {object}",
    CreateToken "create_token" "made the API token {object}",
    RevokeToken "revoke_token" "revoked the API token {object}",
    EndSession "end_session" "ended {object}",
}

/// `create health check x` becomes `created health check x`.
fn done(object: &str) -> String {
    match object.split_once(' ') {
        Some((verb, rest)) if verb.ends_with('e') => format!("{verb}d {rest}"),
        _ => object.to_owned(),
    }
}

/// What it leaves empty is not written. Lists show [`crate::view::audit::AuditLine`]s of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Gap-free, from 1.
    pub seq: i64,
    pub at: Timestamp,
    /// None for events of the whole installation, such as a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    pub actor_kind: ActorKind,
    pub actor_id: String,
    pub actor_name: String,
    pub action: AuditAction,
    /// What it was done to: `chg-12`, `create instance group genesis-pool-…`, an instance's name, a person.
    pub object: String,
    /// More, in words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeId>,
    pub request_id: String,
    /// SHA-256 of the event's canonical bytes, in hex.
    pub hash: String,
    /// SHA-256 of what it was done to, in hex, before and after; None where nothing was there or nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_sha256: Option<String>,
    /// What else the event says: names and values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
    /// What it changed, where the event itself holds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<FieldChange>,
}

impl AuditEvent {
    pub fn sentence(&self) -> String {
        told(&self.actor_name, self.action, &self.object)
    }
}

/// Who did what. Where a policy decides of a change, its name has its revision and is nobody's: `default r1`.
pub(crate) fn told(actor_name: &str, action: AuditAction, object: &str) -> String {
    let done = action.sentence(object);
    let decides =
        matches!(action, AuditAction::ApproveChange | AuditAction::RejectChange | AuditAction::VoidVotes);
    match actor_name.rsplit_once(" r") {
        Some((policy, revision)) if decides && revision.parse::<u32>().is_ok() => {
            format!("The policy {policy}, revision {revision}, {done}")
        }
        _ => format!("{actor_name} {done}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_carried_out_is_told_in_the_past() {
        let sentence = AuditAction::FinishOperation.sentence("resize instance group web");
        assert_eq!(sentence, "resized instance group web");
    }

    #[test]
    fn a_policy_that_decides_is_told_from_people() {
        let policy = told("default r12", AuditAction::ApproveChange, "chg-7");
        assert_eq!(policy, "The policy default, revision 12, cleared chg-7 to run");
        assert_eq!(told("Ann r2", AuditAction::ProposeChange, "chg-7"), "Ann r2 proposed chg-7");
        let leader = told("reconciler", AuditAction::VoidVotes, "chg-7");
        assert!(leader.starts_with("reconciler "), "{leader}");
    }

    #[test]
    fn every_action_is_read_back_and_has_a_sentence_with_its_object() {
        for action in AuditAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
            assert!(action.sentence("chg-7").contains("chg-7"), "{action:?}");
        }
    }
}
