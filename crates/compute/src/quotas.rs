//! How much a project may use in a region, and how much it does.

use tracing::Instrument;

use crate::{Compute, Error, Scope, client::Call};

/// One of Compute Engine's metrics: `CPUS`, `IN_USE_ADDRESSES`, `SSD_TOTAL_GB`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    pub metric: String,
    pub limit: f64,
    pub usage: f64,
}

impl Quota {
    /// What is left; never negative, though a limit may be lowered below what is in use.
    pub fn left(&self) -> f64 {
        (self.limit - self.usage).max(0.0)
    }
}

impl Compute {
    /// The region's quotas, in the order of their metrics.
    pub async fn region_quotas(&self, scope: &Scope) -> Result<Vec<Quota>, Error> {
        let span = tracing::info_span!("compute.region_quotas", region = scope.region);
        let get = self.0.regions.get().set_project(&scope.project).set_region(&scope.region);
        let region = get.repeatable().send().instrument(span).await?;
        let mut quotas: Vec<Quota> = region
            .quotas
            .into_iter()
            .filter_map(|quota| {
                Some(Quota {
                    metric: quota.metric.as_ref()?.name()?.to_owned(),
                    limit: quota.limit.unwrap_or_default(),
                    usage: quota.usage.unwrap_or_default(),
                })
            })
            .collect();
        quotas.sort_unstable_by(|a, b| a.metric.cmp(&b.metric));
        Ok(quotas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_the_use_leaves_nothing() {
        let quota = Quota { metric: "CPUS".to_owned(), limit: 4.0, usage: 6.0 };
        assert!(quota.left().abs() < f64::EPSILON);
    }
}
