//! A run that is stopped, in each phase.

use std::sync::Arc;

use async_trait::async_trait;
use canvas_memory::Result;
use canvas_memory::chain::{RunRequest, Stored, is_stopped};
use canvas_memory::declare::Instance;
use canvas_memory::json::RawJson;
use canvas_memory::model::ToolSpec;
use canvas_memory::session::Source;
use canvas_memory::tool::{Tool, ToolOutput};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::canvas::{
    Canvas, LAYOUTS, Layout, request, request_with_id, run, run_with, sent_shape, shape, stored,
};
use crate::support::openai_stub::{OpenAiStub, Reply, call};

const NO_RESULT: &str = "Stopped by the user before there was a result.";

fn stoppable(text: &str) -> (RunRequest, CancellationToken) {
    let request = request(text);
    let stop = request.stop.clone();
    (request, stop)
}

#[tokio::test]
async fn what_was_said_until_then_is_kept_and_marked_in_every_layout() {
    let canvas = Canvas::new().await;
    for layout in LAYOUTS {
        let memory = canvas.memory(layout).await;
        let mut stub =
            OpenAiStub::script([Reply::Hanging(Some("It was a dark")), Reply::Text(vec!["Yes."])]).await;
        let agent = canvas.agent(&stub, Some(memory.clone())).await;
        let (request, stop) = stoppable("Tell me a story.");
        let ran = run_with(&*agent, request, |event| {
            if event.starts_with("text ") {
                stop.cancel();
            }
        })
        .await;
        stub.client_hung_up().await;
        assert_eq!(
            ran.events,
            ["started", "loaded 0", "text It was a dark", "answered 0", "stored"],
            "{layout:?}"
        );
        let outcome = ran.outcome();
        assert!(outcome.stopped && matches!(outcome.stored, Stored::Yes(_)), "{layout:?}: {outcome:?}");
        let turn = ["user: Tell me a story.", "assistant: It was a dark (stopped)"];
        assert_eq!(shape(&stored(&memory).await), turn, "{layout:?}");

        run(&*agent, crate::canvas::request("And then?")).await.outcome();
        assert_eq!(sent_shape(&stub.messages(1))[2], "assistant: It was a dark", "{layout:?}");
        assert_eq!(shape(&stored(&memory).await)[..2], turn, "{layout:?}");
    }
}

#[tokio::test]
async fn before_anything_was_said_there_is_nothing_to_keep() {
    let canvas = Canvas::new().await;
    let memory = canvas.memory(Layout::DynamoDbTurns).await;
    let mut stub = OpenAiStub::script([Reply::Hanging(None), Reply::Text(vec!["Once."])]).await;
    let agent = canvas.agent(&stub, Some(memory.clone())).await;

    // Before the start: not even memory is read.
    let stopped = request_with_id("Tell me a story.", "turn-1");
    stopped.stop.cancel();
    let ran = run(&*agent, stopped).await;
    assert_eq!(ran.events, ["started"]);
    let outcome = ran.outcome();
    assert!(outcome.stopped && matches!(outcome.stored, Stored::Nothing), "{outcome:?}");
    assert_eq!(stub.requests().len(), 0);

    // While the model thinks.
    let silent = request_with_id("Tell me a story.", "turn-1");
    let stop = silent.stop.clone();
    let agent_of_run = agent.clone();
    let running = tokio::spawn(async move { run(&*agent_of_run, silent).await });
    while stub.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    let outcome = running.await.unwrap().outcome();
    stub.client_hung_up().await;
    assert!(outcome.stopped && matches!(outcome.stored, Stored::Nothing), "{outcome:?}");
    assert_eq!(shape(&outcome.turn.messages), ["user: Tell me a story."]);
    assert!(stored(&memory).await.is_empty());

    // The id is still free for the answer.
    let outcome = run(&*agent, request_with_id("Tell me a story.", "turn-1")).await.outcome();
    assert!(!outcome.stopped && matches!(outcome.stored, Stored::Yes(_)), "{outcome:?}");
}

/// A tool that never ends, and tells when it is called.
#[derive(Debug)]
struct Endless(CancellationToken);

#[async_trait]
impl Tool for Endless {
    fn spec(&self) -> ToolSpec {
        let parameters = RawJson::parse(r#"{"type": "object"}"#).unwrap();
        ToolSpec { name: "endless".to_owned(), description: "Never ends.".to_owned(), parameters }
    }

    async fn call(&self, _: &RawJson, _: &Source) -> Result<ToolOutput> {
        self.0.cancel();
        std::future::pending().await
    }
}

#[tokio::test]
async fn no_call_is_left_without_a_result() {
    let canvas = Canvas::new().await;
    for layout in LAYOUTS {
        let memory = canvas.memory(layout).await;
        let stub = OpenAiStub::script([
            Reply::Calls(
                "Let me see.",
                vec![
                    call("1", "calculator", r#"{"input": "1 + 1"}"#),
                    call("2", "endless", "{}"),
                    call("3", "calculator", r#"{"input": "2 + 2"}"#),
                ],
            ),
            Reply::Text(vec!["Fine."]),
        ])
        .await;
        let (mut request, _) = stoppable("How long?");
        let id = canvas_memory::session::TurnId::mint();
        request.turn_id = Some(id.clone());
        let tools =
            vec![canvas.tool("calculator").await, Instance::Tool(Arc::new(Endless(request.stop.clone())))];
        let agent = canvas.agent_with(&stub, Some(memory.clone()), tools, json!({})).await.unwrap();
        let ran = run(&*agent, request).await;
        assert_eq!(
            ran.events,
            ["started", "loaded 0", "text Let me see.", "answered 3", "called calculator ok", "stored"],
            "{layout:?}"
        );
        let outcome = ran.outcome();
        assert!(outcome.stopped, "{layout:?}");
        let turn = [
            "user: How long?",
            "assistant +1 +2 +3: Let me see.",
            "tool =1: 2",
            &format!("tool =2: {NO_RESULT}"),
            &format!("tool =3: {NO_RESULT} (stopped)"),
        ];
        assert_eq!(shape(&stored(&memory).await), turn, "{layout:?}");
        assert_eq!(stub.requests().len(), 1, "{layout:?}: the model is not asked again");

        // The same request again gets what is stored, as what it is.
        let again =
            run(&*agent, RunRequest { turn_id: Some(id), ..crate::canvas::request("How long?") }).await;
        assert_eq!(again.events[2..], ["text Let me see.", "stored before"], "{layout:?}");
        assert!(again.outcome().stopped, "{layout:?}");
        run(&*agent, crate::canvas::request("Well?")).await.outcome();
        let sent = sent_shape(&stub.messages(1));
        assert_eq!(
            sent[3..],
            ["tool =1: 2", &format!("tool =2: {NO_RESULT}"), &format!("tool =3: {NO_RESULT}"), "user: Well?"]
        );
    }
}

#[tokio::test]
async fn results_that_are_there_are_kept_when_the_model_is_stopped_after_them() {
    let canvas = Canvas::new().await;
    let memory = canvas.memory(Layout::UpstashList).await;
    let calls = Reply::Calls("", vec![call("1", "calculator", r#"{"input": "1 + 1"}"#)]);
    let stub = OpenAiStub::script([calls, Reply::Hanging(None)]).await;
    let agent = canvas.agent(&stub, Some(memory.clone())).await;
    let (request, stop) = stoppable("1 + 1?");
    let ran = run_with(&*agent, request, |event| {
        if event.starts_with("called ") {
            stop.cancel();
        }
    })
    .await;
    assert!(ran.outcome().stopped);
    let turn = ["user: 1 + 1?", "assistant +1: ", "tool =1: 2 (stopped)"];
    assert_eq!(shape(&stored(&memory).await), turn);
}

#[tokio::test]
async fn an_append_that_has_begun_is_finished() {
    let canvas = Canvas::new().await;
    let memory = canvas.memory(Layout::DynamoDbTurns).await;
    let stub = OpenAiStub::script([Reply::Text(vec!["Once."])]).await;
    let agent = canvas.agent(&stub, Some(memory.clone())).await;
    let (request, stop) = stoppable("Tell me a story.");
    let ran = run_with(&*agent, request, |event| {
        if event.starts_with("answered ") {
            stop.cancel();
        }
    })
    .await;
    let outcome = ran.outcome();
    assert!(!outcome.stopped && matches!(outcome.stored, Stored::Yes(_)), "{outcome:?}");
    assert!(!stored(&memory).await.iter().any(is_stopped));
}

#[tokio::test]
async fn a_conversation_chain_stops_as_an_agent_does() {
    let canvas = Canvas::new().await;
    let memory = canvas.memory(Layout::DynamoDbTurns).await;
    let stub = OpenAiStub::script([Reply::Hanging(Some("It was"))]).await;
    let chain = canvas.conversation(&stub, Some(memory.clone()), json!({})).await;
    let (request, stop) = stoppable("Tell me a story.");
    let ran = run_with(&*chain, request, |event| {
        if event.starts_with("text ") {
            stop.cancel();
        }
    })
    .await;
    assert!(ran.outcome().stopped);
    assert_eq!(shape(&stored(&memory).await), ["user: Tell me a story.", "assistant: It was (stopped)"]);
}
