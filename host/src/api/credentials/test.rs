//! Testing a credential, before it is saved and after.

use axum::Json;
use axum::extract::State;
use canvas_memory::declare::{Credential, Health, Target};
use schemars::JsonSchema;
use serde::Deserialize;

use super::fields::SecretFields;
use super::{missing, patched};
use crate::api::extract::Body;
use crate::api::object::Object;
use crate::api::problem::{Problem, Result};
use crate::app::App;

/// A credential to test, saved or not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestCredential {
    /// The credential type; that of the saved credential when left out.
    #[serde(rename = "type")]
    credential_type: Option<String>,
    /// The fields; with `id`, a JSON merge patch on those that are saved.
    fields: Option<SecretFields>,
    /// A saved credential.
    id: Option<String>,
    /// Where to test it, as far as it does not say itself.
    #[serde(default)]
    target: Object<TestTarget>,
}

/// Where a credential is tested.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TestTarget {
    /// The service's address.
    endpoint: Option<String>,
    /// The cloud region.
    region: Option<String>,
    /// The provider, where one type of credential serves many.
    provider: Option<String>,
}

pub(super) async fn test(State(app): State<App>, Body(test): Body<TestCredential>) -> Result<Json<Health>> {
    let TestTarget { endpoint, region, provider } = test.target.0;
    let target = Target { endpoint, region, provider };
    let fields = test.fields.map_or_else(|| "{}".into(), |SecretFields(fields)| fields);
    let credential = match (test.id, test.credential_type) {
        (Some(id), credential_type) => {
            let saved = patched(&app, &id, fields).await.map_err(missing)?;
            if credential_type.is_some_and(|wanted| wanted != saved.credential_type()) {
                let problem =
                    format!("is not that of the saved credential, which is `{}`", saved.credential_type());
                return Err(Problem::invalid("type", problem));
            }
            saved
        }
        (None, Some(credential_type)) => Credential::new("unsaved", credential_type, 1, fields),
        (None, None) => {
            return Err(Problem::invalid("type", "is missing; give it, or the id of a saved credential"));
        }
    };
    Ok(Json(app.registry().test_credential(&credential, &target, app.context()).await?))
}
