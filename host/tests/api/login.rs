//! Browsers before a host that has a token.

use std::io;
use std::sync::{Arc, Mutex};

use canvas_memory_host::api::ServeOptions;
use reqwest::Method;
use serde_json::json;

use crate::security::with_headers;
use crate::support::{Home, Host};

const TOKEN: &str = "the-token-of-this-host";

async fn with_token(home: &Home) -> Host {
    let serve = ServeOptions { token: Some(TOKEN.into()), ..ServeOptions::default() };
    Host::serve(home.options(), serve).await
}

/// What a browser sends back of the cookie that it was given.
async fn log_in(host: &Host, token: &str) -> String {
    let answer = host.post("/login", json!({"token": token})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/api; HttpOnly; SameSite=Strict");
    assert!(!cookie.contains(TOKEN), "{cookie}");
    pair.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_bears_a_cookie_once_it_has_shown_the_token() {
    let home = Home::new();
    let host = with_token(&home).await;
    for wrong in ["", "hunter2", &TOKEN[1..]] {
        let refused = host.post("/login", json!({"token": wrong})).await;
        assert!(!refused.headers.contains_key("set-cookie"), "{refused:?}");
        let error = refused.error(401, "unauthenticated");
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }
    let cookie = log_in(&host, &format!(" {TOKEN}\n")).await;
    let (name, secret) = cookie.split_once('=').unwrap();
    assert!(secret.len() >= 64, "{cookie}");
    with_headers(&host, &[("cookie", &cookie)]).await.ok();
    with_headers(&host, &[("cookie", &format!("{name}=old; theme=dark; {cookie}"))]).await.ok();
    with_headers(&host, &[("cookie", &cookie), ("authorization", "Basic of-a-proxy")]).await.ok();
    let request = host.request(Method::POST, "/api/v1/flows").header("cookie", &cookie).json(&json!({}));
    host.send(Method::POST, "/api/v1/flows", request).await.created();
    for wrong in [
        name,
        &format!("{name}="),
        &format!("{name}={TOKEN}"),
        &format!("x{cookie}"),
        &cookie[..cookie.len() - 1],
    ] {
        with_headers(&host, &[("cookie", wrong)]).await.error(401, "unauthenticated");
    }
    // The secret is the cookie's alone.
    with_headers(&host, &[("authorization", &format!("Bearer {secret}"))])
        .await
        .error(401, "unauthenticated");

    let left = host.post("/logout", json!({})).await;
    let cleared = left.headers["set-cookie"].to_str().unwrap();
    assert_eq!(cleared, format!("{name}=; Path=/api; HttpOnly; SameSite=Strict; Max-Age=0"));
    host.stop().await;

    let host = with_token(&home).await;
    let name = log_in(&host, TOKEN).await.split_once('=').unwrap().0.to_owned();
    let of_the_start_before = format!("{name}={secret}");
    with_headers(&host, &[("cookie", &of_the_start_before)]).await.error(401, "unauthenticated");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_does_not_let_pages_of_other_sites_in() {
    let home = Home::new();
    let host = with_token(&home).await;
    let cookie = log_in(&host, TOKEN).await;
    let own = [("cookie", cookie.as_str()), ("origin", &host.url), ("sec-fetch-site", "same-origin")];
    with_headers(&host, &own).await.ok();
    for foreign in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        with_headers(&host, &[("cookie", &cookie), foreign]).await.error(403, "denied");
        for path in ["/api/v1/login", "/api/v1/logout"] {
            let request = host.request(Method::POST, path).header(foreign.0, foreign.1);
            let answer = host.send(Method::POST, path, request.json(&json!({"token": TOKEN}))).await;
            assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
            answer.error(403, "denied");
        }
    }
    host.stop().await;
}

/// On one thread, where the log can be listened to.
#[tokio::test]
async fn no_log_tells_a_token_or_a_cookie() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || written.clone())
        .finish();
    let listening = tracing::subscriber::set_default(subscriber);
    let home = Home::new();
    let host = with_token(&home).await;
    host.post("/login", json!({"token": "hunter2"})).await.error(401, "unauthenticated");
    let cookie = log_in(&host, TOKEN).await;
    with_headers(&host, &[("cookie", &cookie)]).await.ok();
    with_headers(&host, &[("authorization", &format!("Bearer {TOKEN}"))]).await.ok();
    with_headers(&host, &[("authorization", "Bearer hunter2")]).await.error(401, "unauthenticated");
    host.stop().await;
    drop(listening);
    let log = log.text();
    assert!(!log.is_empty());
    for secret in [TOKEN, "hunter2", cookie.split_once('=').unwrap().1] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
