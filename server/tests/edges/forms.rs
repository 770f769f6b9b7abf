//! Forms as a browser without scripts sends them, where somebody was faster: what was typed stays, the newer version stands
//! beside it, and one press goes on from there.

use control::import::{self, Expected};
use domain::{ChangeId, ChangeState, FleetSpec, view::import::ImportInput};
use reqwest::{Response, StatusCode, header};
use sqlx::PgPool;

use crate::{
    app::{Cookies, TestApp, location},
    rest::texts,
    verdicts::{declare, olga},
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

    /// The form of the import, which may hold files.
    async fn import(&self, cookies: &Cookies, fields: &[(&str, &str)]) -> Response {
        let part = |(name, text): &(&str, &str)| {
            format!("--form\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let parts: Vec<String> = fields.iter().map(part).collect();
        self.sends("/import", cookies)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=form")
            .header(header::ACCEPT, "text/html")
            .body(format!("{}--form--\r\n", parts.concat()))
            .send()
            .await
            .unwrap()
    }

    /// The change that declared what is in force is claimed: from now on the past knows what it declared.
    async fn remembers(&self) {
        let control = self.control();
        let declared = control.store.get_environment("dev").await.unwrap().unwrap().declared_by;
        let mut tx = control.store.begin().await.unwrap();
        let (from, to) = (ChangeState::Approved, ChangeState::Applying);
        tx.set_change_state(declared, from, to, None, control.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Somebody else's change comes into force, with this priority of a rule. Gives its generation.
    async fn moves_on(&self, key: &str, priority: u32) -> i64 {
        self.declares(|spec| spec.firewall_rules.get_mut(key).unwrap().priority = priority).await
    }

    /// The same with anything else.
    async fn declares(&self, edit: impl FnOnce(&mut FleetSpec)) -> i64 {
        let control = self.control();
        let before = control.store.get_environment("dev").await.unwrap().unwrap();
        let mut spec = before.spec;
        edit(&mut spec);
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
    assert_eq!(app.moves_on(KEY, 800).await, 2);

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
    assert_eq!(app.moves_on(KEY, 700).await, 3);
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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_form_goes_on_upon_what_was_changed_elsewhere(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    app.remembers().await;
    let cookies = app.sign_in("mara").await;
    assert_eq!(app.moves_on("allow-agent-http", 800).await, 2);
    let reviewed = app.press(&cookies, &format!("intent=review&base_generation=1&{}", typed("900"))).await;
    assert_eq!(reviewed.status(), StatusCode::OK);
    let page = words(reviewed).await;
    assert!(page.contains("What differs") && page.contains("Propose change"), "{page}");
    assert!(!page.contains("newer version"), "{page}");
    let (base, digest) = (input(&page, "base_generation"), input(&page, "digest"));
    assert_eq!(base, "2", "computed upon what is in force");
    let sent = format!("intent=propose&base_generation={base}&digest={digest}&reason=mine&{}", typed("900"));
    let made = app.press(&cookies, &sent).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let id: ChangeId = location(&made).strip_prefix("/changes/").unwrap().parse().unwrap();
    let revision = app.control().store.get_change(id).await.unwrap().unwrap().revision;
    let priority = |key: &str| revision.desired.firewall_rules[key].priority;
    assert_eq!((revision.base_generation, priority(KEY), priority("allow-agent-http")), (2, 900, 800));

    // The rule itself is another matter.
    assert_eq!(app.moves_on(KEY, 600).await, 3);
    let late = app.press(&cookies, &format!("intent=review&base_generation=1&{}", typed("900"))).await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);
    let page = words(late).await;
    assert!(page.contains("600</del>") && page.contains("on top of generation 3"), "{page}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_form_about_what_was_deleted_meanwhile_says_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    let cookies = app.sign_in("mara").await;
    let gone = app.declares(|spec| {
        spec.firewall_rules.remove(KEY).unwrap();
    });
    assert_eq!(gone.await, 2);
    for pressed in ["intent=review", "intent=propose&digest=older"] {
        let late = app.press(&cookies, &format!("{pressed}&base_generation=1&{}", typed("900"))).await;
        assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED, "{pressed}");
        let page = words(late).await;
        let said = "is gone: it was deleted after you began with generation 1. Nothing was proposed.";
        assert!(page.contains("Deleted meanwhile") && page.contains(said), "{pressed}: {page}");
    }
    // Who never had it open is told what is so.
    assert_eq!(app.page(FORM, &cookies).await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_a_canary_there_is_nothing_to_review(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    let cookies = app.sign_in("mara").await;
    for verb in ["promote", "roll-back"] {
        let page = words(app.page(&format!("/pools/dev/backend-pool/{verb}"), &cookies).await).await;
        let button = page.split('<').find(|tag| tag.contains("id=\"review-change\"")).unwrap();
        assert!(button.contains("aria-disabled=\"true\"") && !button.contains("submit"), "{button}");
        assert!(page.contains("The pool has no canary."), "{page}");
    }
    app.stop().await;
}

/// The example with another upper bound of its pool.
fn bounded(max: u32) -> ImportInput {
    let mut input: ImportInput = serde_json::from_value(texts()).unwrap();
    let file = &mut input.files[0];
    assert!(file.text.contains("max_replicas  = 5"), "{}", file.text);
    file.text = file.text.replace("max_replicas  = 5", &format!("max_replicas  = {max}"));
    input
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_edits_a_change_that_somebody_edited_sees_the_newer_revision_and_goes_on(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (control, actor) = (app.control(), olga());
    let digest = async |max| {
        let preview = import::preview_import(control, &actor, bounded(max)).await.unwrap();
        preview.digest.unwrap()
    };
    let id = import::propose_expected(control, &actor, bounded(5), Expected::default(), "").await.unwrap();
    let second = import::revise_import(control, &actor, (id, 1), bounded(8), &digest(8).await).await;
    assert_eq!(second.unwrap(), 2);

    let cookies = app.sign_in("mara").await;
    let (input, digest, id) = (bounded(9), digest(9).await, id.to_string());
    let given: Vec<(String, &str)> = input
        .references
        .iter()
        .map(|(reference, value)| (format!("reference:{reference}"), value.as_str()))
        .collect();
    let mut fields = vec![
        ("file_name", "main.tf"),
        ("file_text", input.files[0].text.as_str()),
        ("digest", digest.as_str()),
        ("intent", "propose"),
        ("revises", id.as_str()),
        ("revision", "1"),
    ];
    fields.extend(given.iter().map(|(name, value)| (name.as_str(), *value)));
    let late = app.import(&cookies, &fields).await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);
    let page = words(late).await;
    for said in [
        "you looked at revision 1, and 2 is newer",
        "The newer revision",
        ">Revision 2<",
        "8</del>",
        "9</ins>",
        "it becomes revision 3, and every vote on revision 2 is void",
    ] {
        assert!(page.contains(said), "{said} is not in {page}");
    }
    // As the page sends it now: the newer one after the one that was looked at.
    fields.push(("revision", "2"));
    let made = app.import(&cookies, &fields).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&made), format!("/changes/{id}"));
    let change = app.control().store.get_change(id.parse().unwrap()).await.unwrap().unwrap();
    let revision = change.revision;
    assert_eq!((revision.number, revision.desired.agent_pools[0].max_replicas), (3, Some(9)));
    app.stop().await;
}
