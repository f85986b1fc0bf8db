//! Read, decide, write if nothing changed, and again on what is there if it did.

use std::time::Duration;

use super::super::document::Document;
use super::super::{Content, Lifetime, Slot, WhenFull, Written};
use super::{Current, GriptapeStore};
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionId;
use crate::store::Consistency;
use crate::usage::Usage;

/// How often a write is tried when other writers come between. Each time that one is late another got in, so that this
/// many have to be faster.
const MAX_TRIES: u32 = 40;

/// The longest pause before the next try.
const MAX_PAUSE: Duration = Duration::from_millis(60);

/// What to do with what is there.
pub(super) enum Decision<T> {
    /// Nothing: it is done.
    Done(T),
    /// Write this.
    Write { document: Document, lifetime: Lifetime, result: T },
}

impl<S: Slot> GriptapeStore<S> {
    /// Makes a change that `decide` plans on what is there; it is told whether an earlier try may have made it.
    ///
    /// `in_doubt` is the error of a write that may have happened.
    ///
    /// # Errors
    /// Those of `decide`; `Corrupt`; `TooLarge`; `Throttled` when others always were faster.
    pub(super) async fn change<T: Send>(
        &self,
        session: &SessionId,
        decide: impl Fn(&Current, bool) -> Result<Decision<T>> + Send + Sync,
        in_doubt: impl Fn(Error) -> Error + Send + Sync,
    ) -> Result<(T, Usage)> {
        let (mut seen, mut usage) = self.slot.read(session, Consistency::Strong).await?;
        for tries in 0..MAX_TRIES {
            let failed = |error: Error| self.located(session, error.with_usage(usage));
            let current = Current::of(seen, self.slot.now_epoch_secs()).map_err(failed)?;
            let (mut document, mut lifetime, result) = match decide(&current, tries > 0).map_err(failed)? {
                Decision::Done(result) => return Ok((result, usage)),
                Decision::Write { document, lifetime, result } => (document, lifetime, result),
            };
            if current.expired {
                lifetime = Lifetime::Replace;
            }
            let content = self.fitting(session, &current, &mut document).map_err(failed)?;
            let written = self.slot.write(session, current.content(), &content, lifetime).await;
            let (written, used) = written.map_err(|failure| {
                let error = if failure.in_doubt { in_doubt(failure.error) } else { failure.error };
                let is_too_large = *error.kind() == ErrorKind::TooLarge;
                let error = if is_too_large { self.located(session, self.too_large(error)) } else { error };
                error.with_usage(usage)
            })?;
            usage += used;
            seen = match written {
                Written::Done => return Ok((result, usage)),
                Written::Changed(seen) => seen,
            };
            pause(tries).await;
        }
        let message = "other writers came between each time; try again in a while";
        Err(self.located(session, Error::new(ErrorKind::Throttled, message).with_usage(usage)))
    }

    /// The session as text that the slot takes, without its oldest runs where that makes it so.
    fn fitting(&self, session: &SessionId, current: &Current, document: &mut Document) -> Result<Content> {
        loop {
            let content = document.write()?;
            let Some(limit) = self.slot.limit_bytes() else { return Ok(content) };
            let bytes = self.slot.bytes_with(session, current.seen.as_ref(), &content);
            let Some(excess) = bytes.checked_sub(limit).filter(|excess| *excess > 0) else {
                return Ok(content);
            };
            let mut freed = 0;
            let oldest = document.runs.iter().take_while(|run| {
                let wanted = freed < excess;
                freed += run.raw().as_str().len() as u64 + 2;
                wanted
            });
            let count = oldest.count();
            if self.config.full == WhenFull::Refuse || count >= document.runs.len() {
                let error = Error::new(ErrorKind::TooLarge, "").with("session_bytes", bytes);
                return Err(self.too_large(error));
            }
            document.drop_oldest(count)?;
        }
    }

    fn too_large(&self, cause: Error) -> Error {
        let limit = self.slot.limit_bytes().unwrap_or_default();
        let way_out = match self.config.full {
            WhenFull::Refuse => "let the oldest turns go (`full`: `dropOldest`, or `maxRuns`), ",
            WhenFull::DropOldest => "",
        };
        let message = format!(
            "the session would pass the limit of {} KB; nothing was written. Move it to a table with a sort key (layout \
             turns), which has no such limit, {way_out}or go on in a new session",
            limit / 1024
        );
        let usage = cause.usage();
        Error::new(ErrorKind::TooLarge, message)
            .with_usage(usage)
            .with_source(cause)
            .with("limit_bytes", limit)
    }
}

/// Writers that wait equally long meet again, so each waits as long as chance says.
async fn pause(tries: u32) {
    let most = Duration::from_millis(1 << tries.min(10)).min(MAX_PAUSE);
    let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
    let micros = random % u64::try_from(most.as_micros()).unwrap_or(1).max(1);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}
