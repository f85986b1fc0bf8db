//! A session's partition as DynamoDB has it.

use super::TurnsStore;
use super::codec::epoch_secs;
use super::keys::partition;
use super::requests::Range;
use crate::dynamodb::attribute::item_to_dynamodb_json;
use crate::dynamodb::size::{MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, Result};
use crate::session::SessionKey;
use crate::store::{Inspection, Page, PageToken, Record};
use crate::usage::Usage;

/// What a page token begins with; the rest is any sort key value, of other programs too.
const AFTER: &str = "after:";

pub(super) async fn inspect(store: &TurnsStore, key: &SessionKey, page: Page) -> Result<Inspection> {
    let partition = partition(key)?;
    let mut usage = Usage::default();
    let range = Range { partition: &partition, between: None, descending: true, strong: true, brief: false };
    let start = match page.token {
        None => None,
        Some(PageToken(token)) => {
            let sort = token.strip_prefix(AFTER).ok_or_else(|| {
                Error::invalid_input("page", "is not one of this listing; start with the first page")
            })?;
            Some(store.key(&partition, sort))
        }
    };
    let rows = store.query(&range, Some(page.limit.get()), start, &mut usage).await?;
    let records = rows.items.iter().map(|item| Record {
        key: store.sort(item).to_owned(),
        raw: item_to_dynamodb_json(item),
        bytes: item_bytes(item),
        limit_bytes: Some(MAX_ITEM_BYTES),
        expires_at_epoch_secs: store.expiry_attribute().and_then(|name| epoch_secs(item, name)),
    });
    Ok(Inspection {
        records: records.collect(),
        next: rows.next.as_ref().map(|next| PageToken(format!("{AFTER}{}", store.sort(next)))),
        usage,
    })
}
