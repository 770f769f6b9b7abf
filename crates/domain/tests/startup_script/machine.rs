//! A VM that is a folder. The real bash runs the script; each command that it calls is `commands.sh`, and the folder is
//! what the script takes for `/`. No other command is found, so nothing reaches the machine that the tests run on.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        process::{CommandExt as _, ExitStatusExt as _},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest as _, Sha256};

const COMMANDS: &[&str] = &[
    "apt-get",
    "bash",
    "blkid",
    "cat",
    "chmod",
    "chown",
    "cmp",
    "curl",
    "dpkg",
    "id",
    "install",
    "mkfs.ext4",
    "mktemp",
    "mount",
    "mountpoint",
    "mv",
    "rm",
    "sha256sum",
    "systemctl",
    "useradd",
];

/// Where the paths of the scripts begin.
const ROOTS: &[&str] = &["/dev/disk/", "/etc/", "/opt/", "/var/"];
/// Paths of the real machine, which nothing changes.
const HARMLESS: &[&str] = &["/dev/null", "/usr/sbin/nologin"];

const METADATA: &str = "metadata.google.internal/computeMetadata/v1";
pub(crate) const UNIT: &str = "etc/systemd/system/agent-runtime.service";
pub(crate) const BINARY: &str = "opt/agent/agent-cage";
pub(crate) const DISK: &str = "dev/disk/by-id/google-workspace";

#[derive(Debug)]
pub(crate) struct Machine {
    root: PathBuf,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    /// None where the power failed.
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) called: Vec<String>,
}

impl Run {
    /// Whether a call begins so.
    pub(crate) fn calls(&self, beginning: &str) -> bool {
        self.called.iter().any(|call| call.starts_with(beginning))
    }
}

impl Machine {
    /// As Debian's image makes it, with an empty workspace disk; every download answers, and the project's metadata
    /// names agent-cage 1.2.3. A test names its machine: those of others run at the same time.
    pub(crate) fn fresh(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let machine = Self { root };
        let _ = fs::remove_dir_all(&machine.root);
        let empty = [
            "bin",
            "etc/apt/sources.list.d",
            "etc/systemd/system",
            "opt",
            "state/enabled",
            "state/running",
            "tmp",
            "var/lib",
        ];
        for folder in empty {
            fs::create_dir_all(machine.root.join(folder)).unwrap();
        }
        let commands = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/startup_script/commands.sh");
        for command in COMMANDS {
            symlink(&commands, machine.root.join("bin").join(command)).unwrap();
        }
        for file in ["state/mounts", "state/packages", "state/users", DISK] {
            machine.write(file, "");
        }
        machine.write("etc/os-release", "VERSION_CODENAME=bookworm\n");
        machine.project("agent-cage-url", "https://downloads.example/agent-cage-{version}");
        for key in [
            "apt.releases.hashicorp.com/gpg",
            "packages.buildkite.com/helm-linux/helm-debian/gpgkey",
            "packages.cloud.google.com/apt/doc/apt-key.gpg",
        ] {
            machine.serve(key, "a key");
        }
        machine.serve(
            "dl.google.com/cloudagents/add-google-cloud-ops-agent-repo.sh",
            "systemctl enable google-cloud-ops-agent",
        );
        machine.offer("1.2.3");
        machine
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What an address answers, without its scheme.
    pub(crate) fn serve(&self, address: &str, text: &str) {
        self.write(&format!("net/{address}"), text);
    }

    pub(crate) fn unserve(&self, address: &str) {
        fs::remove_file(self.root.join("net").join(address)).unwrap();
    }

    /// An attribute of the project, which every VM of it has.
    pub(crate) fn project(&self, key: &str, value: &str) {
        self.serve(&format!("{METADATA}/project/attributes/{key}"), value);
    }

    pub(crate) fn forget(&self, key: &str) {
        self.unserve(&format!("{METADATA}/project/attributes/{key}"));
    }

    /// A version of agent-cage is published, and the metadata asks for it.
    pub(crate) fn offer(&self, version: &str) {
        let binary = format!("agent-cage {version}");
        let sum: String =
            Sha256::digest(binary.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.serve(&format!("downloads.example/agent-cage-{version}"), &binary);
        self.serve(&format!("{METADATA}/instance/attributes/agent-cage-version"), version);
        self.project("agent-cage-sha256", &sum);
    }

    /// An image that has the agent already.
    pub(crate) fn place_binary(&self, text: &str) {
        self.write(BINARY, text);
        fs::set_permissions(self.root.join(BINARY), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The agent works: its disk holds more than its file system.
    pub(crate) fn work(&self) {
        let disk = self.read(DISK).unwrap();
        self.write(DISK, &format!("{disk}half a day's work\n"));
    }

    /// The file's text, the folder left out of its paths.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        let text = fs::read_to_string(self.root.join(path)).ok()?;
        Some(text.replace(self.root.to_str().unwrap(), ""))
    }

    /// Who runs which agent, as systemd started it.
    pub(crate) fn running(&self) -> Option<String> {
        self.read("state/running/agent-runtime")
    }

    /// What a boot begins with: nothing runs, nothing is mounted, and there are no temporary files.
    pub(crate) fn reboot(&self) {
        for folder in ["state/running", "tmp"] {
            fs::remove_dir_all(self.root.join(folder)).unwrap();
            fs::create_dir(self.root.join(folder)).unwrap();
        }
        self.write("state/mounts", "");
    }

    /// Every folder and file with its mode, and what is in the file.
    pub(crate) fn everything(&self) -> BTreeMap<String, (u32, Option<String>)> {
        let mut found = BTreeMap::new();
        let mut folders = ["dev", "etc", "opt", "state", "tmp", "var"].map(str::to_owned).to_vec();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder)).unwrap() {
                let entry = entry.unwrap();
                let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
                let mode = entry.metadata().unwrap().permissions().mode();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path.clone());
                }
                let text = self.read(&path);
                found.insert(path, (mode, text));
            }
        }
        found
    }

    /// Runs the script; with `cut` the power fails at that call.
    fn start(&self, script: &str, cut: Option<usize>) -> Run {
        let file = self.root.join("startup-script");
        fs::write(&file, self.moved(script)).unwrap();
        self.write("called", "");
        let mut bash = Command::new("bash");
        bash.arg(&file).env_clear().stdin(Stdio::null());
        bash.env("PATH", self.root.join("bin")).env("TMPDIR", self.root.join("tmp"));
        bash.env("MACHINE", &self.root).env("TOOLS", std::env::var_os("PATH").unwrap());
        if let Some(cut) = cut {
            bash.env("CUT", cut.to_string());
        }
        // A power failure ends the whole group, and nothing but it.
        let output = bash.process_group(0).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let code = output.status.code();
        assert!(code.is_some() || output.status.signal() == Some(9), "{}", output.status);
        Run {
            code,
            said: String::from_utf8(said).unwrap(),
            called: self.read("called").unwrap().lines().map(str::to_owned).collect(),
        }
    }

    pub(crate) fn run(&self, script: &str) -> Run {
        self.start(script, None)
    }

    pub(crate) fn run_until(&self, script: &str, cut: usize) -> Run {
        self.start(script, Some(cut))
    }

    /// The script with its paths in the folder. Its disk is a file there: only root makes devices.
    fn moved(&self, script: &str) -> String {
        const HERE: char = '\u{1}';
        let root = self.root.to_str().unwrap();
        assert!(!root.contains(char::is_whitespace), "the script names its paths bare: {root}");
        let mut moved = script.replace("[ -b \"$disk\" ]", "[ -f \"$disk\" ]");
        assert_ne!(moved, script, "the script looks for its disk otherwise now");
        for root in ROOTS {
            moved = moved.replace(root, &format!("{HERE}{root}"));
        }
        let words = moved.split(|c: char| c.is_whitespace() || "\"'=<>();|&".contains(c));
        let strange: Vec<&str> =
            words.filter(|word| word.starts_with('/') && !HARMLESS.contains(word)).collect();
        assert!(strange.is_empty(), "paths of the real machine: {strange:?}");
        moved.replace(HERE, root)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
