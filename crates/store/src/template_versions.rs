//! Versions of templates as Compute Engine gets them, kept for ever: what a pool holds to, or goes back to.

use std::collections::BTreeMap;

use domain::{Timestamp, resource::InstanceTemplate};
use serde_json::Value;
use sqlx::types::Json;

use crate::{Result, Store, Tx, column};

impl Store {
    /// Those of the named resources that were ever declared.
    pub async fn find_template_versions(
        &self,
        environment: &str,
        names: &[String],
    ) -> Result<BTreeMap<String, InstanceTemplate>> {
        let rows: Vec<(String, Value)> = sqlx::query!(
            "SELECT resource_name, resource FROM template_versions
             WHERE environment = $1 AND resource_name = ANY($2)",
            environment,
            names
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| (row.resource_name, row.resource))
        .collect();
        rows.into_iter()
            .map(|(name, resource)| {
                let version =
                    column::json(|| format!("version {name} of {environment}"), "resource", resource)?;
                Ok((name, version))
            })
            .collect()
    }
}

impl Tx {
    /// Does nothing where the version is kept already: its name is its content. The environment must exist.
    pub async fn keep_template_version(
        &mut self,
        environment: &str,
        version: &InstanceTemplate,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query!(
            "INSERT INTO template_versions (environment, resource_name, resource, declared_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            environment,
            version.name,
            Json(version) as _,
            at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::{AgentType, derive, template::TemplateSpec};
    use sqlx::PgPool;

    use super::*;
    use crate::samples;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_version_is_kept_once_and_found_by_its_name(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let template = TemplateSpec::new("web", AgentType::BackendDeveloper);
        let version = derive::present_version(&samples::spec("dev"), &template);
        for _ in 0..2 {
            let mut tx = store.begin().await.unwrap();
            tx.keep_template_version("dev", &version, samples::at(1)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let names = [version.name.clone(), "genesis-agent-ghost-00000000".to_owned()];
        let found = store.find_template_versions("dev", &names).await.unwrap();
        assert_eq!(found, BTreeMap::from([(version.name.clone(), version)]));
        assert!(store.find_template_versions("prod", &names).await.unwrap().is_empty());
    }
}
