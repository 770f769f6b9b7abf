//! Templates: their versions, which of them is declared, and which VMs run which.

use std::collections::BTreeMap;

use domain::{
    Actor, ChangeId, FleetSpec, Permission, derive,
    instance::InstanceStatus,
    name, plan,
    pool::PoolSpec,
    resource::InstanceTemplate,
    view::template::{
        PoolCount, TemplateForm, TemplateRow, TemplateSetting, TemplateVersion, TemplateView,
        VersionComparison,
    },
};

use crate::{Control, Error, environments, error::authorize};

/// The templates of one environment, or of all: the declared ones in their order, then the retired ones by name.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_templates(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<Vec<TemplateRow>, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let mut rows = Vec::new();
    for environment in environments::named_or_all(control, environment).await? {
        rows.extend(Kept::load(control, environment).await?.rows());
    }
    Ok(rows)
}

/// One template; `compare` names two of its versions. Without it the declared version stands against the one before.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, template), err(level = "debug"))]
pub async fn load_template(
    control: &Control,
    actor: &Actor,
    environment: &str,
    template: &str,
    compare: Option<(u32, u32)>,
) -> Result<TemplateView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let kept = Kept::load(control, environments::require(control, environment).await?).await?;
    let row = kept
        .rows()
        .into_iter()
        .find(|row| row.name == template)
        .ok_or_else(|| missing(environment, template))?;
    let declared = kept.environment.spec.agent_vm_templates.iter().find(|spec| spec.name == template);
    let (spec, of) = match declared {
        Some(spec) => (spec.clone(), kept.environment.spec.environment.clone()),
        None => {
            let newest = row.versions.first().map_or(0, |version| version.version);
            let last = control.store.get_template(environment, template, newest).await?;
            let last = last.ok_or_else(|| missing(environment, template))?;
            let then = declaration_of(control, last.declared_by).await?;
            (
                last.spec,
                then.map_or_else(|| kept.environment.spec.environment.clone(), |spec| spec.environment),
            )
        }
    };
    let comparison = match compare.or_else(|| usual_comparison(&row)) {
        Some((from, to)) => Some(kept.compare(control, template, from, to).await?),
        None => None,
    };
    let alone = FleetSpec { agent_vm_templates: vec![spec.clone()], ..FleetSpec::new(of.clone()) };
    let script = derive::resources(&alone, &[]).templates.into_values().next();
    Ok(TemplateView {
        settings: TemplateSetting::of(&of, &spec),
        startup_script: script.and_then(|mut template| template.metadata.remove("startup-script")),
        comparison,
        now: control.clock.now(),
        row,
    })
}

/// What a form about a template starts from. Without a name it creates a template; without an environment, in the first.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, template), err(level = "debug"))]
pub async fn load_template_form(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    template: Option<&str>,
) -> Result<TemplateForm, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let found = environments::to_declare_in(control, environment).await?;
    let spec = found.spec;
    let environment = &found.name;
    let own = match template {
        Some(name) => {
            let found = spec.agent_vm_templates.iter().find(|declared| declared.name == name);
            Some(found.cloned().ok_or_else(|| missing(environment, name))?)
        }
        None => None,
    };
    let users: Vec<(&PoolSpec, &str)> = match template {
        Some(name) => {
            spec.agent_pools.iter().filter(|pool| pool.uses(name)).map(|pool| (pool, name)).collect()
        }
        None => Vec::new(),
    };
    let those = |wanted: fn(&PoolSpec, &str) -> bool| -> Vec<String> {
        let found = users.iter().filter(|(pool, name)| wanted(pool, name));
        found.map(|(pool, _)| pool.name.clone()).collect()
    };
    Ok(TemplateForm {
        names: spec.agent_vm_templates.iter().map(|declared| declared.name.clone()).collect(),
        pools: those(|_, _| true),
        held: those(PoolSpec::lets_go_of),
        trying: those(|pool, name| pool.canary.is_some() && pool.held_versions(name).next().is_some()),
        template: own,
        environment: spec.environment,
        generation: found.generation,
    })
}

fn missing(environment: &str, template: &str) -> Error {
    Error::NotFound(format!("template {} in {environment}", template.escape_debug()))
}

/// Pools that hold to the version of that template.
fn holding(spec: &FleetSpec, template: &str, resource: &str) -> Vec<String> {
    let digits = name::version_digits(resource);
    let holds = |pool: &&PoolSpec| pool.held_versions(template).any(|held| held == digits);
    spec.agent_pools.iter().filter(holds).map(|pool| pool.name.clone()).collect()
}

/// The declared version against the one before it; of a retired template, its newest two.
fn usual_comparison(row: &TemplateRow) -> Option<(u32, u32)> {
    let to = row.shown()?.version;
    let before = row.versions.iter().map(|version| version.version).filter(|version| *version != to);
    // Newest first: the one just below, or else, where an old content was declared again, the newest of all.
    let from = before.clone().find(|version| *version < to).or_else(|| before.clone().next())?;
    Some((from, to))
}

/// What the change that made the version had declared.
async fn declaration_of(control: &Control, change: ChangeId) -> Result<Option<FleetSpec>, Error> {
    Ok(control.store.get_change(change).await?.map(|change| change.revision.desired))
}

/// One environment's templates with all their versions, whose contents are not read, beside what runs.
struct Kept {
    environment: store::Environment,
    /// By name, the newest version first.
    versions: Vec<store::TemplateHeading>,
    /// Instance templates in Compute Engine; None where nothing was observed yet.
    existing: Option<Vec<String>>,
    /// VMs that run, by the name of the instance template that their group gives them, and by pool.
    running: BTreeMap<String, Vec<PoolCount>>,
}

impl Kept {
    async fn load(control: &Control, environment: store::Environment) -> Result<Self, Error> {
        let versions = control.store.list_template_headings(&environment.name).await?;
        let observed = control.store.observed_settings(&environment.name).await?;
        let existing = observed.map(|fleet| fleet.resources.templates.into_keys().collect());
        let running = running(control, &environment.name);
        Ok(Self { environment, versions, existing, running })
    }

    fn version(&self, template: &str, version: u32) -> Option<&store::TemplateHeading> {
        self.versions.iter().find(|one| one.name == template && one.version == version)
    }

    fn rows(&self) -> Vec<TemplateRow> {
        let spec = &self.environment.spec;
        let prefix = &spec.environment.name_prefix;
        // Of the templates alone: what pools hold to besides is another question.
        let templates = FleetSpec {
            agent_vm_templates: spec.agent_vm_templates.clone(),
            ..FleetSpec::new(spec.environment.clone())
        };
        let declared = derive::resources(&templates, &[]).templates;
        let mut by_name: BTreeMap<&str, Vec<&store::TemplateHeading>> = BTreeMap::new();
        for version in &self.versions {
            by_name.entry(&version.name).or_default().push(version);
        }
        let mut rows: Vec<(usize, TemplateRow)> = Vec::new();
        for (template, versions) in by_name {
            let place = spec.agent_vm_templates.iter().position(|declared| declared.name == template);
            let meant = declared
                .keys()
                .find(|resource| place.is_some() && name::is_version_of(resource, prefix, template));
            let Some(newest) = versions.first() else { continue };
            let users = spec.agent_pools.iter().filter(|pool| pool.uses(template));
            let row = TemplateRow {
                environment: self.environment.name.clone(),
                name: template.to_owned(),
                agent_type: place.map_or(newest.agent_type, |at| spec.agent_vm_templates[at].agent_type),
                pools: users.map(|pool| pool.name.clone()).collect(),
                versions: versions
                    .iter()
                    .map(|version| TemplateVersion {
                        version: version.version,
                        declared: meant == Some(&version.resource_name),
                        exists: self.existing.as_ref().map(|all| all.contains(&version.resource_name)),
                        resource_name: version.resource_name.clone(),
                        declared_by: version.declared_by,
                        declared_at: version.declared_at,
                        running: self.running.get(&version.resource_name).cloned().unwrap_or_default(),
                        held_by: holding(spec, template, &version.resource_name),
                    })
                    .collect(),
            };
            rows.push((place.unwrap_or(usize::MAX), row));
        }
        rows.sort_by_key(|(place, _)| *place);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    async fn compare(
        &self,
        control: &Control,
        template: &str,
        from: u32,
        to: u32,
    ) -> Result<VersionComparison, Error> {
        let before = self.content(control, template, from).await?;
        let after = self.content(control, template, to).await?;
        let mut comparison = VersionComparison { from, to, changes: Vec::new(), unknown: Vec::new() };
        match (before, after) {
            (Some(before), Some(after)) => comparison.changes = plan::template_differences(&before, &after),
            (before, after) => {
                let missing = [(from, before.is_none()), (to, after.is_none())];
                comparison.unknown =
                    missing.into_iter().filter(|(_, gone)| *gone).map(|(one, _)| one).collect();
            }
        }
        Ok(comparison)
    }

    /// As it was made: from the declaration of its change, because environments' defaults move on.
    async fn content(
        &self,
        control: &Control,
        template: &str,
        version: u32,
    ) -> Result<Option<InstanceTemplate>, Error> {
        let found = self.version(template, version).ok_or_else(|| {
            Error::NotFound(format!("version {version} of template {template} in {}", self.environment.name))
        })?;
        let Some(then) = declaration_of(control, found.declared_by).await? else { return Ok(None) };
        Ok(derive::resources(&then, &[]).templates.remove(&found.resource_name))
    }
}

fn running(control: &Control, environment: &str) -> BTreeMap<String, Vec<PoolCount>> {
    control.live.look(environment, |rows| {
        let mut counts: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
        for row in rows {
            // Of a VM that is still to be made there is only what it is meant to run.
            if row.instance.status != InstanceStatus::Running {
                continue;
            }
            let Some(template) = row.instance.template.as_deref() else { continue };
            *counts.entry(name::last_segment(template)).or_default().entry(&row.pool).or_default() += 1;
        }
        counts
            .into_iter()
            .map(|(template, pools)| {
                let pools = pools.into_iter().map(|(pool, vms)| PoolCount { pool: pool.to_owned(), vms });
                (template.to_owned(), pools.collect())
            })
            .collect()
    })
}
