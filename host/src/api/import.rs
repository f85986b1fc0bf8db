//! Opening what was exported, here or elsewhere.

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Described, StatusCode as Code};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use canvas_memory::flow::{Flow, ImportReport, import, limits};
use canvas_memory::json::RawJson;
use canvas_memory::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Created, Tagged};
use super::extract::{Query, RawBody};
use super::flows::save_new;
use super::openapi::{describe, takes};
use super::problem::Result;
use crate::app::App;
use crate::state::FlowRecord;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/flows/import",
            post_with(import_document, |operation| {
                let operation =
                    describe("importFlow", "Open what this program, Flowise or AnswerAI exports", &[422])(
                        operation,
                    );
                takes::<RawJson>(operation, "The document, as it was exported.")
            }),
        )
        .with_path_items(|item| item.tag("flows"))
}

/// What to do with an import.
#[derive(Debug, Deserialize, JsonSchema)]
struct ImportOptions {
    /// Only tell what would come of it.
    #[serde(default)]
    dry_run: bool,
}

/// A flow that was imported.
#[derive(Debug, Serialize, JsonSchema)]
struct ImportedFlow {
    /// The flow as it is saved.
    #[serde(flatten)]
    record: FlowRecord,
    /// What became of the document.
    report: ImportReport,
}

/// What would come of an import.
#[derive(Debug, Serialize, JsonSchema)]
struct ImportPreview {
    /// The flow.
    flow: Flow,
    /// What became of the document.
    report: ImportReport,
}

/// An import, or what would come of it.
#[derive(Debug)]
enum ImportAnswer {
    Saved(Box<Tagged<Created<ImportedFlow>>>),
    Preview(Box<ImportPreview>),
}

impl IntoResponse for ImportAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Saved(saved) => saved.into_response(),
            Self::Preview(preview) => Json(*preview).into_response(),
        }
    }
}

impl OperationOutput for ImportAnswer {
    type Inner = ImportedFlow;

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let mut responses = Json::<ImportPreview>::inferred_responses(ctx, operation);
        responses.extend(Tagged::<Created<ImportedFlow>>::inferred_responses(ctx, operation));
        responses
    }
}

async fn import_document(
    State(app): State<App>,
    Query(options): Query<ImportOptions>,
    RawBody(body): RawBody<{ limits::MAX_IMPORT_BYTES }>,
) -> Result<ImportAnswer> {
    let registry = app.clone();
    let importing = tokio::task::spawn_blocking(move || import(&body, registry.registry()));
    let imported = importing.await.map_err(|error| {
        let message = "the import ended unfinished; report this as a defect";
        Error::new(ErrorKind::Unavailable, message).with_source(error)
    })??;
    let (flow, report) = (imported.flow, imported.report);
    if options.dry_run {
        return Ok(ImportAnswer::Preview(Box::new(ImportPreview { flow, report })));
    }
    let Tagged { etag, answer: Created { location, body: record } } = save_new(&app, &flow).await?;
    let body = ImportedFlow { record, report };
    Ok(ImportAnswer::Saved(Box::new(Tagged { etag, answer: Created { location, body } })))
}
