//! The script that a VM runs at every boot: it installs agent-cage as the systemd unit `agent-runtime` under a user of
//! its own. The binary's address and checksum come from the metadata keys `agent-cage-url` and `agent-cage-sha256`,
//! of the instance or the project, so that whoever runs the project decides what runs on its VMs.

use crate::AgentType;

/// Bash; a second run changes nothing.
pub(super) fn startup_script(agent_type: AgentType, monitoring: bool) -> String {
    let mut script = format!("#!/usr/bin/env bash\n# Runtime of a {agent_type} agent.\n{RUNTIME}");
    let tools = tools(agent_type);
    script.push_str(&TOOLS.replace("@TOOLS@", tools));
    if monitoring {
        script.push_str(MONITORING);
    }
    script
}

/// Debian packages. What the archive does not have (Terraform, Helm, cloud SDKs) belongs in an image of one's own.
const fn tools(agent_type: AgentType) -> &'static str {
    match agent_type {
        AgentType::ProjectManager | AgentType::Architect | AgentType::TechLead => "git jq",
        AgentType::BackendDeveloper => "git jq python3-venv nodejs npm golang-go",
        AgentType::FrontendDeveloper => "git jq nodejs npm",
        AgentType::DataEngineer => "git jq python3-venv postgresql-client",
        AgentType::QaAutomation => "git jq python3-venv nodejs npm",
        AgentType::IntegrationAgent => "git jq python3-venv",
        AgentType::PlatformEngineer | AgentType::SreAgent | AgentType::DevopsAgent => {
            "git jq unzip dnsutils python3-venv"
        }
        AgentType::SecurityAgent => "git jq nmap lynis",
    }
}

const RUNTIME: &str = r#"set -euo pipefail
say() { echo "agent-runtime: $*"; }
attribute() {
  local root=http://metadata.google.internal/computeMetadata/v1 level
  for level in instance project; do
    curl -sf --retry 5 -H 'Metadata-Flavor: Google' "$root/$level/attributes/$1" && return
  done
  return 0
}

id agent >/dev/null 2>&1 || useradd --system --home-dir /var/lib/agent --shell /usr/sbin/nologin agent
install -d -o agent -g agent -m 0750 /var/lib/agent /var/lib/agent/workspace
disk=/dev/disk/by-id/google-workspace
if [ -b "$disk" ]; then
  blkid "$disk" >/dev/null || mkfs.ext4 -q -m 0 "$disk"
  mountpoint -q /var/lib/agent/workspace || mount -o discard,nosuid,nodev "$disk" /var/lib/agent/workspace
  chown agent:agent /var/lib/agent/workspace
fi

binary=/opt/agent/agent-cage
version=$(attribute agent-cage-version)
url=$(attribute agent-cage-url)
sum=$(attribute agent-cage-sha256)
same() { [ -f "$1" ] && echo "$sum  $1" | sha256sum --check --status; }
changed=no
if [ -n "$url" ] && ! same "$binary"; then
  [ -n "$sum" ] || { say "agent-cage-url is set without agent-cage-sha256: not installing"; exit 1; }
  install -d /opt/agent
  curl -sSfL --retry 5 -o "$binary.new" "${url//\{version\}/$version}"
  same "$binary.new" || { say "the download does not match agent-cage-sha256"; rm -f "$binary.new"; exit 1; }
  chmod 0755 "$binary.new"
  mv "$binary.new" "$binary"
  changed=yes
fi
[ -x "$binary" ] || { say "no $binary in the image and no agent-cage-url in the metadata"; exit 1; }

cat >/etc/systemd/system/agent-runtime.service.new <<'UNIT'
[Unit]
Description=Agent runtime (agent-cage)
Wants=network-online.target
After=network-online.target
[Service]
User=agent
ExecStart=/opt/agent/agent-cage
RuntimeDirectory=agent-cage
Restart=always
RestartSec=2
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/var/lib/agent
[Install]
WantedBy=multi-user.target
UNIT
unit=/etc/systemd/system/agent-runtime.service
cmp -s "$unit.new" "$unit" || changed=yes
mv "$unit.new" "$unit"
systemctl daemon-reload
systemctl enable --quiet agent-runtime
if [ "$changed" = yes ]; then systemctl restart agent-runtime; else systemctl start agent-runtime; fi
"#;

/// After the runtime: an agent without its tools still reports, a VM without an archive still boots.
const TOOLS: &str = r#"
export DEBIAN_FRONTEND=noninteractive
for tool in @TOOLS@; do
  dpkg -s "$tool" >/dev/null 2>&1 && continue
  [ -n "${updated:-}" ] || apt-get update -qq || true
  updated=yes
  apt-get install -qq -y --no-install-recommends "$tool" >/dev/null || say "cannot install $tool"
done
"#;

/// Google's own installer: <https://cloud.google.com/monitoring/agent/ops-agent/install-index>
const MONITORING: &str = r#"
if ! systemctl is-enabled --quiet google-cloud-ops-agent 2>/dev/null; then
  installer=$(mktemp)
  curl -sSf --retry 5 -o "$installer" https://dl.google.com/cloudagents/add-google-cloud-ops-agent-repo.sh \
    && bash "$installer" --also-install >/dev/null || say "cannot install the Ops Agent"
  rm -f "$installer"
fi
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_gets_a_script_that_fits_the_metadata() {
        for agent_type in AgentType::ALL {
            let script = startup_script(agent_type, true);
            assert!(script.starts_with("#!/usr/bin/env bash\n"), "{agent_type}");
            assert!(script.contains("agent-runtime.service") && !script.contains('@'), "{agent_type}");
            assert!(script.len() < 8 * 1024, "{agent_type}: {}", script.len());
        }
    }

    #[test]
    fn monitoring_is_installed_only_where_it_is_enabled() {
        assert!(startup_script(AgentType::SreAgent, true).contains("ops-agent"));
        assert!(!startup_script(AgentType::SreAgent, false).contains("ops-agent"));
    }
}
