//! Firewall rules, global. They are kept and checked; whether they would let a health probe through is not modelled yet.

use std::net::IpAddr;

use serde_json::Value;

use super::resource::{Body, Noun, bounded, text};
use crate::{
    error::Error,
    reference::{link, project},
    shape::firewall::FIREWALL,
    world::World,
};

pub(crate) const NOUN: Noun = Noun {
    collection: "firewalls",
    kind: "compute#firewall",
    fields: FIREWALL,
    required: &["name"],
    output: &[],
    mutable: true,
    complete,
    user: |_, _| None,
};

fn complete(body: &mut Body, _: &World, path: &str) -> Result<(), Error> {
    let default = link(&format!("projects/{}/global/networks/default", project(path)));
    body.entry("network").or_insert_with(|| default.into());
    body.entry("direction").or_insert_with(|| "INGRESS".into());
    body.entry("disabled").or_insert_with(|| false.into());
    body.entry("logConfig").or_insert_with(|| serde_json::json!({"enable": false}));
    bounded(body, "priority", 1000, 0, 65535)?;
    match (body.get("allowed").is_some(), body.get("denied").is_some()) {
        (true, true) => {
            return Err(Error::refused("Firewall cannot have both allowed and denied specified."));
        }
        (false, false) => {
            return Err(Error::refused("Firewall must have at least one of allowed or denied specified."));
        }
        _ => {}
    }
    for field in ["sourceRanges", "destinationRanges"] {
        for range in body.get(field).and_then(Value::as_array).into_iter().flatten() {
            check_range(&format!("resource.{field}"), text(range))?;
        }
    }
    for field in ["allowed", "denied"] {
        for traffic in body.get(field).and_then(Value::as_array).into_iter().flatten() {
            check_traffic(&format!("resource.{field}"), traffic)?;
        }
    }
    let ingress = body.get("direction").map(text) == Some("INGRESS");
    let filled =
        |body: &Body, key: &str| body.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    // An egress rule's targets alone say which VMs it is for; its source ranges narrow their own addresses.
    let foreign = ["sourceTags", "sourceServiceAccounts"].into_iter().find(|field| filled(body, field));
    if let Some(field) = foreign.filter(|_| !ingress) {
        let why = "Egress rules take targets, not source tags or source service accounts.";
        return Err(Error::invalid(&format!("resource.{field}"), "", why));
    }
    let everything = || Value::from(vec!["0.0.0.0/0"]);
    if ingress
        && !filled(body, "sourceRanges")
        && !filled(body, "sourceTags")
        && !filled(body, "sourceServiceAccounts")
    {
        body.insert("sourceRanges".into(), everything());
    }
    if !ingress && !filled(body, "destinationRanges") {
        body.insert("destinationRanges".into(), everything());
    }
    Ok(())
}

fn check_range(field: &str, range: &str) -> Result<(), Error> {
    let (address, bits) =
        range.split_once('/').map_or((range, None), |(address, bits)| (address, Some(bits)));
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => 0,
    };
    let fits = most > 0 && bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most));
    if fits {
        return Ok(());
    }
    Err(Error::invalid(field, range, "Must be a valid CIDR address range."))
}

fn check_traffic(field: &str, traffic: &Value) -> Result<(), Error> {
    let protocol = traffic.get("IPProtocol").map(text).unwrap_or_default();
    if protocol.is_empty() {
        return Err(Error::required(&[&format!("{field}[0].IPProtocol")]));
    }
    let known = ["tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all"]
        .contains(&protocol.to_lowercase().as_str());
    if !known && protocol.parse::<u8>().is_err() {
        let why = "Must be a well-known protocol or an IP protocol number.";
        return Err(Error::invalid(&format!("{field}[0].IPProtocol"), protocol, why));
    }
    for ports in traffic.get("ports").and_then(Value::as_array).into_iter().flatten() {
        let ports = text(ports);
        let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
        let range = (from.parse::<u16>(), to.parse::<u16>());
        if !matches!(range, (Ok(from), Ok(to)) if from <= to) {
            let why = "Must be a port or a range of ports, such as 8080 or 8000-9000.";
            return Err(Error::invalid(&format!("{field}[0].ports[0]"), ports, why));
        }
    }
    Ok(())
}
