//! A whole server on a free port, with a database, an emulator and an issuer of its own.

use std::{collections::BTreeMap, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path};

use compute_emulator::Emulator;
use control::{Clock, Control, people, tokens};
use development_issuer::Issuer;
use domain::{
    Actor, Role,
    actor::ActorKind,
    token::{Reach, Scope},
    view::token::NewToken,
};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::Value;
use server::{
    commands::{Roles, Running, start},
    config::Config,
};
use sqlx::{ConnectOptions as _, PgPool};
use tokio::net::TcpListener;

pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) http: Client,
    running: Running,
    emulator: Emulator,
    issuer: Issuer,
    folder: tempfile::TempDir,
}

/// Cookies by name. The browser's jar would not send Secure ones over plain HTTP, so tests keep their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies(BTreeMap<String, String>);

impl Cookies {
    pub(crate) fn take(&mut self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() || text.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

impl TestApp {
    pub(crate) async fn start(pool: PgPool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("agent-credential.key");
        std::fs::write(&key, [7; 32]).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
        std::fs::write(folder.path().join("site/favicon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
            .unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let emulator = Emulator::start(compute_emulator::Config {
            listen: loopback,
            agents: false,
            ..compute_emulator::Config::with_known_key()
        })
        .await
        .unwrap();
        let state = folder.path().join("issuer.json");
        // As it keeps its key itself: making one takes longer than most of these tests.
        std::fs::write(&state, format!(r#"{{"signing_key_pkcs8": "{}"}}"#, compute_emulator::KNOWN_KEY))
            .unwrap();
        let issuer = Issuer::start(development_issuer::Config {
            state: Some(state),
            ..development_issuer::Config::new("agent-manager", vec![format!("{url}/sign-in/callback")])
        })
        .await
        .unwrap();

        let database = pool.connect_options().to_url_lossy();
        let text = format!(
            r#"
            [http]
            listen = "127.0.0.1:{port}"
            public_url = "{url}"
            site_root = "{site}"
            [database]
            url = "{database}"
            max_connections = 4
            [sign_in]
            issuer = "{issuer}"
            client_id = "agent-manager"
            development = true
            [compute]
            endpoint = "{endpoint}"
            [agents]
            jwks_url = "{jwks}"
            credential_key_file = "{key}"
            "#,
            site = folder.path().join("site").display(),
            issuer = issuer.url(),
            endpoint = emulator.endpoint(),
            jwks = emulator.jwks_url(),
            key = key.display(),
        );
        std::fs::write(folder.path().join("server.toml"), &text).unwrap();
        let config = Config::parse(&text).unwrap();
        let running =
            start(config, Roles { people: true, work: false }, listener, Clock::System).await.unwrap();
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { url, http, running, emulator, issuer, folder }
    }

    /// Where its configuration lies, `server.toml`, and what that names.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For what no request brings about here: nothing reconciles, and no VM runs.
    pub(crate) const fn control(&self) -> &Control {
        &self.running.control
    }

    /// Switches one of the emulator's faults on.
    pub(crate) async fn fault(&self, fault: &Value) {
        let url = format!("{}/emulator/faults", self.emulator.endpoint());
        let answer = self.http.post(url).json(fault).send().await.unwrap();
        answer.error_for_status().unwrap();
    }

    /// An API token of somebody who has signed in with these roles.
    pub(crate) async fn token(&self, name: &str, roles: &[Role], scopes: &[Scope]) -> String {
        let actor = Actor {
            kind: ActorKind::Person,
            id: name.to_owned(),
            name: name.to_owned(),
            roles: roles.iter().copied().collect(),
            reach: Reach::Whole,
            authn: "oidc".to_owned(),
            request_id: "request-1".to_owned(),
        };
        let control = &self.running.control;
        people::sign_in(control, &actor, "https://issuer.test", "", &Default::default(), None).await.unwrap();
        let scopes = scopes.iter().copied().collect();
        let new = NewToken { name: "a test".to_owned(), scopes, lifetime_days: 1 };
        tokens::create_token(control, &actor, new).await.unwrap().secret
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// As a browser asks for a page.
    pub(crate) async fn page(&self, path: &str, cookies: &Cookies) -> Response {
        self.http
            .get(format!("{}{path}", self.url))
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookies.header())
            .send()
            .await
            .unwrap()
    }

    /// Through the issuer's page, as a person goes.
    pub(crate) async fn sign_in(&self, persona: &str) -> Cookies {
        self.sign_in_from(Cookies::default(), persona).await
    }

    /// In a browser that has these cookies.
    pub(crate) async fn sign_in_from(&self, mut cookies: Cookies, persona: &str) -> Cookies {
        let start = self.page("/sign-in/start", &cookies).await;
        assert_eq!(start.status(), StatusCode::SEE_OTHER);
        cookies.take(&start);
        let callback = self.choose(location(&start), persona).await;
        let path = callback.strip_prefix(&self.url).unwrap();
        let back = self.page(path, &cookies).await;
        assert_eq!(location(&back), "/", "{back:?}");
        cookies.take(&back);
        cookies
    }

    /// Presses the persona's button on the issuer's page; gives the address that it sends the browser to.
    pub(crate) async fn choose(&self, authorize: &str, persona: &str) -> String {
        let mut page = reqwest::Url::parse(authorize).unwrap();
        let mut form: Vec<(String, String)> =
            page.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        form.push(("persona".to_owned(), persona.to_owned()));
        page.set_query(None);
        let answer = self.http.post(page).form(&form).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{answer:?}");
        location(&answer).to_owned()
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.unwrap();
        self.issuer.shutdown().await;
        self.emulator.shutdown().await.unwrap();
    }
}

pub(crate) fn location(response: &Response) -> &str {
    response.headers().get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
}
