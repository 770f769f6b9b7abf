//! What declared resources have in common: insert, get, list, delete and, where they can be changed, PATCH and PUT.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Map, Value, json};

use super::{call::Call, listing};
use crate::{
    app::App,
    clock::Moment,
    error::Error,
    operation::{Finish, Subject},
    reference::{self, link},
    shape::{self, Fields, Nulls},
    world::{Resource, World},
};

pub(crate) type Body = Map<String, Value>;

/// One kind of resource. `complete` fills in defaults, then refuses what Compute Engine would.
pub(crate) struct Noun {
    pub(crate) collection: &'static str,
    /// `compute#instanceTemplate`
    pub(crate) kind: &'static str,
    pub(crate) fields: Fields,
    pub(crate) required: &'static [&'static str],
    /// Fields that the service fills: what a client sends for them is dropped.
    pub(crate) output: &'static [&'static str],
    /// Immutable resources have neither PATCH nor PUT.
    pub(crate) mutable: bool,
    pub(crate) complete: fn(&mut Body, &World, &str) -> Result<(), Error>,
    /// What keeps it from being deleted.
    pub(crate) user: fn(&World, &str) -> Option<Error>,
}

const OUTPUT: &[&str] = &["kind", "id", "creationTimestamp", "selfLink", "region", "zone"];

/// Routes of a global resource.
pub(crate) fn routes(noun: &'static Noun) -> Router<App> {
    let collection = format!("/projects/{{project}}/global/{}", noun.collection);
    let one = format!("{collection}/{{name}}");
    let mut single = get(async move |State(app): State<App>, call: Call| show(noun, &app, &call))
        .delete(async move |State(app): State<App>, call: Call| remove(noun, &app, &call));
    if noun.mutable {
        single = single
            .patch(async move |State(app): State<App>, call: Call| {
                change(noun, &app, &call, call.path(), Change::Patch)
            })
            .put(async move |State(app): State<App>, call: Call| {
                change(noun, &app, &call, call.path(), Change::Replace)
            });
    }
    Router::new()
        .route(
            &collection,
            get(async move |State(app): State<App>, call: Call| list(noun, &app, &call))
                .post(async move |State(app): State<App>, call: Call| insert(noun, &app, &call)),
        )
        .route(&one, single)
}

pub(crate) fn insert(noun: &Noun, app: &App, call: &Call) -> Result<Json<Value>, Error> {
    app.change(call, |world, now| {
        let mut body = shape::check(noun.fields, call.body()?, Nulls::Absent)?;
        strip(noun, &mut body);
        require(noun, &body)?;
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        reference::check_name("resource.name", name)?;
        let path = format!("{}/{name}", call.path());
        (noun.complete)(&mut body, world, &path)?;
        if world.resources.contains_key(&path) {
            return Err(Error::already_exists(&path));
        }
        let id = world.dice.id();
        world.resources.insert(path.clone(), Resource { id, created: now.stamp, body });
        Ok(subject("insert", path, id))
    })
}

pub(crate) fn show(noun: &Noun, app: &App, call: &Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    Ok(Json(view(noun, call.path(), world.resource(call.path())?)))
}

pub(crate) fn list(noun: &Noun, app: &App, call: &Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let items = World::below(&world.resources, call.path())
        .map(|(path, resource)| (path.clone(), view(noun, path, resource)))
        .collect();
    listing::list(call, &format!("{}List", noun.kind), items).map(Json)
}

pub(crate) fn remove(noun: &Noun, app: &App, call: &Call) -> Result<Json<Value>, Error> {
    app.change(call, |world, _| {
        let path = call.path();
        let id = world.resource(path)?.id;
        if let Some(error) = (noun.user)(world, path) {
            return Err(error);
        }
        world.resources.remove(path);
        world.drop_blueprint(id);
        Ok(subject("delete", path.to_owned(), id))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// JSON merge patch.
    Patch,
    /// What is not given returns to its default.
    Replace,
}

pub(crate) fn change(
    noun: &Noun,
    app: &App,
    call: &Call,
    path: &str,
    how: Change,
) -> Result<Json<Value>, Error> {
    app.change(call, |world, _: Moment| {
        let nulls = if how == Change::Patch { Nulls::Kept } else { Nulls::Absent };
        let mut given = shape::check(noun.fields, call.body()?, nulls)?;
        strip(noun, &mut given);
        let resource = world.resource(path)?;
        if let Some(name) = given.get("name").filter(|name| **name != reference::name(path)) {
            return Err(Error::invalid("resource.name", text(name), "Name cannot be changed."));
        }
        let mut body = match how {
            Change::Patch => {
                let mut body = resource.body.clone();
                merge(&mut body, given);
                body
            }
            Change::Replace => given,
        };
        body.insert("name".to_owned(), reference::name(path).into());
        require(noun, &body)?;
        (noun.complete)(&mut body, world, path)?;
        let id = resource.id;
        if let Some(resource) = world.resources.get_mut(path) {
            resource.body = body;
        }
        Ok(subject(if how == Change::Patch { "patch" } else { "update" }, path.to_owned(), id))
    })
}

/// JSON merge patch (RFC 7396).
pub(crate) fn merge(target: &mut Body, patch: Body) {
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.remove(&key);
            }
            Value::Object(patch) => {
                let entry = target.entry(key).or_insert_with(|| json!({}));
                if !entry.is_object() {
                    *entry = json!({});
                }
                if let Value::Object(entry) = entry {
                    merge(entry, patch);
                }
            }
            value => {
                target.insert(key, value);
            }
        }
    }
}

fn view(noun: &Noun, path: &str, resource: &Resource) -> Value {
    let mut view = resource.body.clone();
    view.insert("kind".to_owned(), noun.kind.into());
    view.insert("id".to_owned(), resource.id.to_string().into());
    view.insert("creationTimestamp".to_owned(), resource.created.to_string().into());
    view.insert("selfLink".to_owned(), link(path).into());
    Value::Object(view)
}

fn strip(noun: &Noun, body: &mut Body) {
    body.retain(|key, _| !OUTPUT.contains(&key.as_str()) && !noun.output.contains(&key.as_str()));
}

fn require(noun: &Noun, body: &Body) -> Result<(), Error> {
    let whole = Value::Object(body.clone());
    let missing: Vec<String> = noun
        .required
        .iter()
        .filter(|field| whole.pointer(&format!("/{}", field.replace('.', "/"))).is_none())
        .map(|field| format!("resource.{field}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::required(&missing.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn subject(kind: &str, target: String, target_id: u64) -> Subject {
    Subject { kind: kind.to_owned(), target, target_id, finish: Finish::Stored }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A whole number within bounds, or the default where none is given.
pub(crate) fn bounded(body: &mut Body, key: &str, default: i64, from: i64, to: i64) -> Result<i64, Error> {
    let number = body.entry(key).or_insert_with(|| default.into()).as_i64().unwrap_or_default();
    if (from..=to).contains(&number) {
        return Ok(number);
    }
    let why = format!("Must be greater than or equal to {from} and less than or equal to {to}.");
    Err(Error::invalid(&format!("resource.{key}"), number, &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_changes_what_it_names() {
        let Value::Object(mut target) = json!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1, 2]}) else { panic!() };
        let Value::Object(patch) = json!({"a": null, "b": {"c": 3}, "e": [9], "f": {"g": 1}}) else {
            panic!()
        };
        merge(&mut target, patch);
        assert_eq!(Value::Object(target), json!({"b": {"c": 3, "d": 2}, "e": [9], "f": {"g": 1}}));
    }
}
