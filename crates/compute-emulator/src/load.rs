//! The load that a group's agents are told to show: per agent or shared between all that run, constant or along a curve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{clock::Virtual, error::Error};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    /// Of each agent, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<Course>,
    /// Of all agents together, in whole machines: 3.2 is shared by those that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total_cpu: Option<Course>,
    /// Custom metrics by name, the value of each agent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metrics: BTreeMap<String, Course>,
    /// Custom metrics by name, the value of all agents together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) total_metrics: BTreeMap<String, Course>,
    /// When it was set, for the curves.
    #[serde(default)]
    pub(crate) since: Virtual,
}

/// A number, or points `[virtual seconds since it was set, number]` with straight lines between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Course {
    Constant(f64),
    Curve(Vec<(f64, f64)>),
}

impl Course {
    fn at(&self, seconds: f64) -> f64 {
        let points = match self {
            Self::Constant(value) => return *value,
            Self::Curve(points) => points,
        };
        let after = points.iter().position(|(second, _)| *second > seconds);
        match after {
            Some(0) => points[0].1,
            Some(next) => {
                let ((from, a), (to, b)) = (points[next - 1], points[next]);
                a + (b - a) * (seconds - from) / (to - from)
            }
            None => points.last().map_or(0.0, |(_, value)| *value),
        }
    }

    fn check(&self, field: &str, most: f64) -> Result<(), Error> {
        let within = |value: f64| value.is_finite() && (0.0..=most).contains(&value);
        let fits = match self {
            Self::Constant(value) => within(*value),
            Self::Curve(points) => {
                !points.is_empty()
                    && points.len() <= 1000
                    && points.iter().all(|(second, value)| second.is_finite() && within(*value))
                    && points.windows(2).all(|pair| pair[0].0 < pair[1].0)
            }
        };
        if fits {
            return Ok(());
        }
        let why =
            format!("A number from 0 to {most}, or 1 to 1000 points [second, number] in the order of time.");
        Err(Error::invalid(field, "", &why))
    }
}

impl Load {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let courses = [("cpu", &self.cpu, 1.0), ("total_cpu", &self.total_cpu, 1e6)];
        for (field, course, most) in courses {
            course.as_ref().map_or(Ok(()), |course| course.check(field, most))?;
        }
        for (name, course) in self.metrics.iter().chain(&self.total_metrics) {
            course.check(name, 1e12)?;
        }
        Ok(())
    }

    /// The CPU utilisation of each of so many agents, 0 to 1; None leaves it to the agents.
    pub(crate) fn cpu_of_each(&self, agents: usize, now: Virtual) -> Option<f64> {
        let seconds = self.seconds(now);
        let share = |total: &Course| total.at(seconds) / agents.max(1) as f64;
        let each =
            self.cpu.as_ref().map(|cpu| cpu.at(seconds)).or_else(|| self.total_cpu.as_ref().map(share));
        each.map(|cpu| cpu.clamp(0.0, 1.0))
    }

    /// What all agents together show of a metric.
    pub(crate) fn metric_of_all(&self, name: &str, agents: usize, now: Virtual) -> Option<f64> {
        let seconds = self.seconds(now);
        let each = self.metrics.get(name).map(|course| course.at(seconds) * agents as f64);
        each.or_else(|| self.total_metrics.get(name).map(|course| course.at(seconds)))
    }

    fn seconds(&self, now: Virtual) -> f64 {
        now.saturating_sub(self.since) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_straight_between_its_points() {
        let curve = Course::Curve(vec![(10.0, 0.2), (20.0, 0.8)]);
        let values: Vec<f64> = [0.0, 10.0, 15.0, 20.0, 99.0].into_iter().map(|at| curve.at(at)).collect();
        assert_eq!(values, [0.2, 0.2, 0.5, 0.8, 0.8]);
    }

    #[test]
    fn a_total_is_shared() {
        let load = Load { total_cpu: Some(Course::Constant(3.0)), ..Load::default() };
        assert_eq!(load.cpu_of_each(4, 0), Some(0.75));
        assert_eq!(load.cpu_of_each(2, 0), Some(1.0), "no agent is busier than busy");
        assert_eq!(Load::default().cpu_of_each(2, 0), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for course in
            [Course::Constant(1.5), Course::Curve(vec![]), Course::Curve(vec![(2.0, 0.1), (1.0, 0.1)])]
        {
            assert!(Load { cpu: Some(course), ..Load::default() }.check().is_err());
        }
    }
}
