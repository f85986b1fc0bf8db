//! An HTTP/1.1 proxy on loopback that stands between a real client and an engine, and lets requests go wrong.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use canvas_memory::conformance::{Fault, Requests};
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Which protocol the answers of the proxy itself are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    DynamoDb,
    Upstash,
}

/// Ends with all its connections when this is dropped.
pub(crate) struct FaultProxy {
    url: String,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    dialect: Dialect,
    /// How late a slow answer is.
    delay: Duration,
    upstream: Mutex<SocketAddr>,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    fault: Option<Planned>,
    /// All requests that came, whether or not they met a fault.
    requests: u32,
    /// Why a transaction is cancelled, where another one is not the reason.
    cancelled_for: Option<&'static str>,
}

struct Planned {
    fault: Fault,
    requests: Requests,
    /// The end of `X-Amz-Target`, such as `.PutItem`; all requests when `None`.
    operation: Option<&'static str>,
    seen: u32,
    met: bool,
}

type Answer = Response<BoxBody<Bytes, Broken>>;

/// The connection is to end here.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is broken on purpose")
    }
}

impl std::error::Error for Broken {}

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl FaultProxy {
    /// Listens on a free port of loopback. `delay` is how late a slow answer is: longer than the client waits.
    pub(crate) async fn start(upstream: SocketAddr, dialect: Dialect, delay: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port is free");
        let url = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let shared =
            Arc::new(Shared { dialect, delay, upstream: Mutex::new(upstream), plan: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Self { url, shared, accepting }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where requests go from now on.
    pub(crate) fn set_upstream(&self, upstream: SocketAddr) {
        *self.shared.upstream.lock().unwrap() = upstream;
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> u32 {
        self.shared.plan.lock().unwrap().requests
    }

    /// Lets requests go wrong, counted from the next, until [`FaultProxy::heal`].
    pub(crate) fn inject(&self, fault: Fault, requests: Requests) {
        // Nothing but a transaction can be cancelled.
        let operation = (fault == Fault::CancelTransaction).then_some(".TransactWriteItems");
        self.plan(fault, requests, operation);
    }

    /// Lets requests of one DynamoDB operation go wrong, such as `.PutItem`, counted from the next of it.
    pub(crate) fn inject_into(&self, operation: &'static str, fault: Fault, requests: Requests) {
        self.plan(fault, requests, Some(operation));
    }

    /// Has transactions cancelled for this reason, such as `ValidationError`.
    pub(crate) fn cancel_transactions_for(&self, code: &'static str, requests: Requests) {
        self.shared.plan.lock().unwrap().cancelled_for = Some(code);
        self.inject(Fault::CancelTransaction, requests);
    }

    fn plan(&self, fault: Fault, requests: Requests, operation: Option<&'static str>) {
        let planned = Planned { fault, requests, operation, seen: 0, met: false };
        self.shared.plan.lock().unwrap().fault = Some(planned);
    }

    /// Lets everything pass again; says whether a request met the fault.
    pub(crate) fn heal(&self) -> bool {
        self.shared.plan.lock().unwrap().fault.take().is_some_and(|planned| planned.met)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let shared = shared.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(shared.clone(), request));
            // An error here is a connection that was to break.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Shared {
    /// The fault that a request meets.
    fn next(&self, request: &Request<Incoming>) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        plan.requests += 1;
        let planned = plan.fault.as_mut()?;
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        if planned.operation.is_some_and(|operation| !target.unwrap_or_default().ends_with(operation)) {
            return None;
        }
        planned.seen += 1;
        let meets = planned.requests.include(planned.seen);
        planned.met |= meets;
        meets.then_some(planned.fault)
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Broken> {
    let fault = shared.next(&request);
    if fault == Some(Fault::LoseRequest) {
        return Err(Broken);
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let forward = async || {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = head.uri.clone();
        *request.headers_mut() = head.headers.clone();
        shared.forward(request).await
    };
    let Some(fault) = fault else { return Ok(whole(forward().await?)) };
    match fault {
        Fault::LoseReply => {
            forward().await?;
            Err(Broken)
        }
        Fault::TwiceFirstAnswer => {
            let first = forward().await?;
            forward().await?;
            Ok(whole(first))
        }
        Fault::TwiceSecondAnswer => {
            forward().await?;
            Ok(whole(forward().await?))
        }
        Fault::Throttle => Ok(whole(shared.dialect.throttled())),
        Fault::ServerError => Ok(whole(shared.dialect.failed())),
        Fault::ServerErrorAfterCommit => {
            forward().await?;
            Ok(whole(shared.dialect.failed()))
        }
        Fault::CancelTransaction => {
            let code = shared.plan.lock().unwrap().cancelled_for.unwrap_or("TransactionConflict");
            Ok(whole(cancelled(&body, code)))
        }
        Fault::Truncate => Ok(half(forward().await?)),
        Fault::Slow => {
            let late = forward().await?;
            tokio::time::sleep(shared.delay).await;
            Ok(whole(late))
        }
        Fault::Html => Ok(whole(web_page())),
        _ => Err(Broken),
    }
}

impl Shared {
    async fn forward(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Broken> {
        let upstream = *self.upstream.lock().unwrap();
        let stream = TcpStream::connect(upstream).await.map_err(|_| Broken)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Broken)?;
        let driving = tokio::spawn(connection);
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        let answer = async {
            let (mut head, body) = sender.send_request(request).await?.into_parts();
            for hop in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
                head.headers.remove(hop);
            }
            Ok::<_, hyper::Error>(Response::from_parts(head, body.collect().await?.to_bytes()))
        };
        let answer = answer.await.map_err(|_| Broken);
        driving.abort();
        answer
    }
}

fn whole(answer: Response<Bytes>) -> Answer {
    answer.map(|body| Full::new(body).map_err(Broken::from).boxed())
}

/// Promises the whole body, sends half of it and breaks off.
fn half(answer: Response<Bytes>) -> Answer {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let first = body.slice(..body.len() / 2);
    let frames = stream::unfold(Some(first), |first| async {
        match first {
            Some(first) => Some((Ok(Frame::data(first)), None)),
            None => {
                // While the body makes the connection wait, it sends what it has.
                tokio::task::yield_now().await;
                Some((Err(Broken), None))
            }
        }
    });
    Response::from_parts(head, BodyExt::boxed(StreamBody::new(frames)))
}

fn own_answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

fn web_page() -> Response<Bytes> {
    let page = "<!DOCTYPE html><html><body>Sign in to the network</body></html>";
    own_answer(StatusCode::OK, "text/html", page.to_owned())
}

fn dynamodb_error(status: StatusCode, name: &str, mut body: serde_json::Value) -> Response<Bytes> {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{name}"));
    own_answer(status, "application/x-amz-json-1.0", body.to_string())
}

impl Dialect {
    fn throttled(self) -> Response<Bytes> {
        match self {
            Self::DynamoDb => dynamodb_error(
                StatusCode::BAD_REQUEST,
                "ThrottlingException",
                json!({"message": "Rate of requests exceeds the allowed throughput."}),
            ),
            Self::Upstash => own_answer(
                StatusCode::BAD_REQUEST,
                "application/json",
                json!({"error": "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000."})
                    .to_string(),
            ),
        }
    }

    fn failed(self) -> Response<Bytes> {
        match self {
            Self::DynamoDb => dynamodb_error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                json!({"message": "Internal server error"}),
            ),
            Self::Upstash => {
                own_answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "upstream connect error".to_owned())
            }
        }
    }
}

/// What DynamoDB answers when it can't do the first write of a transaction.
fn cancelled(request: &Bytes, first: &str) -> Response<Bytes> {
    let request: serde_json::Value = serde_json::from_slice(request).unwrap_or_default();
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut codes = vec!["None"; items];
    codes[0] = first;
    let reasons: Vec<_> = codes
        .iter()
        .map(|code| match *code {
            "None" => json!({"Code": "None"}),
            code => json!({"Code": code, "Message": "as the test has it"}),
        })
        .collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    dynamodb_error(
        StatusCode::BAD_REQUEST,
        "TransactionCanceledException",
        json!({"Message": message, "CancellationReasons": reasons}),
    )
}
