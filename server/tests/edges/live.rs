//! The live stream over HTTP: states for everybody, heartbeats for who shows the instance, and nothing lost between two streams.

use std::{collections::BTreeSet, time::Duration};

use control::Control;
use domain::view::instance::{InstanceDelta, InstanceRow, PAGE_ROWS};
use reqwest::{Response, StatusCode, header};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use crate::{
    app::{Cookies, TestApp},
    rest::{heartbeat, instance, problem},
};

/// Longer than passings and rows wait for others.
const LONG: Duration = Duration::from_millis(700);

/// An event as a tab hears it.
#[derive(Clone, Debug, Default)]
struct Told {
    name: String,
    id: Option<String>,
    data: String,
}

struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, cookies: &Cookies, query: &str) -> Self {
        Self::of(app.page(&format!("/live?environment=dev{query}"), cookies).await)
    }

    fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self { answer, text: String::new() }
    }

    async fn next(&mut self) -> Told {
        let read = async {
            loop {
                if let Some((event, rest)) = self.text.split_once("\n\n") {
                    let mut told = Told::default();
                    for line in event.lines() {
                        match line.split_once(": ") {
                            Some(("event", name)) => told.name = name.to_owned(),
                            Some(("id", id)) => told.id = Some(id.to_owned()),
                            Some(("data", data)) => told.data = data.to_owned(),
                            _ => {}
                        }
                    }
                    self.text = rest.to_owned();
                    return told;
                }
                let chunk = self.answer.chunk().await.unwrap().unwrap();
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        timeout(Duration::from_secs(20), read).await.unwrap()
    }

    /// What is told until that event, which is the last.
    async fn until(&mut self, name: &str) -> Vec<Told> {
        let mut told = Vec::new();
        loop {
            told.push(self.next().await);
            if told.last().unwrap().name == name {
                return told;
            }
        }
    }

    /// Whether a heartbeat was told of before the pools that are told now.
    async fn is_quiet(&mut self, control: &Control) -> bool {
        sleep(LONG).await;
        control.live.pools_changed("dev");
        let told = self.until("pools").await;
        told.iter().all(|one| !["instances", "rows", "reload"].contains(&one.name.as_str()))
    }

    /// The passings of so many agents, and how many events told them.
    async fn passings(&mut self, agents: usize) -> (Vec<InstanceDelta>, usize) {
        let (mut passings, mut events) = (Vec::new(), 0);
        while passings.len() < agents {
            let told = self.until("instances").await.pop().unwrap();
            let some: Vec<InstanceDelta> = serde_json::from_str(&told.data).unwrap();
            passings.extend(some);
            events += 1;
        }
        (passings, events)
    }

    async fn rows(&mut self) -> Vec<InstanceRow> {
        serde_json::from_str(&self.until("rows").await.pop().unwrap().data).unwrap()
    }
}

fn begin(control: &Control, names: &[String]) {
    let instances = names.iter().map(|name| ("web".to_owned(), instance(name))).collect();
    control.live.sync("dev", instances, control.clock.now());
}

fn beat(control: &Control, name: &str, sequence: u64) {
    control.live.beat("dev", name, "7", heartbeat(sequence), control.clock.now()).unwrap();
}

fn sequence(row: &InstanceRow) -> Option<u64> {
    row.last_heartbeat.as_ref().map(|last| last.heartbeat.sequence)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_that_shows_no_rows_hears_of_states_alone_told_together(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (control, cookies) = (app.control(), app.sign_in("vera").await);
    let names: Vec<String> = (0..600).map(|number| format!("web-{number}")).collect();
    begin(control, &names);
    let mut page = Stream::open(&app, &cookies, "").await;
    assert!(page.until("hello").await.pop().unwrap().id.is_some(), "from here it can go on");
    for name in &names {
        beat(control, name, 1);
    }
    let (passings, events) = page.passings(names.len()).await;
    assert!(events < 20, "{events} events tell of {} agents", names.len());
    let told: BTreeSet<&String> = passings.iter().map(|one| &one.name).collect();
    assert_eq!(told, names.iter().collect::<BTreeSet<_>>());
    assert!(passings.iter().all(|one| one.before != one.after && one.zone == "us-central1-a"));
    for sequence in 2..=4 {
        for name in &names {
            beat(control, name, sequence);
        }
    }
    assert!(page.is_quiet(control).await, "they are as well as they were");
    drop(page);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_that_shows_an_instance_hears_each_of_its_heartbeats(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (control, cookies) = (app.control(), app.sign_in("vera").await);
    begin(control, &["web-1", "web-2"].map(str::to_owned));
    beat(control, "web-1", 1);
    let mut page = Stream::open(&app, &cookies, "&rows=web-1").await;
    let first = page.rows().await;
    assert_eq!((first.len(), sequence(&first[0])), (1, Some(1)), "as it is when the stream opens");
    for number in 2..=4 {
        beat(control, "web-1", number);
        let rows = page.rows().await;
        assert_eq!((rows.len(), sequence(&rows[0])), (1, Some(number)));
    }
    beat(control, "web-2", 1);
    assert_eq!(page.passings(1).await.0[0].name, "web-2", "its state is told, as to everybody");
    beat(control, "web-2", 2);
    assert!(page.is_quiet(control).await, "it shows no row of the other");
    drop(page);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_next_stream_tells_what_passed_between_them_or_to_load_again(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (control, cookies) = (app.control(), app.sign_in("vera").await);
    begin(control, &["web-1".to_owned()]);
    let mut before = Stream::open(&app, &cookies, "").await;
    let id = before.until("hello").await.pop().unwrap().id.unwrap();
    drop(before);
    beat(control, "web-1", 1);

    let mut next = Stream::open(&app, &cookies, &format!("&rows=web-1&after={id}")).await;
    let told = next.until("rows").await;
    let names: Vec<&str> = told.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["hello", "instances", "rows"]);
    assert_eq!(told[0].id, None, "who breaks off here has missed what follows");
    drop(next);

    // Another process counted: by the word of the page that changed its rows, or of the browser that connects again, which is newer.
    let mut stranger = Stream::open(&app, &cookies, "&rows=web-1&after=9-1").await;
    assert!(stranger.until("rows").await.iter().any(|one| one.name == "reload" && one.id.is_some()));
    // What the browser says cannot be refused: it would never connect again.
    for heard in ["9-1", "of another kind"] {
        let again = app
            .http
            .get(format!("{}/live?environment=dev&after={id}", app.url))
            .header(header::COOKIE, cookies.header())
            .header("last-event-id", heard);
        let mut again = Stream::of(again.send().await.unwrap());
        assert!(again.until("reload").await.pop().unwrap().id.is_some(), "{heard}");
    }
    drop(stranger);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_stream_follows_one_page_s_rows_and_takes_only_names_and_ids(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let cookies = app.sign_in("vera").await;
    let names = |count: usize| (0..count).map(|number| format!("web-{number}")).collect::<Vec<_>>().join(",");
    Stream::open(&app, &cookies, &format!("&rows={}", names(PAGE_ROWS))).await;
    for rows in [names(PAGE_ROWS + 1), "Web_1".to_owned(), "a".repeat(64)] {
        let refused = app.page(&format!("/live?environment=dev&rows={rows}"), &cookies).await;
        let refused = problem(refused, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
        assert_eq!(refused.errors[0].field, "rows");
    }
    let refused = app.page("/live?environment=dev&after=yesterday", &cookies).await;
    let refused = problem(refused, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
    assert_eq!(refused.errors[0].field, "after");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_session_has_so_many_streams_open_and_no_more(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let cookies = app.sign_in("vera").await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Stream::open(&app, &cookies, "").await);
    }
    let refused = app.page("/live?environment=dev", &cookies).await;
    assert_eq!(refused.headers()[header::RETRY_AFTER], "5");
    let refused = problem(refused, StatusCode::TOO_MANY_REQUESTS, "too_many_streams").await;
    assert!(refused.detail.contains("16 live streams"), "{}", refused.detail);
    // The same person elsewhere is another session.
    let elsewhere = app.sign_in("vera").await;
    drop(Stream::open(&app, &elsewhere, "").await);

    // The server hears of a closed tab by its connection.
    open.pop();
    let again = async {
        loop {
            let answer = app.page("/live?environment=dev", &cookies).await;
            if answer.status() == StatusCode::OK {
                return answer;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let again = timeout(Duration::from_secs(20), again).await.unwrap();
    drop((open, again));
    app.stop().await;
}
