use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    middleware,
    routing::{get, post},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tower_http::{csrf::CsrfLayer, timeout::TimeoutLayer};

use super::*;
use crate::{headers, pages};

fn request(method: Method, path: &str, accept: &str) -> Request {
    Request::builder().method(method).uri(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap()
}

#[test]
fn a_form_is_read_by_a_person_and_a_function_s_answer_by_its_page() {
    let reader = |method, path, accept| Reader::of(&request(method, path, accept));
    assert_eq!(reader(Method::POST, "/import", "text/html,*/*;q=0.8"), Reader::Person);
    assert_eq!(reader(Method::POST, "/fn/set_theme", "text/html,*/*;q=0.8"), Reader::Person);
    assert_eq!(reader(Method::POST, "/fn/list_pools", "application/json"), Reader::OpenPage);
    assert_eq!(reader(Method::GET, "/live", "text/event-stream"), Reader::Program);
    assert_eq!(reader(Method::GET, "/agent/v1/heartbeats", "text/html"), Reader::Program);
}

async fn draws_nothing() -> Response {
    panic!("a page that cannot be drawn")
}

/// What a page does whose rendering panics.
async fn broken() -> Response {
    pages::to_its_end(&TaskTracker::new(), draws_nothing()).await
}

/// What a page does whose database never answers.
async fn frozen() -> Response {
    std::future::pending().await
}

async fn wordy() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "its own words").into_response()
}

/// The layers in the order that the server's router has them in. Of these pages one alone is hurried.
fn router() -> Router {
    Router::new()
        .route("/frozen", get(frozen).post(frozen))
        .route("/fn/frozen", post(frozen))
        .route("/sign-in/callback", get(frozen))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_millis(20)))
        .route("/broken", get(broken).post(broken))
        .route("/fn/broken", get(broken).post(broken))
        .route("/wordy", get(wordy))
        .route("/{*any}", get(wordy))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(tell))
        .layer(middleware::from_fn(headers::secure))
        .layer(middleware::from_fn(headers::identify))
}

async fn answer(path: &str, accept: &str) -> (StatusCode, Option<String>, String) {
    answer_to(Method::GET, path, accept).await
}

async fn answer_to(method: Method, path: &str, accept: &str) -> (StatusCode, Option<String>, String) {
    let response = router().oneshot(request(method, path, accept)).await.unwrap();
    let id = response.headers()[headers::REQUEST_ID].to_str().unwrap().to_owned();
    let status = response.status();
    let text = |name: header::HeaderName| {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let (policy, length) = (text(header::CONTENT_SECURITY_POLICY).unwrap(), text(header::CONTENT_LENGTH));
    assert_eq!(policy == SCRIPTLESS, accept == "text/html" && path != "/wordy", "{policy}");
    let retry = text(header::RETRY_AFTER);
    let body = to_bytes(response.into_body(), 65_536).await.unwrap();
    if let Some(length) = length {
        assert_eq!(length, body.len().to_string());
    }
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(&id) || path == "/wordy", "{id}: {body}");
    (status, retry, body)
}

#[tokio::test]
async fn a_page_that_fell_says_that_the_mistake_is_ours() {
    let (status, retry, page) = answer("/broken", "text/html").await;
    assert_eq!((status, retry), (StatusCode::INTERNAL_SERVER_ERROR, None));
    assert!(page.contains("<h1>Something went wrong inside</h1>") && !page.contains("refresh"), "{page}");
    let (_, _, error) = answer("/fn/broken", "application/json").await;
    let error: ApiError = serde_json::from_str(&error).unwrap();
    assert_eq!(error.code, Code::Internal);
    let (_, _, problem) = answer("/broken", "application/json").await;
    let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(problem["code"], "internal");
    assert_eq!(problem["status"], 500);
}

#[tokio::test]
async fn a_mistake_of_ours_leads_back_to_where_a_form_was_sent_from() {
    let (_, _, page) = answer("/broken", "text/html").await;
    assert!(page.contains(" href=\"\">Try again</a>"), "{page}");
    let (_, _, sent) = answer_to(Method::POST, "/broken", "text/html").await;
    assert!(sent.contains(" href=\"\">Back to the page</a>"), "{sent}");
    // Of a function nothing can be looked at under its own address.
    let (_, _, nowhere) = answer_to(Method::POST, "/fn/broken", "text/html").await;
    assert!(nowhere.contains(" href=\"/\">Back to the page</a>"), "{nowhere}");

    let mut sent = request(Method::POST, "/fn/broken", "text/html");
    sent.headers_mut().insert(header::HOST, "manager.test".parse().unwrap());
    sent.headers_mut().insert(header::REFERER, "https://manager.test/pools/new".parse().unwrap());
    let answer = router().oneshot(sent).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let page = to_bytes(answer.into_body(), 65_536).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains(" href=\"/pools/new\">Back to the page</a>"), "{page}");
}

#[tokio::test]
async fn a_page_that_hangs_says_that_it_took_too_long() {
    let (status, retry, page) = answer("/frozen", "text/html").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(retry.as_deref(), Some(RETRY_AFTER_SECONDS));
    assert!(page.contains("<h1>The server took too long to answer</h1>"), "{page}");
    assert!(page.contains("http-equiv=\"refresh\"") && !page.contains("may have been done"), "{page}");
    let (_, retry, problem) = answer("/frozen", "application/json").await;
    let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(problem["code"], "unavailable");
    assert_eq!(problem["detail"], "the server took too long to answer");
    assert_eq!(retry.as_deref(), Some(RETRY_AFTER_SECONDS));
}

#[tokio::test]
async fn what_was_sent_and_took_too_long_may_have_been_done() {
    const LOOK: &str = "may have been done: look before you send it again";
    for (method, path) in [(Method::POST, "/frozen"), (Method::GET, "/sign-in/callback")] {
        let (status, retry, page) = answer_to(method, path, "text/html").await;
        assert_eq!((status, retry), (StatusCode::SERVICE_UNAVAILABLE, None), "{path}");
        assert!(page.contains(LOOK) && !page.contains("refresh"), "{path}: {page}");
    }
    let (_, _, page) = answer_to(Method::POST, "/fn/frozen", "text/html").await;
    assert!(page.contains(" href=\"/\">Back to the page</a>"), "{page}");
    let (_, retry, error) = answer_to(Method::POST, "/fn/frozen", "application/json").await;
    let error: ApiError = serde_json::from_str(&error).unwrap();
    assert_eq!((error.code, retry), (Code::Unavailable, None));
    assert!(error.message.contains(LOOK), "{}", error.message);
    let (_, retry, problem) = answer_to(Method::POST, "/frozen", "application/json").await;
    let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
    assert_eq!((&problem["code"], retry), (&serde_json::Value::from("unavailable"), None));
    assert!(problem["detail"].as_str().unwrap().contains(LOOK), "{problem}");
}

#[tokio::test]
async fn only_a_page_that_was_asked_for_asks_again_by_itself() {
    for (method, path, again) in [
        (Method::GET, "/import", true),
        (Method::POST, "/import", false),
        (Method::GET, "/sign-in/callback", false),
    ] {
        let asked = Asked::of(&request(method, path, "text/html"));
        let answer = unavailable(&asked, "The database does not answer", "0190-ab");
        let page = to_bytes(answer.into_body(), 65_536).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert_eq!(page.contains("http-equiv=\"refresh\""), again, "{path}: {page}");
    }
}

#[test]
fn a_form_s_reader_is_led_to_an_address_that_can_be_looked_at() {
    let led = |path: &str, from: &str| {
        let mut sent = request(Method::POST, path, "text/html");
        sent.headers_mut().insert(header::HOST, "manager.test".parse().unwrap());
        sent.headers_mut().insert(header::REFERER, from.parse().unwrap());
        Asked::of(&sent).back
    };
    let form = "https://manager.test/pools/new?environment=dev";
    assert_eq!(led("/fn/propose", form), "/pools/new?environment=dev");
    assert_eq!(led("/fn/propose", "https://manager.test/"), "/");
    for strange in [
        "https://other.test/pools",
        "https://manager.test//other.test/",
        "https://manager.test/fn/propose",
        "/pools",
        "no address",
    ] {
        assert_eq!(led("/fn/propose", strange), "/", "{strange}");
    }
    assert_eq!(led("/import", form), "");
    assert_eq!(led("/sign-in/callback", form), "/sign-in");
    assert_eq!(Asked::of(&request(Method::POST, "/fn/propose", "text/html")).back, "/");
}

#[tokio::test]
async fn a_refusal_without_a_word_says_what_and_leads_to_its_explanation() {
    for (path, expected, code) in [
        ("/wordy", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        ("/nowhere", StatusCode::NOT_FOUND, "not_found"),
    ] {
        let mut sent = request(Method::PUT, path, "*/*");
        sent.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
        let answer = router().oneshot(sent).await.unwrap();
        assert_eq!(answer.status(), expected, "{path}");
        assert_eq!(answer.headers()[header::ALLOW], "GET,HEAD", "{path}");
        let body = to_bytes(answer.into_body(), 65_536).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], code, "{path}");
    }
    let (status, _, error) = answer_to(Method::POST, "/fn/nowhere", "application/json").await;
    let error: ApiError = serde_json::from_str(&error).unwrap();
    assert_eq!((status, error.code), (StatusCode::NOT_FOUND, Code::NotFound));
    assert!(error.message.contains("load it again"), "{}", error.message);

    for (accept, words) in [
        ("text/html", "<h1>The request came from a page of another site</h1>"),
        ("*/*", "\"code\":\"cross_site\""),
    ] {
        let mut forged = request(Method::POST, "/broken", accept);
        forged.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        let answer = router().oneshot(forged).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let body = to_bytes(answer.into_body(), 65_536).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(words), "{body}");
    }
}

#[tokio::test]
async fn a_failure_that_has_words_keeps_them() {
    let (status, _, body) = answer("/wordy", "text/html").await;
    assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "its own words"));
    let head = router().oneshot(request(Method::HEAD, "/wordy", "text/html")).await.unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "its own words".len().to_string().as_str());
}
