//! Tool calls flow into memory and back.

use canvas_memory::ErrorKind;
use canvas_memory::chain::Stored;
use canvas_memory::message::Message;

use crate::canvas::{
    Canvas, LAYOUTS, Layout, request, request_with_id, run, sent_shape, session, shape, stored,
};
use crate::support::openai_stub::{OpenAiStub, Reply, call};
use crate::support::upstash_endpoint::Fault;

const TIME: &str = r#"{"iso8601":"2024-02-29T12:00:00+00:00","date":"2024-02-29","time":"12:00:00","weekday":"Thursday","timezone":"UTC","unix_timestamp":1709208000}"#;

fn two_calls() -> Reply {
    Reply::Calls(
        "Let me see.",
        vec![call("call_1", "calculator", r#"{"input": "17 * 3"}"#), call("call_2", "current_date_time", "")],
    )
}

#[tokio::test]
async fn an_exchange_with_tools_is_one_turn_and_comes_back_in_every_layout() {
    let canvas = Canvas::new().await;
    for layout in LAYOUTS {
        let memory = canvas.memory(layout).await;
        let stub = OpenAiStub::script([
            two_calls(),
            Reply::Text(vec!["51, and it ", "is Thursday."]),
            Reply::Text(vec!["I said 51."]),
        ])
        .await;
        let agent = canvas.agent(&stub, Some(memory.clone())).await;

        let first = run(&*agent, request("17 * 3? And which day is it?")).await;
        assert_eq!(
            first.events,
            [
                "started",
                "loaded 0",
                "text Let me see.",
                "answered 2",
                "called calculator ok",
                "called current_date_time ok",
                "text 51, and it ",
                "text is Thursday.",
                "answered 0",
                "stored",
            ],
            "{layout:?}"
        );
        let outcome = first.outcome();
        assert!(matches!(outcome.stored, Stored::Yes(_)) && !outcome.stopped, "{layout:?}: {outcome:?}");
        let turn = [
            "user: 17 * 3? And which day is it?",
            "assistant +call_1 +call_2: Let me see.",
            "tool =call_1: 51",
            &format!("tool =call_2: {TIME}"),
            "assistant: 51, and it is Thursday.",
        ];
        assert_eq!(shape(&outcome.turn.messages), turn, "{layout:?}");
        assert_eq!(stored(&memory).await, outcome.turn.messages, "{layout:?}");
        assert_eq!(memory.load(&session()).await.unwrap().turns.len(), 1, "{layout:?}");

        let second = run(&*agent, request("Which number was it?")).await.outcome();
        assert_eq!(second.turn.messages[1], Message::assistant("I said 51."));
        let system = ["system: You are a helpful AI assistant."];
        assert_eq!(sent_shape(&stub.messages(0)), [&system[..], &turn[..1]].concat(), "{layout:?}");
        assert_eq!(sent_shape(&stub.messages(1)), [&system[..], &turn[..4]].concat(), "{layout:?}");
        let asked = ["user: Which number was it?"];
        assert_eq!(sent_shape(&stub.messages(2)), [&system[..], &turn, &asked].concat(), "{layout:?}");
        let sent = &stub.messages(2)[2]["tool_calls"][0]["function"];
        assert_eq!(sent["name"], "calculator");
        assert_eq!(sent["arguments"], r#"{"input":"17 * 3"}"#);
    }
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_stored_answer_and_asks_no_model_and_no_tool() {
    let canvas = Canvas::new().await;
    for layout in LAYOUTS {
        let memory = canvas.memory(layout).await;
        let stub = OpenAiStub::script([two_calls(), Reply::Text(vec!["51."])]).await;
        let agent = canvas.agent(&stub, Some(memory.clone())).await;
        let first = run(&*agent, request_with_id("17 * 3?", "turn-1")).await.outcome();
        let again = run(&*agent, request_with_id("17 * 3?", "turn-1")).await;
        assert_eq!(
            again.events,
            ["started", "loaded 5", "text Let me see.", "text 51.", "stored before"],
            "{layout:?}"
        );
        assert_eq!(again.outcome().turn.messages, first.turn.messages, "{layout:?}");
        assert_eq!(stub.requests().len(), 2, "{layout:?}");

        let other = run(&*agent, request_with_id("18 * 3?", "turn-1")).await.error();
        assert_eq!(*other.kind(), ErrorKind::TurnIdReused, "{layout:?}: {other}");
    }
}

#[tokio::test]
async fn a_turn_that_could_not_be_stored_is_shown_and_stored_later_once() {
    let canvas = Canvas::new().await;
    let memory = canvas.memory(Layout::UpstashList).await;
    let stub = OpenAiStub::script([two_calls(), Reply::Text(vec!["51."])]).await;
    let agent = canvas.agent(&stub, Some(memory.clone())).await;
    // One load passes; then the endpoint is down for as long as the client tries.
    memory.load(&session()).await.unwrap();
    let down = Fault::Answer(401, r#"{"error": "WRONGPASS invalid or missing auth token"}"#);
    let ran = crate::canvas::run_with(&*agent, request("17 * 3?"), |event| {
        if event == "answered 0" {
            canvas.upstash.inject([down.clone()]);
        }
    })
    .await;
    let outcome = ran.outcome();
    let Stored::No { error, append } = outcome.stored else { panic!("{:?}", outcome.stored) };
    assert_eq!(*error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert_eq!(outcome.turn.messages.len(), 5);
    assert!(stored(&memory).await.is_empty());

    for duplicate in [false, true] {
        let appended = agent.retry(&session(), append.as_ref().clone()).await.unwrap();
        assert_eq!(appended.duplicate, duplicate);
    }
    assert_eq!(stored(&memory).await, outcome.turn.messages);
}

#[tokio::test]
async fn a_model_that_fails_between_two_calls_leaves_nothing_behind() {
    let canvas = Canvas::new().await;
    for (reply, kind) in [
        (Reply::Dropped, ErrorKind::Unavailable),
        (Reply::Unfinished, ErrorKind::Protocol),
        (Reply::Filtered(vec![]), ErrorKind::Denied),
        (Reply::Status(429, "{}"), ErrorKind::Throttled),
    ] {
        let memory = canvas.memory(Layout::DynamoDbTurns).await;
        let stub = OpenAiStub::script([two_calls(), reply.clone(), Reply::Text(vec!["51."])]).await;
        let agent = canvas.agent(&stub, Some(memory.clone())).await;
        let id = format!("{kind:?}");
        let ran = run(&*agent, request_with_id("17 * 3?", &id)).await;
        assert!(ran.events.contains(&"called calculator ok".to_owned()), "{reply:?}: {:?}", ran.events);
        let error = ran.error();
        assert_eq!(*error.kind(), kind, "{reply:?}: {error}");
        assert!(error.usage().requests > 0, "{reply:?}: the load is counted: {:?}", error.usage());
        let before = stored(&memory).await.len();

        let again = run(&*agent, request_with_id("17 * 3?", &id)).await.outcome();
        assert_eq!(shape(&again.turn.messages), ["user: 17 * 3?", "assistant: 51."], "{reply:?}");
        assert_eq!(stored(&memory).await.len(), before + 2, "{reply:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_kept_as_the_answer() {
    let canvas = Canvas::new().await;
    let memory = canvas.memory(Layout::DynamoDbTurns).await;
    let stub = OpenAiStub::script([Reply::Refusal(vec!["I can't ", "help with that."])]).await;
    let agent = canvas.agent(&stub, Some(memory.clone())).await;
    let ran = run(&*agent, request("Do harm.")).await;
    assert!(ran.events.contains(&"text I can't help with that.".to_owned()), "{:?}", ran.events);
    ran.outcome();
    assert_eq!(shape(&stored(&memory).await), ["user: Do harm.", "assistant: I can't help with that."]);
}

#[tokio::test]
async fn without_a_memory_each_message_stands_alone() {
    let canvas = Canvas::new().await;
    let stub = OpenAiStub::script([two_calls(), Reply::Text(vec!["51."]), Reply::Text(vec!["?"])]).await;
    let agent = canvas.agent(&stub, None).await;
    let outcome = run(&*agent, request("17 * 3?")).await.outcome();
    assert!(matches!(outcome.stored, Stored::NoMemory) && outcome.session.is_none(), "{outcome:?}");
    run(&*agent, request("And?")).await.outcome();
    assert_eq!(sent_shape(&stub.messages(2)), ["system: You are a helpful AI assistant.", "user: And?"]);
}
