//! The stack that xtask started, as a measure reaches it: its addresses, its use-cases, and a person's session.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use compute::Compute;
use control::{Clock, Control, Signing, credential::Sealer, identity::Verifier, live::Live, people};
use domain::{Actor, Role, actor::ActorKind, agent::Thresholds, token::Reach};
use reqwest::{Client, Response, header, redirect::Policy};
use serde::Deserialize;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

/// The environment of the fleet: development, where a change needs nobody's signature.
pub(crate) const ENVIRONMENT: &str = "dev";

/// The persona who looks at pages and proposes changes.
pub(crate) const PERSON: &str = "mara";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stack {
    pub(crate) url: String,
    emulator: String,
    issuer: String,
    database: String,
    folder: PathBuf,
}

impl FromStr for Stack {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

/// A session as a browser would send it.
#[derive(Clone, Debug)]
pub(crate) struct Cookie(String);

impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Stack {
    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        // Ten thousand rows at once are ours alone to write; the product's own limit is for what people wait for.
        let statement_timeout = Duration::from_secs(120);
        let config = store::Config { statement_timeout, ..store::Config::new(&self.database) };
        Store::connect(&config).context("the stack's database")
    }

    pub(crate) fn sealer(&self) -> anyhow::Result<Sealer> {
        let file = self.folder.join("agent-credential.key");
        let key = std::fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        Ok(Sealer::new(&key))
    }

    /// The use-cases over the stack's database and cloud, as the server makes them.
    pub(crate) async fn control(&self) -> anyhow::Result<Control> {
        let jwks = format!("{}/oauth2/v3/certs", self.emulator);
        Ok(Control {
            store: self.store()?,
            compute: Compute::connect(compute::Config::emulator(&self.emulator)).await?,
            clock: Clock::System,
            live: Live::new(1, Thresholds::default()),
            verifier: Arc::new(Verifier::new(&jwks, &format!("{}/agent/v1/enroll", self.url))?),
            sealer: Arc::new(self.sealer()?),
            signing: Arc::new(Signing::at(&self.url)?),
            watch: Arc::default(),
            group_errors: Arc::default(),
            standing: Arc::default(),
            sums: Arc::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Somebody who has signed in with the stack's issuer, for use-cases that are called directly.
    pub(crate) async fn person(&self, control: &Control, id: &str, role: Role) -> anyhow::Result<Actor> {
        let actor = Actor {
            kind: ActorKind::Person,
            id: id.to_owned(),
            name: id.to_owned(),
            roles: [role].into(),
            reach: Reach::Whole,
            authn: "oidc".to_owned(),
            request_id: "benchmark".to_owned(),
        };
        let email = format!("{id}@example.test");
        people::sign_in(control, &actor, &self.issuer, &email, &Default::default(), None).await?;
        Ok(actor)
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        let port = Url::parse(&self.url)?.port().context("the server's address has no port")?;
        Ok(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// Through the issuer's page, as a person goes.
    pub(crate) async fn sign_in(&self, persona: &str) -> anyhow::Result<Cookie> {
        let http = client()?;
        let start = http.get(format!("{}/sign-in/start", self.url)).send().await?;
        let begun = session(&start)?;
        let mut page = Url::parse(location(&start)?)?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(page.query_pairs()).append_pair("persona", persona);
        page.set_query(None);
        let chosen = http
            .post(page)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish())
            .send()
            .await?;
        let back = http.get(location(&chosen)?).header(header::COOKIE, begun.to_string()).send().await?;
        ensure!(location(&back)? == "/", "{persona} could not sign in: led to {}", location(&back)?);
        session(&back)
    }
}

/// Follows nothing by itself, and keeps no cookies: those of the product are only for secure origins.
pub(crate) fn client() -> anyhow::Result<Client> {
    Ok(Client::builder().no_proxy().redirect(Policy::none()).build()?)
}

/// The last cookie that was set under the session's name.
fn session(answer: &Response) -> anyhow::Result<Cookie> {
    let mut set =
        answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let ours = set.rfind(|cookie| cookie.starts_with("__Host-agent-manager="));
    let pair = ours.and_then(|cookie| cookie.split(';').next()).context("no session was begun")?;
    Ok(Cookie(pair.to_owned()))
}

fn location(answer: &Response) -> anyhow::Result<&str> {
    let location = answer.headers().get(header::LOCATION);
    let location =
        location.with_context(|| format!("{} leads nowhere ({})", answer.url(), answer.status()))?;
    Ok(location.to_str()?)
}
