//! Health checks, global. HTTP and TCP are the ones that the emulator can probe; it refuses the others instead of calling
//! everything healthy.

use serde_json::{Value, json};

use super::resource::{Body, Noun, bounded, text};
use crate::{error::Error, shape::health_check::HEALTH_CHECK, world::World};

pub(crate) const NOUN: Noun = Noun {
    collection: "healthChecks",
    kind: "compute#healthCheck",
    fields: HEALTH_CHECK,
    required: &["name", "type"],
    output: &[],
    mutable: true,
    complete,
    user: |world, path| {
        world.user_of_health_check(path).map(|user| Error::in_use("health_check", path, user))
    },
};

const BLOCKS: &[(&str, &str, i64)] = &[("HTTP", "httpHealthCheck", 80), ("TCP", "tcpHealthCheck", 80)];

fn complete(body: &mut Body, _: &World, _: &str) -> Result<(), Error> {
    let interval = bounded(body, "checkIntervalSec", 5, 1, 300)?;
    let timeout = bounded(body, "timeoutSec", 5, 1, 300)?;
    bounded(body, "healthyThreshold", 2, 1, 10)?;
    bounded(body, "unhealthyThreshold", 2, 1, 10)?;
    if timeout > interval {
        let why = "TimeoutSec should be less than or equal to checkIntervalSec.";
        return Err(Error::invalid("resource.timeoutSec", timeout, why));
    }
    let kind = body.get("type").map(text).unwrap_or_default().to_owned();
    let Some((_, own, port)) = BLOCKS.iter().find(|(name, ..)| *name == kind) else {
        let why = "The emulator probes HTTP and TCP health checks only.";
        return Err(Error::invalid("resource.type", kind, why));
    };
    let foreign = body.keys().find(|key| key.ends_with("HealthCheck") && key != own);
    if let Some(foreign) = foreign {
        let why = format!("A health check of type {kind} takes {own}.");
        return Err(Error::invalid(&format!("resource.{foreign}"), "", &why));
    }
    let block = body.entry(*own).or_insert_with(|| json!({}));
    if let Some(block) = block.as_object_mut() {
        block.entry("proxyHeader").or_insert_with(|| "NONE".into());
        let named = block.contains_key("portName");
        if !named {
            block.entry("port").or_insert_with(|| (*port).into());
        }
        if kind == "HTTP" {
            let path = block.entry("requestPath").or_insert_with(|| "/".into());
            if !text(path).starts_with('/') {
                let path = text(path).to_owned();
                return Err(Error::invalid(
                    "resource.httpHealthCheck.requestPath",
                    path,
                    "Must start with '/'.",
                ));
            }
        }
        let port = block.get("port").and_then(Value::as_i64).unwrap_or(1);
        if !(1..=65535).contains(&port) {
            let why = "Must be greater than or equal to 1 and less than or equal to 65535.";
            return Err(Error::invalid(&format!("resource.{own}.port"), port, why));
        }
    }
    Ok(())
}
