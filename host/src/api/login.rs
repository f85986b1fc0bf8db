//! Browsers before a host that has a token: they show it once, and bear a cookie from then on.

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use aide::generate::GenContext;
use aide::openapi::{Operation, ReferenceOr, Response as Described, StatusCode as Code};
use axum::Extension;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::answer::text_header;
use super::extract::Body;
use super::openapi::describe;
use super::problem::Result;
use super::security::Gate;
use super::tokens::without_cookie;
use crate::app::App;

const LOGIN: &str = "\
For browsers: the cookie that is answered lets this browser in beside `Authorization: Bearer TOKEN`, until the host stops \
or the browser is closed. It holds a secret of this start, not the token.";

/// Whether a path is for those, too, who have shown no token yet.
pub(super) fn is_before_login(path: &str) -> bool {
    matches!(path, "/api/v1/login" | "/api/v1/logout")
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/login",
            post_with(login, |operation| {
                describe("logIn", "Let a browser in", &[])(operation).description(LOGIN)
            }),
        )
        .api_route(
            "/logout",
            post_with(logout, describe("logOut", "Take the cookie away from a browser", &[])),
        )
        .with_path_items(|item| item.tag("host"))
}

/// What opens the host.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The token that the host was started with. A host that has none takes any.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    token: SecretString,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

async fn login(
    Extension(gate): Extension<Gate>,
    headers: HeaderMap,
    Body(Login { token }): Body<Login>,
) -> Result<Cookie> {
    match gate.tokens().cookie_for(&token, &headers) {
        Ok(cookie) => Ok(Cookie(cookie)),
        Err(missing) => Err(missing.into_problem().await),
    }
}

async fn logout(headers: HeaderMap) -> Cookie {
    Cookie(without_cookie(&headers))
}

/// Done, with what the browser is to keep from now on.
struct Cookie(String);

impl IntoResponse for Cookie {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        // A name, a port and hexadecimal digits.
        if let Ok(mut cookie) = HeaderValue::try_from(self.0) {
            cookie.set_sensitive(true);
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        response
    }
}

impl OperationOutput for Cookie {
    type Inner = ();

    fn inferred_responses(_: &mut GenContext, _: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let cookie = text_header("The cookie, for the paths of the API alone.");
        let described = Described {
            description: "Done.".to_owned(),
            headers: std::iter::once(("set-cookie".to_owned(), ReferenceOr::Item(cookie))).collect(),
            ..Described::default()
        };
        vec![(Some(Code::Code(204)), described)]
    }
}
