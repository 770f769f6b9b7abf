//! Forms as a browser without scripts sends them, where somebody was faster: what was typed stays, the newer version stands
//! beside it, and one press goes on from there.

use domain::ChangeId;
use reqwest::{Response, StatusCode, header};
use sqlx::PgPool;

use crate::{
    app::{Cookies, TestApp, location},
    verdicts::declare,
};

const FORM: &str = "/firewall/dev/allow-agent-ssh/edit";
const KEY: &str = "allow-agent-ssh";

/// The form's fields with this priority.
fn typed(priority: &str) -> String {
    format!(
        "environment=dev&key={KEY}&description=SSH&direction=INGRESS&priority={priority}&action=allow&traffic=tcp+22\
         &source_ranges=10.0.0.0%2F8&target_tags=agent-vm"
    )
}

impl TestApp {
    async fn press(&self, cookies: &Cookies, fields: &str) -> Response {
        self.sends(FORM, cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .body(fields.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// Somebody else's change comes into force, with this priority of the rule. Gives its generation.
    async fn moves_on(&self, priority: u32) -> i64 {
        let control = self.control();
        let before = control.store.get_environment("dev").await.unwrap().unwrap();
        let mut spec = before.spec;
        spec.firewall_rules.get_mut(KEY).unwrap().priority = priority;
        let mut tx = control.store.begin().await.unwrap();
        let now = control.clock.now();
        let made = tx.declare_environment(&spec, before.generation, before.declared_by, now).await.unwrap();
        tx.commit().await.unwrap();
        made
    }
}

/// The value of the page's input of that name.
fn input<'a>(page: &'a str, name: &str) -> &'a str {
    let mark = format!("name=\"{name}\"");
    let tag = page.split('<').find(|tag| tag.starts_with("input") && tag.contains(&mark));
    let tag = tag.unwrap_or_else(|| panic!("no input {name}: {page}"));
    tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// The page without the marks that the browser's half finds its places by.
async fn words(answer: Response) -> String {
    answer.text().await.unwrap().replace("<!>", "")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_form_that_was_begun_on_an_older_generation_shows_the_newer_one_and_goes_on(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    let cookies = app.sign_in("mara").await;
    let opened = app.page(FORM, &cookies).await.text().await.unwrap();
    assert_eq!((input(&opened, "base_generation"), input(&opened, "priority")), ("1", "1000"));
    assert_eq!(app.moves_on(800).await, 2);

    // What cannot be read is said first, and the form stays of the generation that it was begun on.
    let unreadable =
        app.press(&cookies, &format!("intent=review&base_generation=1&{}", typed("first"))).await;
    assert_eq!(unreadable.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(input(&unreadable.text().await.unwrap(), "base_generation"), "1");

    let late = app.press(&cookies, &format!("intent=review&base_generation=1&{}", typed("900"))).await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);
    let page = words(late).await;
    for said in [
        "The newer version",
        ">Generation 2<",
        "800</del>",
        "900</ins>",
        "Use my values on top of generation 2",
    ] {
        assert!(page.contains(said), "{said} is not in {page}");
    }
    assert_eq!((input(&page, "priority"), input(&page, "base_generation")), ("900", "2"));

    // Whoever proposes what was reviewed on the older one is told the same.
    let proposed = format!("intent=propose&base_generation=1&digest=older&{}", typed("900"));
    let refused = app.press(&cookies, &proposed).await;
    assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
    let page = words(refused).await;
    for said in
        ["at generation 2 now, and the edit was of generation 1", "800</del>", "on top of generation 2"]
    {
        assert!(page.contains(said), "{said} is not in {page}");
    }

    // The page's own button sends what the page holds; before that, the fleet moves once more.
    assert_eq!(app.moves_on(700).await, 3);
    let sends = |page: &str| {
        let (base, digest) = (input(page, "base_generation"), input(page, "digest"));
        format!("intent=propose&base_generation={base}&digest={digest}&reason=mine&{}", typed("900"))
    };
    let again = app.press(&cookies, &sends(&page)).await;
    assert_eq!(again.status(), StatusCode::PRECONDITION_FAILED);
    let page = words(again).await;
    assert!(page.contains("700</del>") && page.contains("on top of generation 3"), "{page}");
    let made = app.press(&cookies, &sends(&page)).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let id: ChangeId = location(&made).strip_prefix("/changes/").unwrap().parse().unwrap();
    let revision = app.control().store.get_change(id).await.unwrap().unwrap().revision;
    assert_eq!((revision.base_generation, revision.desired.firewall_rules[KEY].priority), (3, 900));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_form_that_nobody_overtook_is_reviewed_as_ever(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    let cookies = app.sign_in("mara").await;
    let reviewed = app.press(&cookies, &format!("intent=review&base_generation=1&{}", typed("900"))).await;
    assert_eq!(reviewed.status(), StatusCode::OK);
    let page = words(reviewed).await;
    assert!(page.contains("What differs") && page.contains("Propose change"), "{page}");
    assert!(!page.contains("newer version"), "{page}");
    app.stop().await;
}
