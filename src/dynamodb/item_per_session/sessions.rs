//! The sessions of a table, as a scan meets them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

use super::expression::Expression;
use super::{Codec, ItemPerSession};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::session::{Scope, SessionId, SessionKey};
use crate::store::{Consistency, Page, PageToken, SessionEntry, Sessions};

impl<C: Codec> ItemPerSession<C> {
    pub(super) async fn scan_sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.check_scope(scope)?;
        let start = page.token.as_ref().map(|token| self.start_key(token)).transpose()?;
        let mut ex = Expression::default();
        let (key, list) = (ex.name(&self.config.partition_key), ex.name(&self.list));
        let mut filters = vec![format!("attribute_exists({list})")];
        if let Some(sort_key) = &self.config.sort_key {
            let (name, value) = (ex.name(sort_key), ex.value(AttributeValue::S(sort_key.clone())));
            filters.push(format!("{name} = {value}"));
        }
        if let Some(attribute) = &self.config.expiry_attribute {
            filters.push(ex.not_expired(attribute, self.now()));
        }
        let values = (!ex.values.is_empty()).then_some(ex.values);
        let limit = i32::try_from(page.limit.get()).unwrap_or(i32::MAX);
        let (output, usage) = self
            .client
            .call::<_, ScanError, _>(|meter| {
                let request = self.client.sdk().scan().table_name(&self.config.table);
                let request = request
                    .limit(limit)
                    .set_exclusive_start_key(start)
                    .projection_expression(key)
                    .filter_expression(filters.join(" AND "))
                    .set_expression_attribute_names(Some(ex.names))
                    .set_expression_attribute_values(values)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.located(error.into_error()))?;
        let sessions = output.items().iter().filter_map(|item| {
            let id = item.get(&self.config.partition_key)?.as_s().ok()?;
            Some(SessionEntry { session: SessionId::new(id).ok()?, last_active_epoch_secs: None })
        });
        let sessions: Vec<_> = sessions.collect();
        let next = output.last_evaluated_key().and_then(token);
        let mut listed = Sessions { sessions, next, usage };
        if listed.sessions.is_empty() && listed.next.is_none() {
            // A scan takes any table; only a key tells one of ours from another without sessions.
            let probe = self.key(&SessionKey::local("probe")?)?;
            let probed = self.read_item(probe, Consistency::Eventual).await;
            listed.usage += probed.map_err(|error| error.with_usage(usage))?.1;
        }
        Ok(listed)
    }

    fn start_key(&self, token: &PageToken) -> Result<Item> {
        let refused = || Error::invalid_input("page", "is not of this listing; begin without one");
        let keys: BTreeMap<String, String> = serde_json::from_str(&token.0).map_err(|_| refused())?;
        let sort_key = self.config.sort_key.as_ref();
        let names = keys.keys().all(|name| *name == self.config.partition_key || Some(name) == sort_key);
        if !names || keys.len() != 1 + usize::from(sort_key.is_some()) {
            return Err(refused());
        }
        Ok(keys.into_iter().map(|(name, value)| (name, AttributeValue::S(value))).collect())
    }
}

fn token(key: &Item) -> Option<PageToken> {
    let keys = key.iter().map(|(name, value)| Some((name.as_str(), value.as_s().ok()?.as_str())));
    let keys = keys.collect::<Option<BTreeMap<_, _>>>()?;
    serde_json::to_string(&keys).ok().map(PageToken)
}
