//! What-ifs: may this source reach that target by such a service, and which rule says so.

use domain::{
    firewall::{
        Party, ServiceSet, Tags, canary_of, outcome, parse_range, pool_of_canary, protocol_has_ports,
        protocol_number, protocol_word,
    },
    name,
    view::firewall::{Question, Refused, WhatIf},
};

use super::rules::Rules;
use crate::Control;

/// Characters of one end of a what-if, at most.
const LONGEST_PARTY: usize = 100;

impl Rules {
    pub(super) fn answer(&self, control: &Control, question: &Question) -> Result<WhatIf, Vec<Refused>> {
        let mut refused: Vec<Refused> = Vec::new();
        let source =
            self.party(control, &question.source).map_err(|why| refused.push(("source".to_owned(), why)));
        let target =
            self.party(control, &question.target).map_err(|why| refused.push(("target".to_owned(), why)));
        let service = service(question).map_err(|one| refused.push(one));
        let (Ok(source), Ok(target), Ok((protocol, port))) = (source, target, service) else {
            return Err(refused);
        };
        let legs = self.firewall().what_if(&source, &target, protocol, port);
        if legs.is_empty() {
            let why = "neither end is a pool: name the pool that is called, or the one that calls";
            return Err(vec![("target".to_owned(), why.to_owned())]);
        }
        Ok(WhatIf {
            source: source.name,
            target: target.name,
            service: ServiceSet::one(protocol, port).texts().join(", "),
            outcome: outcome(&legs),
            legs,
        })
    }

    /// Addresses of the VMs that are known by that name. Those of a canary whose tags differ are not its pool's.
    fn seen(&self, control: &Control, named: &str) -> Vec<String> {
        let tried = pool_of_canary(named);
        let pool = tried.unwrap_or(named);
        let group = self.declared.desired.groups.get(&name::instance_group(self.prefix(), pool));
        let apart = group.filter(|_| self.tags.contains_key(&canary_of(pool)));
        let version = apart.and_then(|group| Some(name::last_segment(&group.canary.as_ref()?.template)));
        control.live.look(&self.declared.environment.name, |rows| {
            let tries = |template: Option<&str>| version.is_some() && template == version;
            let own = rows
                .into_iter()
                .filter(|row| row.pool == pool && tries(row.instance.template.as_deref()) == tried.is_some());
            own.filter_map(|row| row.instance.address.clone()).collect()
        })
    }

    /// A pool's name or its canary's, `tag` and a tag, an address, a range.
    fn party(&self, control: &Control, text: &str) -> Result<Party, String> {
        let text = text.trim();
        let help = "write an address, a range as 10.0.0.0/8, a pool's name, or tag and a network tag";
        if text.is_empty() {
            return Err(format!("it is empty: {help}"));
        }
        if text.chars().count() > LONGEST_PARTY {
            return Err(format!("it is too long: {help}"));
        }
        let pool = text.strip_prefix("pool ").unwrap_or(text).trim();
        if let Some(tags) = self.tags.get(pool) {
            return Ok(Party::vms(&format!("pool {pool}"), tags.clone(), &self.seen(control, pool)));
        }
        if let Some(tag) = text.strip_prefix("tag ").map(str::trim).filter(|tag| name::is_rfc1035(tag)) {
            return Ok(Party::vms(&format!("VMs tagged {tag}"), Tags::from([tag.to_owned()]), []));
        }
        match parse_range(text) {
            Some(range) => Ok(Party::range(&range.to_string(), range)),
            None => Err(format!("`{text}` is neither a pool here nor an address: {help}")),
        }
    }
}

fn service(question: &Question) -> Result<(u8, u16), Refused> {
    let protocol = question.protocol.trim();
    let protocol = if protocol.is_empty() { "tcp" } else { protocol };
    let number = protocol_number(protocol).ok_or_else(|| {
        let why = format!("`{protocol}` is no protocol: tcp, udp, icmp, esp, ah, sctp, ipip or its number");
        ("protocol".to_owned(), why)
    })?;
    let port = question.port.trim();
    let ported = protocol_has_ports(number);
    match (ported, port) {
        (true, "") => {
            Err(("port".to_owned(), format!("{} needs one: write 1 to 65535", protocol_word(number))))
        }
        (true, text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok((number, port)),
            _ => Err(("port".to_owned(), format!("`{text}` is no port: write 1 to 65535"))),
        },
        (false, "") => Ok((number, 0)),
        (false, _) => {
            Err(("port".to_owned(), format!("{} has no ports: leave it empty", protocol_word(number))))
        }
    }
}
