//! A flow that Flowise exported, and one that it saved.

use canvas_memory::flow::{
    DropReason, Flow, ImportReport, ImportSource, Imported, NoCredentials, ProblemCode, ProblemLevel, import,
};
use serde_json::{Value, json};

use crate::support::REGISTRY;

const EXPORT: &str = include_str!("../fixtures/flowise/flowise-export-chatflow.json");

/// The export, changed.
pub(crate) fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_str(EXPORT).unwrap();
    change(&mut document);
    serde_json::to_vec(&document).unwrap()
}

pub(crate) fn imported(change: impl FnOnce(&mut Value)) -> Imported {
    import(&changed(change), &REGISTRY).unwrap()
}

fn inputs(flow: &Flow, node: &str) -> Value {
    Value::Object(flow.node(node).unwrap().inputs.clone())
}

fn edges(flow: &Flow) -> Vec<[&str; 4]> {
    flow.edges
        .iter()
        .map(|edge| [&*edge.source, &*edge.source_handle, &*edge.target, &*edge.target_handle])
        .collect()
}

fn dropped(report: &ImportReport) -> Vec<(&str, &str, DropReason)> {
    report.dropped.iter().map(|dropped| (&*dropped.node, &*dropped.field, dropped.reason)).collect()
}

fn node<'a>(document: &'a mut Value, id: &str) -> &'a mut Value {
    let nodes = document["nodes"].as_array_mut().unwrap();
    nodes.iter_mut().find(|node| node["id"] == id).unwrap()
}

const CHAIN: &str = "conversationChain_0";
const MEMORY: &str = "DynamoDBChatMemory_0";
const MODEL: &str = "chatOpenAI_0";

#[test]
fn an_export_becomes_a_flow_that_lacks_only_its_credentials() {
    let Imported { flow, report } = import(EXPORT.as_bytes(), &REGISTRY).unwrap();
    assert_eq!(report.source, ImportSource::Flowise);
    let types: Vec<_> = flow.nodes.iter().map(|node| (&*node.id, &*node.node_type)).collect();
    assert_eq!(types, [(MODEL, "chatModel"), (MEMORY, "DynamoDBChatMemory"), (CHAIN, "conversationChain")]);
    assert_eq!(
        inputs(&flow, MODEL),
        json!({"provider": "openai", "baseURL": "http://127.0.0.1:21950/v1", "modelName": "gpt-4o-mini",
               "temperature": 0.9})
    );
    assert_eq!(
        inputs(&flow, MEMORY),
        json!({"tableName": "flowise_srv", "partitionKey": "id", "region": "us-east-1", "memoryKey": "chat_history"})
    );
    assert!(inputs(&flow, CHAIN)["systemMessagePrompt"].as_str().unwrap().starts_with("The following is"));
    assert_eq!(edges(&flow), [[MODEL, "model", CHAIN, "model"], [MEMORY, "memory", CHAIN, "memory"]]);
    let position = flow.node(CHAIN).unwrap().position;
    assert_eq!((position.x, position.y), (607.710843373494, 315.9036144578313));
    assert_eq!(flow.node(MODEL).unwrap().name.as_deref(), Some("OpenAI"));
    assert_eq!(flow.node(MEMORY).unwrap().name, None, "its label is the title");

    assert_eq!(dropped(&report), []);
    assert_eq!((report.dropped_edges.len(), report.unknown_nodes.len(), report.variables.len()), (0, 0, 0));
    let converted: Vec<_> = report.converted.iter().map(|one| (&*one.node, &*one.from, &*one.to)).collect();
    assert_eq!(converted, [(MODEL, "chatOpenAI", "chatModel")]);
    let coerced: Vec<_> =
        report.coerced.iter().map(|one| (&*one.node, &*one.field, &*one.from, &*one.to)).collect();
    assert_eq!(
        coerced,
        [(MODEL, "maxTokens", "empty text", "left out"), (MEMORY, "sessionId", "empty text", "left out")]
    );
    let again: Vec<_> = report
        .connect_again
        .iter()
        .map(|one| (&*one.node, &*one.slot, one.types.join(" "), one.required))
        .collect();
    assert_eq!(
        again,
        [
            (MODEL, "API key", "chatModelApi".to_owned(), false),
            (MEMORY, "AWS credential", "dynamodbMemoryApi".to_owned(), true),
        ]
    );
    let problems: Vec<_> = report.problems.iter().map(|problem| (problem.code, problem.level)).collect();
    assert_eq!(problems, [(ProblemCode::MissingCredential, ProblemLevel::Error)]);
}

#[test]
fn what_was_imported_can_be_exported_and_imported_again() {
    let flow = import(EXPORT.as_bytes(), &REGISTRY).unwrap().flow;
    let again = import(flow.to_json().as_bytes(), &REGISTRY).unwrap();
    assert_eq!((again.flow, again.report.source), (flow, ImportSource::CanvasMemory));
}

#[test]
fn ids_of_credentials_and_secrets_are_never_taken_over() {
    let Imported { flow, report } = imported(|document| {
        let model = node(document, MODEL);
        model["data"]["credential"] = "hunter2-id".into();
        model["data"]["inputs"]["FLOWISE_CREDENTIAL_ID"] = "hunter2-id".into();
        model["data"]["inputs"]["openAIApiKey"] = "hunter2".into();
        model["data"]["inputs"]["baseOptions"] = json!({"Authorization": "Bearer hunter2"});
        model["data"]["inputs"]["basepath"] = "https://me:hunter2@example.com/v1".into();
        let memory = node(document, MEMORY);
        memory["data"]["inputs"]["pin"] = "hunter2".into();
        let params = memory["data"]["inputParams"].as_array_mut().unwrap();
        params.push(json!({"name": "pin", "type": "password"}));
    });
    let text = format!("{}{}", flow.to_json(), serde_json::to_string(&report).unwrap());
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(
        dropped(&report),
        [
            (MODEL, "basepath", DropReason::Secret),
            (MODEL, "baseOptions", DropReason::Secret),
            (MODEL, "openAIApiKey", DropReason::Secret),
            (MEMORY, "pin", DropReason::Secret),
        ]
    );
    assert!(report.connect_again.iter().any(|again| again.node == MODEL));
}

#[test]
fn a_saved_flow_comes_as_text_inside_of_its_record() {
    let saved = changed(|document| {
        document["viewport"] = json!({"x": 1, "y": 2, "zoom": 0.5});
        let data = &mut node(document, MEMORY)["data"];
        data["filePath"] = "/usr/src/packages/components/nodes/memory/DynamoDb.js".into();
        data["icon"] = "/usr/src/packages/components/nodes/memory/dynamodb.svg".into();
    });
    let record = json!({"id": "f-1", "name": "Support", "flowData": String::from_utf8(saved).unwrap()});
    let flow = import(&serde_json::to_vec(&record).unwrap(), &REGISTRY).unwrap().flow;
    assert_eq!((&*flow.name, flow.nodes.len(), flow.edges.len()), ("Support", 3, 2));
    assert!((flow.viewport.unwrap().zoom - 0.5).abs() < f64::EPSILON);
    assert!(!flow.to_json().contains("/usr/src"));
}

#[test]
fn a_tool_agent_takes_its_list_of_tools() {
    let document = json!({
        "nodes": [
            {"id": "chatAnthropic_0", "data": {"name": "chatAnthropic", "inputs":
                {"modelName": "claude-3-haiku", "maxTokensToSample": "256", "streaming": true}}},
            {"id": "calculator_0", "data": {"name": "calculator", "inputs": {}}},
            {"id": "currentDateTime_0", "data": {"name": "currentDateTime", "inputs": {}}},
            {"id": "upstashRedisBackedChatMemory_0", "data": {"name": "upstashRedisBackedChatMemory", "inputs":
                {"baseURL": "https://eu1.upstash.io", "sessionTTL": "3600", "sessionId": "", "memoryKey": "history"}}},
            {"id": "toolAgent_0", "data": {"name": "toolAgent",
                "inputAnchors": [{"name": "tools", "list": true}, {"name": "memory"}, {"name": "model"},
                                 {"name": "chatPromptTemplate"}, {"name": "inputModeration", "list": true}],
                "inputs": {
                    "tools": ["{{calculator_0.data.instance}}", "{{currentDateTime_0.data.instance}}"],
                    "memory": "{{upstashRedisBackedChatMemory_0.data.instance}}",
                    "model": "{{chatAnthropic_0.data.instance}}",
                    "chatPromptTemplate": "", "inputModeration": "",
                    "systemMessage": "Be kind. {{chat_history}}", "maxIterations": "5",
                    "enableDetailedStreaming": true}}},
        ],
        // One stands as an edge too, the others only as values.
        "edges": [{"source": "calculator_0", "sourceHandle": "calculator_0-output-calculator-Calculator|Tool",
                   "target": "toolAgent_0", "targetHandle": "toolAgent_0-input-tools-Tool"}],
    });
    let Imported { flow, report } = import(&serde_json::to_vec(&document).unwrap(), &REGISTRY).unwrap();
    assert_eq!(
        edges(&flow),
        [
            ["calculator_0", "tool", "toolAgent_0", "tools"],
            ["currentDateTime_0", "tool", "toolAgent_0", "tools"],
            ["upstashRedisBackedChatMemory_0", "memory", "toolAgent_0", "memory"],
            ["chatAnthropic_0", "model", "toolAgent_0", "model"],
        ]
    );
    assert_eq!(
        inputs(&flow, "chatAnthropic_0"),
        json!({"provider": "anthropic", "maxTokens": 256, "modelName": "claude-3-haiku"})
    );
    assert_eq!(inputs(&flow, "upstashRedisBackedChatMemory_0")["sessionTTL"], 3600);
    assert_eq!(
        inputs(&flow, "toolAgent_0"),
        json!({"systemMessage": "Be kind. {{history}}", "maxIterations": 5})
    );
    let coerced: Vec<_> = report.coerced.iter().map(|one| (&*one.field, &*one.from, &*one.to)).collect();
    assert_eq!(
        coerced,
        [
            ("maxTokens", "text", "a whole number"),
            ("sessionTTL", "text", "a whole number"),
            ("sessionId", "empty text", "left out"),
            ("maxIterations", "text", "a whole number"),
        ]
    );
    assert_eq!(dropped(&report), [("toolAgent_0", "enableDetailedStreaming", DropReason::UnknownInput)]);
    let errors = flow.problems(&REGISTRY, &NoCredentials);
    assert_eq!(
        errors.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        [ProblemCode::MissingCredential]
    );
}

#[test]
fn chat_models_of_many_types_become_one_with_a_provider() {
    let opened = |node_type: &str, inputs: Value| {
        let document = json!({"nodes": [{"id": "m", "data": {"name": node_type, "inputs": inputs}}]});
        let Imported { flow, report } = import(&serde_json::to_vec(&document).unwrap(), &REGISTRY).unwrap();
        let coerced: Vec<_> = report.coerced.iter().map(|one| one.field.clone()).collect();
        (self::inputs(&flow, "m"), coerced)
    };
    for (node_type, theirs, ours, coerced) in [
        (
            "chatGoogleGenerativeAI",
            json!({"modelName": "a", "customModelName": "", "maxOutputTokens": 5}),
            json!({"provider": "gemini", "maxTokens": 5, "modelName": "a"}),
            vec![],
        ),
        (
            "chatGoogleGenerativeAI",
            json!({"modelName": "a", "customModelName": "b"}),
            json!({"provider": "gemini", "modelName": "b"}),
            vec![],
        ),
        (
            "awsChatBedrock",
            json!({"region": "x", "model": "a", "max_tokens_to_sample": "200"}),
            json!({"provider": "bedrock", "modelName": "a", "maxTokens": 200}),
            vec!["maxTokens"],
        ),
        (
            "chatOllama",
            json!({"baseUrl": "http://localhost:11434", "modelName": "llama3"}),
            json!({"provider": "ollama", "baseURL": "http://localhost:11434", "modelName": "llama3"}),
            vec![],
        ),
        (
            "chatLocalAI",
            json!({"basePath": "", "modelName": "a", "temperature": "0"}),
            json!({"provider": "openai", "modelName": "a", "temperature": 0}),
            vec!["temperature", "baseURL"],
        ),
        (
            "chatMistralAI",
            json!({"modelName": "a", "temperature": 0.5}),
            json!({"provider": "mistral", "modelName": "a", "temperature": 0.5}),
            vec![],
        ),
    ] {
        assert_eq!(
            opened(node_type, theirs),
            (ours, coerced.iter().map(|&one| one.to_owned()).collect()),
            "{node_type}"
        );
    }
}

#[test]
fn values_that_do_not_fit_are_left_out_and_reported() {
    let Imported { flow, report } = imported(|document| {
        let inputs = &mut node(document, MODEL)["data"]["inputs"];
        inputs["temperature"] = "hot".into();
        inputs["maxTokens"] = "12.5".into();
        inputs["topP"] = 0.5.into();
        inputs["basepath"] = json!(["x"]);
        node(document, MEMORY)["data"]["inputs"]["memoryKey"] = "{{x}}".into();
    });
    assert_eq!(inputs(&flow, MODEL), json!({"provider": "openai", "modelName": "gpt-4o-mini"}));
    let mut told = dropped(&report);
    told.sort_unstable_by_key(|(_, field, _)| *field);
    assert_eq!(
        told,
        [
            (MODEL, "basepath", DropReason::DoesNotFit),
            (MODEL, "maxTokens", DropReason::DoesNotFit),
            (MEMORY, "memoryKey", DropReason::DoesNotFit),
            (MODEL, "temperature", DropReason::DoesNotFit),
            (MODEL, "topP", DropReason::UnknownInput),
        ]
    );
}

#[test]
fn variables_are_renamed_kept_or_reported() {
    let Imported { flow, report } = imported(|document| {
        node(document, MEMORY)["data"]["inputs"]["memoryKey"] = "past".into();
        node(document, MEMORY)["data"]["inputs"]["sessionId"] = "{{$flow.chatId}}".into();
        node(document, CHAIN)["data"]["inputs"]["systemMessagePrompt"] = "{{question}} {{$flow.sessionId}} \
            {{$flow.chatId}} {{past}} {{chat_history}} {{DynamoDBChatMemory_0.data.instance}} {{$vars.tone}} \
            {{chatOpenAI_0.data.instance}} {{other}}"
            .into();
    });
    assert_eq!(
        inputs(&flow, CHAIN)["systemMessagePrompt"],
        "{{question}} {{$flow.sessionId}} {{$flow.chatId}} {{past}} {{past}} {{past}} {{$vars.tone}} \
         {{chatOpenAI_0.data.instance}} {{other}}"
    );
    let told: Vec<_> = report.variables.iter().map(|one| (&*one.variable, one.now.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("chat_history", Some("past")),
            ("DynamoDBChatMemory_0.data.instance", Some("past")),
            ("$vars.tone", None),
            ("chatOpenAI_0.data.instance", None),
            ("other", None),
        ]
    );
    assert_eq!(inputs(&flow, MEMORY).get("sessionId"), None, "it would be one session for all chats");
    assert_eq!(dropped(&report), [(MEMORY, "sessionId", DropReason::Variable)]);
}

#[test]
fn unknown_nodes_are_kept_whole_shown_and_not_run() {
    let text = r#"{"id": "note_0", "type": "stickyNote", "position": {"x": 1, "y": 2},
        "data": {"name": "stickyNote", "label": "Sticky Note", "n": 12345678901234567890.10, "inputs": {"note": "a"}}}"#;
    let document = format!(r#"{{"nodes": [{text}], "edges": []}}"#);
    let Imported { flow, report } = import(document.as_bytes(), &REGISTRY).unwrap();
    let note = &flow.nodes[0];
    assert_eq!(note.foreign.as_ref().unwrap().as_str(), text, "byte for byte");
    assert_eq!((&*note.node_type, note.position.y), ("stickyNote", 2.0));
    assert_eq!(report.unknown_nodes[0].node_type, "stickyNote");

    let Imported { flow, report } = imported(|document| {
        let model = node(document, MODEL);
        model["data"]["name"] = "chatGoogleVertexAI".into();
        model["data"]["filePath"] = "/usr/src/nodes/Vertex.js".into();
        model["data"]["credential"] = "hunter2-id".into();
        model["data"]["inputs"]["apiToken"] = "hunter2".into();
        model["data"]["inputs"]["headers"] = r#"{"Authorization": "hunter2", "Accept": "text/html"}"#.into();
    });
    let model = flow.node(MODEL).unwrap();
    let kept: Value = model.foreign.as_ref().unwrap().decode().unwrap();
    assert_eq!(kept["data"]["inputs"]["modelName"], "gpt-4o-mini");
    assert_eq!(kept["data"]["inputs"]["headers"], r#"{"Accept":"text/html"}"#);
    assert!(kept["data"].get("filePath").is_none() && !flow.to_json().contains("hunter2"));
    assert_eq!(
        dropped(&report),
        [(MODEL, "Authorization", DropReason::Secret), (MODEL, "apiToken", DropReason::Secret)]
    );
    assert_eq!(edges(&flow)[0], [MODEL, "chatOpenAI", CHAIN, "model"], "the line is still drawn");
    let problem = report.problems.iter().find(|problem| problem.code == ProblemCode::UnknownType).unwrap();
    assert_eq!((problem.level, problem.node.as_deref()), (ProblemLevel::Error, Some(MODEL)));
}

#[test]
fn edges_without_a_place_here_are_reported() {
    let Imported { flow, report } = imported(|document| {
        let prompt = json!({"id": "p_0", "data": {"name": "chatPromptTemplate", "inputs": {}}});
        document["nodes"].as_array_mut().unwrap().push(prompt);
        node(document, CHAIN)["data"]["inputs"]["chatPromptTemplate"] = "{{p_0.data.instance}}".into();
        let edges = document["edges"].as_array_mut().unwrap();
        edges.push(json!({"source": "ghost_0", "target": CHAIN, "targetHandle": "conversationChain_0-input-model-X"}));
        edges.push(json!("no edge"));
    });
    assert_eq!(flow.edges.len(), 2);
    let told: Vec<_> = report.dropped_edges.iter().map(|edge| (&*edge.source, &*edge.target)).collect();
    assert_eq!(told, [("ghost_0", CHAIN), ("", ""), ("p_0", CHAIN)]);
}

#[test]
fn each_alias_names_inputs_that_its_node_has() {
    let mut aliases = 0;
    for entry in REGISTRY.nodes() {
        let properties = &REGISTRY.node_schema(entry.node_type()).unwrap()["properties"];
        for alias in entry.aliases() {
            aliases += 1;
            let (opener, _) = REGISTRY.opener(alias.node_type()).unwrap();
            assert_eq!(opener.node_type(), entry.node_type());
            let ours = alias.fixed_inputs().iter().map(|(name, _)| *name);
            for name in ours.chain(alias.renamed_inputs().iter().map(|(_, ours)| *ours)) {
                assert!(properties.get(name).is_some(), "{}: `{name}`", alias.node_type());
            }
            let fixed: Value =
                alias.fixed_inputs().iter().map(|&(name, value)| (name.to_owned(), json!(value))).collect();
            let problems = REGISTRY.validate(entry.node_type(), &fixed).unwrap();
            let misfits = problems.iter().filter(|problem| !problem.message.starts_with("is missing"));
            assert_eq!(misfits.count(), 0, "{}: {problems:?}", alias.node_type());
        }
    }
    assert!(aliases > 15, "{aliases}");
}
