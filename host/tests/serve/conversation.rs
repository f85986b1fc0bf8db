//! What a newcomer does: a flow from a template, a message, and a second one after the process was killed.

use serde_json::json;

use crate::host::Host;
use crate::redis_server::RedisServer;
use crate::support::Program;

const HELLO: &str = "Hello my name is Collin.";
const QUESTION: &str = "What is my name?";

#[tokio::test]
async fn the_second_message_is_answered_with_the_first_in_view_after_a_kill() {
    for template in ["dynamodb-builtin", "upstash-redis-builtin"] {
        let program = Program::new();
        let host = Host::start(&program);
        let flow = host.flow_from(template).await;
        let first = host.say(&flow, "user-id-123", HELLO).await;
        assert!(first.stored && first.text.contains("first message"), "{first:?}");
        host.kill();

        let host = Host::start(&program);
        let second = host.say(&flow, "user-id-123", QUESTION).await;
        assert!(second.stored && second.text.contains(&format!("> user: {HELLO}")), "{second:?}");
        let other = host.say(&flow, "someone-else", QUESTION).await;
        assert!(!other.text.contains("Collin"), "{other:?}");
        host.kill();

        // Without a host, the same conversation goes on.
        let third = program.run(&["chat", "--flow", &flow, "--session", "user-id-123", "And now?"]).ok();
        assert!(third.stdout.contains("> user: What is my name?"), "{third:?}");
    }
}

#[tokio::test]
async fn a_new_data_directory_has_a_flow_that_answers_at_once() {
    let program = Program::new();
    let host = Host::start(&program);
    let flows = host.get("flows").await;
    let flow = flows["flows"][0]["id"].as_str().unwrap();
    assert_eq!((flow, flows["flows"].as_array().unwrap().len()), ("dynamodb-on-this-machine", 1));
    assert!(host.say(flow, "s", HELLO).await.stored);
    let deleted = host.request(reqwest::Method::DELETE, &format!("flows/{flow}")).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    drop(host);
    let host = Host::start(&program);
    assert_eq!(host.get("flows").await["flows"], json!([]), "it does not come back");
}

#[tokio::test]
async fn a_flow_that_git_brings_is_served_at_once() {
    let program = Program::new();
    let host = Host::start(&program);
    let path = program.data_dir().join("flows/dynamodb-on-this-machine.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path.with_file_name("from-git.json"), text.replace("canvas-memory", "from-git")).unwrap();
    std::fs::write(path.with_file_name("broken.json"), "{").unwrap();
    let flows = host.get("flows").await["flows"].clone();
    assert_eq!(flows.as_array().unwrap().len(), 3, "{flows}");
    assert_eq!(flows[0]["error"]["kind"], "corrupt", "{flows}");
    assert!(host.say("from-git", "s", HELLO).await.stored);
}

#[tokio::test]
async fn a_redis_may_stand_behind_the_built_in_endpoint() {
    let redis = RedisServer::start();
    let program = Program::new();
    let host = Host::start_with(&program, &["--redis", &redis.url()]);
    let flow = host.flow_from("upstash-redis-builtin").await;
    assert!(host.say(&flow, "s", HELLO).await.stored);
    host.kill();
    let other_data = Program::new();
    let mut command = other_data.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("CANVAS_MEMORY_REDIS_URL", redis.url());
    let host = Host::spawn(command);
    let flow = host.flow_from("upstash-redis-builtin").await;
    let second = host.say(&flow, "s", QUESTION).await;
    assert!(second.text.contains("Collin"), "the conversation is in the Redis: {second:?}");
}
