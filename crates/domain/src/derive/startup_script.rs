//! The script that a VM runs at every boot: it installs agent-cage as the systemd unit `agent-runtime` under a user of
//! its own. The binary's address and checksum come from the metadata keys `agent-cage-url` and `agent-cage-sha256`,
//! of the instance or the project, so that whoever runs the project decides what runs on its VMs.
//!
//! Where monitoring is enabled it also runs Google's installer of the Ops Agent, as root. That is fetched over HTTPS and
//! checked against nothing else: Google publishes no checksum of it and changes it in place. Where this is too much, leave
//! `enable_monitoring` off and have the Ops Agent in the image.

use crate::AgentType;

/// Bash; a second run changes nothing.
pub(super) fn startup_script(agent_type: AgentType, monitoring: bool) -> String {
    let tools = tools(agent_type);
    let mut script = format!("#!/usr/bin/env bash\n# Runtime of a {agent_type} agent.\n{RUNTIME}");
    if !tools.archives.is_empty() {
        script.push_str(ARCHIVE);
        for archive in tools.archives {
            script.push_str(archive.line());
        }
    }
    script.push_str(&TOOLS.replace("@TOOLS@", tools.packages));
    if monitoring {
        script.push_str(MONITORING);
    }
    script
}

/// What an agent works with, as packages, and the archives besides the image's own that hold them.
struct Tools {
    packages: &'static str,
    archives: &'static [Archive],
}

#[derive(Clone, Copy)]
enum Archive {
    /// Terraform.
    HashiCorp,
    /// The Google Cloud CLI and kubectl.
    GoogleCloud,
    Helm,
}

impl Archive {
    /// Name, key, source: <https://www.hashicorp.com/official-packaging-guide>,
    /// <https://cloud.google.com/sdk/docs/install#deb>, <https://helm.sh/docs/intro/install/#from-apt-debianubuntu>
    const fn line(self) -> &'static str {
        match self {
            Self::HashiCorp => {
                "archive hashicorp https://apt.releases.hashicorp.com/gpg \\\n  \"https://apt.releases.hashicorp.com $codename main\"\n"
            }
            Self::GoogleCloud => {
                "archive google-cloud https://packages.cloud.google.com/apt/doc/apt-key.gpg \\\n  \"https://packages.cloud.google.com/apt cloud-sdk main\"\n"
            }
            Self::Helm => {
                "archive helm https://packages.buildkite.com/helm-linux/helm-debian/gpgkey \\\n  \"https://packages.buildkite.com/helm-linux/helm-debian/any/ any main\"\n"
            }
        }
    }
}

const fn tools(agent_type: AgentType) -> Tools {
    const INFRASTRUCTURE: &[Archive] = &[Archive::HashiCorp, Archive::GoogleCloud, Archive::Helm];
    let (packages, archives): (_, &[Archive]) = match agent_type {
        AgentType::ProjectManager => ("git jq", &[]),
        AgentType::Architect => ("git jq graphviz", &[]),
        AgentType::TechLead => ("git jq shellcheck", &[]),
        AgentType::BackendDeveloper => ("git jq python3-venv nodejs npm golang-go", &[]),
        AgentType::FrontendDeveloper => ("git jq nodejs npm", &[]),
        AgentType::DataEngineer => ("git jq python3-venv postgresql-client", &[]),
        AgentType::QaAutomation | AgentType::IntegrationAgent => ("git jq python3-venv nodejs npm", &[]),
        AgentType::PlatformEngineer | AgentType::DevopsAgent => {
            ("git jq unzip terraform kubectl helm google-cloud-cli", INFRASTRUCTURE)
        }
        AgentType::SreAgent => {
            ("git jq dnsutils iproute2 tcpdump kubectl google-cloud-cli", &[Archive::GoogleCloud])
        }
        AgentType::SecurityAgent => ("git jq nmap lynis libopenscap8 auditd", &[]),
    };
    Tools { packages, archives }
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

/// Adds an archive whose packages are checked against its own key alone. What cannot be reached is said and left out.
const ARCHIVE: &str = r#"
export DEBIAN_FRONTEND=noninteractive
command -v gpg >/dev/null || { apt-get update -qq && apt-get install -qq -y gpg >/dev/null; } || say "cannot install gpg"
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
archive() {
  local key=/etc/apt/keyrings/$1.gpg list=/etc/apt/sources.list.d/$1.list
  [ -s "$key" ] && [ -s "$list" ] && return
  install -d -m 0755 /etc/apt/keyrings
  if curl -sSf --retry 5 "$2" | gpg --dearmor >"$key.new" && [ -s "$key.new" ]; then
    chmod 0644 "$key.new"
    mv "$key.new" "$key"
    echo "deb [signed-by=$key] $3" >"$list"
    updated=
  else
    rm -f "$key.new"
    say "cannot add the archive $1"
  fi
}
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

/// Whether a VM that runs the script fetches that installer and runs it as root, checked against nothing but its address.
pub fn installs_ops_agent(script: &str) -> bool {
    script.contains("/add-google-cloud-ops-agent-repo.sh")
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

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
        assert!(installs_ops_agent(&startup_script(AgentType::SreAgent, true)));
        assert!(!installs_ops_agent(&startup_script(AgentType::SreAgent, false)));
    }

    #[test]
    fn the_script_of_each_type_stays_as_it_is() {
        for agent_type in AgentType::ALL {
            insta::assert_snapshot!(agent_type.as_str(), startup_script(agent_type, true));
        }
    }

    /// What bash itself refuses. Bash is on every machine that builds this: the build's own scripts need it.
    #[test]
    fn bash_reads_every_script() {
        for agent_type in AgentType::ALL {
            let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
            bash.stdin.take().unwrap().write_all(startup_script(agent_type, true).as_bytes()).unwrap();
            assert!(bash.wait().unwrap().success(), "{agent_type}");
        }
    }

    /// What a linter of shell scripts looks at first, and what this script promises.
    #[test]
    fn scripts_stop_at_failures_and_quote_what_they_expand() {
        for agent_type in AgentType::ALL {
            let script = startup_script(agent_type, true);
            assert!(script.contains("\nset -euo pipefail\n"), "{agent_type}");
            for (number, line) in (1..).zip(script.lines()) {
                let said = format!("{agent_type}, line {number}: {line}");
                assert!(!line.contains('`'), "backticks: {said}");
                assert!(!line.ends_with(' ') && !line.contains('\t'), "blanks: {said}");
                assert!(!line.contains("apt-key add") && !line.contains("http://apt"), "unsigned: {said}");
                for word in ["rm ", "mv ", "chmod ", "install -d "] {
                    let unquoted = line.trim_start().starts_with(word) && line.contains(" $");
                    assert!(!unquoted, "unquoted: {said}");
                }
            }
        }
    }

    #[test]
    fn what_is_downloaded_is_checked_before_it_runs() {
        let script = startup_script(AgentType::BackendDeveloper, false);
        let check = script.find("same \"$binary.new\" ||").unwrap();
        let placed = script.find("mv \"$binary.new\" \"$binary\"").unwrap();
        assert!(check < placed, "the checksum is compared before the binary is put in its place");
        assert!(script.contains("User=agent\n") && script.contains("--shell /usr/sbin/nologin agent"));
    }
}
