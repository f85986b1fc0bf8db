//! Who is let in, and what bad requests are answered.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use canvas_memory_host::api::{self, ConnectionLimits, ServeOptions};
use canvas_memory_host::app::App;
use futures_util::stream;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Answer, Home, Host};

async fn raw(host: &Host, request: &str) -> String {
    let addr: SocketAddr = host.url.trim_start_matches("http://").parse().unwrap();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) async fn with_headers(host: &Host, headers: &[(&str, &str)]) -> Answer {
    let request = host.request(Method::GET, "/api/v1/flows");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    host.send(Method::GET, "/api/v1/flows", request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_requests_that_mean_this_host_come_in() {
    let home = Home::new();
    let serve = ServeOptions { host_names: vec!["memory.example".into()], ..ServeOptions::default() };
    let host = Host::serve(home.options(), serve).await;
    let port = host.url.rsplit(':').next().unwrap();
    let foreign = ["evil.example", "localhost.evil.example", "127.0.0.1:1", "10.0.0.7", "localhost", ""];
    for name in foreign {
        with_headers(&host, &[("host", name)]).await.error(403, "denied");
    }
    for name in [
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        "memory.example".into(),
        "Memory.Example:443".into(),
    ] {
        with_headers(&host, &[("host", &name)]).await.ok();
    }
    let two =
        "GET /api/v1/flows HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    let refused = raw(&host, two).await;
    assert!(refused.starts_with("HTTP/1.1 403") || refused.starts_with("HTTP/1.1 400"), "{refused}");
    let none = raw(&host, "GET /api/v1/flows HTTP/1.0\r\n\r\n").await;
    assert!(none.contains(" 403 "), "{none}");

    for origin in
        ["http://evil.example", "null", "http://127.0.0.1:1", &format!("http://localhost:{port}"), ""]
    {
        with_headers(&host, &[("origin", origin)]).await.error(403, "denied");
    }
    with_headers(&host, &[("origin", &host.url)]).await.ok();
    with_headers(&host, &[("sec-fetch-site", "cross-site")]).await.error(403, "denied");
    with_headers(&host, &[("sec-fetch-site", "same-origin"), ("origin", &host.url)]).await.ok();
    let page = host.request(Method::GET, "/").header("origin", "http://evil.example").send().await.unwrap();
    assert_eq!(page.status(), 403);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_on_another_site_leads_to_a_page_and_nowhere_else() {
    let home = Home::new();
    let host = home.start().await;
    let link =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let status = async |method: Method, path: &str, headers: &[(&str, &str)]| {
        let request = host.request(method, path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(Method::GET, "/", &link).await, 200);
    assert_eq!(status(Method::GET, "/flows/mine", &link).await, 404, "a page that is not there");
    for path in ["/api/v1/flows", "/api/v1/openapi.json", "/api", "/api/", "//api/v1/flows", "/API/v1/flows"]
    {
        assert_eq!(status(Method::GET, path, &link).await, 403, "{path}");
    }
    assert_eq!(status(Method::POST, "/", &link).await, 403);
    for (name, value) in [
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "script"),
        ("sec-fetch-dest", ""),
    ] {
        let other = link.map(|(header, said)| (header, if header == name { value } else { said }));
        assert_eq!(status(Method::GET, "/", &other).await, 403, "{name}: {value}");
    }
    assert_eq!(status(Method::GET, "/", &link[..1]).await, 403);
    let with_origin = [link.as_slice(), &[("origin", "http://evil.example")]].concat();
    assert_eq!(status(Method::GET, "/", &with_origin).await, 403);
    for site in ["same-site", "cross-site", "", "hunter2"] {
        assert_eq!(status(Method::GET, "/api/v1/flows", &[("sec-fetch-site", site)]).await, 403, "{site}");
    }
    let twice = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")];
    assert_eq!(status(Method::GET, "/api/v1/flows", &twice).await, 403);
    for site in ["same-origin", "none"] {
        assert_eq!(status(Method::GET, "/api/v1/flows", &[("sec-fetch-site", site)]).await, 200, "{site}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_half_a_request_does_not_keep_others_out() {
    let home = Home::new();
    let limits = ConnectionLimits { at_once: 2, header_time: Duration::from_millis(200) };
    let host =
        Host::serve(home.options(), ServeOptions { connections: limits, ..ServeOptions::default() }).await;
    let addr: SocketAddr = host.url.trim_start_matches("http://").parse().unwrap();
    let mut halves = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: 127").await.unwrap();
        halves.push(stream);
    }
    host.get("/host").await.ok();
    for mut half in halves {
        // Its end, or a reset: what counts is that it does not stay.
        let mut rest = Vec::new();
        let closing = half.read_to_end(&mut rest);
        let _ = tokio::time::timeout(Duration::from_secs(20), closing).await.expect("it was closed");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_a_token_needs_it_on_every_request() {
    let home = Home::new();
    let (token, secret) = ("the-token-of-this-host", "the-secret-of-this-start");
    let serve = ServeOptions {
        token: Some(token.into()),
        start_secret: Some(secret.into()),
        ..ServeOptions::default()
    };
    let host = Host::serve(home.options(), serve).await;
    let refused = with_headers(&host, &[]).await;
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    refused.error(401, "unauthenticated");
    for wrong in
        ["Bearer", "Bearer ", "Bearer x", "Basic the-token-of-this-host", &format!("Bearer {token}x")]
    {
        let error = with_headers(&host, &[("authorization", wrong)]).await.error(401, "unauthenticated");
        assert!(!error.to_string().contains(token), "{error}");
    }
    for right in [format!("Bearer {token}"), format!("bearer {token}"), format!("Bearer {secret}")] {
        with_headers(&host, &[("authorization", &right)]).await.ok();
    }
    for path in
        ["/api/v1/openapi.json", "/nothing", "/api/v1/prediction/x", "/api/v1/login/", "/api/v1//login"]
    {
        assert_eq!(host.request(Method::GET, path).send().await.unwrap().status(), 401, "{path}");
    }
    for path in ["/", "/app.js", "/app.css"] {
        let page = host.request(Method::GET, path).send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}: the page asks for the token");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_can_reach_is_called_by_addresses_and_by_the_names_that_it_was_given() {
    let home = Home::new();
    let serve = ServeOptions {
        token: Some("t".into()),
        host_names: vec!["memory.example".into()],
        ..ServeOptions::default()
    };
    let host = Host::serve_on("0.0.0.0:0", home.options(), serve).await;
    for name in ["10.0.0.7:4680", "localhost:4680", "[::1]", "memory.example"] {
        with_headers(&host, &[("host", name), ("authorization", "Bearer t")]).await.ok();
        with_headers(&host, &[("host", name)]).await.error(401, "unauthenticated");
    }
    for name in ["evil.example", "localhost.evil.example", "10.0.0.7.evil.example", "evil.localhost"] {
        with_headers(&host, &[("host", name), ("authorization", "Bearer t")]).await.error(403, "denied");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_can_reach_does_not_start_without_a_token() {
    let home = Home::new();
    let app = App::open(home.options()).unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = api::serve(app.clone(), listener, ServeOptions::default()).await.unwrap_err();
    assert!(error.message().contains("--token-file"), "{error}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let empty = ServeOptions { token: Some("".into()), ..ServeOptions::default() };
    assert!(api::serve(app, listener, empty).await.unwrap_err().message().contains("empty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_do_not_share_a_data_directory() {
    let home = Home::new();
    let host = home.start().await;
    let error = App::open(home.options()).unwrap_err();
    assert_eq!(error.kind().code(), "storage");
    assert!(error.message().contains("is open in another"), "{error}");
    host.get("/host").await.ok();
    host.stop().await;
    drop(App::open(home.options()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_request_is_answered_in_one_shape() {
    let home = Home::new();
    let host = home.start().await;
    let send = async |method: Method, path: &str, content_type: &str, body: &'static str| {
        let request = host.request(method.clone(), path).header("content-type", content_type).body(body);
        host.send(method, path, request).await
    };
    let json_type = "application/json";
    for path in ["/nothing", "/api/v1", "/api/v1/nothing", "/api/v2/flows", "/api/v1/flows/x/y"] {
        send(Method::GET, path, json_type, "").await.error(404, "not_found");
    }
    for (method, path) in
        [(Method::DELETE, "/api/v1/flows"), (Method::GET, "/api/v1/runs"), (Method::POST, "/")]
    {
        let refused = send(method, path, json_type, "{}").await;
        assert!(refused.headers.contains_key("allow"), "{refused:?}");
        refused.error(405, "unsupported");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"] {
        let error = send(Method::POST, "/api/v1/runs", content_type, "{}").await.error(415, "invalid_input");
        assert_eq!(error["field"], "Content-Type");
    }
    for (path, body, field) in [
        ("/api/v1/runs", "{hunter2", "body"),
        ("/api/v1/runs", "", "body"),
        ("/api/v1/runs", "[]", "body"),
        ("/api/v1/runs", r#"{"flow": "x"}"#, "message"),
        ("/api/v1/runs", r#"{"flow": 7, "message": "hunter2"}"#, "flow"),
        ("/api/v1/runs", r#"{"flow": "x", "message": ""}"#, "message"),
        ("/api/v1/runs", r#"{"flow": "x", "message": {"hunter2": 1}}"#, "message"),
        ("/api/v1/runs", r#"{"flow": "x", "message": {"role": "system", "content": "hunter2"}}"#, "message"),
        (
            "/api/v1/runs",
            r#"{"flow": "x", "message": {"role": "assistant", "content": "hunter2"}}"#,
            "message",
        ),
        ("/api/v1/runs", r#"{"flow": "x", "message": {"role": "tool", "content": "hunter2"}}"#, "message"),
        (
            "/api/v1/runs",
            r#"{"flow": "x", "message": {"role": "user", "content": "m", "tool_calls": [{"id": "a", "name": "hunter2", "arguments": {}}]}}"#,
            "message",
        ),
        ("/api/v1/runs", r#"{"flow": "x", "message": "m", "session": ""}"#, "session"),
        ("/api/v1/runs", r#"{"flow": "x", "message": "m", "turn_id": "hunter2 hunter2"}"#, "turn_id"),
        ("/api/v1/runs", r#"{"flow": "../../etc/passwd", "message": "m"}"#, "id"),
        ("/api/v1/memory/load", r#"{"memory": {"flow": "hunter2"}, "session": "s"}"#, "memory"),
        (
            "/api/v1/memory/turns",
            r#"{"memory": {"flow": "x", "node": "y"}, "session": "s", "last": 0}"#,
            "last",
        ),
        (
            "/api/v1/memory/turns",
            r#"{"memory": {"flow": "x", "node": "y"}, "session": "s", "last": 5000}"#,
            "last",
        ),
        (
            "/api/v1/memory/sessions",
            r#"{"memory": {"type": "upstashRedisBackedChatMemory", "inputs": {"baseURL": "builtin"}}, "page": "hunter2"}"#,
            "page",
        ),
        ("/api/v1/memory/sessions", r#"{"memory": ["hunter2", "y"]}"#, "memory"),
        (
            "/api/v1/memory/append",
            r#"{"memory": {"flow": "x", "node": "y"}, "session": "s", "turn": ["hunter2", [], null]}"#,
            "turn",
        ),
        (
            "/api/v1/memory/delete_message",
            r#"{"memory": {"flow": "x", "node": "y"}, "session": "s", "at": ["1", "hunter2", 0]}"#,
            "at",
        ),
        ("/api/v1/credentials/test", r#"{"id": "x", "target": ["hunter2", null, null]}"#, "target"),
        ("/api/v1/login", r#"{"token": ["hunter2"]}"#, "token"),
        ("/api/v1/flows", r#"{"template": "nothing"}"#, "template"),
        ("/api/v1/flows", "[null, null, null]", "body"),
        ("/api/v1/flows", r#"{"name": "hunter2", "name": "x"}"#, "name"),
        ("/api/v1/flows", r#"{"flow": {"nodes": []}}"#, "format"),
        ("/api/v1/flows/import?dry_run=hunter2", "{}", "query"),
        ("/api/v1/doctor", r#"{"hunter2": 1}"#, "hunter2"),
        ("/api/v1/doctor", "{}", "body"),
    ] {
        let error = send(Method::POST, path, json_type, body).await.error(400, "invalid_input");
        assert_eq!(error["field"], field, "{path} {body}: {error}");
        let tells = error["message"].as_str().unwrap();
        assert!(field == "hunter2" || !tells.contains("hunter2"), "{body}: {tells}");
    }
    let memory = json!({"memory": {"type": "echoModel"}, "session": "s"});
    host.post("/memory/load", memory).await.error(422, "unsupported");
    let unknown = json!({"memory": {"type": "nothing"}, "session": "s"});
    host.post("/memory/load", unknown).await.error(404, "not_found");
    let deep = format!("{{\"flow\": \"x\", \"message\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep: Value = {
        let request = host.request(Method::POST, "/api/v1/runs").header("content-type", json_type).body(deep);
        host.send(Method::POST, "/api/v1/runs", request).await.error(400, "invalid_input")
    };
    assert_eq!(deep["field"], "message", "{deep}");
    host.get("/host").await.ok();
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_fifty_megabytes_is_refused_and_the_host_stays() {
    const PIECE: usize = 1 << 20;
    let home = Home::new();
    let host = home.start().await;
    for path in ["/api/v1/runs", "/api/v1/flows/import", "/api/v1/credentials", "/api/v1/prediction/x"] {
        let pieces = (0..50).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; PIECE])));
        let streamed = reqwest::Body::wrap_stream(stream::iter(pieces));
        for body in [streamed, reqwest::Body::from(vec![b' '; 50 * PIECE])] {
            let request =
                host.request(Method::POST, path).header("content-type", "application/json").body(body);
            host.send(Method::POST, path, request).await.error(413, "too_large");
        }
    }
    host.get("/host").await.ok();
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_how_to_treat_answers() {
    let home = Home::new();
    let host = home.start().await;
    let page = host.request(Method::GET, "/").send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("eval"), "{policy}");
    assert_eq!(page.headers()["cache-control"], "no-cache", "an ETag tells whether it changed");
    for path in ["/", "/app.js", "/api/v1/flows", "/api/v1/openapi.json", "/nothing"] {
        let answer = host.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(answer.headers()["x-frame-options"], "DENY", "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        if path.starts_with("/api") {
            assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        }
    }
    let served: Value =
        host.request(Method::GET, "/api/v1/openapi.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(served, serde_json::to_value(api::document()).unwrap());
    host.stop().await;
}
