//! What Griptape's session recipe does, with the program: for a user, for a group, and with Griptape in turns.

use canvas_memory_host::engine::EngineStorage;
use canvas_memory_host::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::interop::{Script, griptape};
use crate::openai_stub::{OpenAiStub, Reply};
use crate::support::{Program, Ran};

const NODE: [&str; 2] = ["--node", "griptapeDynamoDBConversationMemory"];

/// The program and griptape on one engine.
struct Recipe {
    program: Program,
    engine: DynamoDbEngine,
    inputs: String,
    credential: String,
}

impl Recipe {
    fn new() -> Self {
        let engine = DynamoDbEngine::start(DynamoDbOptions::new(EngineStorage::Memory)).unwrap();
        let program = Program::new();
        let fields = json!({
            "accessKey": engine.access_key().expose_secret(),
            "secretAccessKey": engine.secret_access_key().expose_secret(),
        });
        let file = program.home().join("aws.json");
        std::fs::write(&file, fields.to_string()).unwrap();
        let inputs = json!({"table_name": "griptape", "endpoint": engine.endpoint(), "create_table": true});
        Self { program, engine, inputs: inputs.to_string(), credential: format!("@{}", file.display()) }
    }

    fn say(&self, session: &str, more: &[&str]) -> Ran {
        let of = ["--inputs", &self.inputs, "--credential", &self.credential, "--session", session];
        self.program.run(&[&["chat"], &NODE[..], &of, more].concat()).ok()
    }

    fn griptape(&self, session: &str) -> Script {
        let options =
            [("endpoint", self.engine.endpoint()), ("table", "griptape".into()), ("session", session.into())];
        let options: Vec<_> = options.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut command = griptape("1.13", &options);
        command.env("AWS_ACCESS_KEY_ID", self.engine.access_key().expose_secret());
        command.env("AWS_SECRET_ACCESS_KEY", self.engine.secret_access_key().expose_secret());
        Script::start(command)
    }
}

fn inputs_of(read: &Value) -> Vec<&str> {
    read["runs"].as_array().unwrap().iter().map(|run| run["input"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_session_goes_from_the_program_to_griptape_and_back() {
    let recipe = Recipe::new();
    recipe.say("user-id-123", &["Hello my name is Collin."]);
    let mut griptape = recipe.griptape("user-id-123");
    let ask = json!({"operation": "ask", "input": "What is my name?", "answer": "Your name is Collin."});
    let prompts = griptape.request(ask).await.unwrap();
    assert_eq!(prompts[0][0], json!(["user", "Hello my name is Collin."]), "{prompts}");
    let ran = recipe.say("user-id-123", &["And now?"]);
    assert!(ran.stderr.contains("loaded 4 messages"), "{ran:?}");
    assert!(ran.stdout.contains("Your name is Collin."), "{ran:?}");
    let read = griptape.request(json!({"operation": "read"})).await.unwrap();
    assert_eq!(inputs_of(&read), ["Hello my name is Collin.", "What is my name?", "And now?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_groups_session_keeps_who_spoke_and_the_model_is_told() {
    let recipe = Recipe::new();
    let stub = OpenAiStub::start(Reply::Text(vec!["Nice to meet you."])).await;
    let model = ["--model", "openai:stub-1", "--base-url", &stub.base_url, "--model-credential"];
    let key = recipe.program.home().join("model.json");
    std::fs::write(&key, r#"{"apiKey": "sk-test", "host": "127.0.0.1"}"#).unwrap();
    let key = format!("@{}", key.display());
    for (speaker, text) in
        [("Zach", "Hello my name is Zach."), ("Matt", "And I'm Matt"), ("Collin", "Who all is here?")]
    {
        recipe.say("group-id-123", &[&model[..], &[&key, "--speaker", speaker, text]].concat());
    }
    let asked = stub.messages(2);
    let said: Vec<_> = asked.iter().map(|message| message["content"].as_str().unwrap()).collect();
    let answer = "Nice to meet you.";
    assert_eq!(
        said,
        ["Zach: Hello my name is Zach.", answer, "Matt: And I'm Matt", answer, "Collin: Who all is here?"]
    );
    let loaded = recipe.program.run(
        &[
            &["memory", "load"],
            &NODE[..],
            &["--inputs", &recipe.inputs, "--credential", &recipe.credential, "--session", "group-id-123"],
        ]
        .concat(),
    );
    let loaded = loaded.ok().json();
    let names: Vec<_> = (0..3).map(|turn| &loaded["turns"][turn]["messages"][0]["name"]).collect();
    assert_eq!(names, ["Zach", "Matt", "Collin"]);
    let read = recipe.griptape("group-id-123").request(json!({"operation": "read"})).await.unwrap();
    assert_eq!(inputs_of(&read), ["Hello my name is Zach.", "And I'm Matt", "Who all is here?"]);
}

#[test]
fn on_the_built_in_engine_it_takes_no_more_than_the_nodes_name() {
    let program = Program::new();
    for text in ["Hello my name is Collin.", "What is my name?"] {
        let ran = program.run(&[&["chat"], &NODE[..], &["--session", "user-id-123", text]].concat()).ok();
        assert_eq!(ran.stdout.contains("> user: Hello"), text.starts_with("What"), "{ran:?}");
    }
}
