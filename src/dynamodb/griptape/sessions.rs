//! The sessions of a table, as a scan meets them.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde::{Deserialize, Serialize};

use super::{FixedSortKey, ItemSlot, SortKeyValue};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::griptape::Slot;
use crate::session::SessionId;
use crate::store::{Consistency, Page, PageToken, SessionEntry, Sessions};

/// The key of the item at which a page ended.
#[derive(Serialize, Deserialize)]
struct Place {
    partition: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort: Option<SortValue>,
}

#[derive(Serialize, Deserialize)]
enum SortValue {
    S(String),
    N(String),
}

impl ItemSlot {
    pub(super) async fn scan(&self, page: Page) -> Result<Sessions> {
        let start = page.token.as_ref().map(|token| self.start_key(token)).transpose()?;
        let mut names = HashMap::from([
            ("#partition".to_owned(), self.config.partition_key.clone()),
            ("#value".to_owned(), self.config.value_attribute_key.clone()),
        ]);
        let mut values = HashMap::new();
        let mut filters = vec!["attribute_exists(#value)"];
        if let Some(FixedSortKey { attribute, value }) = &self.config.sort_key {
            names.insert("#sort".to_owned(), attribute.clone());
            values.insert(":sort".to_owned(), value.attribute());
            filters.push("#sort = :sort");
        }
        if let Some(attribute) = &self.config.expiry_attribute {
            names.insert("#expiry".to_owned(), attribute.clone());
            values.insert(":now".to_owned(), AttributeValue::N(self.now_epoch_secs().to_string()));
            // Without the attribute, and with one that is no number, it never expires.
            filters.push("NOT #expiry <= :now");
        }
        let limit = i32::try_from(page.limit.get()).unwrap_or(i32::MAX);
        let (output, usage) = self
            .client
            .call::<_, ScanError, _>(|meter| {
                let request = self.client.sdk().scan().table_name(&self.config.table);
                let request = request
                    .limit(limit)
                    .set_exclusive_start_key(start)
                    .projection_expression("#partition")
                    .filter_expression(filters.join(" AND "))
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values((!values.is_empty()).then_some(values))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.locate(error.into_error()))?;
        let sessions = output.items().iter().filter_map(|item| {
            let id = item.get(&self.config.partition_key)?.as_s().ok()?;
            Some(SessionEntry { session: SessionId::new(id).ok()?, last_active_epoch_secs: None })
        });
        let sessions: Vec<_> = sessions.collect();
        let next = output.last_evaluated_key().and_then(|key| self.token(key));
        let mut listed = Sessions { sessions, next, usage };
        if listed.sessions.is_empty() && listed.next.is_none() {
            // A scan takes any table; only a key tells one of ours from another without sessions.
            let probed = self.read(&SessionId::new("probe")?, Consistency::Eventual).await;
            listed.usage += probed.map_err(|error| error.with_usage(usage))?.1;
        }
        Ok(listed)
    }

    fn start_key(&self, token: &PageToken) -> Result<Item> {
        let refused = || Error::invalid_input("page", "is not of this listing; begin without one");
        let Place { partition, sort } = serde_json::from_str(&token.0).map_err(|_| refused())?;
        let mut key = Item::from([(self.config.partition_key.clone(), AttributeValue::S(partition))]);
        match (&self.config.sort_key, sort) {
            (None, None) => {}
            (Some(FixedSortKey { attribute, value: SortKeyValue::Text(_) }), Some(SortValue::S(text))) => {
                key.insert(attribute.clone(), AttributeValue::S(text));
            }
            (
                Some(FixedSortKey { attribute, value: SortKeyValue::Number(_) }),
                Some(SortValue::N(digits)),
            ) => {
                key.insert(attribute.clone(), AttributeValue::N(digits));
            }
            _ => return Err(refused()),
        }
        Ok(key)
    }

    fn token(&self, key: &Item) -> Option<PageToken> {
        let partition = key.get(&self.config.partition_key)?.as_s().ok()?.clone();
        let sort = match &self.config.sort_key {
            None => None,
            Some(FixedSortKey { attribute, .. }) => match key.get(attribute)? {
                AttributeValue::S(text) => Some(SortValue::S(text.clone())),
                AttributeValue::N(digits) => Some(SortValue::N(digits.clone())),
                _ => return None,
            },
        };
        serde_json::to_string(&Place { partition, sort }).ok().map(PageToken)
    }
}
