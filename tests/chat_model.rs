//! The Chat Model node against an OpenAI-compatible server, and against servers that are none.
#![cfg(feature = "models")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that fails should say where")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use canvas_memory::ErrorKind;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Connected, Credential, Level};
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Part, ToolCall};
use canvas_memory::model::{Answer, ChatModel, Prompt, ToolChoice, ToolSpec, collect};
use canvas_memory::provider::{Access, AnswerOptions, Provider, ProviderModel};
use canvas_memory::registry::Registry;
use serde_json::{Value, json};
use support::openai_stub::{Call, OpenAiStub, Reply, call};

async fn connect(base_url: &str, model: &str) -> canvas_memory::Result<Connected> {
    let context = ConnectContext::default();
    let credential =
        Credential::new("c1", "chatModelApi", 1, r#"{"apiKey": "sk-test-key", "host": "127.0.0.1"}"#);
    let inputs = json!({"modelName": model, "baseURL": base_url});
    let args = ConnectArgs::new(&context).with_credential(credential);
    Registry::collect().connect_json("chatModel", &inputs, args).await
}

async fn model(stub: &OpenAiStub) -> Arc<dyn ChatModel> {
    connect(&stub.base_url, "stub-1").await.unwrap().model().unwrap()
}

async fn answer(
    model: &dyn ChatModel,
    messages: Vec<Message>,
) -> canvas_memory::Result<(Answer, Vec<String>)> {
    let mut pieces = Vec::new();
    let prompt = Prompt { messages, ..Prompt::default() };
    let answer = collect(model.answer(prompt).await?, |piece| pieces.push(piece.to_owned())).await?;
    Ok((answer, pieces))
}

#[tokio::test]
async fn an_answer_comes_piece_by_piece_with_its_tokens() {
    let stub = OpenAiStub::start(Reply::Text(vec!["Hello", " Collin", "! 👋"])).await;
    let (answer, pieces) = answer(&*model(&stub).await, vec![Message::user("Hello")]).await.unwrap();
    assert_eq!(pieces, ["Hello", " Collin", "! 👋"]);
    assert_eq!(answer.message, Message::assistant("Hello Collin! 👋"));
    assert_eq!((answer.input_tokens, answer.output_tokens), (Some(7), Some(3)));
    let (headers, body) = &stub.requests()[0];
    assert_eq!(headers["authorization"], "Bearer sk-test-key");
    assert_eq!(body["model"], "stub-1");
    assert_eq!(body["stream"], true);
}

#[tokio::test]
async fn a_conversation_with_tools_and_images_arrives_whole() {
    let stub = OpenAiStub::start(Reply::Text(vec!["ok"])).await;
    let call = ToolCall::new("call_1", "get_weather", RawJson::parse(r#"{"city":"Paris"}"#).unwrap());
    let mut picture = Message::user("And this?");
    picture.parts.push(Part::image("image/png", "iVBORw0KGgo="));
    let messages = vec![
        Message::system("You are terse."),
        Message::user("Weather in Paris?"),
        Message { tool_calls: vec![call], ..Message::assistant("") },
        Message::tool("call_1", r#"{"temp":21.5}"#),
        Message::assistant("It is 21.5 °C."),
        picture,
    ];
    answer(&*model(&stub).await, messages).await.unwrap();
    let (_, body) = &stub.requests()[0];
    let roles: Vec<_> =
        body["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "assistant", "user"]);
    assert_eq!(body["messages"][2]["tool_calls"][0]["id"], "call_1");
    assert_eq!(body["messages"][2]["tool_calls"][0]["function"]["arguments"], r#"{"city":"Paris"}"#);
    assert_eq!(body["messages"][3]["tool_call_id"], "call_1");
    let image = &body["messages"][5]["content"][1]["image_url"]["url"];
    assert_eq!(image, "data:image/png;base64,iVBORw0KGgo=");
}

#[tokio::test]
async fn a_tool_call_comes_back_with_its_arguments() {
    let clock = Call { id: "call_1", name: "clock", arguments: vec!["{\"zone\":", "\"UTC\"}"] };
    let stub = OpenAiStub::start(Reply::Calls("", vec![clock])).await;
    let prompt =
        Prompt { messages: vec![Message::user("Time?")], tools: vec![clock_spec()], ..Prompt::default() };
    let answer = collect(model(&stub).await.answer(prompt).await.unwrap(), |_| {}).await.unwrap();
    let [call] = answer.message.tool_calls.as_slice() else { panic!("{answer:?}") };
    assert_eq!((call.id.as_str(), call.name.as_str()), ("call_1", "clock"));
    assert_eq!(call.arguments.as_str(), r#"{"zone":"UTC"}"#);
    assert_eq!(stub.requests()[0].1["tools"][0]["function"]["name"], "clock");
}

fn clock_spec() -> ToolSpec {
    ToolSpec {
        name: "clock".into(),
        description: "Tells the time.".into(),
        parameters: RawJson::parse(r#"{"type":"object","properties":{"zone":{"type":"string"}}}"#).unwrap(),
    }
}

#[tokio::test]
async fn arguments_of_any_shape_come_back_and_go_out_as_an_object() {
    let asked = vec![
        call("call_1", "clock", ""),
        call("call_2", "clock", "{\"zone\": \"U"),
        call("call_3", "clock", "[1]"),
    ];
    let stub = OpenAiStub::start(Reply::Calls("Let me see.", asked)).await;
    let model = model(&stub).await;
    let ask = async |messages| {
        let prompt = Prompt { messages, tools: vec![clock_spec()], ..Prompt::default() };
        collect(model.answer(prompt).await.unwrap(), |_| {}).await.unwrap().message
    };
    let answer = ask(vec![Message::user("Time?")]).await;
    let arguments: Vec<_> = answer.tool_calls.iter().map(|call| call.arguments.as_str()).collect();
    assert_eq!(arguments, ["{}", r#""{\"zone\": \"U""#, "[1]"]);

    // Of its results the conversation holds the second only.
    ask(vec![answer, Message::tool("call_2", "no JSON"), Message::user("And?")]).await;
    let sent = stub.messages(1);
    let arguments: Vec<Value> = sent[0]["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(arguments[0], json!({}));
    assert_eq!(arguments[1], json!({"malformed_arguments": "{\"zone\": \"U"}));
    assert_eq!(arguments[2], json!({"malformed_arguments": [1]}));
    let results: Vec<_> = sent[1..4].iter().map(|it| it["tool_call_id"].as_str().unwrap()).collect();
    assert_eq!(results, ["call_2", "call_1", "call_3"]);
    assert_eq!(sent[1]["content"], "no JSON");
    assert!(sent[2]["content"].as_str().unwrap().contains("no result"), "{sent:?}");
}

#[tokio::test]
async fn a_model_that_has_to_answer_knows_its_tools_and_may_not_call_them() {
    let stub = OpenAiStub::start(Reply::Text(vec!["ok"])).await;
    let model = model(&stub).await;
    for tool_choice in [ToolChoice::Auto, ToolChoice::None] {
        let prompt =
            Prompt { messages: vec![Message::user("Time?")], tools: vec![clock_spec()], tool_choice };
        collect(model.answer(prompt).await.unwrap(), |_| {}).await.unwrap();
    }
    let [(_, auto), (_, none)] = stub.requests().try_into().unwrap();
    assert_eq!((auto.get("tool_choice"), &none["tool_choice"]), (None, &json!("none")));
    assert_eq!(auto["tools"], none["tools"]);
}

#[tokio::test]
async fn a_refusal_is_the_answer() {
    let stub = OpenAiStub::start(Reply::Refusal(vec!["I'm sorry, I can't ", "help with that."])).await;
    let (answer, pieces) = answer(&*model(&stub).await, vec![Message::user("Hello")]).await.unwrap();
    assert_eq!(answer.message, Message::assistant("I'm sorry, I can't help with that."));
    assert_eq!(pieces.concat(), answer.message.text());
}

#[tokio::test]
async fn each_failure_has_its_own_kind_and_repeats_no_secret() {
    let denied =
        r#"{"error":{"message":"Incorrect API key provided: sk-test-key","code":"invalid_api_key"}}"#;
    for (reply, kind) in [
        (Reply::Status(401, denied), ErrorKind::Unauthenticated),
        (Reply::Status(403, "{}"), ErrorKind::Denied),
        (Reply::Status(404, r#"{"error":{"code":"model_not_found"}}"#), ErrorKind::NotFound),
        (Reply::Status(429, "{}"), ErrorKind::Throttled),
        (Reply::Status(500, "secret plans"), ErrorKind::Unavailable),
        (Reply::Status(307, ""), ErrorKind::Protocol),
        (Reply::Malformed, ErrorKind::Protocol),
        (Reply::Html, ErrorKind::Protocol),
        (Reply::Dropped, ErrorKind::Unavailable),
        (Reply::Unfinished, ErrorKind::Protocol),
        (Reply::ErrorInStream, ErrorKind::Unavailable),
        (Reply::Filtered(vec!["half"]), ErrorKind::Denied),
        (Reply::Text(vec![]), ErrorKind::Protocol),
    ] {
        let stub = OpenAiStub::start(reply.clone()).await;
        let error =
            answer(&*model(&stub).await, vec![Message::user("Hello secret plans")]).await.unwrap_err();
        assert_eq!(*error.kind(), kind, "{reply:?}: {error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("sk-test-key") && !text.contains("secret plans"), "{reply:?}: {text}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let model = connect("http://127.0.0.1:9/v1", "stub-1").await.unwrap().model().unwrap();
    let error = answer(&*model, vec![Message::user("Hello")]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("baseURL"), "{error}");
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_given_up() {
    let stub = OpenAiStub::start(Reply::Silence(Duration::from_secs(60))).await;
    let access = Access {
        base_url: Some(stub.base_url.parse().unwrap()),
        silence_timeout: Duration::from_millis(100),
        ..Access::new(Provider::Openai)
    };
    let model = ProviderModel::new(&access, "stub-1", AnswerOptions::default()).unwrap();
    let error = answer(&model, vec![Message::user("Hello")]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("in time"), "{error}");
}

#[tokio::test]
async fn the_health_check_knows_whether_the_model_is_there() {
    let stub = OpenAiStub::start(Reply::Text(vec![])).await;
    for (name, level) in [("stub-1", Level::Ok), ("stub-2", Level::Warning)] {
        let health = connect(&stub.base_url, name).await.unwrap().health.await.unwrap();
        let found = health.findings.iter().find(|finding| finding.subject == "model").unwrap();
        assert_eq!(found.level, level, "{health:?}");
    }
}

#[tokio::test]
async fn a_diagnosis_tells_a_provider_that_does_not_answer() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let context = ConnectContext::default();
    let inputs = json!({"modelName": "stub-1", "baseURL": format!("http://{closed}/v1/")});
    let registry = Registry::collect();
    let diagnosis = registry.diagnose("chatModel", &inputs, ConnectArgs::new(&context)).await.unwrap();
    let [found] = diagnosis.findings.as_slice() else { panic!("{diagnosis:?}") };
    assert_eq!((found.level, found.subject.as_ref()), (Level::Error, "health"), "{diagnosis:?}");
    assert!(found.text.contains("can't be reached"), "{diagnosis:?}");
}
