//! A whole server with its own database and emulator, and `g` as a person runs it.

pub(crate) mod proxy;

use std::{
    collections::BTreeSet,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use compute_emulator::Emulator;
use control::{Clock, people, tokens};
use domain::{
    Actor, Role,
    actor::ActorKind,
    token::{Reach, Scope},
    view::token::NewToken,
};
use server::{
    commands::{Roles, Running, start},
    config::Config,
};
use sqlx::{ConnectOptions as _, PgPool};
use tokio::net::TcpListener;

pub(crate) const REFERENCES: [&str; 4] = [
    "--set",
    "module.networking.vpc_id=global/networks/genesis",
    "--set",
    "module.networking.subnet_id=regions/us-central1/subnetworks/genesis",
];

pub(crate) struct Stack {
    pub(crate) url: String,
    pub(crate) running: Running,
    emulator: Emulator,
    pub(crate) folder: tempfile::TempDir,
}

/// What a command said, and its exit code.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Stack {
    pub(crate) async fn start(pool: PgPool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("agent-credential.key");
        std::fs::write(&key, [7; 32]).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let emulator = Emulator::start(compute_emulator::Config {
            clock_rate: 100.0,
            agents: true,
            heartbeat_interval: Duration::from_secs(1),
            project_metadata: [("agent-manager-url".to_owned(), url.clone())].into(),
            ..compute_emulator::Config::with_known_key()
        })
        .await
        .unwrap();
        let config = Config::parse(&format!(
            r#"
            [http]
            listen = "127.0.0.1:{port}"
            public_url = "{url}"
            site_root = "{site}"
            [database]
            url = "{database}"
            max_connections = 8
            [sign_in]
            issuer = "http://localhost:9"
            client_id = "agent-manager"
            development = true
            [compute]
            endpoint = "{endpoint}"
            [agents]
            jwks_url = "{jwks}"
            credential_key_file = "{key}"
            "#,
            site = folder.path().display(),
            database = pool.connect_options().to_url_lossy(),
            endpoint = emulator.endpoint(),
            jwks = emulator.jwks_url(),
            key = key.display(),
        ))
        .unwrap();
        let roles = Roles { people: true, work: true };
        let running = start(config, roles, listener, Clock::System).await.unwrap();
        Self { url, running, emulator, folder }
    }

    /// A token's file, as a person saves it.
    pub(crate) async fn token(&self, scopes: &[Scope]) -> PathBuf {
        let actor = person("olga", Role::Operator);
        let control = &self.running.control;
        people::sign_in(control, &actor, "https://issuer.test", "", &BTreeSet::new(), None).await.unwrap();
        let new =
            NewToken { name: "g".to_owned(), scopes: scopes.iter().copied().collect(), lifetime_days: 1 };
        let created = tokens::create_token(control, &actor, new).await.unwrap();
        let path = self.folder.path().join(format!("token-{}", created.row.id));
        std::fs::write(&path, format!("{}\n", created.secret)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn command(&self, token: &Path, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_g"));
        command
            .args(line)
            .env_clear()
            .env("AGENT_MANAGER_URL", &self.url)
            .env("AGENT_MANAGER_TOKEN_FILE", token);
        command
    }

    pub(crate) async fn g(&self, token: &Path, line: &[&str]) -> Said {
        let mut command = self.command(token, line);
        said(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
    }

    /// The basic example is declared and runs.
    pub(crate) async fn import_basic(&self, token: &Path) {
        let basic = example("basic.tf");
        let line = [&["vm", "import", basic.as_str(), "--wait"][..], &REFERENCES].concat();
        let imported = self.g(token, &line).await;
        assert_eq!(imported.code, 0, "{}", imported.err);
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.unwrap();
        self.emulator.shutdown().await.unwrap();
    }
}

pub(crate) fn person(name: &str, role: Role) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: name.to_owned(),
        name: name.to_owned(),
        roles: BTreeSet::from([role]),
        reach: Reach::Whole,
        authn: "oidc".to_owned(),
        request_id: "request-1".to_owned(),
    }
}

pub(crate) fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) fn example(name: &str) -> String {
    format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
}
