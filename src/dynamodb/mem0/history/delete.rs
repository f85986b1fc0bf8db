//! Removing everything of a user or a scope, by what the listing says: as many requests as there is to remove.

use aws_sdk_dynamodb::types::AttributeValue;

use super::record::Listed;
use super::requests::{Condition, Rows, Sort, Transacted, Write, pause};
use super::{Mem0HistoryStore, PARTITION_KEY, SORT_KEY, keys, record};
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::history::Deleted;
use crate::session::Scope;

/// Two writes a row; a transaction takes a hundred.
const ROWS: u32 = 50;
/// How often a page is tried when other writers come between.
const MAX_TRIES: u32 = 10;

impl Mem0HistoryStore {
    /// Removes what is listed of the user, or of all users.
    pub(super) async fn delete_listed(&self, scope: &Scope, user: Option<&str>) -> Result<Deleted> {
        let mut deleted = Deleted::default();
        match self.delete_pages(scope, user, &mut deleted).await {
            Ok(()) => Ok(deleted),
            Err(error) => Err(error.with_usage(deleted.usage)),
        }
    }

    async fn delete_pages(&self, scope: &Scope, user: Option<&str>, deleted: &mut Deleted) -> Result<()> {
        let (listing, prefix) = (keys::listing(scope), user.map(keys::listed_of));
        let sort = prefix.as_deref().map_or(Sort::All, Sort::Prefix);
        let mut in_vain = 0;
        while in_vain < MAX_TRIES {
            if in_vain > 0 {
                pause(in_vain).await;
            }
            // What was listed is gone, so the first page is always the next.
            let Rows { items, .. } = self.query(&listing, sort, false, ROWS, &mut deleted.usage).await?;
            if items.is_empty() {
                return Ok(());
            }
            in_vain = if self.delete_page(scope, &items, deleted).await? { 0 } else { in_vain + 1 };
        }
        Err(self.contended())
    }

    /// Removes what these rows list; says whether all of it is gone by this call.
    async fn delete_page(&self, scope: &Scope, rows: &[Item], deleted: &mut Deleted) -> Result<bool> {
        let mut writes = Vec::new();
        for row in rows {
            let listed = Listed::read(row).ok_or_else(|| self.unreadable(row))?;
            let key: Item = row
                .iter()
                .filter(|(name, _)| [PARTITION_KEY, SORT_KEY].contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if let Some(sequence) = listed.sequence {
                let id = record_id(row).ok_or_else(|| self.unreadable(row))?;
                let is_it = Condition::absent_or_equal("id", AttributeValue::S(id.to_owned()));
                let record = keys::key(listed.partition, keys::sequence(sequence));
                writes.push(Write::Delete(record, Some(is_it)));
                // One of two hosts that remove the same counts it.
                writes.push(Write::Delete(key, Some(Condition::THERE)));
                continue;
            }
            let forgotten =
                self.forget(scope, listed.partition, |message| message.user != listed.user).await?;
            deleted.messages += forgotten.messages;
            deleted.usage += forgotten.usage;
            if forgotten.messages == 0 {
                // Nothing was left to forget, so nothing took the row from the listing.
                let unlisted = vec![Write::Delete(key, None)];
                self.transact(unlisted, &mut deleted.usage).await?;
            }
        }
        let records = writes.len() as u64 / 2;
        if records > 0 {
            match self.transact(writes, &mut deleted.usage).await? {
                Transacted::Done => deleted.records += records,
                Transacted::Refused(_) | Transacted::Busy => return Ok(false),
            }
        }
        Ok(true)
    }

    fn unreadable(&self, row: &Item) -> Error {
        let message = "a row of the listing can't be read, and it is left as it is; mend or remove it";
        let key = record::text(row, SORT_KEY).unwrap_or_default();
        self.located(Error::new(ErrorKind::Corrupt, message).with("key", key))
    }
}

/// The id of a record, from its row in the listing.
fn record_id(row: &Item) -> Option<&str> {
    let (_, rest) = record::text(row, SORT_KEY)?.split_once('#')?;
    rest.strip_prefix("record#")
}
