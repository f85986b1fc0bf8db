//! Work that goes on after an answer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

/// Tasks that nobody waits for, until whoever runs them ends. Clones share them.
///
/// ```
/// # use std::time::Duration;
/// # use canvas_memory::background::Background;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let background = Background::default();
/// background.spawn(async { /* … */ });
/// assert!(background.finish(Duration::from_secs(60)).await);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Background(Arc<Mutex<JoinSet<()>>>);

impl Background {
    /// Begins `work` on the runtime that this is called on.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Waits until all that was begun is done, at most for `limit`; what takes longer is dropped. Says whether all was
    /// done. For the end of a program.
    pub async fn finish(&self, limit: Duration) -> bool {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        tokio::time::timeout(limit, all).await.is_ok()
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_what_was_begun_but_not_for_ever() {
        let background = Background::default();
        let (done, mut is_done) = tokio::sync::oneshot::channel();
        background.spawn(async move {
            tokio::task::yield_now().await;
            done.send(()).unwrap();
        });
        assert!(background.finish(Duration::from_secs(60)).await);
        is_done.try_recv().unwrap();
        background.spawn(std::future::pending());
        assert!(!background.finish(Duration::ZERO).await);
    }
}
