//! Endpoints that answer as AWS does where no emulator can, and endpoints that do not answer.

use std::collections::HashMap;
use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use axum::http::{HeaderMap, StatusCode};
use canvas_memory::declare::{ConnectContext, Credential, Diagnosis, Level};
use serde_json::json;

use super::{about, diagnose, subjects, told};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/chat";

/// What the endpoint says to an operation: status, error's name, error's text.
type Said = (u16, &'static str, String);

/// An endpoint that answers by operation, `*` for all others, with a clock that is `skew_secs` ahead.
async fn answering(answers: HashMap<&'static str, Said>, skew_secs: i64) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move |headers: HeaderMap| async move {
        let target = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap();
        let (status, error, text) = answers.get(target).unwrap_or(&answers["*"]);
        let body = match *status {
            200 => text.clone(),
            _ => json!({"__type": format!("com.amazon.coral.service#{error}"), "message": text}).to_string(),
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let then = DateTime::from_secs(i64::try_from(now.as_secs()).unwrap() + skew_secs);
        let date = then.fmt(Format::HttpDate).unwrap();
        (StatusCode::from_u16(*status).unwrap(), [("date", date)], body)
    };
    let app = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn look(endpoint: &str) -> Diagnosis {
    let fields = json!({"accessKey": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "hunter2"});
    let credential = Credential::new("c1", "dynamodbMemoryApi", 1, fields.to_string());
    let inputs = json!({"tableName": "chat", "partitionKey": "id", "sortKey": "sk", "endpoint": endpoint});
    let found = diagnose("DynamoDBChatMemory", &inputs, Some(credential), &ConnectContext::default()).await;
    assert!(!format!("{found:?}").contains("hunter2"), "{found:#?}");
    found
}

fn denied(why: &str) -> Said {
    let text = format!(
        "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: dynamodb:X on resource: {TABLE} {why}"
    );
    (400, "AccessDeniedException", text)
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_instead_of_the_key() {
    let expired =
        || (400, "InvalidSignatureException", "Signature expired: 20261120T1 is now earlier than".into());
    for (skew_secs, direction) in [(720, "behind"), (-720, "ahead of")] {
        let found = look(&answering(HashMap::from([("*", expired())]), skew_secs).await).await;
        assert_eq!(subjects(&found, Level::Error), ["clock"], "{found:#?}");
        let text = about(&found, "clock");
        assert!(text.contains(&format!("s {direction} the server's")), "{text}");
        assert!(["719 s", "720 s", "721 s"].iter().any(|secs| text.contains(secs)), "{text}");
    }
    let found = look(
        &answering(HashMap::from([("*", denied("because no identity-based policy allows it"))]), 200).await,
    )
    .await;
    assert!(subjects(&found, Level::Warning).contains(&"clock"), "{found:#?}");
}

#[tokio::test]
async fn a_key_that_nobody_knows_ends_the_diagnosis() {
    let unknown =
        (400, "UnrecognizedClientException", "The security token included in the request is invalid.".into());
    let found = look(&answering(HashMap::from([("*", unknown)]), 0).await).await;
    assert_eq!(subjects(&found, Level::Error), ["credential"], "{found:#?}");
    assert!(about(&found, "clock").starts_with("within"), "{found:#?}");
    assert_eq!(found.policy.unwrap()["Statement"][0]["Resource"], "arn:aws:dynamodb:us-east-1:*:table/chat");
}

#[tokio::test]
async fn who_denies_and_on_what_is_told_from_what_aws_says() {
    let answers = HashMap::from([
        ("*", denied("because no identity-based policy allows the dynamodb:X action")),
        ("Query", denied("with an explicit deny in a service control policy")),
        ("PutItem", denied("because no permissions boundary allows the dynamodb:PutItem action")),
    ]);
    let found = look(&answering(answers, 0).await).await;
    let errors = told(&found, Level::Error).join("\n");
    assert!(errors.contains("the service control policy denies it, take that out there"), "{errors}");
    assert!(errors.contains("allow it in the permissions boundary"), "{errors}");
    let policy = about(&found, "policy");
    assert!(policy.contains("`arn:aws:iam::123456789012:user/bob`") && policy.contains(TABLE), "{policy}");
    assert!(!policy.contains("dynamodb:Query") && !policy.contains("dynamodb:PutItem"), "{policy}");
    // The account is known from the refusals, though the table can't be looked at.
    assert_eq!(found.policy.unwrap()["Statement"][0]["Resource"], TABLE);
}

#[tokio::test]
async fn a_kms_key_that_is_refused_is_no_missing_action() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/1234";
    let table = json!({"Table": {
        "TableName": "chat", "TableStatus": "ACTIVE", "TableArn": TABLE,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "LocalSecondaryIndexes": [{"IndexName": "by-time"}],
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key},
    }});
    let refused = format!(
        "KMS key access denied error: User: arn:aws:iam::1:user/bob is not authorized to perform: kms:Decrypt on \
         resource: {key} because no identity-based policy allows the kms:Decrypt action"
    );
    let answers = HashMap::from([
        ("*", (400, "AccessDeniedException", refused)),
        ("ListTables", (200, "", json!({"TableNames": ["chat"]}).to_string())),
        ("DescribeTable", (200, "", table.to_string())),
    ]);
    let found = look(&answering(answers, 0).await).await;
    assert_eq!(subjects(&found, Level::Error), ["encryption"], "{found:#?}");
    assert_eq!(subjects(&found, Level::Warning), ["index"], "{found:#?}");
    let policy = found.policy.unwrap();
    assert_eq!(policy["Statement"][1]["Action"], "kms:Decrypt");
    assert_eq!(policy["Statement"][1]["Resource"], key);
}

#[tokio::test]
async fn why_an_endpoint_is_out_of_reach_is_told_apart() {
    let page = (200, "", "<html>Log in</html>".to_owned());
    let portal = answering(HashMap::from([("*", page)]), 0).await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cases = [
        (format!("http://{closed}"), "nothing listens at its address"),
        ("https://dynamodb.eu-wst-1.invalid".to_owned(), "its name can't be resolved"),
        (portal.replace("http:", "https:"), "TLS"),
        (portal.clone(), "check that the endpoint is DynamoDB's"),
        (format!("http://{}", silent.local_addr().unwrap()), "did not answer in time"),
    ];
    let all = cases.map(|(endpoint, why)| async move {
        let found = look(&endpoint).await;
        assert_eq!(subjects(&found, Level::Error), ["endpoint"], "{endpoint}: {found:#?}");
        assert!(about(&found, "endpoint").contains(why), "{endpoint}: {found:#?}");
        assert!(found.policy.is_some(), "the policy is known all the same");
    });
    futures_util::future::join_all(all).await;
}
