//! Who keeps the credentials: this process, or the host that has the data directory open.

use canvas_memory::json::RawJson;
use canvas_memory::{Error, ErrorKind};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;
use crate::cli::remote::Remote;
use crate::state::{FileStateStore, StateStore as _};
use crate::vault::{ListedCredential, NewCredential, Vault};

/// Who keeps the credentials.
pub(super) enum Keeper {
    /// This process.
    Here(Vault, FileStateStore),
    /// A host.
    There(Remote),
}

/// A credential as the API takes it.
#[derive(Serialize)]
struct NewBody<'a> {
    id: Option<&'a str>,
    name: &'a str,
    #[serde(rename = "type")]
    credential_type: &'a str,
    fields: RawJson,
}

/// A place where a flow names a credential.
#[derive(Deserialize)]
struct Place {
    flow: String,
    node: String,
}

impl Keeper {
    /// Saves a credential, and says what may be shown of it.
    pub(super) async fn add(&self, new: NewCredential) -> Result<Value, Failure> {
        match self {
            Self::Here(vault, _) => Ok(to_json(&vault.create(new)?)),
            Self::There(remote) => {
                let not_json =
                    |_| Error::invalid_input("fields", "is not a JSON object; give its fields as one");
                let fields = RawJson::parse(new.fields.expose_secret()).map_err(not_json)?;
                let body = NewBody {
                    id: new.id.as_deref(),
                    name: &new.name,
                    credential_type: &new.credential_type,
                    fields,
                };
                let mut added = decoded(&remote.post("credentials", &body).await?);
                Ok(added.get_mut("credential").map(Value::take).unwrap_or_default())
            }
        }
    }

    /// Every credential, with the names of its fields and the places where it is used.
    pub(super) async fn list(&self) -> Result<Value, Failure> {
        match self {
            Self::Here(vault, flows) => {
                let uses = flows.credential_uses().await?;
                let shown = vault.list()?.into_iter().map(|listed| {
                    let used_by: Vec<_> = uses.iter().filter(|used| used.credential == listed.id).collect();
                    show(listed, to_json(&used_by))
                });
                Ok(shown.collect())
            }
            Self::There(remote) => {
                let mut listed = decoded(&remote.get("credentials").await?);
                Ok(listed.get_mut("credentials").map(Value::take).unwrap_or_default())
            }
        }
    }

    /// Deletes a credential; one that flows name only if `force` says so.
    pub(super) async fn delete(&self, id: &str, force: bool) -> Result<(), Failure> {
        if !force {
            self.refuse_in_use(id).await?;
        }
        match self {
            Self::Here(vault, _) => Ok(vault.delete(id)?),
            Self::There(remote) => remote.delete(&format!("credentials/{id}?force={force}")).await,
        }
    }

    async fn refuse_in_use(&self, id: &str) -> Result<(), Failure> {
        let listed = self.list().await?;
        let named = |credential: &&Value| credential.get("id").and_then(Value::as_str) == Some(id);
        let used_by = listed.as_array().and_then(|all| all.iter().find(named)?.get("used_by").cloned());
        let used_by: Vec<Place> =
            used_by.and_then(|places| serde_json::from_value(places).ok()).unwrap_or_default();
        if used_by.is_empty() {
            return Ok(());
        }
        let places: Vec<_> =
            used_by.iter().map(|place| format!("`{}` of flow `{}`", place.node, place.flow)).collect();
        let message = format!(
            "the credential is used by {}; choose another one there, or delete it all the same with --force",
            places.join(", ")
        );
        Err(Error::new(ErrorKind::Conflict { position: None }, message).with("credential", id).into())
    }
}

fn show(listed: ListedCredential, used_by: Value) -> Value {
    let (names, error) = match listed.fields {
        Ok(names) => (names, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let fields: Map<String, Value> = names.into_iter().map(|name| (name, json!({"set": true}))).collect();
    let mut shown = json!({"id": listed.id, "credential": listed.info, "fields": fields});
    if let (Some(shown), Some(error)) = (shown.as_object_mut(), &error) {
        shown.insert("error".to_owned(), to_json(error));
    }
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("used_by".to_owned(), used_by);
    }
    shown
}

/// What the vault and the host tell always has a JSON form, without secrets.
fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn decoded(answer: &RawJson) -> Value {
    answer.decode().unwrap_or_default()
}
