//! Summary memory from node to item: a chain, the Griptape memory, and an OpenAI-compatible server.

use std::sync::Arc;
use std::time::Duration;

use canvas_memory::chain::{Chain, Outcome, RunRequest, Stored};
use canvas_memory::declare::{ConnectArgs, Credential, Instance};
use canvas_memory::memory::ChatMemory;
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::SessionId;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::node::{Canvas, NODE};
use crate::openai_stub::{OpenAiStub, Reply};

struct Chat {
    canvas: Canvas,
    stub: OpenAiStub,
    memory: Arc<ChatMemory>,
    chain: Arc<dyn Chain>,
}

impl Chat {
    /// A chain whose model answers and summarizes what the script says. Two turns are recalled as they were said.
    async fn scripted(replies: impl Into<Vec<Reply>>) -> Self {
        let (canvas, stub) = (Canvas::new(), OpenAiStub::script(replies).await);
        let registry = Registry::collect();
        let credential =
            Credential::new("c1", "chatModelApi", 1, r#"{"apiKey": "sk-test", "host": "127.0.0.1"}"#);
        let args = ConnectArgs::new(&canvas.context).with_credential(credential);
        let inputs = json!({"modelName": "stub-1", "baseURL": stub.base_url});
        let model = registry.connect_json("chatModel", &inputs, args).await.unwrap().instance;
        let inputs = json!({
            "tableName": "griptape", "endpoint": "builtin",
            "recall": {"policy": "summaryAndRecent", "turns": 2, "template": "SUMMARIZE {{summary}} {{conversation}}"},
        });
        let args = ConnectArgs::new(&canvas.context).with_port("model", model.clone());
        let memory = registry.connect_json(NODE, &inputs, args).await.unwrap().memory().unwrap();
        let args = ConnectArgs::new(&canvas.context)
            .with_port("model", model)
            .with_port("memory", Instance::Memory(memory.clone()));
        let inputs = json!({"systemMessagePrompt": "Be terse."});
        let chain = registry.connect_json("conversationChain", &inputs, args).await.unwrap().chain().unwrap();
        Self { canvas, stub, memory, chain }
    }

    fn session() -> SessionId {
        SessionId::new("user-id-123").unwrap()
    }

    async fn say(&self, text: &str) -> Outcome {
        let request = RunRequest {
            message: Message::user(text),
            session: Some(Self::session()),
            chat: SessionId::mint(),
            turn_id: None,
            stop: CancellationToken::new(),
        };
        let outcome = self.chain.run(request, &mut |_| {}).await.unwrap();
        assert!(matches!(outcome.stored, Stored::Yes(_)), "{outcome:?}");
        outcome
    }

    async fn settled(&self) {
        assert!(self.canvas.context.background.finish(Duration::from_secs(60)).await);
    }

    /// What the model was asked in the request `number`, as text.
    fn asked(&self, number: usize) -> Vec<String> {
        let text = |message: &Value| message["content"].as_str().unwrap().to_owned();
        self.stub.messages(number).iter().map(text).collect()
    }

    async fn metadata(&self) -> Value {
        let key = self.memory.key(&Self::session());
        let record = self.memory.store().inspect(&key, Default::default()).await.unwrap().records.remove(0);
        let item: Value = record.raw.decode().unwrap();
        let value: Value = serde_json::from_str(item["value"]["S"].as_str().unwrap()).unwrap();
        assert!(value["runs"].as_array().is_some_and(|runs| !runs.is_empty()));
        value["metadata"].clone()
    }
}

fn answer(text: &'static str) -> Reply {
    Reply::Text(vec![text])
}

#[tokio::test]
async fn the_index_moves_and_the_model_reads_the_summary_before_the_recent_turns() {
    let replies = ["A", "B", "C", "They said a and b.", "D", "E", "They said a to d.", "F"].map(answer);
    let chat = Chat::scripted(replies).await;
    for (text, index) in [("a", None), ("b", None), ("c", Some(2)), ("d", Some(2)), ("e", Some(4))] {
        chat.say(text).await;
        chat.settled().await;
        let metadata = chat.metadata().await;
        assert_eq!(metadata["summary_index"].as_u64(), index, "{text}");
    }
    assert_eq!(chat.metadata().await["summary"], "They said a to d.");
    assert_eq!(chat.asked(3), ["SUMMARIZE  Human: a\nAI: A\nHuman: b\nAI: B"]);
    assert_eq!(chat.asked(6), ["SUMMARIZE They said a and b. Human: c\nAI: C\nHuman: d\nAI: D"]);
    chat.say("f").await;
    let summary = "Summary of the conversation so far:\nThey said a to d.";
    assert_eq!(chat.asked(7), ["Be terse.", summary, "e", "E", "f"]);
}

#[tokio::test]
async fn a_summary_that_fails_advances_nothing_and_the_next_one_covers_what_it_missed() {
    let replies = [
        answer("A"),
        answer("B"),
        answer("C"),
        Reply::Status(400, r#"{"error": {"message": "no", "code": "bad"}}"#),
        answer("D"),
        answer("  "),
        answer("E"),
        Reply::Unfinished,
        answer("F"),
        answer("They said a to e."),
    ];
    let chat = Chat::scripted(replies).await;
    for text in ["a", "b", "c", "d", "e"] {
        chat.say(text).await;
        chat.settled().await;
        let metadata = chat.metadata().await;
        assert!(metadata.get("summary").is_none() && metadata.get("summary_index").is_none(), "{metadata}");
    }
    chat.say("f").await;
    chat.settled().await;
    let metadata = chat.metadata().await;
    assert_eq!((&metadata["summary"], &metadata["summary_index"]), (&"They said a to e.".into(), &5.into()));
}

#[tokio::test]
async fn an_answer_does_not_wait_for_a_summary_and_one_at_a_time_is_made() {
    let mut replies = ["A", "B", "C"].map(answer).to_vec();
    replies.extend([Reply::Hanging(Some("They")), answer("D"), answer("E")]);
    let chat = Chat::scripted(replies).await;
    for text in ["a", "b", "c"] {
        chat.say(text).await;
    }
    while chat.stub.requests().len() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The summary hangs, and goes on hanging.
    for (text, said) in [("d", "D"), ("e", "E")] {
        assert_eq!(chat.say(text).await.turn.messages[1].text(), said);
    }
    assert_eq!(chat.stub.requests().len(), 6);
    assert!(!chat.canvas.context.background.finish(Duration::ZERO).await);
    assert!(chat.metadata().await.get("summary").is_none());
}
