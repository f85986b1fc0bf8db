//! The pieces of turns too big for an item, and turns with their messages.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::TurnsStore;
use super::codec::{Body, Row, TurnRow, What, attr, b, bytes, n};
use super::keys;
use super::payload::{self, Form, Payload};
use crate::dynamodb::size::Item;
use crate::error::Result;
use crate::session::{StoredTurn, TurnId};
use crate::store::Unreadable;
use crate::usage::Usage;

/// How many pieces are on their way at a time.
const PARALLEL_PUTS: usize = 4;

/// Why a row brings no turn.
pub(super) enum NoTurn {
    /// It can't be read.
    Unreadable(Unreadable),
    /// The session was cleared after the row was read and before its pieces were.
    Cleared,
}

impl TurnsStore {
    /// Writes the pieces of the turn to be put at `seq`. Nothing refers to them until that is done.
    pub(super) async fn put_chunks(
        &self,
        partition: &str,
        seq: u64,
        id: &TurnId,
        payload: &Payload,
        at: u64,
        usage: &mut Usage,
    ) -> Result<()> {
        let Form::Chunks { chunks, .. } = &payload.form else { return Ok(()) };
        let sum = payload.sum();
        let mut puts = Vec::with_capacity(chunks.len());
        for (chunk, index) in chunks.iter().zip(0_u32..) {
            let attributes = [(attr::PIECE, b(chunk.as_slice())), (attr::AT, n(at))];
            let mut item = self.item(partition, keys::chunk(seq, id, &sum, index), attributes);
            self.expire(&mut item, at);
            puts.push(async move {
                let mut usage = Usage::default();
                self.put(item, &mut usage).await.map(|()| usage)
            });
        }
        *usage += stream::iter(puts)
            .buffer_unordered(PARALLEL_PUTS)
            .try_fold(Usage::default(), |sum, one| async move { Ok(sum + one) })
            .await?;
        Ok(())
    }

    /// The turns of rows, in their order, or why there are none. Rows that are no turns are left out.
    pub(super) async fn read_turns(
        &self,
        partition: &str,
        rows: Vec<Row>,
        strong: bool,
        usage: &mut Usage,
    ) -> Result<Vec<Result<StoredTurn, NoTurn>>> {
        let wanted = rows.iter().flat_map(|row| self.chunk_keys(row)).map(|sort| self.key(partition, sort));
        let mut pieces = self.pieces(wanted.collect(), strong, usage).await?;
        if !strong {
            // An eventual read may see a turn before its pieces.
            let missing = rows.iter().flat_map(|row| self.chunk_keys(row));
            let missing: Vec<_> = missing
                .filter(|sort| !pieces.contains_key(sort))
                .map(|sort| self.key(partition, sort))
                .collect();
            pieces.extend(self.pieces(missing, true, usage).await?);
        }
        let lacking =
            rows.iter().flat_map(|row| self.chunk_keys(row)).any(|sort| !pieces.contains_key(&sort));
        let cleared = if lacking { self.barrier(partition, usage).await? } else { None };
        let turn = |row: Row| {
            if cleared.is_some_and(|barrier| row.seq < barrier) {
                return Some(Err(NoTurn::Cleared));
            }
            Some(self.read_turn(row, &mut pieces)?.map_err(NoTurn::Unreadable))
        };
        Ok(rows.into_iter().filter_map(turn).collect())
    }

    async fn pieces(
        &self,
        wanted: Vec<Item>,
        strong: bool,
        usage: &mut Usage,
    ) -> Result<HashMap<String, Vec<u8>>> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let items = self.batch_get(wanted, strong, usage).await?;
        Ok(items
            .iter()
            .filter_map(|item| Some((self.sort(item).to_owned(), bytes(item, attr::PIECE)?.to_vec())))
            .collect())
    }

    fn chunk_keys(&self, row: &Row) -> Vec<String> {
        match &row.what {
            What::Turn(TurnRow { id, body: Body::Chunks { count, sum, .. }, .. }) => {
                (0..*count).map(|index| keys::chunk(row.seq, id, sum, index)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn read_turn(
        &self,
        row: Row,
        pieces: &mut HashMap<String, Vec<u8>>,
    ) -> Option<Result<StoredTurn, Unreadable>> {
        let chunk_keys = self.chunk_keys(&row);
        let position = row.mark().position();
        let (seq, at, expires_at) = (row.seq, row.at, row.expires_at);
        let unreadable = |reason: String| Unreadable { key: self.keys.turn(seq), reason };
        let turn = match row.what {
            What::Barrier { .. } => return None,
            What::Unreadable(reason) => return Some(Err(unreadable(reason))),
            What::Turn(turn) => turn,
        };
        let json = match turn.body {
            Body::Plain(json) => Ok(json),
            Body::Deflated { bytes, sum, .. } => payload::unpack(bytes, true, &sum).map_err(str::to_owned),
            Body::Chunks { count, deflated, sum, .. } => {
                let mut whole = Vec::new();
                for (index, key) in chunk_keys.iter().enumerate() {
                    match pieces.remove(key) {
                        Some(piece) => whole.extend(piece),
                        None => {
                            return Some(Err(unreadable(format!("its piece {index} of {count} is missing"))));
                        }
                    }
                }
                payload::unpack(whole, deflated, &sum).map_err(str::to_owned)
            }
        };
        Some(json.and_then(|json| payload::parse(&json)).map_err(unreadable).map(|messages| StoredTurn {
            id: Some(turn.id),
            position,
            messages,
            tokens: turn.tokens,
            stored_at_epoch_secs: Some(at).filter(|at| *at > 0),
            expires_at_epoch_secs: expires_at,
        }))
    }
}
