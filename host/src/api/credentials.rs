//! Saved credentials: secrets go in, and never come out.

mod fields;
mod test;

use std::collections::BTreeMap;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::NoContent;
use canvas_memory::declare::Credential;
use canvas_memory::{Error, ErrorKind};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::answer::Created;
use super::extract::{Body, Path, Query};
use super::openapi::{NODE_ERRORS, describe};
use super::problem::{Problem, Result};
use crate::app::App;
use crate::runs::SharedError;
use crate::state::CredentialUse;
use crate::vault::{CredentialInfo, ListedCredential, NewCredential, Patched, Update};
use fields::SecretFields;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/credentials",
            get_with(list, describe("listCredentials", "List the saved credentials", &[]))
                .post_with(create, describe("createCredential", "Save a new credential", &[424])),
        )
        .api_route(
            "/credentials/{id}",
            get_with(
                read,
                describe("readCredential", "Tell what is saved, without its secrets", &[404, 424]),
            )
            .patch_with(change, |operation| {
                describe("changeCredential", "Change a credential", &[404, 424])(operation)
                    .description(
                        "Fields that are left out stay as they are; null removes one (RFC 7396). Whoever changes a field that \
                         its type declares as binding, because it says where the secrets go, enters the secrets again.",
                    )
            })
            .delete_with(delete, describe("deleteCredential", "Delete a credential", &[404, 409])),
        )
        .api_route(
            "/credentials/test",
            post_with(test::test, |operation| {
                describe("testCredential", "Ask the service whether it knows a credential", NODE_ERRORS)(
                    operation,
                )
                .description(
                    "Nothing is saved. With an id, fields that are left out are those that are saved.",
                )
            }),
        )
        .with_path_items(|item| item.tag("credentials"))
}

/// A credential's id.
#[derive(Debug, Deserialize, JsonSchema)]
struct CredentialId {
    /// The credential's id.
    #[schemars(regex(pattern = r"^[a-z0-9-]{1,64}$"))]
    id: String,
}

/// What may be shown of a credential.
#[derive(Debug, Serialize, JsonSchema)]
struct ShownCredential {
    /// The id that flows refer to.
    id: String,
    /// What its record says; null where that can't be read.
    credential: Option<CredentialInfo>,
    /// The fields that hold something, by name.
    fields: BTreeMap<String, IsSet>,
    /// Why the fields can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SharedError>,
    /// Where it is used.
    used_by: Vec<CredentialUse>,
}

/// A field whose value is not shown.
#[derive(Debug, Serialize, JsonSchema)]
struct IsSet {
    /// Always true.
    set: bool,
}

impl ShownCredential {
    fn new(listed: ListedCredential, used_by: Vec<CredentialUse>) -> Self {
        let (names, error) = match listed.fields {
            Ok(names) => (names, None),
            Err(error) => (Vec::new(), Some(SharedError::new(error))),
        };
        let fields = names.into_iter().map(|name| (name, IsSet { set: true })).collect();
        Self { id: listed.id, credential: listed.info, fields, error, used_by }
    }
}

/// The saved credentials.
#[derive(Debug, Serialize, JsonSchema)]
struct Credentials {
    /// By id.
    credentials: Vec<ShownCredential>,
}

async fn list(State(app): State<App>) -> Result<Json<Credentials>> {
    let listed = app.with_vault(|vault| vault.list()).await?;
    let uses = app.state().credential_uses().await?;
    let shown = listed.into_iter().map(|listed| {
        let used_by = uses.iter().filter(|used| used.credential == listed.id).cloned().collect();
        ShownCredential::new(listed, used_by)
    });
    Ok(Json(Credentials { credentials: shown.collect() }))
}

async fn read(
    State(app): State<App>,
    Path(CredentialId { id }): Path<CredentialId>,
) -> Result<Json<ShownCredential>> {
    shown(&app, id).await.map(Json)
}

async fn shown(app: &App, id: String) -> Result<ShownCredential> {
    let wanted = id.clone();
    let listed = app.with_vault(move |vault| vault.listed(&wanted)).await.map_err(missing)?;
    let used_by = app.state().used_by(&id).await?;
    Ok(ShownCredential::new(listed, used_by))
}

/// A credential to save.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateCredential {
    /// The id that flows will refer to: 1 to 64 of `a-z`, `0-9` and `-`. Generated when left out.
    id: Option<String>,
    /// What people call it: 1 to 200 characters.
    name: String,
    /// The credential type, such as `dynamodbMemoryApi`.
    #[serde(rename = "type")]
    credential_type: String,
    /// What its type asks for.
    fields: SecretFields,
}

async fn create(
    State(app): State<App>,
    Body(new): Body<CreateCredential>,
) -> Result<Created<ShownCredential>> {
    let CreateCredential { id, name, credential_type, fields: SecretFields(fields) } = new;
    check(&app, &Credential::new("new", credential_type.clone(), 1, fields.clone()))?;
    let saved = app
        .with_vault(move |vault| vault.create(NewCredential { id, name, credential_type, fields }))
        .await?;
    forget(&app, &saved.id);
    let location = format!("/api/v1/credentials/{}", saved.id);
    Ok(Created { location, body: shown(&app, saved.id).await? })
}

/// A change to a credential.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangeCredential {
    /// The new name.
    name: Option<String>,
    /// A JSON merge patch on the fields.
    fields: Option<SecretFields>,
}

async fn change(
    State(app): State<App>,
    Path(CredentialId { id }): Path<CredentialId>,
    Body(change): Body<ChangeCredential>,
) -> Result<Json<ShownCredential>> {
    let ChangeCredential { name, fields } = change;
    let fields = fields.map(|SecretFields(fields)| fields);
    let (changed, checks) = (id.clone(), app.clone());
    let changing = app.with_vault(move |vault| {
        let patch = fields.clone();
        vault.update_if(&changed, Update { name, fields }, |patched| match &patch {
            Some(patch) => check_change(&checks, patch, patched),
            None => Ok(()),
        })
    });
    changing.await.map_err(missing)?;
    shown(&app, id).await.map(Json)
}

/// How to delete.
#[derive(Debug, Deserialize, JsonSchema)]
struct DeleteOptions {
    /// Also while flows use it.
    #[serde(default)]
    force: bool,
}

async fn delete(
    State(app): State<App>,
    Path(CredentialId { id }): Path<CredentialId>,
    Query(DeleteOptions { force }): Query<DeleteOptions>,
) -> Result<NoContent> {
    let used_by = app.state().used_by(&id).await?;
    if !force && !used_by.is_empty() {
        return Err(in_use(&id, &used_by));
    }
    let deleted = id.clone();
    app.with_vault(move |vault| vault.delete(&deleted)).await.map_err(missing)?;
    forget(&app, &id);
    Ok(NoContent)
}

fn in_use(id: &str, used_by: &[CredentialUse]) -> Problem {
    let places: Vec<_> =
        used_by.iter().map(|used| format!("`{}` of flow `{}`", used.node, used.flow)).collect();
    let message = format!(
        "the credential is used by {}; choose another credential there, or delete it all the same with ?force=true",
        places.join(", ")
    );
    Error::new(ErrorKind::Conflict { position: None }, message).with("credential", id).into()
}

/// A saved credential with other fields, as far as it may be changed like that.
async fn patched(app: &App, id: &str, patch: SecretString) -> canvas_memory::Result<Credential> {
    let (id, checks) = (id.to_owned(), app.clone());
    app.with_vault(move |vault| {
        let patched = vault.patched(&id, &patch)?;
        check_change(&checks, &patch, &patched)?;
        Ok(patched.after.into())
    })
    .await
}

fn check_change(app: &App, patch: &SecretString, patched: &Patched) -> canvas_memory::Result<()> {
    let Patched { before, after } = patched.clone();
    app.registry().check_credential_change(&before.into(), patch, &after.into())
}

/// Checks the fields against what their type asks for.
fn check(app: &App, credential: &Credential) -> Result<()> {
    Ok(app.registry().check_credential_fields(credential)?)
}

/// A credential of the same id, deleted and made anew, must not find what was connected with the old one.
fn forget(app: &App, id: &str) {
    app.context().clients.forget_credential(id);
    app.connections().forget_credential(id);
}

/// Here it is the credential itself that was asked for.
fn missing(error: Error) -> Problem {
    let is_missing = *error.kind() == ErrorKind::MissingCredential;
    let problem = Problem::from(error);
    if is_missing { problem.with_status(StatusCode::NOT_FOUND) } else { problem }
}
