//! `canvas-memory credential`.

mod keeper;
mod rotate;

use std::process::ExitCode;

use canvas_memory::declare::Credential;
use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind};

use super::args::CredentialCommand;
use super::failure::Failure;
use super::output::Output;
use super::read::secret_argument;
use super::remote::Remote;
use super::setting::Setting;
use crate::vault::NewCredential;
use keeper::Keeper;

pub(super) async fn run(
    command: &CredentialCommand,
    setting: &Setting,
    output: Output,
) -> Result<ExitCode, Failure> {
    if let CredentialCommand::Rotate { new_key_file } = command {
        output.value(&rotate::rotate(new_key_file, setting)?);
        output.note(&format!(
            "From now on start with --key-file {}, or put that file in the place of the old key. The old key opens \
             nothing any more.",
            new_key_file.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let keeper = match setting.running_host() {
        Some(host) => Keeper::There(Remote::new(host)?),
        None => Keeper::Here(setting.vault()?, setting.flows()?),
    };
    match command {
        CredentialCommand::Add { id, credential_type, fields } => {
            let registry = Registry::collect();
            refuse_unknown_type(&registry, credential_type)?;
            let fields = secret_argument("fields", fields)?;
            registry.check_credential_fields(&Credential::new(
                id,
                credential_type.clone(),
                1,
                fields.clone(),
            ))?;
            let new = NewCredential {
                id: Some(id.clone()),
                name: id.clone(),
                credential_type: credential_type.clone(),
                fields,
            };
            output.value(&keeper.add(new).await?);
        }
        CredentialCommand::Delete { id, force } => {
            keeper.delete(id, *force).await?;
            output.note(&format!("deleted {id}"));
        }
        CredentialCommand::List | CredentialCommand::Rotate { .. } => output.value(&keeper.list().await?),
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse_unknown_type(registry: &Registry, credential_type: &str) -> canvas_memory::Result<()> {
    if registry.credential_schema(credential_type).is_some() {
        return Ok(());
    }
    let types = registry.credential_types().collect::<Vec<_>>().join(", ");
    let message = format!("there is no credential type `{credential_type}`; there are {types}");
    Err(Error::new(ErrorKind::NotFound, message))
}
