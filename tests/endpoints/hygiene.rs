//! A secret goes where its credential says, and nothing that can be printed holds one.

use std::sync::Arc;

use canvas_memory::declare::{ConnectArgs, ConnectContext, Credential, Target};
use canvas_memory::message::Message;
use canvas_memory::model::{self, Prompt};
use canvas_memory::registry::Registry;
use canvas_memory::session::{SessionId, Turn};
use canvas_memory::store::Append;
use canvas_memory::upstash::{Command, Request, Response};
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::Here;
use crate::backend::{Backend, EVERY_WAY, SECRET};
use crate::recorder::{Recorder, answer};

/// Stands for every text of a conversation.
const TEXT: &str = "mark3r-t3xt";

#[track_caller]
fn assert_clean(printed: &str) {
    assert!(!printed.contains(SECRET) && !printed.contains(TEXT), "{printed}");
}

/// All that a person or a log could be shown of an error.
#[track_caller]
fn assert_clean_error(error: &Error) {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let causes: Vec<_> = causes.map(|cause| format!("{cause} {cause:?}")).collect();
    assert_clean(&format!("{error} {error:?} {error:#?} {causes:?} {}", json!(error)));
}

/// Sends back whatever it was sent, as proxies and services do in their errors.
fn echo(status: &'static str) -> Recorder {
    Recorder::start(move |request| {
        answer(status, "", &json!({"error": request, "message": request}).to_string())
    })
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_the_service_repeats() {
    for status in ["200 OK", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "500 Oops"] {
        let server = echo(status);
        for way in EVERY_WAY {
            match way.dial(&server.url(), &ConnectContext::default()).await {
                Ok(()) => {}
                Err(error) => assert_clean_error(&error),
            }
        }
        let sent = server.seen().join("\n");
        assert!(sent.contains(SECRET), "there was something to repeat: {sent}");
    }
}

#[tokio::test]
async fn no_error_of_a_write_repeats_its_text() {
    let server = echo("400 Bad Request");
    let context = ConnectContext::default();
    let connected = Backend::Upstash.connect(&server.url(), &context).await.unwrap();
    let turn = Turn::new([Message::user(TEXT), Message::assistant("hello")]);
    let memory = connected.memory().unwrap();
    let error = memory.append(&SessionId::new("s").unwrap(), Append::new(turn)).await.unwrap_err();
    assert!(server.seen().concat().contains(TEXT));
    assert_clean_error(&error);
    assert_clean(&format!("{connected:?} {memory:?} {context:?}"));
}

#[tokio::test]
async fn whatever_stands_around_a_credential_prints_without_it() {
    let context = ConnectContext::default();
    for backend in [Backend::Upstash, Backend::Model] {
        let connected = backend.connect("https://db.example.test", &context).await.unwrap();
        assert_clean(&format!("{connected:?} {connected:#?}"));
        if let Ok(model) = connected.model() {
            assert_clean(&format!("{model:?}"));
        }
    }
    for backend in [Backend::DynamoDb, Backend::Upstash, Backend::Model] {
        let credential = backend.credential("https://db.example.test");
        let args = ConnectArgs::new(&context).with_credential(credential.clone());
        assert_clean(&format!("{credential:?} {args:?} {args:#?} {context:?}"));
        let unfit =
            Credential::new("c1", credential.credential_type(), 1, json!({SECRET: SECRET}).to_string());
        let test = Registry::collect().test_credential(&unfit, &Target::default(), &context).await;
        // An unknown field's name is told: it is what was misspelt.
        assert!(!test.unwrap_err().to_string().replace(&format!("`{SECRET}`"), "").contains(SECRET));
    }
    let command = Command::new("SET").arg("key").arg(TEXT);
    assert_eq!(format!("{command:?}"), r#"Command { name: "SET", arguments: 2, bytes: 14 }"#);
    let request = Request { path: "", sync_token: SECRET.to_owned(), body: TEXT.into() };
    let response = Response { status: 200, sync_token: Some(SECRET.to_owned()), body: TEXT.into() };
    assert_clean(&format!("{request:?} {response:?}"));
}

#[test]
fn the_settings_of_a_client_print_without_their_secrets() {
    use canvas_memory::dynamodb::{Credentials, DynamoConfig, SharedCredentialsProvider};
    use canvas_memory::provider::{Access, Provider};
    use canvas_memory::upstash::ClientConfig;

    let keys = Credentials::new(SECRET, SECRET, Some(SECRET.to_owned()), None, "test");
    let dynamodb = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
    let upstash = ClientConfig::new("https://eu1.upstash.io", SECRET);
    let model = Access { api_key: Some(SECRET.into()), ..Access::new(Provider::Openai) };
    assert_clean(&format!("{dynamodb:?} {upstash:?} {model:?}"));
}

/// Connects a chat model with a key that may go to `host`.
async fn key_for(host: Option<&str>, inputs: Value) -> Result<()> {
    let mut fields = json!({"apiKey": SECRET});
    if let Some(host) = host {
        fields["host"] = host.into();
    }
    let context = ConnectContext::default();
    let credential = Credential::new("c1", "chatModelApi", 1, fields.to_string());
    let args = ConnectArgs::new(&context).with_credential(credential);
    Registry::collect().connect_json("chatModel", &inputs, args).await.map(drop)
}

#[tokio::test]
async fn a_model_key_goes_only_to_the_host_that_its_credential_names() {
    let at = |base_url: &str| json!({"modelName": "m", "baseURL": base_url});
    let own = || json!({"modelName": "m", "provider": "anthropic"});
    let ollama = || json!({"modelName": "m", "provider": "ollama"});
    for (host, inputs) in [
        (None, own()),
        (None, ollama()),
        (None, at("https://api.openai.com/v1/")),
        (Some("api.anthropic.com"), own()),
        (Some("gateway.example.com"), at("https://Gateway.example.com/v1")),
        (Some("gateway.example.com:443"), at("https://gateway.example.com/v1")),
        (Some("127.0.0.1:11434"), at("http://127.0.0.1:11434/v1")),
    ] {
        key_for(host, inputs.clone()).await.unwrap_or_else(|error| panic!("{host:?} {inputs}: {error}"));
    }
    for (host, inputs, says) in [
        (None, at("https://gateway.example.com/v1"), "enter `gateway.example.com` there"),
        (None, at("http://127.0.0.1:11434/v1"), "enter `127.0.0.1:11434` there"),
        (None, at("https://api.openai.com:8443/v1"), "enter `api.openai.com:8443` there"),
        (
            None,
            at("https://api.openai.com.example.com"),
            "api.openai.com.example.com is not the provider's own",
        ),
        (Some("gateway.example.com"), own(), "would go to api.anthropic.com"),
        (
            Some("gateway.example.com"),
            at("https://elsewhere.example.com"),
            "would go to elsewhere.example.com",
        ),
        (Some("gateway.example.com:443"), at("https://gateway.example.com:8443"), "gateway.example.com:8443"),
    ] {
        let error = key_for(host, inputs.clone()).await.unwrap_err();
        let names_host = matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "host");
        assert!(names_host && error.message().contains(says), "{host:?} {inputs}: {error}");
        assert_clean_error(&error);
    }
}

/// genai sends a model of this name to an address of its own choice.
#[tokio::test]
async fn a_models_name_does_not_lead_its_key_to_another_host() {
    let server = echo("401 Unauthorized");
    let context = ConnectContext { resolver: Arc::new(Here), ..ConnectContext::default() };
    let inputs = json!({"modelName": "zai_coding::glm", "provider": "zai", "baseURL": server.url()});
    let args = ConnectArgs::new(&context).with_credential(Backend::Model.credential(&server.url()));
    let model = Registry::collect().connect_json("chatModel", &inputs, args).await.unwrap().model().unwrap();
    let prompt = Prompt { messages: vec![Message::user("hi")], ..Prompt::default() };
    let answer = async { model::collect(model.answer(prompt).await?, |_| {}).await };
    let error = answer.await.unwrap_err();
    assert!(error.message().contains("may not dial"), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_model_on_this_machine_is_up_to_the_operator() {
    let connect = |context: ConnectContext| async move {
        let inputs = json!({"modelName": "m", "provider": "ollama"});
        Registry::collect().connect_json("chatModel", &inputs, ConnectArgs::new(&context)).await.map(drop)
    };
    let refused = connect(crate::host(&[])).await.unwrap_err();
    assert!(refused.message().starts_with("`provider` "), "{refused}");
    assert!(refused.message().ends_with("`--allow-endpoint localhost:11434`"), "{refused}");
    connect(crate::host(&["localhost:11434"])).await.unwrap();
}
