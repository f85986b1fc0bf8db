//! The listing of a scope's sessions: a row a session and hour, newest first.

use std::collections::{HashMap, HashSet};

use futures_util::stream::{self, StreamExt};
use tracing::warn;

use super::TurnsStore;
use super::codec::{attr, epoch_secs, n, number, s, text};
use super::keys::{listing, listing_hour, listing_partition};
use super::position::{Mark, hour_start};
use super::requests::{Condition, Range};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::session::{Scope, SessionId, SessionKey};
use crate::store::{Page, PageToken, SessionEntry, Sessions};
use crate::usage::Usage;

/// How many older rows of one session are removed at a time; more are left for the next listing.
const MAX_OLDER_ROWS: u32 = 48;

/// How many sessions are tidied at a time.
const PARALLEL_TIDYING: usize = 8;

/// A row of the listing.
struct Listed {
    session: SessionId,
    hour: u64,
    previous_hour: Option<u64>,
}

pub(super) async fn sessions(store: &TurnsStore, scope: &Scope, page: Page) -> Result<Sessions> {
    let mut usage = Usage::default();
    list(store, scope, page, &mut usage)
        .await
        .map_err(|error| error.with_usage(usage))
        .map(|(sessions, next)| Sessions { sessions, next, usage })
}

async fn list(
    store: &TurnsStore,
    scope: &Scope,
    page: Page,
    usage: &mut Usage,
) -> Result<(Vec<SessionEntry>, Option<PageToken>)> {
    let partition = listing_partition(scope);
    let start = match page.token {
        None => None,
        Some(PageToken(sort)) if listing_hour(&sort).is_some() => Some(store.key(&partition, sort)),
        Some(_) => {
            return Err(Error::invalid_input(
                "page",
                "is not one of this listing; start with the first page",
            ));
        }
    };
    let range = Range { partition: &partition, between: None, descending: true, strong: true, brief: false };
    let rows = store.query(&range, Some(page.limit.get()), start, usage).await?;
    let next = rows.next.as_ref().map(|key| PageToken(store.sort(key).to_owned()));
    let now = store.now();
    let mut seen = HashSet::new();
    let listed: Vec<_> = rows
        .items
        .iter()
        .filter(|item| !store.has_expired(item, now))
        .filter_map(|item| store.decode_listed(item))
        .filter(|row| seen.insert(row.session.clone()))
        .collect();
    *usage += tidy(store, &partition, &listed).await;
    let sessions = listed
        .into_iter()
        .map(|row| SessionEntry { session: row.session, last_active_epoch_secs: Some(hour_start(row.hour)) });
    Ok((sessions.collect(), next))
}

/// Removes the rows that the listed ones replace, so that no later page shows a session again. A credential that may
/// not remove rows can list all the same.
async fn tidy(store: &TurnsStore, partition: &str, listed: &[Listed]) -> Usage {
    let mut tidying = Vec::new();
    for row in listed {
        let Some(previous) = row.previous_hour else { continue };
        tidying.push(async move {
            let mut usage = Usage::default();
            let removed = store.unlist(partition, &row.session, Some(previous), None, &mut usage).await;
            let done = match removed {
                Ok(()) => store.forget_previous(partition, row, previous, &mut usage).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                usage += error.usage();
                warn!(kind = error.kind().code(), "older rows of the session listing could not be removed");
            }
            usage
        });
    }
    stream::iter(tidying)
        .buffer_unordered(PARALLEL_TIDYING)
        .fold(Usage::default(), |sum, one| async move { sum + one })
        .await
}

impl TurnsStore {
    /// Lists a session whose newest turn is `mark`, in place of the hour in which it was listed before. The turn is
    /// stored already, so that a failure here is none of the append's.
    pub(super) async fn list_session(
        &self,
        key: &SessionKey,
        mark: Mark,
        previous: Option<u64>,
        usage: &mut Usage,
    ) {
        let Some(hour) = mark.hour() else { return };
        let mut attributes = vec![(attr::LISTED, s(key.session.as_str())), (attr::SEQ, n(mark.seq))];
        attributes.extend(previous.map(|hour| (attr::PREVIOUS_HOUR, n(hour))));
        let partition = listing_partition(&key.scope);
        let mut item = self.item(&partition, listing(hour, &key.session), attributes);
        // Turns of the whole hour rest on this row.
        self.expire(&mut item, hour_start(hour.saturating_add(1)));
        if let Err(error) = self.put(item, usage).await {
            *usage += error.usage();
            warn!(kind = error.kind().code(), "the session could not be listed; its turn is stored");
        }
    }

    /// Removes a session's rows of the listing, from `hour` back. With `below`, only rows of turns below that place.
    pub(super) async fn unlist(
        &self,
        partition: &str,
        session: &SessionId,
        mut hour: Option<u64>,
        below: Option<u64>,
        usage: &mut Usage,
    ) -> Result<()> {
        let condition = below.map(|seq| Condition {
            expression: "#pos < :below",
            names: HashMap::from([("#pos".to_owned(), attr::SEQ.to_owned())]),
            values: Item::from([(":below".to_owned(), n(seq))]),
        });
        for _ in 0..MAX_OLDER_ROWS {
            let Some(at) = hour else { break };
            let key = self.key(partition, listing(at, session));
            let removed = self.take(key, condition.clone(), usage).await?;
            hour = removed.and_then(|row| number(&row, attr::PREVIOUS_HOUR)).filter(|before| *before < at);
        }
        Ok(())
    }

    /// Notes on a row that those before it are removed, so that the next listing does not try again.
    async fn forget_previous(
        &self,
        partition: &str,
        row: &Listed,
        previous: u64,
        usage: &mut Usage,
    ) -> Result<()> {
        let request = self
            .client
            .sdk()
            .update_item()
            .table_name(&self.config.table)
            .set_key(Some(self.key(partition, listing(row.hour, &row.session))))
            .update_expression("REMOVE #prev")
            .condition_expression("#prev = :prev")
            .expression_attribute_names("#prev", attr::PREVIOUS_HOUR)
            .expression_attribute_values(":prev", n(previous))
            .return_consumed_capacity(aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total);
        match self.client.call(|meter| request.customize().interceptor(meter).send()).await {
            Ok((_, cost)) => *usage += cost,
            Err(error) if error.service().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                *usage += error.usage();
            }
            Err(error) => return Err(self.failed(error)),
        }
        Ok(())
    }

    fn decode_listed(&self, item: &Item) -> Option<Listed> {
        Some(Listed {
            session: SessionId::new(text(item, attr::LISTED)?).ok()?,
            hour: listing_hour(self.sort(item))?,
            previous_hour: number(item, attr::PREVIOUS_HOUR),
        })
    }

    /// Whether DynamoDB may remove a row at any time.
    pub(super) fn has_expired(&self, item: &Item, now: u64) -> bool {
        self.expiry_attribute().and_then(|name| epoch_secs(item, name)).is_some_and(|at| at <= now)
    }
}
