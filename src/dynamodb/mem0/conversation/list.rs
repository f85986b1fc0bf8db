//! The conversations of a user, from the highest id down.

use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde::{Deserialize, Serialize};

use super::config::epoch_secs;
use super::draft::SESSION;
use super::id::check_user;
use super::requests::key;
use super::types::Conversations;
use super::{ConversationStore, PARTITION_KEY, SORT_KEY};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::session::{Scope, SessionId};
use crate::store::{Page, PageToken, SessionEntry, Sessions, Unreadable};
use crate::usage::Usage;

/// Where a page ended.
#[derive(Serialize, Deserialize)]
struct Token {
    user_id: String,
    conversation_id: String,
}

/// A page of items.
struct Items {
    items: Vec<Item>,
    next: Option<PageToken>,
    usage: Usage,
}

impl ConversationStore {
    /// A page of a user's conversations, newest first where their ids tell the time, as Mem0's and this store's do. What has
    /// expired is left out, so that a page may be shorter than asked.
    ///
    /// # Errors
    /// `InvalidInput` for a user that can't be one, and for a page token of another listing.
    pub async fn list(&self, user_id: &str, page: Page) -> Result<Conversations> {
        check_user("userId", user_id)?;
        let Items { items, next, usage } = self.query(user_id, page, false).await?;
        let mut found = Conversations { conversations: Vec::new(), unreadable: Vec::new(), next, usage };
        for item in items {
            let key = text(&item, SORT_KEY);
            match self.conversation(item) {
                Ok(conversation) => found.conversations.push(conversation),
                Err(error) => {
                    found.unreadable.push(Unreadable { key, reason: error.message().to_owned() });
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn list_sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        let Items { items, next, usage } = self.query(self.user_of(scope)?, page, true).await?;
        let sessions = items.into_iter().filter_map(|item| {
            let last_active_epoch_secs = epoch_secs(&item, "updated_at").or(epoch_secs(&item, "timestamp"));
            let id = if item.contains_key(SESSION) { SESSION } else { SORT_KEY };
            Some(SessionEntry { session: SessionId::new(text(&item, id)).ok()?, last_active_epoch_secs })
        });
        Ok(Sessions { sessions: sessions.collect(), next, usage })
    }

    async fn query(&self, user_id: &str, page: Page, brief: bool) -> Result<Items> {
        let start = page.token.map(|token| start_key(user_id, &token)).transpose()?;
        let limit = i32::try_from(page.limit.get()).unwrap_or(i32::MAX);
        let (output, usage) = self
            .client
            .call::<_, QueryError, _>(|meter| {
                let mut request = self
                    .client
                    .sdk()
                    .query()
                    .table_name(&self.config.table)
                    .key_condition_expression("#user = :user")
                    .expression_attribute_names("#user", PARTITION_KEY)
                    .expression_attribute_values(":user", AttributeValue::S(user_id.to_owned()))
                    .scan_index_forward(false)
                    .consistent_read(true)
                    .limit(limit)
                    .set_exclusive_start_key(start)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                if brief {
                    request = request
                        .projection_expression("#id, #session, #timestamp, #updated, #expiry")
                        .expression_attribute_names("#session", SESSION)
                        .expression_attribute_names("#id", SORT_KEY)
                        .expression_attribute_names("#timestamp", "timestamp")
                        .expression_attribute_names("#updated", "updated_at")
                        .expression_attribute_names("#expiry", &self.config.ttl_attribute);
                }
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.located(error.into_error()))?;
        let next = output.last_evaluated_key.filter(|key| !key.is_empty());
        let next = next.and_then(|last| {
            let token = Token { user_id: user_id.to_owned(), conversation_id: text(&last, SORT_KEY) };
            serde_json::to_string(&token).ok().map(PageToken)
        });
        let mut items = output.items.unwrap_or_default();
        let now = self.now();
        items.retain(|item| !self.config.is_expired(item, now));
        Ok(Items { items, next, usage })
    }
}

fn start_key(user_id: &str, token: &PageToken) -> Result<Item> {
    match serde_json::from_str::<Token>(&token.0) {
        Ok(token) if token.user_id == user_id => Ok(key(user_id, &token.conversation_id)),
        _ => Err(Error::invalid_input("page", "is not of this listing; begin without one")),
    }
}

fn text(item: &Item, attribute: &str) -> String {
    item.get(attribute).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}
