//! `canvas-memory tables`, on the built-in engine.

use serde_json::{Value, json};

use super::support::Program;

const ON_TURNS: &str =
    r#"{"tableName":"chat","partitionKey":"sessionId","sortKey":"sk","endpoint":"builtin"}"#;

#[test]
fn a_table_is_made_compared_used_and_deleted() {
    let program = Program::new();
    let turns = ["turns", "--table-name", "chat", "--endpoint", "builtin", "--expiry-attribute", "expireAt"];
    let tables = |action: &str, more: &[&str]| program.run(&[&["tables", action], &turns[..], more].concat());
    let missing = tables("check", &[]);
    assert_eq!(missing.code, Some(12), "{missing:?}");
    assert!(missing.stdout.contains("error    table"), "{missing:?}");

    let made = tables("create", &["--tag", "team=memory", "--deletion-protection"]).ok();
    assert!(made.stdout.contains("`chat` is made and ready"), "{made:?}");
    let again = tables("create", &["--json"]).ok().json();
    assert_eq!((&again["tables"][0]["made"], &again["level"]), (&json!(false), &json!("ok")), "{again}");
    let checked = tables("check", &["--tag", "team=memory", "--tag", "stage=test"]).ok();
    assert!(checked.stdout.contains("warning  tags         the table lacks `stage=test`"), "{checked:?}");
    program.run(&["chat", "--inputs", ON_TURNS, "--session", "s", "Hello my name is Collin."]).ok();

    let protected = program.run(&["tables", "delete", "chat", "--endpoint", "builtin", "--yes"]);
    assert_eq!(protected.code, Some(3), "{protected:?}");
    assert!(protected.stderr.contains("switch its deletion protection off first"), "{protected:?}");
}

#[test]
fn a_table_is_deleted_by_who_names_it_twice() {
    let program = Program::new();
    for name in ["one", "two"] {
        program.run(&["tables", "create", "list", "--table-name", name, "--endpoint", "builtin"]).ok();
    }
    let delete = ["tables", "delete", "one", "--endpoint", "builtin"];
    for typed in ["", "\n", "two\n", "yes\n", "One\n"] {
        let refused = program.run_with_stdin(&delete, typed);
        assert_eq!(refused.code, Some(2), "{typed:?}: {refused:?}");
        assert!(refused.stderr.contains("nothing was deleted"), "{refused:?}");
    }
    let typed_credential = program.run_with_stdin(&[&delete[..], &["--credential", "-"]].concat(), "one\n");
    assert!(typed_credential.stderr.contains("standard input holds the credential"), "{typed_credential:?}");
    assert_eq!(program.run_with_stdin(&delete, "one\n").ok().stdout, "deleted one\n");
    let again = program.run(&[&delete[..], &["--yes"]].concat());
    assert_eq!(again.code, Some(4), "{again:?}");
    program.run(&["tables", "check", "list", "--table-name", "two", "--endpoint", "builtin"]).ok();
}

#[test]
fn mem0s_two_tables_are_one_call_with_the_parameters_of_its_utility() {
    let program = Program::new();
    let made = program
        .run(&[
            "tables",
            "create",
            "mem0",
            "--region",
            "us-west-2",
            "--conversation-table-name",
            "Talks",
            "--graph-table-name",
            "Facts",
            "--ttl-enabled",
            "--gsi-enabled=true",
            "--endpoint",
            "builtin",
            "--json",
        ])
        .ok()
        .json();
    let names: Vec<_> = made["tables"].as_array().unwrap().iter().map(|table| &table["table"]).collect();
    assert_eq!(names, ["Talks", "Facts"]);
    let check = |args: &[&str]| -> Value {
        let args =
            [&["tables", "check"], args, &["--region", "us-west-2", "--endpoint", "builtin", "--json"]];
        program.run(&args.concat()).ok().json()
    };
    let talks = check(&["mem0-conversations", "--table-name", "Talks", "--ttl-attribute", "expiration_time"]);
    assert_eq!(talks["level"], "ok", "{talks}");
    let facts = check(&["mem0-graph", "--table-name", "Facts"]);
    let told = facts["tables"][0]["findings"].to_string();
    assert!(facts["level"] == "ok" && told.contains("`RelationshipTypeIndex` is there"), "{facts}");

    program.run(&["tables", "create", "mem0", "--gsi=false", "--endpoint", "builtin"]).ok();
    let without = program.run(&["tables", "check", "mem0", "--endpoint", "builtin"]);
    assert_eq!(without.code, Some(12), "{without:?}");
    assert!(without.stdout.contains("has no index `RelationshipTypeIndex`"), "{without:?}");
}

#[test]
fn what_is_not_meant_is_refused_by_name() {
    let program = Program::new();
    program.run(&["tables", "create", "turns", "--table-name", "chat", "--endpoint", "builtin"]).ok();
    for (args, code, told) in [
        (&["create", "turnz", "--table-name", "x"][..], 2, "turnz"),
        (&["create", "turns"], 2, "`table_name` is missing"),
        (&["create", "list", "--table-name", "x", "--sort-key", "sk"], 2, "`sort_key`"),
        (&["create", "mem0-graph", "--partition-key", "x"], 2, "`partition_key`"),
        (&["create", "turns", "--table-name", "x", "--gsi-enabled"], 2, "`gsi_enabled`"),
        (&["create", "turns", "--table-name", "x", "--ttl-enabled"], 2, "`ttl_enabled`"),
        (&["create", "mem0", "--table-name", "x"], 2, "`table_name`"),
        (&["create", "mem0", "--graph-table-name", "Mem0Conversations"], 2, "`graph_table_name`"),
        (&["create", "turns", "--table-name", "x", "--read-units", "5"], 2, "--write-units"),
        (&["create", "turns", "--table-name", "x", "--read-units", "0", "--write-units", "1"], 2, "0"),
        (&["create", "turns", "--table-name", "x", "--tag", "team"], 2, "KEY=VALUE"),
        (&["create", "turns", "--table-name", "a b"], 2, "`tableName` is not a table's name"),
        (&["create", "list", "--table-name", "chat"], 4, "the table has the sort key `sk`"),
        (&["check", "mem0-graph", "--table-name", "chat"], 12, "`node_id` is wanted"),
    ] {
        let ran = program.run(&[&["tables"], args, &["--endpoint", "builtin"]].concat());
        assert_eq!(ran.code, Some(code), "{args:?}: {ran:?}");
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(told), "{args:?}: {ran:?}");
    }
    let on_aws = program.run(&["tables", "create", "turns", "--table-name", "x"]);
    assert_eq!(on_aws.code, Some(3), "{on_aws:?}");
    assert!(on_aws.stderr.contains("--credential ID"), "{on_aws:?}");
    let unknown = program.run(&["tables", "create", "turns", "--table-name", "x", "--credential", "nobody"]);
    assert_eq!(unknown.code, Some(3), "{unknown:?}");
}
