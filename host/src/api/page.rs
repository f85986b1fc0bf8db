//! The canvas page: the files of `web/dist`, embedded as they were built.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Scripts and styles of this host alone; React Flow places its cards by inline styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

macro_rules! built {
    ($path:literal, $file:literal, $content_type:literal) => {
        ($path, $content_type, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../web/dist/", $file)))
    };
}

/// Where each file is served, as what, and its bytes.
const FILES: [(&str, &str, &[u8]); 5] = [
    built!("/", "index.html", "text/html; charset=utf-8"),
    built!("/app.js", "app.js", "text/javascript; charset=utf-8"),
    built!("/app.css", "app.css", "text/css; charset=utf-8"),
    built!("/kept.js", "kept.js", "text/javascript; charset=utf-8"),
    built!("/tidy.js", "tidy.js", "text/javascript; charset=utf-8"),
];

/// Compressing takes a moment: once, when somebody first asks for the page.
static PREPARED: LazyLock<Vec<Arc<File>>> = LazyLock::new(|| FILES.iter().map(File::prepare).collect());

/// The paths of the page, which hold no secret and no conversation.
pub(super) fn is_page(path: &str) -> bool {
    FILES.iter().any(|(served_at, ..)| *served_at == path)
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().enumerate().fold(Router::new(), |router, (at, (path, ..))| {
        router.route(path, get(async move |headers: HeaderMap| show(at, &headers)))
    })
}

fn show(at: usize, headers: &HeaderMap) -> Response {
    match PREPARED.get(at) {
        Some(file) => file.answer(headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

struct File {
    content_type: HeaderValue,
    plain: Encoded,
    gzip: Option<Encoded>,
}

/// One form of a file. Its tag tells it from the others.
struct Encoded {
    etag: HeaderValue,
    bytes: Bytes,
}

impl File {
    fn prepare((_, content_type, bytes): &(&'static str, &'static str, &'static [u8])) -> Arc<Self> {
        let content_type = HeaderValue::from_static(content_type);
        let plain = Encoded::new(Bytes::from_static(bytes));
        let gzip = compress(bytes).ok().map(|bytes| Encoded::new(bytes.into()));
        Arc::new(Self { content_type, plain, gzip })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let gzip = self.gzip.as_ref().filter(|_| takes_gzip(headers));
        let encoded = gzip.unwrap_or(&self.plain);
        let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|tags| {
            tags.to_str().is_ok_and(|tags| tags.split(',').any(|tag| tag.trim() == encoded.etag))
        });
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(encoded.bytes.clone()).into_response()
        };
        let answered = response.headers_mut();
        answered.insert(ETAG, encoded.etag.clone());
        answered.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
        answered.insert(CONTENT_TYPE, self.content_type.clone());
        answered.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        if gzip.is_some() {
            answered.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

impl Encoded {
    fn new(bytes: Bytes) -> Self {
        let digest: String =
            Sha256::digest(&bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let etag =
            HeaderValue::try_from(format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
        Self { etag, bytes }
    }
}

fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().any(|accepted| {
        accepted.to_str().is_ok_and(|accepted| {
            accepted.split(',').any(|one| {
                let mut parts = one.split(';').map(str::trim);
                parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"))
                    && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_build_is_served() {
        let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/dist");
        let mut built: Vec<_> = std::fs::read_dir(dist)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut served: Vec<_> = FILES
            .iter()
            .map(|(path, ..)| if *path == "/" { "index.html".to_owned() } else { path.replacen('/', "", 1) })
            .collect();
        built.sort();
        served.sort();
        assert_eq!(built, served);
    }

    #[test]
    fn a_browser_gets_a_file_once_and_compressed() {
        let asking = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())])
        };
        let plain = show(1, &HeaderMap::new());
        let gzip = show(1, &asking("accept-encoding", "br, gzip;q=0.8"));
        assert_eq!(gzip.headers()[CONTENT_ENCODING], "gzip");
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        assert!(!show(1, &asking("accept-encoding", "gzip;q=0")).headers().contains_key(CONTENT_ENCODING));
        assert_ne!(plain.headers()[ETAG], gzip.headers()[ETAG]);
        let tag = plain.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(show(1, &asking("if-none-match", &tag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(show(1, &asking("if-none-match", "\"other\"")).status(), StatusCode::OK);
    }
}
