//! The policy that a diagnosis prints, on moto's server with its policy checks on.

use canvas_memory::Result;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Credential, Diagnosis, Level};
use canvas_memory::dynamodb::layout::Layout;
use canvas_memory::dynamodb::policy::Grant;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Scope, SessionId, Turn};
use canvas_memory::store::{Append, Page};
use serde_json::{Value, json};

use super::support::moto::{AccessKey, Moto};
use super::{about, diagnose, subjects, told};

const NODE: &str = "DynamoDBChatMemory";

/// AWS asks for the actions of the writes inside a transaction, moto for this one, which AWS does not have.
const OF_MOTO_ALONE: &str = "dynamodb:TransactWriteItems";

/// moto can't read the projection that finds a layout, so each is given.
const LAYOUTS: [(&str, Option<&str>); 3] = [("turns", Some("sk")), ("list", None), ("history", None)];

async fn moto_with_table(sort_key: Option<&str>) -> Moto {
    let moto = Moto::start();
    let keys = Credentials::new("AKIDTEST", "secret", None, None, "test");
    let mut config = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
    config.endpoint_url = Some(moto.endpoint().to_owned());
    let table = TableDefinition {
        expiry_attribute: Some("expireAt".into()),
        ..TableDefinition::new(
            "chat-memory",
            KeyAttribute::text("sessionId"),
            sort_key.map(KeyAttribute::text),
        )
    };
    table.create(&DynamoClient::new(config).unwrap()).await.unwrap();
    moto
}

fn inputs(moto: &Moto, layout: &str, sort_key: Option<&str>) -> Value {
    json!({
        "tableName": "chat-memory", "partitionKey": "sessionId", "sortKey": sort_key, "layout": layout,
        "expiryAttribute": "expireAt", "ttlSecs": 3600, "endpoint": moto.endpoint(),
    })
}

fn credential(key: &AccessKey) -> Credential {
    let fields = json!({"accessKey": key.access_key_id, "secretAccessKey": key.secret_access_key});
    Credential::new(&key.access_key_id, "dynamodbMemoryApi", 1, fields.to_string())
}

async fn look(inputs: &Value, key: &AccessKey) -> Diagnosis {
    let inputs = without_nulls(inputs);
    diagnose(NODE, &inputs, Some(credential(key)), &ConnectContext::default()).await
}

fn without_nulls(inputs: &Value) -> Value {
    let fields = inputs.as_object().unwrap();
    fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// moto compares no resources.
fn allowing(actions: &[String]) -> Value {
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn actions(policy: &Value) -> Vec<String> {
    serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap()
}

/// Every call of a memory.
async fn live(inputs: &Value, key: &AccessKey) -> Result<()> {
    let context = ConnectContext::default();
    let args = ConnectArgs::new(&context).with_credential(credential(key));
    let connected = Registry::collect().connect_json(NODE, &without_nulls(inputs), args).await?;
    let memory = connected.memory()?;
    connected.health.await?;
    let session = SessionId::new("user-id-123")?;
    let turn = |text: &str| Append::new(Turn::new([Message::user(text), Message::assistant("Hello!")]));
    memory.append(&session, turn("one")).await?;
    // A turn that is cut into pieces.
    if memory.store().capabilities().layout.ends_with("turns") {
        let noise: String = (0..60_000).map(|_| uuid()).collect();
        memory.append(&session, turn(&noise)).await?;
    } else {
        memory.append(&session, turn("two")).await?;
    }
    assert_eq!(memory.load(&session).await?.messages().count(), 4);
    let listed = memory.store().sessions(&Scope::default(), Page::default()).await?;
    assert_eq!(listed.sessions.len(), 1);
    let inspected = memory.store().inspect(&memory.key(&session), Page::default()).await?;
    assert!(!inspected.records.is_empty());
    assert_eq!(memory.clear(&session).await?.turns, 2);
    Ok(())
}

/// Text that no compression makes small.
fn uuid() -> String {
    SessionId::mint().as_str().to_owned()
}

#[tokio::test]
async fn the_printed_policy_is_enough_and_each_action_of_it_is_missed_by_name() {
    for (layout, sort_key) in LAYOUTS {
        let moto = moto_with_table(sort_key).await;
        let inputs = inputs(&moto, layout, sort_key);
        let found = look(&inputs, &moto.add_user(&allowing(&["dynamodb:*".to_owned()]))).await;
        assert_eq!(found.level(), Level::Ok, "{layout}: {found:#?}");
        let policy = found.policy.unwrap();
        assert_eq!(
            policy["Statement"][0]["Resource"],
            "arn:aws:dynamodb:us-east-1:123456789012:table/chat-memory"
        );
        let all = actions(&policy);

        let mut on_moto = all.clone();
        on_moto.push(OF_MOTO_ALONE.to_owned());
        live(&inputs, &moto.add_user(&allowing(&on_moto)))
            .await
            .unwrap_or_else(|error| panic!("{layout}: {error:?}"));

        for missing in &all {
            let rest: Vec<_> = all.iter().filter(|action| *action != missing).cloned().collect();
            let found = look(&inputs, &moto.add_user(&allowing(&rest))).await;
            let lines = [told(&found, Level::Error), told(&found, Level::Warning)].concat();
            let (rights, others): (Vec<_>, Vec<_>) =
                lines.iter().partition(|line| line.starts_with("rights: "));
            assert_eq!(rights.len(), 1, "{layout} without {missing}: {found:#?}");
            assert!(rights[0].starts_with(&format!("rights: `{missing}` is not allowed")), "{rights:?}");
            let statement = format!(r#""Action":["{missing}"]"#);
            assert!(others.len() == 1 && others[0].contains(&statement), "{others:?}");
        }
    }
}

#[tokio::test]
async fn several_missing_actions_are_told_at_once() {
    let moto = moto_with_table(Some("sk")).await;
    let inputs = inputs(&moto, "turns", Some("sk"));
    let few = ["dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:GetItem"].map(str::to_owned);
    let found = look(&inputs, &moto.add_user(&allowing(&few))).await;
    let errors = told(&found, Level::Error).join("\n");
    for missing in ["BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"] {
        assert!(errors.contains(&format!("`dynamodb:{missing}` is not allowed")), "{missing}: {errors}");
    }
    assert_eq!(subjects(&found, Level::Error).len(), 6, "{errors}");
    assert_eq!(subjects(&found, Level::Warning), ["rights"], "{found:#?}");
    assert!(about(&found, "policy").contains("dynamodb:DescribeTimeToLive"), "{found:#?}");
}

#[tokio::test]
async fn a_wrong_secret_or_region_is_told() {
    let moto = moto_with_table(Some("sk")).await;
    let mut inputs = inputs(&moto, "turns", Some("sk"));
    let key = moto.add_user(&allowing(&["dynamodb:*".to_owned()]));
    let wrong = AccessKey { access_key_id: key.access_key_id.clone(), secret_access_key: "hunter2".into() };
    let found = look(&inputs, &wrong).await;
    assert_eq!(subjects(&found, Level::Error), ["credential"], "{found:#?}");
    assert!(about(&found, "credential").contains("check its access key and secret"), "{found:#?}");
    assert!(found.policy.is_some() && !format!("{found:?}").contains("hunter2"));

    inputs["region"] = json!("eu-west-1");
    // Of the expiry of a missing table moto says something that AWS does not.
    inputs["expiryAttribute"].take();
    inputs["ttlSecs"].take();
    let found = look(&inputs, &key).await;
    assert_eq!(subjects(&found, Level::Error), ["table"], "{found:#?}");
    assert!(about(&found, "table").contains("is not there in eu-west-1"), "{found:#?}");
}

#[test]
fn the_policies_in_the_docs_are_those_that_are_printed() {
    let docs = include_str!("../../nodes/memory/dynamodb/docs.md");
    let blocks = docs.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let documented: Vec<Value> = blocks
        .map(|block| serde_json::from_str(block).unwrap())
        .filter(|block: &Value| block.get("Statement").is_some())
        .collect();
    let table_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/chat-memory";
    let printed = [Layout::Turns, Layout::List].map(|layout| {
        let table = &TableDefinition::new("chat-memory", KeyAttribute::text("sessionId"), None);
        let grant = Grant { needs: layout.needs(), table, table_arn, makes_table: false, kms_key_arn: None };
        let statement = grant.policy()["Statement"][0].clone();
        [statement["Action"].clone(), statement["Resource"].clone()]
    });
    let documented: Vec<_> = documented
        .iter()
        .map(|policy| &policy["Statement"][0])
        .map(|statement| [statement["Action"].clone(), statement["Resource"].clone()])
        .collect();
    assert_eq!(documented, printed);
}
