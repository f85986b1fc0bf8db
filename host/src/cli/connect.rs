//! From what was typed to live nodes.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use canvas_memory::chain::Chain;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Connected, Credential, Instance};
use canvas_memory::memory::ChatMemory;
use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::args::{ChatArgs, NodeArgs};
use super::setting::Setting;

/// Nodes that can be connected, and what they connect with.
pub(super) struct Workbench<'a> {
    setting: &'a Setting,
    registry: Registry,
    context: ConnectContext,
}

impl<'a> Workbench<'a> {
    pub(super) fn new(setting: &'a Setting) -> Self {
        let registry = Registry::collect();
        let context = ConnectContext {
            engines: Arc::new(setting.engines()),
            // Whoever types commands here has this machine's identity anyway.
            uses_machine_identity: true,
            ..ConnectContext::default()
        };
        Self { setting, registry, context }
    }

    /// Connects a memory node.
    pub(super) async fn memory(&self, args: &NodeArgs) -> Result<(Connected, Arc<ChatMemory>)> {
        let inputs = match &args.inputs {
            Some(inputs) => json_argument("inputs", inputs)?,
            None => builtin_inputs(&args.node),
        };
        let connected = self.connect(&args.node, &inputs, args.credential.as_deref(), Vec::new()).await?;
        let memory = connected.memory()?;
        Ok((connected, memory))
    }

    /// Connects memory, model and chain.
    pub(super) async fn chain(&self, args: &ChatArgs) -> Result<Arc<dyn Chain>> {
        let (_, memory) = self.memory(&args.node).await?;
        let (model_type, model_inputs) = model(args)?;
        let model =
            self.connect(model_type, &model_inputs, args.model_credential.as_deref(), Vec::new()).await?;
        let inputs = json!({"systemMessagePrompt": args.system.as_deref().unwrap_or_default()});
        let ports = vec![("memory", Instance::Memory(memory)), ("model", model.instance)];
        self.connect("conversationChain", &inputs, None, ports).await?.chain()
    }

    async fn connect(
        &self,
        node: &str,
        inputs: &Value,
        credential: Option<&str>,
        ports: Vec<(&str, Instance)>,
    ) -> Result<Connected> {
        let mut args = ConnectArgs::new(&self.context);
        if let Some(credential) = credential {
            args = args.with_credential(self.credential(node, credential)?);
        }
        for (port, instance) in ports {
            args = args.with_port(port, instance);
        }
        self.registry.connect_json(node, inputs, args).await.map_err(|error| error.in_operation("connect"))
    }

    fn credential(&self, node: &str, argument: &str) -> Result<Credential> {
        if argument != "-" && !argument.starts_with('@') {
            let saved = self.setting.vault()?.get(argument)?;
            let info = saved.info;
            return Ok(Credential::new(info.id, info.credential_type, info.revision, saved.fields));
        }
        let text = secret_argument("credential", argument)?;
        let mut fields: Map<String, Value> = serde_json::from_str(text.expose_secret()).map_err(|_| {
            Error::invalid_input("credential", "is not a JSON object; give its fields as one")
        })?;
        let credential_type = match fields.remove("type") {
            Some(Value::String(credential_type)) => credential_type,
            Some(_) => return Err(Error::invalid_input("credential", "has a `type` that is not text")),
            None => self.only_credential_type(node)?,
        };
        let fields = Value::Object(fields).to_string();
        Ok(Credential::new("command-line", credential_type, 1, fields))
    }

    /// The credential type that a node takes, where it takes but one.
    fn only_credential_type(&self, node: &str) -> Result<String> {
        let x_node = self.registry.node_schema(node).and_then(|schema| schema.get("x-node"));
        let slots = x_node.and_then(|x_node| x_node.get("credentials")).and_then(Value::as_array);
        let types = slots.into_iter().flatten().filter_map(|slot| slot.get("types")?.as_array()).flatten();
        match types.filter_map(Value::as_str).collect::<Vec<_>>().as_slice() {
            [only] => Ok((*only).to_owned()),
            [] => Err(Error::invalid_input("credential", "is given, and this node takes none")),
            several => {
                let problem = format!("fits several types; add \"type\": one of {}", several.join(", "));
                Err(Error::invalid_input("credential", problem))
            }
        }
    }
}

/// The inputs that keep everything on this machine; none for a node that this program does not know.
fn builtin_inputs(node: &str) -> Value {
    match node {
        "DynamoDBChatMemory" => json!({
            "tableName": "canvas-memory",
            "partitionKey": "session",
            "sortKey": "turn",
            "endpoint": "builtin",
        }),
        "upstashRedisBackedChatMemory" => json!({"baseURL": "builtin"}),
        _ => json!({}),
    }
}

/// The model's node type and inputs.
fn model(args: &ChatArgs) -> Result<(&'static str, Value)> {
    if args.model == "echo" {
        if args.base_url.is_some() {
            return Err(Error::invalid_input(
                "base-url",
                "is given, and the Echo Model has none; add --model",
            ));
        }
        return Ok(("echoModel", json!({})));
    }
    let Some((provider, name)) = args.model.split_once(':') else {
        let problem =
            format!("is `{}`; give `echo`, or PROVIDER:MODEL such as openai:gpt-4o-mini", args.model);
        return Err(Error::invalid_input("model", problem));
    };
    let mut inputs = json!({"provider": provider, "modelName": name});
    if let (Some(base_url), Some(inputs)) = (&args.base_url, inputs.as_object_mut()) {
        inputs.insert("baseURL".to_owned(), base_url.as_str().into());
    }
    Ok(("chatModel", inputs))
}

/// Reads an argument that is JSON, or names a file that holds it.
pub(super) fn json_argument<T: for<'de> Deserialize<'de>>(field: &'static str, argument: &str) -> Result<T> {
    let text = match argument.strip_prefix('@') {
        Some(path) => read_file(field, path)?,
        None => argument.to_owned(),
    };
    parse_json(field, &text)
}

/// Reads an argument that names a file, or standard input. Secrets are never arguments themselves: other users of the
/// machine see those.
pub(super) fn secret_argument(field: &'static str, argument: &str) -> Result<SecretString> {
    match argument.strip_prefix('@') {
        Some(path) => read_file(field, path).map(SecretString::from),
        None if argument == "-" => read_stdin(field).map(SecretString::from),
        None => {
            Err(Error::invalid_input(field, "is neither `-` for standard input nor @FILE; give one of them"))
        }
    }
}

/// Parses JSON that a person gave; the error tells the place and not the text.
pub(super) fn parse_json<T: for<'de> Deserialize<'de>>(field: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let problem = match error.classify() {
            serde_json::error::Category::Data => "does not have the shape that is asked for",
            _ => "is not well-formed JSON",
        };
        Error::invalid_input(field, format!("{problem}, from line {line}, column {column} on"))
    })
}

pub(super) fn read_stdin(field: &'static str) -> Result<String> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Error::invalid_input(field, "can't be read from standard input; give UTF-8 text")
            .with_source(error)),
    }
}

fn read_file(field: &'static str, path: &str) -> Result<String> {
    std::fs::read_to_string(Path::new(path)).map_err(|error| {
        Error::new(
            ErrorKind::InvalidInput { field: field.to_owned() },
            format!("`{field}` can't be read: {error}"),
        )
        .with("file", path)
    })
}
