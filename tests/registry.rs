//! What the registry takes, what it refuses, and what it tells about inputs that do not fit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

use std::sync::Arc;

use canvas_memory::declare::{
    Alias, Category, ConnectArgs, ConnectContext, Connected, Credential, CredentialEntry, CredentialSlot,
    CredentialType, Health, Instance, Level, Node, NodeEntry, Options, Port, Required, Secret, Target, Ui,
};
use canvas_memory::recall::Recall;
use canvas_memory::registry::{Refused, Registry};
use canvas_memory::{ErrorKind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>"#;

const OUT: &[Port] = &[Port::new("out", "Out", &["Text"])];

/// Says a node type in a line or two.
macro_rules! node {
    ($rust:ident, $name:literal, $inputs:ty, $icon:expr, $ports:expr $(, $constant:ident: $type:ty = $value:expr)*) => {
        struct $rust;
        impl Node for $rust {
            type Inputs = $inputs;
            const TYPE: &'static str = $name;
            const CATEGORY: Category = Category("Tests");
            const ICON: &'static str = $icon;
            const DOCS: &'static str = "For tests.";
            const OUTPUT_PORTS: &'static [Port] = $ports;
            $(const $constant: $type = $value;)*
            async fn connect(inputs: $inputs, _: ConnectArgs<'_>) -> Result<Connected> {
                Ok(Connected::new(Instance::Other(Arc::new(inputs))))
            }
        }
    };
}

/// Good Node
///
/// Has one input of each form.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "validation is looked at, not what comes of it")]
struct GoodInputs {
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("chat").group("Table")))]
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["ttl"])))]
    table_name: String,
    ttl: Option<std::num::NonZeroU32>,
    big: Option<u64>,
    fast: Option<bool>,
    #[serde(default)]
    recall: Recall,
    consistency: Option<canvas_memory::store::Consistency>,
}

node!(Good, "good", GoodInputs, ICON, OUT, CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
    title: "Key",
    types: &["testApi"],
    required: Required::Unless { input: "tableName", value: "builtin" },
}], INPUT_PORTS: &'static [Port] = &[
    Port::new("model", "Model", &["BaseChatModel"]).required(),
    Port::new("tools", "Tools", &["Tool"]).many(),
]);

/// Nothing
///
/// Takes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

node!(One, "twice", Nothing, ICON, OUT);
node!(Other, "twice", Nothing, ICON, OUT);
node!(BadPort, "badPort", Nothing, ICON, &[Port::new("a b", "Out", &["Text"])]);
node!(NoPort, "noPort", Nothing, ICON, &[]);
node!(NoIcon, "noIcon", Nothing, "icon.png", OUT);
node!(NoCredentialType, "noCredentialType", Nothing, ICON, OUT, CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
    title: "Key",
    types: &["unheardOfApi"],
    required: Required::Is(true),
}]);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Untitled {}
node!(NoTitle, "noTitle", Untitled, ICON, OUT);

/// Open
///
/// Takes any field.
#[derive(Deserialize, JsonSchema)]
struct Open {}
node!(UnknownFields, "unknownFields", Open, ICON, OUT);

/// Leaky
///
/// Has a secret among its inputs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "never connected")]
struct Leaky {
    token: Secret,
}
node!(SecretInput, "secretInput", Leaky, ICON, OUT);

/// Dangling
///
/// Has choices that depend on nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "never connected")]
struct Dangling {
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region"])))]
    table: String,
}
node!(DanglingOptions, "danglingOptions", Dangling, ICON, OUT);

/// Test credential
///
/// A key in two forms.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schemars(extend("default" = {"kind": "key"}))]
enum TestFields {
    Key { api_key: Secret },
    Account { user: String, password: Secret, note: Option<String> },
}

struct TestApi;

impl CredentialType for TestApi {
    type Fields = TestFields;
    const TYPE: &'static str = "testApi";
    const BINDING: &'static [&'static str] = &["user"];
    const DOCS: &'static str = "For tests.";

    async fn test(fields: TestFields, target: &Target, _: &ConnectContext) -> Result<Health> {
        let mut health = Health::default();
        let (who, secret) = match &fields {
            TestFields::Key { api_key } => ("key".to_owned(), api_key),
            TestFields::Account { user, password, note } => (note.as_ref().unwrap_or(user).clone(), password),
        };
        health.ok("credential", format!("{who} of {} characters at {target:?}", secret.expose().len()));
        Ok(health)
    }
}

macro_rules! badly_bound {
    ($rust:ident, $name:literal, $binding:literal) => {
        struct $rust;
        impl CredentialType for $rust {
            type Fields = TestFields;
            const TYPE: &'static str = $name;
            const BINDING: &'static [&'static str] = &[$binding];
            const DOCS: &'static str = "For tests.";
            async fn test(_: TestFields, _: &Target, _: &ConnectContext) -> Result<Health> {
                Ok(Health::default())
            }
        }
    };
}

badly_bound!(BindingSecret, "bindingSecret", "password");
badly_bound!(BindingUnknown, "bindingUnknown", "host");

fn registry() -> Registry {
    let nodes = [
        NodeEntry::of::<Good>(),
        NodeEntry::of::<One>(),
        NodeEntry::of::<Other>(),
        NodeEntry::of::<BadPort>(),
        NodeEntry::of::<NoPort>(),
        NodeEntry::of::<NoIcon>(),
        NodeEntry::of::<NoTitle>(),
        NodeEntry::of::<NoCredentialType>(),
        NodeEntry::of::<UnknownFields>(),
        NodeEntry::of::<SecretInput>(),
        NodeEntry::of::<DanglingOptions>(),
    ];
    let credentials = [
        CredentialEntry::of::<TestApi>(),
        CredentialEntry::of::<BindingSecret>(),
        CredentialEntry::of::<BindingUnknown>(),
    ];
    Registry::of(nodes, credentials)
}

#[test]
fn what_is_wrong_with_one_declaration_is_told_by_name_and_the_rest_works() {
    let registry = registry();
    assert_eq!(registry.node_types().collect::<Vec<_>>(), ["good"]);
    assert_eq!(registry.credential_types().collect::<Vec<_>>(), ["testApi"]);
    let told = [
        ("badPort", "/x-node/outputPorts/0/id"),
        ("bindingSecret", "`password` binds its secrets"),
        ("bindingUnknown", "`host` binds its secrets"),
        ("danglingOptions", "the choices of `table` depend on `region`, which is no input"),
        ("noCredentialType", "a credential of type `unheardOfApi`, which nothing declares"),
        ("noIcon", "/x-node/icon"),
        ("noPort", "/x-node/outputPorts"),
        ("noTitle", "\"title\" is a required property"),
        ("secretInput", "the input `token` is a secret"),
        ("twice", "registry::One and registry::Other"),
        ("twice", "registry::One and registry::Other"),
        ("unknownFields", "\"additionalProperties\" is a required property"),
    ];
    let refused = registry.refused();
    assert_eq!(refused.len(), told.len(), "{refused:#?}");
    for (Refused { name, reason, .. }, (wanted, why)) in refused.iter().zip(told) {
        assert_eq!(name, wanted);
        assert!(reason.contains(why), "{name}: {reason}");
    }
}

const ONE: &[Alias] = &[Alias::new("theirs"), Alias::new("shared")];
const OTHER: &[Alias] = &[Alias::new("shared"), Alias::new("opensOne")];
node!(OpensOne, "opensOne", Nothing, ICON, OUT, ALIASES: &'static [Alias] = ONE);
node!(OpensOther, "opensOther", Nothing, ICON, OUT, ALIASES: &'static [Alias] = OTHER);

#[test]
fn a_foreign_type_that_two_nodes_would_open_is_opened_by_neither() {
    let registry = Registry::of([NodeEntry::of::<OpensOne>(), NodeEntry::of::<OpensOther>()], []);
    let opener = |foreign: &str| registry.opener(foreign).map(|(entry, _)| entry.node_type());
    assert_eq!(opener("theirs"), Some("opensOne"));
    assert_eq!(opener("shared"), None);
    assert_eq!(opener("opensOne"), Some("opensOne"), "a node opens its own type, whoever else would");
    let refused: Vec<_> = registry.refused().iter().map(|refused| &*refused.name).collect();
    assert_eq!(refused, ["opensOne", "shared", "shared"]);
    assert_eq!(registry.node_types().count(), 2, "the nodes themselves are good");
}

#[test]
fn each_problem_names_the_input_and_never_its_value() {
    let registry = registry();
    for (inputs, problems) in [
        (json!({"tableName": "chat"}), ""),
        (json!({}), "tableName: is missing; it takes text"),
        (json!([]), "inputs: must be an object; found a list"),
        (json!({"tableName": ""}), "tableName: is empty; give at least one character"),
        (json!({"tableName": 7}), "tableName: must be text; found a number"),
        (
            json!({"tablename": "hunter2", "tableName": "chat"}),
            "tablename: is not an input of `good`; did you mean `tableName`?",
        ),
        (
            json!({"colour": "hunter2", "tableName": "chat"}),
            "colour: is not an input of `good`; there are `tableName`, `ttl`, `big`, `fast`, `recall`, `consistency`",
        ),
        (json!({"tableName": "chat", "ttl": "hunter2"}), "ttl: must be a whole number; found text"),
        (json!({"tableName": "chat", "ttl": ""}), "ttl: must be a whole number; found empty text"),
        (json!({"tableName": "chat", "ttl": 0}), "ttl: must be at least 1"),
        (json!({"tableName": "chat", "ttl": -5}), "ttl: must be at least 1"),
        (json!({"tableName": "chat", "ttl": 5_000_000_000_u64}), "ttl: must be at most 4294967295"),
        (
            json!({"tableName": "chat", "ttl": 12.7}),
            "ttl: must be a whole number; found a number with a decimal point",
        ),
        (
            json!({"tableName": "chat", "big": 12.0}),
            "big: must be a whole number below 2^64, written without a decimal point",
        ),
        (
            serde_json::from_str(r#"{"tableName": "chat", "big": 123456789012345678901234567890}"#).unwrap(),
            "big: must be a whole number below 2^64, written without a decimal point",
        ),
        (
            json!({"tableName": "chat", "fast": null}),
            "fast: must be true or false; found null; leave it out to mean nothing",
        ),
        (json!({"tableName": "chat", "recall": "all"}), "recall: must be an object; found text"),
        (
            json!({"tableName": "chat", "recall": {}}),
            "recall.policy: must be one of `everything`, `lastTurns`, `lastMessages`, `summaryAndRecent`",
        ),
        (
            json!({"tableName": "chat", "recall": {"policy": "lastTurns"}}),
            "recall.turns: is missing; it takes a whole number",
        ),
        (
            json!({"tableName": "chat", "recall": {"policy": "lastTurns", "turns": 0, "turn": 1}}),
            "recall.turns: must be at least 1|recall.turn: is not an input of `good`; did you mean `turns`?",
        ),
        (
            json!({"tableName": "chat", "recall": {"policy": "lastTurns", "turns": 2.0}}),
            "recall.turns: must be a whole number below 2^64, written without a decimal point",
        ),
        (
            json!({"tableName": "chat", "consistency": "hunter2"}),
            "consistency: must be one of `strong`, `eventual`",
        ),
    ] {
        let mut found: Vec<_> = registry
            .validate("good", &inputs)
            .unwrap()
            .into_iter()
            .map(|problem| format!("{}: {}", problem.input, problem.message))
            .collect();
        let mut wanted: Vec<_> = problems.split('|').filter(|problem| !problem.is_empty()).collect();
        found.sort();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{inputs}");
    }
}

#[tokio::test]
async fn connecting_by_name_checks_inputs_ports_and_credential() {
    let registry = registry();
    let context = ConnectContext::default();
    let model = || Instance::Other(Arc::new("a model"));
    let with_model = || ConnectArgs::new(&context).with_port("model", model());
    let good = json!({"tableName": "chat"});

    let connected = registry.connect_json("good", &good, with_model()).await.unwrap();
    assert!(matches!(connected.instance, Instance::Other(_)));
    assert!(connected.health.await.unwrap().findings.is_empty());

    let other = Credential::new("c1", "otherApi", 1, "{}");
    for (node_type, inputs, args, told) in [
        ("bad", &good, with_model(), "there is no node type `bad`; this program was built with good"),
        ("good", &json!({"ttl": 0, "x": 1}), with_model(), "`tableName` is missing; it takes text"),
        (
            "good",
            &good,
            ConnectArgs::new(&context),
            "`model` is not connected; connect a node that gives BaseChatModel",
        ),
        (
            "good",
            &good,
            with_model().with_port("model", model()),
            "`model` is connected to 2 nodes; it takes one, disconnect the others",
        ),
        ("good", &good, with_model().with_port("memory", model()), "`memory` is no port of `good`"),
        (
            "good",
            &good,
            with_model().with_credential(other),
            "`credential` is of type `otherApi`; choose one of type testApi",
        ),
    ] {
        let error = registry.connect_json(node_type, inputs, args).await.unwrap_err();
        assert!(error.to_string().starts_with("connect: ") && error.message().contains(told), "{error}");
    }
    let two = with_model().with_port("tools", model()).with_port("tools", model());
    assert!(registry.connect_json("good", &good, two).await.is_ok());
}

#[tokio::test]
async fn a_diagnosis_tells_all_that_does_not_fit_and_connects_what_does() {
    let registry = registry();
    let context = ConnectContext::default();
    let told = async |inputs: Value, args: ConnectArgs<'_>| {
        let diagnosis = registry.diagnose("good", &inputs, args).await.unwrap();
        let findings = diagnosis.findings.iter().map(|found| (found.level, found.subject.to_string()));
        findings.collect::<Vec<_>>()
    };
    let other = Credential::new("c1", "otherApi", 1, "{}");
    let bad = told(json!({"ttl": 0, "x": 1}), ConnectArgs::new(&context).with_credential(other)).await;
    assert!(bad.iter().all(|(level, _)| *level == Level::Error), "{bad:?}");
    for subject in ["tableName", "ttl", "x", "credential"] {
        assert!(bad.iter().any(|(_, told)| told == subject), "{subject}: {bad:?}");
    }
    // What belongs on a port is looked at by itself, so that a free port is no finding.
    let fits = [(Level::Ok, "inputs".to_owned())];
    let good = || json!({"tableName": "chat"});
    assert_eq!(told(good(), ConnectArgs::new(&context)).await, fits);
    let model = Instance::Other(Arc::new("a model"));
    assert_eq!(told(good(), ConnectArgs::new(&context).with_port("model", model)).await, fits);
    let unknown = registry.diagnose("bad", &good(), ConnectArgs::new(&context)).await.unwrap_err();
    assert_eq!(*unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_credential_is_checked_read_and_never_printed() {
    let registry = registry();
    let context = ConnectContext::default();
    let credential = |fields: Value| Credential::new("c1", "testApi", 3, fields.to_string());

    let secret = credential(json!({"apiKey": "hunter2"}));
    assert_eq!(
        format!("{secret:?}"),
        r#"Credential { id: "c1", credential_type: "testApi", revision: 3, .. }"#
    );
    let args = ConnectArgs::new(&context).with_credential(secret.clone());
    assert!(!format!("{args:?} {:#?}", args.credential::<TestApi>().is_ok()).contains("hunter2"));

    let target = Target { region: Some("eu-west-1".into()), ..Target::default() };
    let health = registry.test_credential(&secret, &target, &context).await.unwrap();
    assert!(
        health.findings[0].text.starts_with("key of 7 characters"),
        "the tag may be left out: {health:?}"
    );
    let account = json!({"kind": "account", "user": "bob", "password": "hunter2"});
    let health = registry.test_credential(&credential(account), &target, &context).await.unwrap();
    assert!(health.findings[0].text.starts_with("bob of 7 characters"), "{health:?}");

    for (fields, told) in [
        (json!({}), "`apiKey` is missing; it takes text"),
        (json!({"apiKey": ""}), "`apiKey` is empty; give at least one character"),
        (json!({"apiKey": 7}), "`apiKey` must be text; found a number"),
        (
            json!({"apiKey": "hunter2", "apikey": "hunter2"}),
            "`apikey` is not a field of `testApi`; did you mean `apiKey`?",
        ),
        (json!({"kind": "hunter2"}), "`kind` must be one of `key`, `account`"),
        (json!({"kind": "account", "user": "bob"}), "`password` is missing; it takes text"),
    ] {
        let error = registry.test_credential(&credential(fields), &target, &context).await.unwrap_err();
        assert_eq!(error.message(), told);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    let broken = Credential::new("c1", "testApi", 1, "hunter2");
    let error = registry.test_credential(&broken, &target, &context).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(!format!("{error:?}").contains("hunter2"));

    let missing = ConnectArgs::new(&context).credential::<TestApi>().err().unwrap();
    assert_eq!(*missing.kind(), ErrorKind::MissingCredential);
    assert!(missing.message().contains("`testApi`"), "{missing}");
}

#[test]
fn who_changes_where_secrets_go_has_to_know_them() {
    let registry = registry();
    let credential = |fields: &Value| Credential::new("c1", "testApi", 3, fields.to_string());
    let before = json!({"kind": "account", "user": "bob", "password": "hunter2", "note": "n"});
    let change = |patch: Value, after: Value| {
        let patch = patch.to_string().into();
        registry.check_credential_change(&credential(&before), &patch, &credential(&after))
    };
    let account = |user: &str, password: &str| json!({"kind": "account", "user": user, "password": password, "note": "n"});
    for patch in [
        json!({"user": "eve"}),
        json!({"user": "eve", "password": null}),
        json!({"user": "eve", "note": "n"}),
    ] {
        let error = change(patch, account("eve", "hunter2")).unwrap_err();
        assert_eq!(
            error.message(),
            "`user` says where `password` may be sent; to change it, enter `password` again in the same change"
        );
        assert_eq!(*error.kind(), ErrorKind::InvalidInput { field: "user".to_owned() });
    }
    change(json!({"user": "eve", "password": "hers"}), account("eve", "hers")).unwrap();
    change(json!({"user": "bob"}), account("bob", "hunter2")).unwrap();
    change(json!({"password": "new"}), account("bob", "new")).unwrap();
    let key = json!({"kind": "key", "apiKey": "other"});
    change(json!({"kind": "key", "user": null, "password": null, "note": null, "apiKey": "other"}), key)
        .unwrap();
    let unfit =
        change(json!({"password": 7}), json!({"kind": "account", "user": "bob", "password": 7})).unwrap_err();
    assert!(unfit.message().starts_with("`password` must be text"), "{unfit}");
}

#[test]
fn a_secret_stands_in_its_schema_as_one() {
    let registry = registry();
    let schema = registry.credential_schema("testApi").unwrap();
    assert_eq!(
        schema["oneOf"][0],
        json!({
            "type": "object", "title": "Key",
            "properties": {
                "kind": {"type": "string", "const": "key"},
                "apiKey": {"type": "string", "minLength": 1, "format": "password", "writeOnly": true, "title": "Api key"},
            },
            "required": ["apiKey"], "additionalProperties": false,
        })
    );
    assert_eq!(schema["oneOf"][1]["required"], json!(["kind", "user", "password"]));
    assert_eq!(schema["x-credential"]["type"], "testApi");
    assert_eq!(schema["x-credential"]["binding"], json!(["user"]));
}
