//! Appending: one conditional write where the end is known.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use super::codec::{IdRow, Row, What, attr, n, turn_attributes};
use super::keys::{self, MAX_SEQ, partition};
use super::payload::Payload;
use super::position::{Mark, hour};
use super::requests::{Condition, PutFailure, pause};
use super::{DAY_SECS, TurnsStore};
use crate::dynamodb::error::{CallError, of_cancellation};
use crate::dynamodb::size::{Item, item_bytes, write_units};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, SessionKey, Turn};
use crate::store::{After, Append, Appended, Dedupe};
use crate::usage::Usage;

/// How often the end is looked for before the session counts as too busy.
const MAX_LOOKS: u32 = 100;

pub(super) async fn append(store: &TurnsStore, key: &SessionKey, append: Append) -> Result<Appended> {
    append.check()?;
    let Append { turn, after, dedupe } = append;
    let partition = partition(key)?;
    let payload = Payload::new(&turn.messages).await?;
    let now = store.now();
    let mut appending =
        Appending { store, partition, turn, payload, dedupe, now, usage: Usage::default(), chunks_at: None };
    match appending.run(&after).await {
        Ok(done) => {
            if let Some(previous) = done.list_after {
                store.list_session(key, done.mark, previous, &mut appending.usage).await;
            }
            let position = done.mark.position();
            Ok(Appended { position, duplicate: done.duplicate, dedupe, usage: appending.usage })
        }
        Err(error) => Err(error.with_usage(appending.usage)),
    }
}

struct Appending<'a> {
    store: &'a TurnsStore,
    partition: String,
    turn: Turn,
    payload: Payload,
    dedupe: Dedupe,
    /// Of all attempts, so that each writes the same item.
    now: u64,
    usage: Usage,
    /// The place that the pieces were written for.
    chunks_at: Option<u64>,
}

/// The turn is stored.
struct Done {
    mark: Mark,
    duplicate: bool,
    /// The hour in which the session was listed before, if it has to be listed again.
    list_after: Option<Option<u64>>,
}

/// What came of an attempt at one place.
enum Tried {
    Stored,
    /// The turn id has had its effect, at this mark.
    Known(Mark),
    /// Another row is there.
    Taken,
    /// Another transaction is at it.
    Busy,
}

impl Appending<'_> {
    async fn run(&mut self, after: &After) -> Result<Done> {
        let (expected, exactly) = match after {
            After::End => (None, false),
            After::Near(position) => (Some(Mark::parse(position)?), false),
            After::Exactly(position) => (position.as_ref().map(Mark::parse).transpose()?, true),
        };
        let fresh_secs = self.store.ttl_secs().unwrap_or(DAY_SECS).min(DAY_SECS);
        let mut first_place_seen = false;
        if let Some(base) = expected.filter(|mark| mark.is_fresh(self.now, fresh_secs)) {
            match self.try_after(base).await? {
                Tried::Taken => first_place_seen = true,
                Tried::Busy => {}
                done => return self.done(done, base),
            }
        }
        for look in 0..MAX_LOOKS {
            if look > 1 {
                pause(look).await;
            }
            let end = self.store.end(&self.partition, &mut self.usage).await?;
            if let Some(row) = end.find(&self.turn.id) {
                let known = self.known(row)?;
                return self.done(known, end.base());
            }
            let at_expected = match expected {
                Some(mark) => mark == end.base(),
                None => end.is_empty,
            };
            if !at_expected && !first_place_seen && (exactly || expected.is_some()) {
                // An earlier attempt may have stored the turn there, and others theirs after it.
                first_place_seen = true;
                let place = expected.unwrap_or_default().seq + 1;
                if end.at(place).is_none()
                    && let Some(row) = self.store.row(&self.partition, place, &mut self.usage).await?
                    && row.turn_id() == Some(&self.turn.id)
                {
                    let known = self.known(&row)?;
                    return self.done(known, end.base());
                }
            }
            if exactly && !at_expected {
                let position = end.mark.map(Mark::position);
                return Err(Error::new(
                    ErrorKind::Conflict { position },
                    "the session does not end there any more; load it and decide again",
                ));
            }
            let base = end.base();
            match self.try_after(base).await? {
                Tried::Taken => first_place_seen |= expected.is_none_or(|mark| mark == base),
                Tried::Busy => {}
                done => return self.done(done, base),
            }
        }
        Err(Error::new(ErrorKind::Throttled, "too many write to this session at once; try again in a while"))
    }

    fn done(&self, tried: Tried, base: Mark) -> Result<Done> {
        Ok(match tried {
            Tried::Known(mark) => Done {
                mark,
                duplicate: true,
                // Whoever stored it may have gone before the session was listed. An older hour is left alone: the
                // session may be listed under a newer one.
                list_after: mark
                    .hour()
                    .filter(|at| *at == hour(self.now))
                    .map(|at| base.hour().filter(|before| *before < at)),
            },
            _ => {
                let mark = Mark { seq: base.seq + 1, at: self.now };
                let list_after = (base.hour() != mark.hour()).then(|| base.hour());
                Done { mark, duplicate: false, list_after }
            }
        })
    }

    /// The turn id has had an effect in `row`: the same one, or `TurnIdReused`.
    fn known(&self, row: &Row) -> Result<Tried> {
        match &row.what {
            What::Turn(turn) if !turn.holds(&self.payload) => Err(reused()),
            _ => Ok(Tried::Known(row.mark())),
        }
    }

    async fn try_after(&mut self, base: Mark) -> Result<Tried> {
        let seq = base.seq + 1;
        if seq > MAX_SEQ {
            return Err(Error::new(ErrorKind::TooLarge, "the session has no place left; start another one"));
        }
        if self.chunks_at != Some(seq) {
            let (id, payload) = (&self.turn.id, &self.payload);
            self.store.put_chunks(&self.partition, seq, id, payload, self.now, &mut self.usage).await?;
            self.chunks_at = Some(seq);
        }
        let attributes = turn_attributes(&self.turn.id, self.turn.tokens.as_ref(), &self.payload, self.now);
        let mut item = self.store.item(&self.partition, self.store.keys.turn(seq), attributes);
        self.store.expire(&mut item, self.now);
        match self.dedupe {
            Dedupe::Lean => self.put(item, seq, base.position()).await,
            Dedupe::Exact => self.transact(item, seq, base.position()).await,
        }
    }

    /// Puts the turn alone.
    async fn put(&mut self, item: Item, seq: u64, base: Position) -> Result<Tried> {
        match self.store.put_if(item, self.store.absent(), &mut self.usage).await {
            Ok(()) => Ok(Tried::Stored),
            Err(PutFailure::Refused(there)) => self.taken(seq, there).await,
            // Another writer's transaction is at this place; the database has refused this write.
            Err(PutFailure::Failed(error))
                if error.service().is_some_and(PutItemError::is_transaction_conflict_exception) =>
            {
                self.usage += error.usage();
                Ok(Tried::Busy)
            }
            Err(PutFailure::Failed(error)) => Err(self.failed(error, &base)),
        }
    }

    /// Puts the turn and the row that remembers its id, both or none.
    async fn transact(&mut self, item: Item, seq: u64, base: Position) -> Result<Tried> {
        let id_row = self.store.id_row(&self.partition, &self.turn, &self.payload, seq, self.now);
        let charge = 2 * (write_units(item_bytes(&item)) + write_units(item_bytes(&id_row)));
        let forgotten = self.store.absent_or_before(self.now.saturating_sub(DAY_SECS));
        let puts = [(item, self.store.absent()), (id_row, forgotten)];
        let mut request = self
            .store
            .client
            .sdk()
            .transact_write_items()
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (item, condition) in puts {
            request = request.transact_items(self.store.transact_put(item, condition)?);
        }
        let call = self.store.client.call(|meter| request.customize().interceptor(meter).send());
        let error = match call.await {
            Ok((_, cost)) => {
                self.usage += cost;
                return Ok(Tried::Stored);
            }
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.service() else {
            return Err(self.failed(error, &base));
        };
        let reasons = cancelled.cancellation_reasons();
        let code = |reason: Option<&CancellationReason>| {
            reason.and_then(|reason| reason.code()).unwrap_or("None").to_owned()
        };
        let (turn, id) = (reasons.first(), reasons.get(1));
        let (turn_code, id_code) = (code(turn), code(id));
        let item_of = |reason: Option<&CancellationReason>| {
            reason.and_then(|reason| reason.item()).cloned().unwrap_or_default()
        };
        let (turn_there, id_there) = (item_of(turn), item_of(id));
        let codes = [turn_code.as_str(), id_code.as_str()];
        if codes.contains(&"TransactionConflict") {
            self.usage += error.usage();
            return Ok(Tried::Busy);
        }
        if !error.in_doubt()
            && let Some(reason) = of_cancellation(reasons)
        {
            return Err(reason.with("table", &self.store.config.table).with_usage(error.usage()));
        }
        if !codes.contains(&"ConditionalCheckFailed") {
            return Err(self.failed(error, &base));
        }
        self.usage += error.usage();
        self.usage.write_units += charge as f64;
        if id_code == "ConditionalCheckFailed" {
            return self.remembered(id_there).await;
        }
        self.taken(seq, turn_there).await
    }

    /// What the row that remembers the turn id says.
    async fn remembered(&mut self, mut row: Item) -> Result<Tried> {
        if row.is_empty() {
            // Some engines don't return the row that a transaction met.
            let key = self.store.key(&self.partition, keys::id(&self.turn.id));
            row = self.store.get(key, &mut self.usage).await?.unwrap_or_default();
        }
        match IdRow::decode(&row) {
            Some(row) if row.holds(&self.payload) => Ok(Tried::Known(row.mark)),
            Some(_) => Err(reused()),
            None => Err(Error::new(
                ErrorKind::Corrupt,
                "the row that remembers the turn id can't be read, and it is left as it is; inspect the session",
            )
            .with("key", keys::id(&self.turn.id))),
        }
    }

    /// What stands at a place that was tried.
    async fn taken(&mut self, seq: u64, there: Item) -> Result<Tried> {
        let row = if there.is_empty() {
            self.store.row(&self.partition, seq, &mut self.usage).await?
        } else {
            Some(Row::decode(seq, there, self.store.expiry_attribute()))
        };
        match row {
            Some(row) if row.turn_id() == Some(&self.turn.id) => self.known(&row),
            _ => Ok(Tried::Taken),
        }
    }

    fn failed<E>(&self, error: CallError<E>, base: &Position) -> Error
    where
        E: std::error::Error + aws_sdk_dynamodb::error::ProvideErrorMetadata + Send + Sync + 'static,
    {
        error.into_append_error(&self.turn.id, Some(base)).with("table", &self.store.config.table)
    }
}

impl TurnsStore {
    /// Nothing is there.
    pub(super) fn absent(&self) -> Condition {
        Condition {
            expression: "attribute_not_exists(#s)",
            names: HashMap::from([("#s".to_owned(), self.config.sort_key.clone())]),
            values: Item::new(),
        }
    }

    /// Nothing is there, or what was written at or before `epoch_secs`.
    fn absent_or_before(&self, epoch_secs: u64) -> Condition {
        let mut condition = self.absent();
        condition.expression = "attribute_not_exists(#s) OR #at <= :before";
        condition.names.insert("#at".to_owned(), attr::AT.to_owned());
        condition.values.insert(":before".to_owned(), n(epoch_secs));
        condition
    }

    /// The row that remembers a turn id.
    fn id_row(&self, partition: &str, turn: &Turn, payload: &Payload, seq: u64, at: u64) -> Item {
        let mut row = self.item(partition, keys::id(&turn.id), IdRow::attributes(payload, seq, at));
        self.remove_at(&mut row, at.saturating_add(DAY_SECS));
        row
    }

    /// A conditional put in a transaction.
    pub(super) fn transact_put(&self, item: Item, condition: Condition) -> Result<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&self.config.table)
            .set_item(Some(item))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(condition.names).filter(|names| !names.is_empty()))
            .set_expression_attribute_values(Some(condition.values).filter(|values| !values.is_empty()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(super::requests::unbuilt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn reused() -> Error {
    Error::new(
        ErrorKind::TurnIdReused,
        "the turn id stands for other messages already; append these under a new id",
    )
}
