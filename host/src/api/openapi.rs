//! The document of the API, made of the same types as the API itself.

use aide::axum::ApiRouter;
use aide::generate;
use aide::openapi::{
    Components, HeaderStyle, Info, MediaType, OpenApi, Operation, Parameter, ParameterData,
    ParameterSchemaOrContent, ReferenceOr, RequestBody, Response, SchemaObject, SecurityScheme, StatusCode,
    Tag,
};
use aide::transform::TransformOperation;
use axum::Router;
use axum::http::HeaderName;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, ReplaceBoolSchemas};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value;

use super::answer::text_header;
use super::login::is_before_login;
use crate::app::App;
use crate::runs::ErrorBody;

const DESCRIPTION: &str = "\
What a canvas-memory host does: flows, credentials, runs, and the conversations that its memory nodes keep.

Names in bodies are snake_case; flow documents and the inputs of nodes are camelCase, as they are saved. Every error is \
answered as `{\"error\": …}`: its `kind` says what went wrong, its `message` what to do, and `retry` whether the same \
request can be made again. Errors 424, 502, 503 and 504 are those of services behind a node.";

/// The name of the bearer token among the security schemes.
const TOKEN: &str = "token";

/// What each status of a failed request says.
const ERRORS: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "The request can't be used; `field` names what is wrong with it."),
    (401, "TokenNeeded", "This host has a token, and the request does not bear it."),
    (403, "Refused", "The request names another host, or comes from a page of another site."),
    (404, "NotFound", "What the request names is not there."),
    (408, "TooSlow", "The request's body did not come in time."),
    (409, "Conflict", "What is there does not fit what the request expects of it."),
    (412, "Changed", "The flow has changed since it was read; `etag` is its state now."),
    (413, "TooLarge", "The request is larger than this operation takes, or the turn larger than its store."),
    (415, "NotJson", "The request's body is of another type than JSON."),
    (422, "Unsupported", "The request is understood, and what it names can't do this."),
    (424, "Credential", "A credential is missing, can't be opened, or the service behind refuses it."),
    (428, "IfMatchNeeded", "The request has to say which state of the flow it changes."),
    (429, "Busy", "Too many runs are at work."),
    (500, "Failed", "This host failed: its disk, or what is stored can't be read."),
    (502, "Protocol", "The service behind answered what its protocol does not allow."),
    (503, "Unavailable", "This host is stopping or took too long, or the service behind can't be reached."),
    (504, "Unknown", "The service behind gave no answer; no one knows whether it did what it was asked to."),
];

/// Errors of operations that connect nodes and ask the services behind them.
pub(super) const NODE_ERRORS: &[u16] = &[404, 409, 413, 422, 424, 502, 504];

/// Errors of operations that run a flow.
pub(super) const RUN_ERRORS: &[u16] = &[404, 409, 413, 422, 424, 429, 502, 504];

/// Has every schema that is made from now on, in this thread, fit for the document.
pub(super) fn begin() {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "#/components/schemas/".into();
        settings.meta_schema = None;
        settings.transforms.push(Box::new(RecursiveTransform(without_links)));
        // Not every reader of such documents knows that `true` is a schema.
        settings.transforms.push(Box::new(ReplaceBoolSchemas::default()));
    });
    generate::in_context(|ctx| ctx.schema = settings.into_generator());
}

/// Descriptions come from the documentation of types, where a name may be a link: `[Name](path)`.
fn without_links(schema: &mut Schema) {
    let Some(Value::String(text)) = schema.get_mut("description") else { return };
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else { break };
        plain.extend([before, "`", name, "`"]);
        let path = after.strip_prefix('(').and_then(|path| path.split_once(')'));
        rest = path.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    *text = plain;
}

/// Names an operation and says how it can fail, beside the ways that every request can.
pub(super) fn describe(
    id: &'static str,
    summary: &'static str,
    errors: &'static [u16],
) -> impl FnOnce(TransformOperation<'_>) -> TransformOperation<'_> {
    move |mut operation| {
        add_errors(operation.inner_mut(), errors);
        operation.id(id).summary(summary)
    }
}

/// The schema of a type, for what aide can't tell from a handler.
pub(super) fn schema_of<T: JsonSchema>() -> SchemaObject {
    schema_object(generate::in_context(|ctx| ctx.schema.subschema_for::<T>()))
}

pub(super) fn schema_object(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, external_docs: None, example: None }
}

/// Says what an operation takes that reads its body itself.
pub(super) fn takes<'t, T: JsonSchema>(
    mut operation: TransformOperation<'t>,
    description: &str,
) -> TransformOperation<'t> {
    operation.inner_mut().request_body = Some(ReferenceOr::Item(RequestBody {
        description: Some(description.to_owned()),
        content: content("application/json", schema_of::<T>()),
        required: true,
        ..RequestBody::default()
    }));
    operation
}

/// Says that an operation looks at a header.
pub(super) fn looks_at<'t>(
    mut operation: TransformOperation<'t>,
    name: HeaderName,
    description: &str,
) -> TransformOperation<'t> {
    operation.inner_mut().parameters.push(ReferenceOr::Item(Parameter::Header {
        parameter_data: ParameterData {
            name: name.as_str().to_owned(),
            description: Some(description.to_owned()),
            required: false,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema_of::<String>()),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        },
        style: HeaderStyle::Simple,
    }));
    operation
}

/// A body of one media type.
pub(super) fn content<C: FromIterator<(String, MediaType)>>(media_type: &str, schema: SchemaObject) -> C {
    let body = MediaType { schema: Some(schema), ..MediaType::default() };
    std::iter::once((media_type.to_owned(), body)).collect()
}

fn add_errors(operation: &mut Operation, statuses: &[u16]) {
    let responses = &mut operation.responses.get_or_insert_default().responses;
    for status in statuses {
        let Some((_, name, _)) = ERRORS.iter().find(|(known, ..)| known == status) else { continue };
        let reference = format!("#/components/responses/{name}");
        let error = ReferenceOr::Reference { reference, summary: None, description: None };
        responses.insert(StatusCode::Code(*status), error);
    }
    responses.sort_by(|one, _, other, _| code(one).cmp(&code(other)));
}

fn code(status: &StatusCode) -> u16 {
    match status {
        StatusCode::Code(code) | StatusCode::Range(code) => *code,
    }
}

/// Takes the routes, and what they say of themselves, apart.
pub(super) fn finish(routes: ApiRouter<App>) -> (Router<App>, OpenApi) {
    let body = schema_of::<ErrorBody>();
    let mut document = OpenApi {
        info: Info {
            title: "canvas-memory".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: Some(DESCRIPTION.to_owned()),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let router = routes.finish_api(&mut document);
    for (name, description) in [
        ("flows", "Saved canvases."),
        ("runs", "Messages on their way through a flow. A run goes on when its client goes away."),
        ("memory", "The conversations that a memory node keeps."),
        ("graph", "The facts that a graph memory node keeps."),
        ("credentials", "Saved credentials. Secrets go in and never come out."),
        ("nodes", "Kinds of nodes, and live ones."),
        ("host", "The host itself."),
    ] {
        let tag = Tag { name: name.to_owned(), description: Some(description.to_owned()), ..Tag::default() };
        document.tags.push(tag);
    }
    let components = document.components.get_or_insert_default();
    add_components(components, &body);
    for (path, item) in document.paths.iter_mut().flat_map(|paths| &mut paths.paths) {
        let ReferenceOr::Item(item) = item else { continue };
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            add_errors(operation, &[401, 403, 500, 503]);
            if !operation.parameters.is_empty() || operation.request_body.is_some() {
                add_errors(operation, &[400]);
            }
            if operation.request_body.is_some() {
                add_errors(operation, &[408, 413, 415]);
            }
            if !is_before_login(path) {
                operation.security =
                    vec![[(TOKEN.to_owned(), Vec::new())].into_iter().collect(), Default::default()];
            }
        }
    }
    (router, document)
}

fn add_components(components: &mut Components, body: &SchemaObject) {
    let scheme = SecurityScheme::Http {
        scheme: "bearer".to_owned(),
        bearer_format: None,
        description: Some(
            "The token that the host was started with; a host on loopback may have none.".to_owned(),
        ),
        extensions: Default::default(),
    };
    components.security_schemes.insert(TOKEN.to_owned(), ReferenceOr::Item(scheme));
    for (status, name, description) in ERRORS {
        let mut response = Response {
            description: (*description).to_owned(),
            content: content("application/json", body.clone()),
            ..Response::default()
        };
        let header = match status {
            401 => Some(("www-authenticate", text_header("How to bear the token."))),
            429 | 503 => {
                let mut header = text_header("How many seconds to wait before trying again.");
                header.format = ParameterSchemaOrContent::Schema(schema_object(
                    json_schema!({"type": "integer", "minimum": 0}),
                ));
                Some(("retry-after", header))
            }
            412 => Some(("etag", text_header("The state that the flow is in now."))),
            _ => None,
        };
        response.headers.extend(header.map(|(name, header)| (name.to_owned(), ReferenceOr::Item(header))));
        components.responses.insert((*name).to_owned(), ReferenceOr::Item(response));
    }
}
