//! Flows as files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use canvas_memory::flow::{Flow, limits};
use canvas_memory::{Error, ErrorKind, Result};

use super::{CredentialUse, Etag, FlowRecord, IfMatch, ListedFlow, StateStore};
use crate::files::{self, Existing, storage};
use crate::{id, timestamp};

const DIRECTORY: &str = "flows";
/// A directory of flows that is still being made.
const UNFINISHED: &str = ".flows.tmp";
const EXTENSION: &str = "json";
/// The id of a flow whose name gives none.
const NAMELESS: &str = "flow";

/// The flows of one data directory, each in a file `flows/{id}.json`. Clones share it.
///
/// One process at a time may have it open: its host holds the lock of the data directory. Editors and git need no lock:
/// a document that they change is read anew, and one that they replace between the look at its etag and the write, an
/// instant, is overwritten.
#[derive(Clone, Debug)]
pub struct FileStateStore(Arc<Directory>);

#[derive(Debug)]
struct Directory {
    path: PathBuf,
    /// Held from the look at a document's etag until the document is written.
    writing: Mutex<()>,
}

impl FileStateStore {
    /// Opens the flows of `data_dir`, and removes what a killed writer has left. A data directory that has never held
    /// flows gets those of `first`; one that they were deleted from does not. Blocks on the disk.
    ///
    /// # Errors
    /// `Storage` when the disk fails.
    pub fn open(data_dir: &Path, first: &[Flow]) -> Result<Self> {
        open(data_dir, first).map(Self).map_err(|error| error.in_operation("open the flows"))
    }

    /// Works on a thread that may block.
    async fn work<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Directory) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let directory = self.0.clone();
        let worked = tokio::task::spawn_blocking(move || work(&directory)).await.unwrap_or_else(|error| {
            let message = "work with the flows ended unfinished; report this as a defect";
            Err(Error::new(ErrorKind::Unavailable, message).with_source(error))
        });
        worked.map_err(|error| error.in_operation(operation))
    }
}

#[async_trait]
impl StateStore for FileStateStore {
    async fn flows(&self) -> Result<Vec<ListedFlow>> {
        self.work("list the flows", |directory| {
            let listed = |id: String| ListedFlow { summary: directory.read(&id).map(Into::into), id };
            Ok(directory.ids()?.into_iter().map(listed).collect())
        })
        .await
    }

    async fn flow(&self, id: &str) -> Result<FlowRecord> {
        let id = id.to_owned();
        self.work("read the flow", move |directory| directory.read(&id)).await
    }

    async fn create_flow(&self, id: Option<&str>, flow: &Flow) -> Result<FlowRecord> {
        let (id, flow) = (id.map(str::to_owned), flow.clone());
        self.work("save the flow", move |directory| match id {
            Some(id) => directory.create(&id, flow),
            None => directory.create_under_name(flow),
        })
        .await
    }

    async fn put_flow(&self, id: &str, flow: &Flow, expected: &IfMatch) -> Result<FlowRecord> {
        let (id, flow, expected) = (id.to_owned(), flow.clone(), expected.clone());
        self.work("save the flow", move |directory| directory.put(&id, flow, &expected)).await
    }

    async fn delete_flow(&self, id: &str, expected: &IfMatch) -> Result<()> {
        let (id, expected) = (id.to_owned(), expected.clone());
        self.work("delete the flow", move |directory| directory.delete(&id, &expected)).await
    }

    async fn credential_uses(&self) -> Result<Vec<CredentialUse>> {
        self.work("list the flows", |directory| {
            let ids = directory.ids()?;
            Ok(ids.iter().filter_map(|id| directory.read(id).ok()).flat_map(credential_uses).collect())
        })
        .await
    }
}

fn open(data_dir: &Path, first: &[Flow]) -> Result<Arc<Directory>> {
    let path = data_dir.join(DIRECTORY);
    if path.is_dir() {
        files::sweep(&path).map_err(|error| storage("clean up the directory", &path, error))?;
    } else {
        begin(data_dir, &path, first)?;
    }
    Ok(Arc::new(Directory { path, writing: Mutex::default() }))
}

/// Makes the directory with its first flows, at once: a start that is killed half-way is followed by a first start.
fn begin(data_dir: &Path, path: &Path, first: &[Flow]) -> Result<()> {
    let unfinished = data_dir.join(UNFINISHED);
    let failed = |error| storage("create the directory", path, error);
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    files::create_private_dir(&unfinished).map_err(failed)?;
    let directory = Directory { path: unfinished.clone(), writing: Mutex::default() };
    for flow in first {
        directory.create_under_name(flow.clone())?;
    }
    files::rename(&unfinished, path).map_err(failed)
}

impl Directory {
    /// The names of all files of flows, in order: ids, unless someone else has put a file there.
    fn ids(&self) -> Result<Vec<String>> {
        files::stems(&self.path, EXTENSION).map_err(|error| storage("list the directory", &self.path, error))
    }

    fn read(&self, id: &str) -> Result<FlowRecord> {
        let (bytes, changed) = self.bytes(id)?;
        let etag = Etag::of(&bytes);
        let flow = Flow::parse(&bytes).map_err(|error| unreadable(&error, id, &etag))?;
        Ok(FlowRecord { id: id.to_owned(), etag, updated: timestamp::of(changed), flow })
    }

    fn create(&self, id: &str, flow: Flow) -> Result<FlowRecord> {
        // Git removes a directory whose last file it removes.
        files::create_private_dir(&self.path)
            .map_err(|error| storage("create the directory", &self.path, error))?;
        self.write(id, flow, Existing::Keep)
    }

    /// Takes the first id of `name`, `name-2`, `name-3` … that is free.
    fn create_under_name(&self, flow: Flow) -> Result<FlowRecord> {
        let base = id::from_name(&flow.name, NAMELESS);
        let ids: BTreeSet<_> = self.ids()?.into_iter().collect();
        let numbered = (2_u64..).map(|count| format!("{base}-{count}"));
        for id in std::iter::once(base.clone()).chain(numbered).filter(|id| !ids.contains(id)) {
            match self.create(&id, flow.clone()) {
                Err(error) if matches!(error.kind(), ErrorKind::Conflict { .. }) => {}
                created => return created,
            }
        }
        Err(taken(&base))
    }

    fn put(&self, id: &str, flow: Flow, expected: &IfMatch) -> Result<FlowRecord> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        expected.require(&self.etag(id)?, id)?;
        self.write(id, flow, Existing::Replace)
    }

    fn delete(&self, id: &str, expected: &IfMatch) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path(id)?;
        if let IfMatch::Etags(_) = expected {
            expected.require(&self.etag(id)?, id)?;
        }
        match files::remove(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            removed => removed.map_err(|error| storage("remove", &path, error)),
        }
    }

    fn write(&self, id: &str, flow: Flow, existing: Existing) -> Result<FlowRecord> {
        flow.check_name()?;
        let path = self.path(id)?;
        let text = flow.to_json();
        match files::write(&path, text.as_bytes(), existing) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(id)),
            written => written.map_err(|error| storage("write", &path, error)),
        }?;
        let etag = Etag::of(text.as_bytes());
        // As the next reader will find it; a file that is gone again was changed just now.
        let changed = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let updated = changed.map_or_else(|_| timestamp::now(), timestamp::of);
        Ok(FlowRecord { id: id.to_owned(), etag, updated, flow })
    }

    fn etag(&self, id: &str) -> Result<Etag> {
        self.bytes(id).map(|(bytes, _)| Etag::of(&bytes))
    }

    fn bytes(&self, id: &str) -> Result<(Vec<u8>, SystemTime)> {
        let path = self.path(id)?;
        match files::read_regular(&path, limits::MAX_DOCUMENT_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let message = format!("the file of the flow can't be read: {error}; split the flow");
                Err(Error::new(ErrorKind::TooLarge, message).with("flow", id))
            }
            read => read.map_err(|error| storage("read", &path, error).with("flow", id)),
        }
    }

    fn path(&self, id: &str) -> Result<PathBuf> {
        id::check("a flow", id)?;
        Ok(self.path.join(format!("{id}.{EXTENSION}")))
    }
}

fn credential_uses(FlowRecord { id, flow, .. }: FlowRecord) -> Vec<CredentialUse> {
    let name = flow.name;
    let uses = flow.nodes.into_iter().filter_map(|node| {
        let credential = node.credential?;
        Some(CredentialUse { credential, flow: id.clone(), flow_name: name.clone(), node: node.id })
    });
    uses.collect()
}

fn unreadable(error: &Error, id: &str, etag: &Etag) -> Error {
    let kind = match error.kind() {
        ErrorKind::InvalidInput { .. } => ErrorKind::Corrupt,
        kind => kind.clone(),
    };
    let message =
        format!("the file of the flow can't be read: {}; mend it, or delete the flow", error.message());
    Error::new(kind, message).with("flow", id).with("etag", etag)
}

fn missing(id: &str) -> Error {
    let message = "there is no flow with this id: it was deleted, or never saved here";
    Error::new(ErrorKind::NotFound, message).with("flow", id)
}

fn taken(id: &str) -> Error {
    let message = "another flow has this id; choose another id, or change that flow";
    Error::new(ErrorKind::Conflict { position: None }, message).with("flow", id)
}
