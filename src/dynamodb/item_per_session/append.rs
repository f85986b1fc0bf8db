//! One conditional write a turn.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};

use super::expression::Expression;
use super::position::End;
use super::snapshot::Snapshot;
use super::update::Update;
use super::{Codec, ItemPerSession, Mark, TURN_IDS, failed_condition};
use crate::dynamodb::error::CallError;
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, value_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, SessionKey, Turn, TurnId};
use crate::store::{After, Append, Appended, Consistency, Dedupe};
use crate::usage::Usage;

/// How often a write is tried when other writers come between.
const MAX_TRIES: u32 = 8;

/// What has to be true of the list for the turn to be added. Without a length, the write tells where the turn came to
/// lie.
#[derive(Default)]
struct Guard {
    /// How many elements the list has.
    length: Option<usize>,
    /// Where the newest turn of ours begins, and its id.
    newest: Option<(usize, TurnId)>,
    /// The last element.
    last: Option<AttributeValue>,
    /// The ids beside the list are gone; these have to be written again.
    lost_ids: Option<Vec<String>>,
}

impl Guard {
    fn length(length: usize) -> Self {
        Self { length: Some(length), ..Self::default() }
    }

    /// The list ends here, and with this element where no mark of ours tells it.
    fn end(end: End, last: Option<AttributeValue>) -> Self {
        match end {
            End::Ours { length, start, turn } => Self { newest: Some((start, turn)), ..Self::length(length) },
            End::Theirs { length, .. } => Self { last, ..Self::length(length) },
        }
    }
}

/// What to do when it is known what is stored.
enum Next {
    Write(Guard),
    Replace { old_expiry: Option<AttributeValue> },
    Duplicate(Position),
}

struct Pending<'a> {
    key: Item,
    turn: &'a Turn,
    mark: Mark,
    elements: Vec<AttributeValue>,
    after: &'a After,
    now: u64,
    usage: Usage,
}

impl Pending<'_> {
    fn tried(&self) -> Option<&Position> {
        match self.after {
            After::End | After::Exactly(None) => None,
            After::Near(position) | After::Exactly(Some(position)) => Some(position),
        }
    }

    fn stored(&self, position: Position, duplicate: bool) -> Appended {
        Appended { position, duplicate, dedupe: Dedupe::Exact, usage: self.usage }
    }

    /// The position when the turn begins at `start`.
    fn position_from(&self, start: usize) -> Position {
        let length = start + self.elements.len();
        End::Ours { length, start, turn: self.turn.id.clone() }.into()
    }
}

impl<C: Codec> ItemPerSession<C> {
    pub(super) async fn append_turn(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        append.check()?;
        let Append { turn, after, .. } = &append;
        let now = self.now();
        let mark = Mark::of(turn, now)?;
        let elements = turn.messages.iter().enumerate();
        let elements = elements.map(|(at, message)| C::encode(message, (at == 0).then_some(&mark)));
        let elements = elements.collect::<Result<Vec<_>>>()?;
        let bytes: u64 = elements.iter().map(|element| 1 + value_bytes(element)).sum();
        if bytes > MAX_ITEM_BYTES {
            return Err(self.too_large(Error::new(ErrorKind::TooLarge, "").with("turn_bytes", bytes)));
        }
        let usage = Usage::default();
        let mut pending = Pending { key: self.key(key)?, turn, mark, elements, after, now, usage };
        let first = self.first(key, &mut pending).await;
        let mut next = first.map_err(|error| error.with_usage(pending.usage))?;
        for _ in 0..MAX_TRIES {
            next = match next {
                Next::Duplicate(position) => return Ok(pending.stored(position, true)),
                Next::Replace { old_expiry } => match self.replace(&mut pending, old_expiry).await? {
                    Some(position) => return Ok(pending.stored(position, false)),
                    None => self.first(key, &mut pending).await?,
                },
                Next::Write(guard) => match self.write(&pending, &guard).await {
                    Ok((output, usage)) => {
                        pending.usage += usage;
                        let start = guard.length.or_else(|| self.start_of(&pending, &output));
                        let start = start.ok_or_else(|| self.answer_without_list(&pending))?;
                        return Ok(pending.stored(pending.position_from(start), false));
                    }
                    Err(error) => {
                        let next = self.after_refusal(&mut pending, error).await;
                        next.map_err(|error| error.with_usage(pending.usage))?
                    }
                },
            };
        }
        if let Next::Duplicate(position) = next {
            return Ok(pending.stored(position, true));
        }
        let message = "other writers came between each time; try again in a while";
        Err(self.located(Error::new(ErrorKind::Throttled, message).with_usage(pending.usage)))
    }

    async fn first(&self, key: &SessionKey, pending: &mut Pending<'_>) -> Result<Next> {
        Ok(Next::Write(match pending.after {
            After::End => Guard::default(),
            After::Near(position) => Guard::length(End::parse(position)?.length()),
            After::Exactly(None) => Guard::length(0),
            After::Exactly(Some(position)) => match End::parse(position)? {
                end @ End::Ours { .. } => Guard::end(end, None),
                // Only the element itself can stand in a condition, and a position does not hold it.
                End::Theirs { .. } => {
                    let (item, usage) = self.read(key, Consistency::Strong).await?;
                    pending.usage += usage;
                    return self.decide(pending, item);
                }
            },
        }))
    }

    async fn write(
        &self,
        pending: &Pending<'_>,
        guard: &Guard,
    ) -> Result<(UpdateItemOutput, Usage), CallError<UpdateItemError>> {
        let mut ex = Expression::default();
        let (list, ids) = (ex.name(&self.list), ex.name(TURN_IDS));
        let new = ex.value(AttributeValue::L(pending.elements.clone()));
        let empty = ex.value(AttributeValue::L(Vec::new()));
        let id = ex.value(AttributeValue::S(pending.turn.id.to_string()));
        let mut all_ids = vec![pending.turn.id.to_string()];
        let mut conditions = vec![format!("NOT contains({ids}, {id})")];
        if let Some(attribute) = &self.config.expiry_attribute {
            conditions.push(ex.not_expired(attribute, pending.now));
        }
        match guard.length {
            Some(0) => conditions.push(format!("(attribute_not_exists({list}) OR {list} = {empty})")),
            Some(length) => {
                let length = ex.number(length);
                conditions.push(format!("size({list}) = {length}"));
            }
            None => {}
        }
        if let Some((start, turn)) = &guard.newest {
            let path: Vec<_> = C::TURN_PATH.iter().map(|name| ex.name(name)).collect();
            let turn = ex.value(AttributeValue::S(turn.to_string()));
            conditions.push(format!("{list}[{start}].{} = {turn}", path.join(".")));
        }
        if let (Some(last), Some(length)) = (&guard.last, guard.length) {
            let last = ex.value(last.clone());
            conditions.push(format!("{list}[{}] = {last}", length.saturating_sub(1)));
        }
        if let Some(lost) = &guard.lost_ids {
            conditions.push(format!("attribute_not_exists({ids})"));
            // Other programs may have added a message of ours twice, and a set takes an id once.
            let lost: BTreeSet<_> = lost.iter().filter(|id| !all_ids.contains(id)).cloned().collect();
            all_ids.extend(lost);
        } else if C::OTHERS_REPLACE_THE_ITEM {
            let no_turns = format!("attribute_not_exists({list}) OR {list} = {empty}");
            conditions.push(format!("(attribute_exists({ids}) OR {no_turns})"));
        }
        let all_ids = ex.value(AttributeValue::Ss(all_ids));
        let mut update = format!("SET {list} = list_append(if_not_exists({list}, {empty}), {new})");
        if let Some((attribute, expiry)) = self.config.new_expiry(pending.now) {
            let (attribute, expiry) = (ex.name(attribute), ex.value(expiry));
            update.push_str(&format!(", {attribute} = {expiry}"));
        }
        update.push_str(&format!(" ADD {ids} {all_ids}"));
        let returned = if guard.length.is_some() { ReturnValue::None } else { ReturnValue::UpdatedNew };
        let update = Update { expression: update, conditions, placeholders: ex, returned };
        self.update(pending.key.clone(), update).await
    }

    /// Where the turn begins, from the list that the write returned.
    fn start_of(&self, pending: &Pending<'_>, output: &UpdateItemOutput) -> Option<usize> {
        let list = output.attributes()?.get(&self.list)?.as_l().ok()?;
        list.len().checked_sub(pending.elements.len())
    }

    async fn after_refusal(
        &self,
        pending: &mut Pending<'_>,
        error: CallError<UpdateItemError>,
    ) -> Result<Next> {
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) = error.service() else {
            return Err(self.failed(pending, error));
        };
        pending.usage += error.usage();
        let (met, usage) = self.met(pending.key.clone(), refusal.item().cloned()).await?;
        pending.usage += usage;
        self.decide(pending, met)
    }

    fn decide(&self, pending: &Pending<'_>, stored: Option<Item>) -> Result<Next> {
        let conflict = |position| {
            let message =
                "the session has moved on from the position that was expected; load it and decide anew";
            Err(self.located(Error::new(ErrorKind::Conflict { position }, message)))
        };
        let Some(stored) = stored else {
            return match pending.after {
                After::Exactly(Some(_)) => conflict(None),
                // It was there when the condition was refused, and is removed since.
                After::End | After::Near(_) | After::Exactly(None) => Ok(Next::Write(Guard::default())),
            };
        };
        let old_expiry = self.config.expiry_attribute.as_ref().and_then(|name| stored.get(name)).cloned();
        let snapshot = self.snapshot(stored)?;
        if let Some(position) = self.known(pending, &snapshot)? {
            return Ok(Next::Duplicate(position));
        }
        let end = if snapshot.expired { None } else { snapshot.end() };
        if let After::Exactly(wanted) = pending.after {
            let position = end.clone().map(Position::from);
            if position != *wanted {
                return conflict(position);
            }
        }
        if snapshot.expired {
            return Ok(Next::Replace { old_expiry });
        }
        let ids_are_lost = C::OTHERS_REPLACE_THE_ITEM && snapshot.turn_ids().is_none();
        let mut guard = match (pending.after, end) {
            (After::Exactly(None), _) | (_, None) => Guard::length(0),
            (After::Exactly(Some(_)), Some(end)) => Guard::end(end, snapshot.elements.last().cloned()),
            // A turn that goes anywhere needs a length only to be sure of the ids.
            (After::End | After::Near(_), Some(end)) if ids_are_lost => Guard::length(end.length()),
            (After::End | After::Near(_), Some(_)) => Guard::default(),
        };
        if ids_are_lost {
            guard.lost_ids = Some(snapshot.marks().map(|(_, mark)| mark.turn.to_string()).collect());
        }
        Ok(Next::Write(guard))
    }

    /// The end of the turn if it is stored already.
    fn known(&self, pending: &Pending<'_>, snapshot: &Snapshot<C>) -> Result<Option<Position>> {
        let id = &pending.turn.id;
        if let Some((start, mark)) = snapshot.marks().find(|(_, mark)| mark.turn == *id) {
            if mark.checksum != pending.mark.checksum {
                let message = "the turn id stands for other messages already; use a new id for a new turn";
                return Err(self.located(Error::new(ErrorKind::TurnIdReused, message).with("turn", id)));
            }
            let end = start.saturating_add(mark.count).min(snapshot.elements.len());
            return Ok(End::at::<C>(&snapshot.elements, end).map(Position::from));
        }
        // Its messages were removed since: it had its effect all the same.
        let is_listed = snapshot.turn_ids().is_some_and(|ids| ids.iter().any(|known| known == id.as_str()));
        Ok(is_listed.then(|| snapshot.position().unwrap_or_else(|| pending.position_from(0))))
    }

    /// Puts a new item in place of one that has expired; `None` when it changed meanwhile.
    async fn replace(
        &self,
        pending: &mut Pending<'_>,
        old_expiry: Option<AttributeValue>,
    ) -> Result<Option<Position>> {
        let mut item = pending.key.clone();
        item.insert(self.list.clone(), AttributeValue::L(pending.elements.clone()));
        item.insert(TURN_IDS.to_owned(), AttributeValue::Ss(vec![pending.turn.id.to_string()]));
        if let Some((attribute, expiry)) = self.config.new_expiry(pending.now) {
            item.insert(attribute.to_owned(), expiry);
        }
        match self.put_over_expired(item, old_expiry).await {
            Ok(usage) => {
                pending.usage += usage;
                Ok(Some(pending.position_from(0)))
            }
            Err(error)
                if error.service().is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                pending.usage += error.usage() + failed_condition(&Item::new());
                Ok(None)
            }
            Err(error) => Err(self.failed(pending, error).with_usage(pending.usage)),
        }
    }

    /// Puts `item` where the item still has the expiry that was seen.
    pub(super) async fn put_over_expired(
        &self,
        item: Item,
        old_expiry: Option<AttributeValue>,
    ) -> Result<Usage, CallError<PutItemError>> {
        let mut ex = Expression::default();
        let attribute = ex.name(self.config.expiry_attribute.as_deref().unwrap_or_default());
        let expiry = ex.value(old_expiry.unwrap_or(AttributeValue::Null(true)));
        let put = self.client.call(|meter| {
            let request = self.client.sdk().put_item().table_name(&self.config.table);
            let request = request
                .set_item(Some(item))
                .condition_expression(format!("{attribute} = {expiry}"))
                .set_expression_attribute_names(Some(ex.names))
                .set_expression_attribute_values(Some(ex.values))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        });
        put.await.map(|(_, usage)| usage)
    }

    fn failed<E>(&self, pending: &Pending<'_>, error: CallError<E>) -> Error
    where
        E: std::error::Error + aws_sdk_dynamodb::error::ProvideErrorMetadata + Send + Sync + 'static,
    {
        let error = error.into_append_error(&pending.turn.id, pending.tried());
        if *error.kind() == ErrorKind::TooLarge { self.too_large(error) } else { self.located(error) }
    }

    pub(super) fn too_large(&self, cause: Error) -> Error {
        let message = "the session would pass DynamoDB's limit of 400 KB for an item; nothing was written. Move it to \
                       a table with a sort key (layout turns), which has no such limit, or go on in a new session";
        let usage = cause.usage();
        let error = Error::new(ErrorKind::TooLarge, message).with_usage(usage).with_source(cause);
        self.located(error.with("limit_bytes", MAX_ITEM_BYTES))
    }

    fn answer_without_list(&self, pending: &Pending<'_>) -> Error {
        let kind =
            ErrorKind::Unknown { turn_id: pending.turn.id.clone(), position: pending.tried().cloned() };
        let message = "the answer does not hold the list that was written; check that the endpoint is DynamoDB's, and \
                       append the turn again under the same id";
        self.located(Error::new(kind, message).with_usage(pending.usage))
    }
}
