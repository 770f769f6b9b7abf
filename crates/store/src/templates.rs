//! Templates: a version for each content that a declaration ever had. Versions are never changed.

use domain::{AgentType, ChangeId, Timestamp, template::TemplateSpec};
use serde_json::Value;
use sqlx::types::Json;

use crate::{Error, Result, Store, Tx, column};

#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub environment: String,
    pub name: String,
    /// From 1.
    pub version: u32,
    /// Compute Engine's name of it.
    pub resource_name: String,
    pub spec: TemplateSpec,
    pub declared_by: ChangeId,
    pub declared_at: Timestamp,
}

/// What a version is called, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateName {
    pub name: String,
    /// From 1.
    pub version: u32,
    /// Compute Engine's name of it.
    pub resource_name: String,
}

/// What a list tells of a version, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateHeading {
    pub name: String,
    /// From 1.
    pub version: u32,
    /// Compute Engine's name of it.
    pub resource_name: String,
    pub agent_type: AgentType,
    pub declared_by: ChangeId,
    pub declared_at: Timestamp,
}

struct Row {
    environment: String,
    name: String,
    version: i32,
    resource_name: String,
    spec: Value,
    declared_by: i64,
    declared_at: Timestamp,
}

impl TryFrom<Row> for Template {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let named = || format!("template {} v{} of {}", row.name, row.version, row.environment);
        Ok(Self {
            version: column::count(named, "version", row.version)?,
            spec: column::json(named, "spec", row.spec)?,
            resource_name: row.resource_name,
            declared_by: ChangeId(row.declared_by),
            declared_at: row.declared_at,
            environment: row.environment,
            name: row.name,
        })
    }
}

impl Store {
    /// By name, the newest version first.
    pub async fn list_templates(&self, environment: &str) -> Result<Vec<Template>> {
        sqlx::query_as!(
            Row,
            "SELECT environment, name, version, resource_name, spec, declared_by, declared_at
             FROM templates WHERE environment = $1 ORDER BY name, version DESC",
            environment
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Template::try_from)
        .collect()
    }

    /// One version with its content.
    pub async fn get_template(
        &self,
        environment: &str,
        name: &str,
        version: u32,
    ) -> Result<Option<Template>> {
        sqlx::query_as!(
            Row,
            "SELECT environment, name, version, resource_name, spec, declared_by, declared_at
             FROM templates WHERE environment = $1 AND name = $2 AND version = $3::bigint",
            environment,
            name,
            i64::from(version)
        )
        .fetch_optional(&self.pool)
        .await?
        .map(Template::try_from)
        .transpose()
    }

    /// All of them without their contents, by name, the newest version first: all versions that there ever were are many.
    pub async fn list_template_headings(&self, environment: &str) -> Result<Vec<TemplateHeading>> {
        sqlx::query!(
            r#"SELECT name, version, resource_name, spec ->> 'agent_type' AS "agent_type!", declared_by, declared_at
               FROM templates WHERE environment = $1 ORDER BY name, version DESC"#,
            environment
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("template {} v{} of {environment}", row.name, row.version);
            Ok(TemplateHeading {
                version: column::count(named, "version", row.version)?,
                agent_type: column::text(named, "spec", &row.agent_type)?,
                resource_name: row.resource_name,
                declared_by: ChangeId(row.declared_by),
                declared_at: row.declared_at,
                name: row.name,
            })
        })
        .collect()
    }

    /// What they are called, and nothing else of them.
    pub async fn list_template_names(&self, environment: &str) -> Result<Vec<TemplateName>> {
        sqlx::query!(
            "SELECT name, version, resource_name FROM templates WHERE environment = $1 ORDER BY name, version DESC",
            environment
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("template {} v{} of {environment}", row.name, row.version);
            let version = column::count(named, "version", row.version)?;
            Ok(TemplateName { version, resource_name: row.resource_name, name: row.name })
        })
        .collect()
    }
}

impl Tx {
    /// The version of this content: a new one, or the one that it already has, because the resource's name carries a digest of it.
    /// The environment must be locked.
    pub async fn insert_template_version(
        &mut self,
        environment: &str,
        spec: &TemplateSpec,
        resource_name: &str,
        change: ChangeId,
        at: Timestamp,
    ) -> Result<u32> {
        let version = sqlx::query_scalar!(
            r#"WITH known AS (
                   SELECT version FROM templates WHERE environment = $1 AND name = $2 AND resource_name = $3
               ), added AS (
                   INSERT INTO templates (environment, name, version, resource_name, spec, declared_by, declared_at)
                   SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6
                   FROM templates WHERE environment = $1 AND name = $2
                   HAVING NOT EXISTS (SELECT FROM known)
                   RETURNING version
               )
               SELECT version AS "version!" FROM known UNION ALL SELECT version FROM added"#,
            environment,
            spec.name,
            resource_name,
            Json(spec) as _,
            change.0,
            at
        )
        .fetch_one(self.connection())
        .await?;
        column::count(|| format!("template {} of {environment}", spec.name), "version", version)
    }
}

#[cfg(test)]
mod tests {
    use domain::AgentType;
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_content_gets_one_version_and_keeps_it(pool: PgPool) {
        let store = Store::from(pool);
        let change = samples::environment(&store, "dev").await;
        let web = TemplateSpec::new("web", AgentType::ALL[0]);
        let mut wider = web.clone();
        wider.disk_size_gb = Some(80);
        let mut tx = store.begin().await.unwrap();
        let mut versions = Vec::new();
        for (spec, resource) in [(&web, "web-1a"), (&wider, "web-2b"), (&web, "web-1a"), (&wider, "web-2b")] {
            versions.push(tx.insert_template_version("dev", spec, resource, change, at(1)).await.unwrap());
        }
        assert_eq!(versions, [1, 2, 1, 2]);
        let other = TemplateSpec::new("batch", AgentType::ALL[0]);
        assert_eq!(tx.insert_template_version("dev", &other, "batch-1", change, at(1)).await.unwrap(), 1);
        tx.commit().await.unwrap();

        let listed = store.list_templates("dev").await.unwrap();
        let names: Vec<_> =
            listed.iter().map(|template| (template.name.as_str(), template.version)).collect();
        assert_eq!(names, [("batch", 1), ("web", 2), ("web", 1)]);
        assert_eq!(listed[1].spec, wider);
        let one = store.get_template("dev", "web", 2).await.unwrap();
        assert_eq!(one.as_ref(), Some(&listed[1]));
        assert_eq!(store.get_template("dev", "web", 3).await.unwrap(), None);
        let headings = listed.iter().cloned().map(|template| TemplateHeading {
            agent_type: template.spec.agent_type,
            name: template.name,
            version: template.version,
            resource_name: template.resource_name,
            declared_by: template.declared_by,
            declared_at: template.declared_at,
        });
        assert_eq!(store.list_template_headings("dev").await.unwrap(), headings.collect::<Vec<_>>());
        assert_eq!(store.list_template_headings("prod").await.unwrap(), []);
        let named = listed.into_iter().map(|template| TemplateName {
            name: template.name,
            version: template.version,
            resource_name: template.resource_name,
        });
        assert_eq!(store.list_template_names("dev").await.unwrap(), named.collect::<Vec<_>>());
        assert_eq!(store.list_template_names("prod").await.unwrap(), []);
    }
}
