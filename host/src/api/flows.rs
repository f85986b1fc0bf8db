//! Saved canvases.

use std::collections::BTreeMap;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::openapi::StatusCode as Code;
use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, NoContent, Response};
use canvas_memory::flow::{Flow, FlowProblem, Template, limits, templates};
use canvas_memory::json::RawJson;
use canvas_memory::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Created, Tagged};
use super::extract::{Body, MAX_BODY_BYTES, Path, RawBody};
use super::openapi::{describe, looks_at, takes};
use super::problem::{Problem, Result};
use crate::app::App;
use crate::runs::SharedError;
use crate::state::{Etag, FlowRecord, FlowSummary, IfMatch};

/// What a body holds at most that has a flow in it.
pub(super) const MAX_FLOW_BODY_BYTES: usize = limits::MAX_DOCUMENT_BYTES + MAX_BODY_BYTES;

const DOCUMENT: &str = "The flow's document.";

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/flows",
            get_with(list, describe("listFlows", "List the saved flows", &[]))
                .post_with(create, describe("createFlow", "Save a new flow", &[422])),
        )
        .api_route(
            "/flows/{id}",
            get_with(read, |operation| {
                let operation = describe("readFlow", "Read a flow", &[404, 422])(operation);
                looks_at(
                    operation,
                    IF_NONE_MATCH,
                    "The state that is known; 304 when it still is the flow's.",
                )
                .response_with::<304, (), _>(|response| response.description("The flow is as it is known."))
            })
            .put_with(replace, |operation| {
                let operation = describe("replaceFlow", "Save a flow", &[404, 412, 422, 428])(operation);
                let operation = takes::<Flow>(operation, DOCUMENT);
                looks_at(operation, IF_MATCH, "The state that is being changed; `*` for any.")
            })
            .delete_with(delete, |operation| {
                let operation = describe("deleteFlow", "Delete a flow", &[404, 412])(operation);
                looks_at(operation, IF_MATCH, "The state that may be deleted; left out, any.")
            }),
        )
        .api_route(
            "/flows/{id}/export",
            get_with(
                export,
                describe("exportFlow", "Export a flow, without naming credentials", &[404, 422]),
            ),
        )
        .api_route(
            "/flows/validate",
            post_with(validate, |operation| {
                let operation = describe("validateFlow", "Tell what is wrong with a flow", &[422])(operation);
                takes::<Flow>(operation, DOCUMENT)
            }),
        )
        .api_route(
            "/templates",
            get_with(list_templates, describe("listTemplates", "Flows to begin with", &[])),
        )
        .with_path_items(|item| item.tag("flows"))
}

/// A flow's id.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FlowId {
    /// The flow's id.
    #[schemars(regex(pattern = r"^[a-z0-9-]{1,64}$"))]
    pub(super) id: String,
}

/// The saved flows.
#[derive(Debug, Serialize, JsonSchema)]
struct Flows {
    /// By id.
    flows: Vec<ListedFlow>,
}

/// A flow in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum ListedFlow {
    /// One that can be read.
    Readable {
        /// Names the flow.
        id: String,
        #[serde(flatten)]
        summary: FlowSummary,
    },
    /// One that can't be read.
    Unreadable {
        /// Names the flow.
        id: String,
        /// Why it can't be read.
        error: SharedError,
    },
}

async fn list(State(app): State<App>) -> Result<Json<Flows>> {
    let flows = app.state().flows().await?.into_iter().map(|listed| match listed.summary {
        Ok(summary) => ListedFlow::Readable { id: listed.id, summary },
        Err(error) => ListedFlow::Unreadable { id: listed.id, error: SharedError::new(error) },
    });
    Ok(Json(Flows { flows: flows.collect() }))
}

/// A flow to save.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewFlow {
    /// What people call it, instead of what the document says.
    name: Option<String>,
    /// The document; an empty canvas when neither this nor `template` is given.
    #[schemars(with = "Option<Flow>")]
    flow: Option<RawJson>,
    /// The id of a template to begin with.
    template: Option<String>,
}

async fn create(
    State(app): State<App>,
    Body(new): Body<NewFlow, MAX_FLOW_BODY_BYTES>,
) -> Result<Tagged<Created<FlowRecord>>> {
    let mut flow = match (new.flow, new.template) {
        (Some(flow), None) => Flow::parse(flow.as_str().as_bytes())?,
        (None, Some(id)) => template(&id)?.flow,
        (None, None) => Flow::new("Untitled"),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("template", "is given beside `flow`; give one of them"));
        }
    };
    if let Some(name) = new.name {
        flow.name = name;
    }
    save_new(&app, &flow).await
}

fn template(id: &str) -> Result<Template> {
    let mut templates = templates();
    let known = templates.iter().map(|template| template.id).collect::<Vec<_>>().join(", ");
    match templates.iter().position(|template| template.id == id) {
        Some(at) => Ok(templates.swap_remove(at)),
        None => Err(Problem::invalid("template", format!("is not known; there is {known}"))),
    }
}

pub(super) async fn save_new(app: &App, flow: &Flow) -> Result<Tagged<Created<FlowRecord>>> {
    let record = app.state().create_flow(None, flow).await?;
    let location = format!("/api/v1/flows/{}", record.id);
    Ok(Tagged { etag: record.etag.clone(), answer: Created { location, body: record } })
}

async fn read(
    State(app): State<App>,
    Path(FlowId { id }): Path<FlowId>,
    headers: HeaderMap,
) -> Result<Tagged<Unless<Json<FlowRecord>>>> {
    let record = app.state().flow(&id).await?;
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = |tag: &str| tag.trim() == "*" || Etag::from_header(tag) == record.etag;
    let unchanged = known.flat_map(|value| value.split(',')).any(is_known);
    let etag = record.etag.clone();
    let answer = if unchanged { Unless::NotModified } else { Unless::Answer(Json(record)) };
    Ok(Tagged { etag, answer })
}

/// An answer, unless the client has it already.
#[derive(Debug)]
enum Unless<T> {
    Answer(T),
    NotModified,
}

impl<T: IntoResponse> IntoResponse for Unless<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Answer(answer) => answer.into_response(),
            Self::NotModified => StatusCode::NOT_MODIFIED.into_response(),
        }
    }
}

impl<T: aide::OperationOutput> aide::OperationOutput for Unless<T> {
    type Inner = T::Inner;

    fn inferred_responses(
        ctx: &mut aide::generate::GenContext,
        operation: &mut aide::openapi::Operation,
    ) -> Vec<(Option<Code>, aide::openapi::Response)> {
        T::inferred_responses(ctx, operation)
    }
}

async fn replace(
    State(app): State<App>,
    Path(FlowId { id }): Path<FlowId>,
    headers: HeaderMap,
    RawBody(body): RawBody<{ limits::MAX_DOCUMENT_BYTES }>,
) -> Result<Tagged<Json<FlowRecord>>> {
    let expected = if_match(&headers)?.ok_or_else(|| {
        let problem = "is missing; send the etag of the state that you change, or `*` to overwrite any";
        Problem::from(Error::invalid_input("If-Match", problem))
            .with_status(StatusCode::PRECONDITION_REQUIRED)
    })?;
    let flow = Flow::parse(&body)?;
    let record = app.state().put_flow(&id, &flow, &expected).await.map_err(changed)?;
    Ok(Tagged { etag: record.etag.clone(), answer: Json(record) })
}

async fn delete(
    State(app): State<App>,
    Path(FlowId { id }): Path<FlowId>,
    headers: HeaderMap,
) -> Result<NoContent> {
    let expected = if_match(&headers)?.unwrap_or(IfMatch::Any);
    app.state().delete_flow(&id, &expected).await.map_err(changed)?;
    Ok(NoContent)
}

fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>> {
    let lines: Vec<_> = headers.get_all(IF_MATCH).iter().collect();
    if lines.is_empty() {
        return Ok(None);
    }
    match lines.into_iter().map(|line| line.to_str()).collect::<Result<Vec<_>, _>>() {
        Ok(lines) => Ok(Some(IfMatch::from_header(&lines.join(",")))),
        Err(_) => Err(Problem::invalid("If-Match", "is no etag; send the one that the flow was read with")),
    }
}

/// A flow that is not as expected: 412, with the etag that it has now.
fn changed(error: Error) -> Problem {
    let current = Etag::in_conflict(&error).and_then(|etag| etag.to_header().try_into().ok());
    let is_conflict = matches!(error.kind(), ErrorKind::Conflict { .. });
    let problem = Problem::from(error);
    match current {
        Some(current) => problem.with_status(StatusCode::PRECONDITION_FAILED).with_header(ETAG, current),
        None if is_conflict => problem.with_status(StatusCode::PRECONDITION_FAILED),
        None => problem,
    }
}

async fn export(State(app): State<App>, Path(FlowId { id }): Path<FlowId>) -> Result<Json<Flow>> {
    Ok(Json(app.state().flow(&id).await?.flow.without_credentials()))
}

/// What is wrong with a flow.
#[derive(Debug, Serialize, JsonSchema)]
struct Problems {
    /// Nothing when it can be run.
    problems: Vec<FlowProblem>,
}

async fn validate(
    State(app): State<App>,
    RawBody(body): RawBody<{ limits::MAX_DOCUMENT_BYTES }>,
) -> Result<Json<Problems>> {
    let flow = Flow::parse(&body)?;
    let listed = app.with_vault(|vault| vault.list()).await?;
    let types: BTreeMap<_, _> = listed
        .into_iter()
        .filter_map(|credential| Some((credential.id, credential.info?.credential_type)))
        .collect();
    Ok(Json(Problems { problems: flow.problems(app.registry(), &types) }))
}

/// Flows to begin with.
#[derive(Debug, Serialize, JsonSchema)]
struct Templates {
    /// In the order to show them.
    templates: Vec<Template>,
}

async fn list_templates() -> Json<Templates> {
    Json(Templates { templates: templates() })
}
