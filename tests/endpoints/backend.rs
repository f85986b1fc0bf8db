//! The backends that dial what a user typed, and the two ways in which they are made to.

use canvas_memory::Result;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Connected, Credential, Target};
use canvas_memory::registry::Registry;
use serde_json::{Value, json};
use url::Url;

/// Stands for every secret.
pub(crate) const SECRET: &str = "mark3r-s3cret";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    DynamoDb,
    Upstash,
    Model,
}

/// A backend, dialled by its node or by the test of its credential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) backend: Backend,
    by_node: bool,
}

pub(crate) const EVERY_WAY: [Way; 6] = [
    Way { backend: Backend::DynamoDb, by_node: false },
    Way { backend: Backend::DynamoDb, by_node: true },
    Way { backend: Backend::Upstash, by_node: false },
    Way { backend: Backend::Upstash, by_node: true },
    Way { backend: Backend::Model, by_node: false },
    Way { backend: Backend::Model, by_node: true },
];

impl Way {
    /// Sends to `url` whatever shows that the backend is there.
    pub(crate) async fn dial(self, url: &str, context: &ConnectContext) -> Result<()> {
        let Self { backend, by_node } = self;
        if by_node {
            // Clients are made anew, as another request to the host may make them.
            let context = ConnectContext { clients: Default::default(), ..context.clone() };
            return backend.connect(url, &context).await?.health.await.map(drop);
        }
        let target = Target { endpoint: Some(url.to_owned()), ..Target::default() };
        Registry::collect().test_credential(&backend.credential(url), &target, context).await.map(drop)
    }
}

impl Backend {
    /// The input that holds the endpoint.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::DynamoDb => "endpoint",
            Self::Upstash | Self::Model => "baseURL",
        }
    }

    /// A credential that names the URL's host, where such a credential names one.
    pub(crate) fn credential(self, url: &str) -> Credential {
        let host = Url::parse(url).unwrap().host_str().unwrap().to_owned();
        let (credential_type, fields) = match self {
            Self::DynamoDb => {
                ("dynamodbMemoryApi", json!({"accessKey": format!("{SECRET}-id"), "secretAccessKey": SECRET}))
            }
            Self::Upstash => ("upstashRedisMemoryApi", json!({"upstashRestToken": SECRET, "host": host})),
            Self::Model => ("chatModelApi", json!({"apiKey": SECRET, "host": host})),
        };
        Credential::new("c1", credential_type, 1, fields.to_string())
    }

    fn node(self, url: &str) -> (&'static str, Value) {
        match self {
            Self::DynamoDb => (
                "DynamoDBChatMemory",
                json!({"tableName": "chat", "partitionKey": "id", "sortKey": "sk", "endpoint": url}),
            ),
            Self::Upstash => ("upstashRedisBackedChatMemory", json!({"baseURL": url})),
            Self::Model => ("chatModel", json!({"modelName": "m", "baseURL": url})),
        }
    }

    pub(crate) async fn connect(self, url: &str, context: &ConnectContext) -> Result<Connected> {
        let (node, inputs) = self.node(url);
        let args = ConnectArgs::new(context).with_credential(self.credential(url));
        Registry::collect().connect_json(node, &inputs, args).await
    }
}
