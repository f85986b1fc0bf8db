//! A proxy of the environment sees nothing.

use std::env;
use std::process::{Command, Stdio};
use std::sync::Arc;

use canvas_memory::ErrorKind;
use canvas_memory::declare::{Credential, Target};
use canvas_memory::dial::Dialer;
use canvas_memory::dynamodb::probe;
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use canvas_memory::registry::Registry;
use serde_json::json;

use crate::Here;
use crate::backend::EVERY_WAY;
use crate::recorder::{Recorder, answer};

const VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Tells the child what its variables hold.
const PROXY: &str = "CANVAS_MEMORY_TEST_PROXY";

/// The environment can be set for another process only: this test runs itself as one.
#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    if let Ok(proxy) = env::var(PROXY) {
        assert!(VARIABLES.iter().all(|name| env::var(name).unwrap() == proxy));
        return dial_everything().await;
    }
    let proxy = Recorder::start(|_| answer("502 Bad Gateway", "", ""));
    let security_token_service = Recorder::start(|_| answer("403 Forbidden", "", ""));
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .args(["--exact", "proxies::a_proxy_of_the_environment_is_not_used", "--nocapture"])
        .env_clear()
        .envs(VARIABLES.map(|name| (name, proxy.url())))
        .env(PROXY, proxy.url())
        .env("AWS_ENDPOINT_URL_STS", security_token_service.url())
        .stdin(Stdio::null());
    let ran = child.output().unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && printed.contains("1 passed"), "{printed}");
    assert!(!security_token_service.seen().is_empty(), "the role was asked for");
    assert_eq!(proxy.seen(), [""; 0]);
}

async fn dial_everything() {
    let server = Recorder::start(|_| answer("401 Unauthorized", "", ""));
    let context = crate::host(&["127.0.0.1", "localhost"]);
    let (plain, tls) = (server.url(), format!("https://localhost:{}", server.addr.port()));
    for url in [&plain, &tls] {
        for way in EVERY_WAY {
            let before = server.seen().len();
            let error = way.dial(url, &context).await.unwrap_err();
            assert!(server.seen().len() > before, "{way:?} {url}: {error}");
        }
    }

    // AWS's own endpoint, wherever its name leads.
    let keys = Credentials::new("AKID", "secret", None, None, "test");
    let mut config = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
    config.dialer = Dialer::default().with_resolver(Arc::new(Here));
    let error = probe::standing(&DynamoClient::new(config).unwrap()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable, "{error}");

    // AWS's token service, which a role is asked of.
    let role = json!({"kind": "role", "roleArn": "arn:aws:iam::123456789012:role/chat",
        "base": {"kind": "keys", "accessKey": "AKID", "secretAccessKey": "secret"}});
    let role = Credential::new("c1", "dynamodbMemoryApi", 1, role.to_string());
    let target = Target { endpoint: Some(plain), ..Target::default() };
    Registry::collect().test_credential(&role, &target, &context).await.unwrap_err();
}
