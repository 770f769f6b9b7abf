//! Operations: the receipt of a change. The intent is stored when the operation is made; its state follows from the time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    clock::{Moment, Stamp, Virtual},
    dice::Dice,
    reference::{self, link},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// `projects/p/regions/r/operations/operation-…`
    pub(crate) path: String,
    id: u64,
    kind: String,
    target: String,
    target_id: u64,
    request: Option<String>,
    pub(crate) inserted: Stamp,
    starts: Virtual,
    started: Stamp,
    /// None while it waits for the engine to finish it.
    ends: Option<(Virtual, Stamp)>,
    /// What Compute Engine did by itself says why.
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    pub(crate) failure: Option<Failure>,
}

/// Why an operation failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// When an operation is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// As soon as the intent is stored.
    Stored,
    /// When the engine has brought it about: deleting a group.
    Reached,
}

/// What an operation is about.
#[derive(Debug)]
pub(crate) struct Subject {
    /// `insert`, `compute.instanceGroupManagers.resize`, …
    pub(crate) kind: String,
    /// Path of the resource that is changed.
    pub(crate) target: String,
    pub(crate) target_id: u64,
    pub(crate) finish: Finish,
}

impl Operation {
    /// `latency` is virtual, `real` the same in real time.
    pub(crate) fn new(
        subject: Subject,
        request: Option<String>,
        now: Moment,
        latency: Duration,
        real: Duration,
        dice: &mut Dice,
    ) -> Self {
        let word = dice.next();
        let name = format!(
            "operation-{}-{:013x}-{:08x}-{:08x}",
            now.stamp.millis(),
            dice.next() >> 12,
            word >> 32,
            word & 0xffff_ffff
        );
        let length = u64::try_from(latency.as_millis()).unwrap_or_default();
        let ends = (subject.finish == Finish::Stored).then(|| (now.at + length, now.stamp.after(real)));
        Self {
            path: format!("{}/operations/{name}", reference::scope(&subject.target)),
            id: dice.id(),
            kind: subject.kind,
            target: subject.target,
            target_id: subject.target_id,
            request,
            inserted: now.stamp,
            starts: now.at + length / 10,
            started: now.stamp.after(real / 10),
            ends,
            reason: None,
            failure: None,
        }
    }

    /// What Compute Engine does by itself to a VM: a preemption, a repair. Done as soon as it is told.
    pub(crate) fn by_system(
        kind: &str,
        target: &str,
        target_id: u64,
        reason: String,
        now: Moment,
        dice: &mut Dice,
    ) -> Self {
        let subject =
            Subject { kind: kind.to_owned(), target: target.to_owned(), target_id, finish: Finish::Stored };
        let operation = Self::new(subject, None, now, Duration::ZERO, Duration::ZERO, dice);
        Self { reason: Some(reason), ..operation }
    }

    pub(crate) fn is_done(&self, now: Moment) -> bool {
        self.ends.is_some_and(|(at, _)| at <= now.at)
    }

    /// The virtual time at which it will be done, if that is known.
    pub(crate) fn ends_at(&self) -> Option<Virtual> {
        self.ends.map(|(at, _)| at)
    }

    /// Path of the resource that is changed.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn finish(&mut self, now: Moment) {
        self.ends = Some((now.at, now.stamp));
    }

    /// Operations are addressed by name or by id.
    pub(crate) fn answers_to(&self, name_or_id: &str) -> bool {
        reference::name(&self.path) == name_or_id || self.id.to_string() == name_or_id
    }

    pub(crate) fn view(&self, now: Moment) -> Value {
        let mut view = json!({
            "kind": "compute#operation",
            "id": self.id.to_string(),
            "name": reference::name(&self.path),
            "operationType": self.kind,
            "targetLink": link(&self.target),
            "targetId": self.target_id.to_string(),
            "user": if self.reason.is_some() { "system" } else { "anonymous@compute-emulator.invalid" },
            "insertTime": self.inserted.to_string(),
            "selfLink": link(&self.path),
        });
        let scope = reference::scope(&self.path);
        match scope.split('/').nth(2) {
            Some("regions") => view["region"] = link(scope).into(),
            Some("zones") => view["zone"] = link(scope).into(),
            _ => {}
        }
        if let Some(reason) = &self.reason {
            view["statusMessage"] = reason.as_str().into();
        }
        if let Some(request) = &self.request {
            view["clientOperationId"] = request.as_str().into();
        }
        let started = self.starts <= now.at;
        if started {
            view["startTime"] = self.started.to_string().into();
        }
        let (status, progress) = match self.ends {
            Some((at, stamp)) if at <= now.at => {
                view["endTime"] = stamp.to_string().into();
                view["startTime"] = self.started.min(stamp).to_string().into();
                if let Some(failure) = &self.failure {
                    failure.show(&mut view);
                }
                ("DONE", 100)
            }
            _ if started => ("RUNNING", 50),
            _ => ("PENDING", 0),
        };
        view["status"] = status.into();
        view["progress"] = progress.into();
        view
    }
}

impl Failure {
    fn show(&self, view: &mut Value) {
        let status = axum::http::StatusCode::from_u16(self.status);
        let reason = status.ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        view["httpErrorStatusCode"] = self.status.into();
        view["httpErrorMessage"] = reason.to_uppercase().into();
        view["error"] = json!({"errors": [{"code": self.code, "message": self.message}]});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: Virtual) -> Moment {
        Moment { at, stamp: Stamp::default() }
    }

    fn operation(finish: Finish) -> Operation {
        let target = "projects/p/regions/r/instanceGroupManagers/g".to_owned();
        let subject = Subject { kind: "insert".into(), target, target_id: 1, finish };
        let second = Duration::from_secs(1);
        Operation::new(subject, None, moment(0), second, second, &mut Dice::new(1))
    }

    #[test]
    fn goes_from_pending_to_done() {
        let operation = operation(Finish::Stored);
        let statuses: Vec<Value> =
            [0, 100, 1000].iter().map(|at| operation.view(moment(*at))["status"].clone()).collect();
        assert_eq!(statuses, ["PENDING", "RUNNING", "DONE"]);
        assert!(operation.path.starts_with("projects/p/regions/r/operations/operation-"));
    }

    #[test]
    fn waits_for_the_engine_where_the_effect_counts() {
        let mut operation = operation(Finish::Reached);
        assert!(!operation.is_done(moment(u64::MAX)));
        operation.finish(moment(5));
        assert_eq!(operation.view(moment(5))["progress"], 100);
    }
}
