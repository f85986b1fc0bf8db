//! What a model gets back for its calls, and how long it may go on.

use std::sync::Arc;

use async_trait::async_trait;
use canvas_memory::declare::Instance;
use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::model::ToolSpec;
use canvas_memory::session::Source;
use canvas_memory::tool::{Tool, ToolOutput};
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::json;

use crate::canvas::{Canvas, request, run, shape};
use crate::support::openai_stub::{OpenAiStub, Reply, call};

#[tokio::test]
async fn a_call_that_cannot_be_carried_out_is_told_to_the_model() {
    let canvas = Canvas::new().await;
    let stub = OpenAiStub::script([
        Reply::Calls(
            "",
            vec![
                call("1", "weather", "{}"),
                call("2", "calculator", r#"{"input": "2 +"#),
                call("3", "calculator", r#"{"inputs": "2 + 3"}"#),
                call("4", "calculator", r#"{"input": "2 + * 3"}"#),
                call("5", "calculator", r#"{"input": "1 / 0"}"#),
                call("6", "current_date_time", r#"{"timezone": "Mars/Olympus"}"#),
                call("7", "calculator", r#""2 + 3""#),
            ],
        ),
        Reply::Calls("", vec![call("8", "calculator", r#"{"input": "2 + 3"}"#)]),
        Reply::Text(vec!["5."]),
    ])
    .await;
    let agent = canvas.agent(&stub, None).await;
    let ran = run(&*agent, request("2 + 3?")).await;
    assert_eq!(ran.events.iter().filter(|event| event.ends_with(" failed")).count(), 7, "{:?}", ran.events);
    let turn = ran.outcome().turn;
    let results: Vec<_> =
        turn.messages.iter().filter(|it| it.tool_call_id.is_some()).map(Message::text).collect();
    for (at, way_out) in [
        "Error: there is no tool `weather`; there are: calculator, current_date_time.",
        "Error: the arguments are not well-formed JSON (EOF while parsing a string",
        "Error: the arguments do not fit the tool's schema: ",
        "Error: `input` can't be calculated from character 5 on: ",
        "Error: `input` has no finite value",
        "Error: `timezone` is not a time zone that is known",
        "Error: the arguments are not well-formed JSON",
    ]
    .iter()
    .enumerate()
    {
        assert!(results[at].starts_with(way_out), "{}: {}", at + 1, results[at]);
    }
    assert!(results[2].contains("input"), "{}", results[2]);
    assert_eq!(results[7], "5");
    // The model sees each result under the id of its call.
    let ids: Vec<_> =
        stub.messages(1)[3..].iter().map(|it| it["tool_call_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn the_last_question_after_the_most_iterations_may_call_nothing() {
    let canvas = Canvas::new().await;
    let again = || Reply::Calls("", vec![call("c", "calculator", r#"{"input": "1"}"#)]);
    for (last, answer) in [
        (Reply::Text(vec!["It is 1."]), "It is 1."),
        // Some servers do not know how to forbid calls.
        (
            again(),
            "I used up the tool calls that one answer may take, and found no answer. Ask for less at a time.",
        ),
        (Reply::Calls("So:", vec![call("c", "calculator", "{}")]), "So:"),
    ] {
        let stub = OpenAiStub::script([again(), again(), last]).await;
        let tools = vec![canvas.tool("calculator").await];
        let agent = canvas.agent_with(&stub, None, tools, json!({"maxIterations": 2})).await.unwrap();
        let ran = run(&*agent, request("1?")).await;
        let text: String = ran.events.iter().filter_map(|event| event.strip_prefix("text ")).collect();
        assert_eq!(text, answer);
        let expected = [
            "user: 1?",
            "assistant +c: ",
            "tool =c: 1",
            "assistant +c: ",
            "tool =c: 1",
            &format!("assistant: {answer}"),
        ];
        assert_eq!(shape(&ran.outcome().turn.messages), expected);
        let choices: Vec<_> =
            stub.requests().iter().map(|(_, body)| body.get("tool_choice").cloned()).collect();
        assert_eq!(choices, [None, None, Some(json!("none"))]);
    }
}

#[tokio::test]
async fn a_chain_without_tools_keeps_no_call() {
    let canvas = Canvas::new().await;
    let asks = |text| Reply::Calls(text, vec![call("c", "calculator", "{}")]);
    let stub = OpenAiStub::script([asks("So:"), asks("")]).await;
    let chain = canvas.conversation(&stub, None, json!({})).await;
    let outcome = run(&*chain, request("1?")).await.outcome();
    assert_eq!(shape(&outcome.turn.messages), ["user: 1?", "assistant: So:"]);
    let error = run(&*chain, request("1?")).await.error();
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.message().contains("no answer in words"), "{error}");
}

#[derive(Debug)]
struct Named(&'static str, &'static str);

#[async_trait]
impl Tool for Named {
    fn spec(&self) -> ToolSpec {
        let parameters = RawJson::parse(self.1).unwrap();
        ToolSpec { name: self.0.to_owned(), description: String::new(), parameters }
    }

    async fn call(&self, _: &RawJson, _: &Source) -> Result<ToolOutput> {
        Err(Error::new(ErrorKind::Unsupported, "it does nothing"))
    }
}

#[tokio::test]
async fn tools_that_models_would_refuse_are_refused_when_they_connect() {
    let canvas = Canvas::new().await;
    let stub = OpenAiStub::script([]).await;
    let calculator = canvas.tool("calculator").await;
    let named = |name, schema| Instance::Tool(Arc::new(Named(name, schema)));
    for (tools, way_out) in [
        (vec![calculator.clone(), calculator.clone()], "two named `calculator`; disconnect or rename one"),
        (vec![named("my tool", "{}")], "named `my tool`, which models don't take"),
        (vec![named("", "{}")], "named ``"),
        (vec![named("t", r#"{"type": 7}"#)], "`t`, whose parameters are no JSON Schema"),
        (vec![calculator, canvas.model(&stub).await], "needs tools and is connected to a chat model"),
    ] {
        let error = canvas.agent_with(&stub, None, tools, json!({})).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "tools"), "{error}");
        assert!(error.message().contains(way_out), "{error}");
    }
    for inputs in [json!({"maxIterations": 0}), json!({"maxIterations": 101})] {
        let error = canvas.agent_with(&stub, None, vec![], inputs).await.unwrap_err();
        assert!(error.message().contains("maxIterations"), "{error}");
    }
}
