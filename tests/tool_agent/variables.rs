//! Variables in the instructions of both chains.

use std::sync::Arc;

use canvas_memory::chain::Chain;
use canvas_memory::memory::ChatMemory;
use serde_json::json;

use crate::canvas::{Canvas, Layout, request, run, sent_shape};
use crate::support::openai_stub::{OpenAiStub, Reply};

const INSTRUCTIONS: &str = "Q={{question}} S={{ $flow.sessionId }} C={{$flow.chatId}} V={{$vars.x}} N={{ unknown }} {one} H={{chat_history}}";

async fn chain(
    canvas: &Canvas,
    agent: bool,
    stub: &OpenAiStub,
    memory: Option<Arc<ChatMemory>>,
    instructions: &str,
) -> Arc<dyn Chain> {
    if agent {
        canvas.agent_with(stub, memory, vec![], json!({"systemMessage": instructions})).await.unwrap()
    } else {
        canvas.conversation(stub, memory, json!({"systemMessagePrompt": instructions})).await
    }
}

#[tokio::test]
async fn they_are_filled_in_once_and_unknown_ones_stay() {
    let canvas = Canvas::new().await;
    for agent in [false, true] {
        let memory = canvas.memory(Layout::UpstashList).await;
        let stub = OpenAiStub::start(Reply::Text(vec!["{{question}}!"])).await;
        let chain = chain(&canvas, agent, &stub, Some(memory.clone()), INSTRUCTIONS).await;
        run(&*chain, request("who is {{$flow.chatId}}?")).await.outcome();
        run(&*chain, request("and {{chat_history}}?")).await.outcome();
        memory.clear(&crate::canvas::session()).await.unwrap();
        assert_eq!(
            sent_shape(&stub.messages(1)),
            [
                "system: Q=and {{chat_history}}? S=session-1 C=chat-1 V={{$vars.x}} N={{ unknown }} {one} \
                 H=Human: who is {{$flow.chatId}}?\nAI: {{question}}!",
                "user: and {{chat_history}}?",
            ],
            "agent: {agent}"
        );
    }
}

#[tokio::test]
async fn without_a_memory_its_variable_is_unknown_and_the_session_is_the_one_that_is_asked_for() {
    let canvas = Canvas::new().await;
    for agent in [false, true] {
        let stub = OpenAiStub::start(Reply::Text(vec!["ok"])).await;
        let chain = chain(&canvas, agent, &stub, None, "{{$flow.sessionId}} {{chat_history}}").await;
        run(&*chain, request("hi")).await.outcome();
        let mut nameless = request("hi");
        nameless.session = None;
        run(&*chain, nameless).await.outcome();
        assert_eq!(sent_shape(&stub.messages(0))[0], "system: session-1 {{chat_history}}", "agent: {agent}");
        assert_eq!(sent_shape(&stub.messages(1))[0], "system: chat-1 {{chat_history}}", "agent: {agent}");
    }
}
