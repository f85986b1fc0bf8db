//! `canvas-memory credential`.

use std::process::ExitCode;

use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::args::CredentialCommand;
use super::connect::secret_argument;
use super::output::Output;
use super::setting::Setting;
use crate::vault::NewCredential;

pub(super) fn run(command: &CredentialCommand, setting: &Setting, output: Output) -> Result<ExitCode> {
    let vault = setting.vault()?;
    match command {
        CredentialCommand::Add { id, credential_type, fields } => {
            let registry = Registry::collect();
            if registry.credential_schema(credential_type).is_none() {
                let types = registry.credential_types().collect::<Vec<_>>().join(", ");
                let message = format!("there is no credential type `{credential_type}`; there are {types}");
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            let added = vault.create(NewCredential {
                id: Some(id.clone()),
                name: id.clone(),
                credential_type: credential_type.clone(),
                fields: secret_argument("fields", fields)?,
            })?;
            output.value(&added);
        }
        CredentialCommand::List => {
            let listed: Vec<_> = vault.list()?.into_iter().map(|credential| {
                let (set, problem) = match credential.fields {
                    Ok(fields) => (fields, None),
                    Err(error) => (Vec::new(), Some(error)),
                };
                let set: Map<String, Value> = set.into_iter().map(|field| (field, json!({"set": true}))).collect();
                json!({"id": credential.id, "credential": credential.info, "fields": set, "error": problem})
            }).collect();
            output.value(&listed);
        }
        CredentialCommand::Delete { id } => {
            vault.delete(id)?;
            output.note(&format!("deleted {id}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
