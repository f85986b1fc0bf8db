//! The host's own engines, each behind its guard, and what a power cut would leave of them.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use canvas_memory::conformance::Hook;
use canvas_memory_host::data_dir::DataDir;
use canvas_memory_host::engine::EngineStorage;
use canvas_memory_host::engine::clock::ManualClock;
use canvas_memory_host::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use canvas_memory_host::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};

use crate::redis_server::RedisServer;
use crate::{dynamodb, upstash};

const ACCESS_KEY: &str = "AKIDTEST";
const TOKEN: &str = "test-t0ken";

/// Data directories one after the other, each a copy of the one before as it lay on the disk at that moment.
struct Folders {
    folder: tempfile::TempDir,
    starts: u32,
}

impl Folders {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), starts: 0 }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.starts.to_string())
    }

    fn storage(&self) -> EngineStorage {
        EngineStorage::Directory(DataDir::open(self.path()).unwrap())
    }

    /// Goes on to a copy, as if the power had been cut.
    fn cut(&mut self, database: &str) {
        let before = self.path();
        self.starts += 1;
        DataDir::open(self.path()).unwrap();
        for suffix in ["", "-wal"] {
            let file = format!("{database}{suffix}");
            let _ = std::fs::copy(before.join(&file), self.path().join(&file));
        }
    }
}

/// The DynamoDB engine on a file.
pub(crate) struct DynamoDb {
    engine: DynamoDbEngine,
    folders: Folders,
}

impl DynamoDb {
    pub(crate) fn start() -> Self {
        let folders = Folders::new();
        Self { engine: Self::engine(&folders), folders }
    }

    fn engine(folders: &Folders) -> DynamoDbEngine {
        let access_key = Some(ACCESS_KEY.into());
        DynamoDbEngine::start(DynamoDbOptions { access_key, ..DynamoDbOptions::new(folders.storage()) })
            .unwrap()
    }
}

impl dynamodb::Server for DynamoDb {
    fn endpoint(&self) -> String {
        self.engine.endpoint()
    }

    fn access_key(&self) -> (String, String) {
        (ACCESS_KEY.to_owned(), "any".to_owned())
    }

    fn knows_its_keys(&self) -> bool {
        true
    }

    fn reopen(&mut self) -> Hook {
        self.folders.cut("dynamodb.sqlite");
        self.engine = Self::engine(&self.folders);
        Hook::Done
    }
}

fn with_token(options: UpstashOptions) -> UpstashOptions {
    UpstashOptions { token: Some(TOKEN.into()), ..options }
}

/// The Upstash endpoint on the built-in database, on a file.
pub(crate) struct UpstashBuiltIn {
    engine: UpstashEngine,
    folders: Folders,
    clock: ManualClock,
}

impl UpstashBuiltIn {
    pub(crate) fn start() -> Self {
        let folders = Folders::new();
        let clock = ManualClock::new(i64::try_from(upstash::NOW).unwrap() * 1_000);
        Self { engine: Self::engine(&folders, &clock), folders, clock }
    }

    fn engine(folders: &Folders, clock: &ManualClock) -> UpstashEngine {
        let options = with_token(UpstashOptions::new(UpstashBackend::BuiltIn(folders.storage())));
        UpstashEngine::start(UpstashOptions { clock: Arc::new(clock.clone()), ..options }).unwrap()
    }
}

#[async_trait]
impl upstash::Server for UpstashBuiltIn {
    fn url(&self) -> String {
        self.engine.url()
    }

    fn token(&self) -> String {
        TOKEN.to_owned()
    }

    async fn reopen(&mut self) {
        self.folders.cut("upstash.sqlite");
        self.engine = Self::engine(&self.folders, &self.clock);
    }

    fn shift_clock(&self, secs: i64) -> bool {
        self.clock.advance_ms(secs * 1_000);
        true
    }
}

/// The Upstash endpoint in front of a real Redis.
pub(crate) struct UpstashRedis {
    engine: UpstashEngine,
    redis: RedisServer,
}

impl UpstashRedis {
    pub(crate) fn start() -> Self {
        let redis = RedisServer::start();
        Self { engine: redis.endpoint_with(with_token), redis }
    }
}

#[async_trait]
impl upstash::Server for UpstashRedis {
    fn url(&self) -> String {
        self.engine.url()
    }

    fn token(&self) -> String {
        TOKEN.to_owned()
    }

    async fn reopen(&mut self) {
        self.redis.kill();
        self.redis.start_again();
        self.engine = self.redis.endpoint_with(with_token);
    }
}
