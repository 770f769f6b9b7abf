//! How a pool fares, from its conditions and its agents: one state, one short word, one sentence.

use domain::{
    agent::AgentState,
    condition::{Condition, ConditionStatus, ConditionType},
    hindrance,
    view::pool::PoolRow,
};

use super::agent_states;
use crate::{components::glyph::State, words};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub word: String,
    pub sentence: String,
    /// Its sentence counts agents and says no more of them.
    pub counts: bool,
}

fn broken(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.kind == kind && condition.status == ConditionStatus::False)
}

/// The worst that is known of the pool.
pub fn standing(row: &PoolRow) -> Standing {
    let said =
        |state, word: &str, sentence| Standing { state, word: word.to_owned(), sentence, counts: false };
    let counted = |state, word: &str, sentence| Standing { counts: true, ..said(state, word, sentence) };
    let (ill, silent) =
        (agent_states::of(&row.agents, AgentState::Ill), agent_states::of(&row.agents, AgentState::Silent));
    let running = u64::from(row.observed_size.unwrap_or_default());
    let wanted = u64::from(row.desired_size);
    let healthy = agent_states::of(&row.agents, AgentState::Healthy);
    let of_agents = format!("{} of {} healthy.", words::number(healthy), words::count(running, "agent"));
    if let Some(condition) = broken(&row.conditions, ConditionType::Reachable) {
        return said(State::Unknown, "Not reachable", words::sentence(&condition.message));
    }
    let failed = broken(&row.conditions, ConditionType::Applied);
    if row.observed_size.is_none() {
        if let Some(condition) = failed {
            return said(State::Warn, "Not created", words::sentence(&condition.message));
        }
        return said(State::Progress, "Being created", "Nothing of it was observed yet.".to_owned());
    }
    if ill + silent > 0 {
        let word = format!("{} ill or silent", words::number(ill + silent));
        return counted(State::Crit, &word, of_agents);
    }
    if row.goes_round() {
        return counted(State::Crit, ConditionType::Lasting.broken(), of_agents);
    }
    if let Some(condition) = hindrance::KINDS.into_iter().find_map(|kind| broken(&row.conditions, kind)) {
        return said(State::Warn, condition.kind.broken(), words::sentence(&condition.message));
    }
    if let Some(condition) = failed {
        return said(State::Warn, condition.kind.broken(), words::sentence(&condition.message));
    }
    if let Some(condition) = row.conditions.iter().find(|condition| hindrance::attempt_fails(condition)) {
        return said(State::Warn, "Making VMs fails", words::sentence(&condition.message));
    }
    if running != wanted {
        let sentence = format!("{} of {} run.", words::number(running), words::count(wanted, "VM"));
        return said(State::Progress, &format!("{running} of {wanted} VMs"), sentence);
    }
    for kind in [ConditionType::Synced, ConditionType::Ready] {
        if let Some(condition) = broken(&row.conditions, kind) {
            let word = if kind == ConditionType::Ready { "Not ready" } else { "Settings differ" };
            return said(State::Progress, word, words::sentence(&condition.message));
        }
    }
    let late = agent_states::of(&row.agents, AgentState::Late);
    if late > 0 {
        return counted(State::Warn, &format!("{} late", words::number(late)), of_agents);
    }
    if healthy < running {
        return counted(State::Progress, "Agents starting", of_agents);
    }
    let well = words::every(wanted, "agent", ("runs and is healthy", "run and are healthy"));
    said(State::Ok, "Ready", format!("{well}."))
}

/// Of one condition: true is well for all types there are.
pub fn of_condition(condition: &Condition) -> State {
    match (condition.status, condition.kind) {
        (ConditionStatus::True, _) => State::Ok,
        (ConditionStatus::Unknown, _) => State::Unknown,
        (ConditionStatus::False, ConditionType::Ready) if hindrance::attempt_fails(condition) => State::Warn,
        (ConditionStatus::False, ConditionType::Ready | ConditionType::Synced) => State::Progress,
        // Nobody is coming to help: the group goes on for ever.
        (ConditionStatus::False, ConditionType::Lasting) => State::Crit,
        (ConditionStatus::False, _) => State::Warn,
    }
}

#[cfg(test)]
mod tests {
    use domain::{AgentType, view::pool::AgentCount};

    use super::*;

    fn row() -> PoolRow {
        PoolRow {
            environment: "dev".into(),
            name: "backend-pool".into(),
            agent_type: AgentType::BackendDeveloper,
            group: "genesis-pool-backend-pool".into(),
            template: "backend-dev".into(),
            desired_size: 2,
            observed_size: Some(2),
            autoscaling: None,
            agents: vec![AgentCount { state: AgentState::Healthy, count: 2 }],
            conditions: Vec::new(),
            requested: None,
            generation: 1,
            observed_generation: 1,
        }
    }

    #[test]
    fn a_wish_that_is_not_met_is_not_ready() {
        assert_eq!(standing(&row()).state, State::Ok);
        let smaller = PoolRow { observed_size: Some(1), ..row() };
        assert_eq!(standing(&smaller).word, "1 of 2 VMs");
        let unseen = PoolRow { observed_size: None, agents: Vec::new(), ..row() };
        assert_eq!(standing(&unseen).state, State::Progress);
    }

    #[test]
    fn an_ill_agent_is_louder_than_a_missing_one() {
        let agents = vec![
            AgentCount { state: AgentState::Ill, count: 1 },
            AgentCount { state: AgentState::Healthy, count: 0 },
        ];
        let ill = PoolRow { observed_size: Some(1), agents, ..row() };
        assert_eq!(standing(&ill).state, State::Crit);
    }

    #[test]
    fn a_crash_loop_is_critical_whatever_its_vm_is_at_the_moment() {
        let condition = Condition {
            kind: ConditionType::Lasting,
            status: ConditionStatus::False,
            reason: "CrashLoop".into(),
            message: "agent-x in us-central1-a was made anew 3 times since 09:10 UTC".into(),
            since: Default::default(),
        };
        let starts = vec![
            AgentCount { state: AgentState::Starting, count: 1 },
            AgentCount { state: AgentState::Healthy, count: 1 },
        ];
        let pool = PoolRow { agents: starts, conditions: vec![condition.clone()], ..row() };
        let said = standing(&pool);
        assert_eq!((said.state, said.word.as_str(), said.counts), (State::Crit, "Crash loop", true));
        assert_eq!(standing(&PoolRow { observed_size: Some(1), ..pool }).word, "Crash loop");
        assert_eq!(of_condition(&condition), State::Crit);
    }

    #[test]
    fn an_overdue_heartbeat_is_a_warning_and_no_start() {
        let agents = vec![
            AgentCount { state: AgentState::Late, count: 1 },
            AgentCount { state: AgentState::Healthy, count: 1 },
        ];
        let late = standing(&PoolRow { agents, ..row() });
        assert_eq!((late.state, late.word.as_str()), (State::Warn, "1 late"));
    }

    #[test]
    fn what_keeps_a_pool_from_growing_is_said_before_how_far_it_is() {
        let condition = Condition {
            kind: ConditionType::WithinQuota,
            status: ConditionStatus::False,
            reason: "QuotaExceeded".into(),
            message: "1 VM waits in us-central1-a: Quota 'CPUS' exceeded.".into(),
            since: Default::default(),
        };
        let pool = PoolRow { observed_size: Some(1), conditions: vec![condition.clone()], ..row() };
        assert_eq!((standing(&pool).state, standing(&pool).word.as_str()), (State::Warn, "Quota used up"));
        assert_eq!(of_condition(&condition), State::Warn);
    }

    #[test]
    fn what_nobody_goes_on_with_is_not_called_progress() {
        let condition = Condition {
            kind: ConditionType::Applied,
            status: ConditionStatus::False,
            reason: "ChangeFailed".into(),
            message: "chg-7 failed: it is refused".into(),
            since: Default::default(),
        };
        let pool = PoolRow { observed_size: None, conditions: vec![condition.clone()], ..row() };
        let said = standing(&pool);
        assert_eq!((said.state, said.word.as_str()), (State::Warn, "Not created"));
        assert_eq!(said.sentence, "chg-7 failed: it is refused");
        let smaller = PoolRow { observed_size: Some(1), ..pool };
        assert_eq!(
            (standing(&smaller).state, standing(&smaller).word.as_str()),
            (State::Warn, "Not carried out")
        );
        assert_eq!(of_condition(&condition), State::Warn);
    }

    #[test]
    fn what_the_group_tries_in_vain_is_a_warning_whatever_its_cause() {
        let ready = |reason: &str| Condition {
            kind: ConditionType::Ready,
            status: ConditionStatus::False,
            reason: reason.into(),
            message: "agent-x: CONDITION_NOT_MET: a constraint of the organisation forbids it".into(),
            since: Default::default(),
        };
        let pool = |reason| PoolRow { observed_size: Some(1), conditions: vec![ready(reason)], ..row() };
        let said = standing(&pool("AttemptFailed"));
        assert_eq!((said.state, said.word.as_str()), (State::Warn, "Making VMs fails"));
        assert!(said.sentence.starts_with("agent-x: CONDITION_NOT_MET"), "{}", said.sentence);
        assert_eq!(of_condition(&ready("AttemptFailed")), State::Warn);
        assert_eq!(standing(&pool("Converging")).state, State::Progress);
        assert_eq!(of_condition(&ready("Converging")), State::Progress);
    }

    #[test]
    fn what_cannot_be_reached_is_unknown() {
        let condition = Condition {
            kind: ConditionType::Reachable,
            status: ConditionStatus::False,
            reason: "ComputeUnavailable".into(),
            message: "connection refused".into(),
            since: Default::default(),
        };
        let pool = PoolRow { conditions: vec![condition], ..row() };
        assert_eq!(standing(&pool).sentence, "Connection refused");
        assert_eq!(standing(&pool).state, State::Unknown);
    }
}
