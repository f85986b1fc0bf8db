//! Appends while something goes wrong, for several promises.

use super::suite::{
    Stop, Suite, Verdict, append, ensure, ensure_discreet, ensure_holds, everything, fail, not_proven,
    small_turn,
};
use super::{Fault, Requests};
use crate::error::{Error, ErrorKind};
use crate::session::{Position, Turn};
use crate::store::{After, Append, Dedupe};

/// No append may need more requests than this, retries of a client aside.
const MOST_REQUESTS: u32 = 24;

/// In which way a turn is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// At the end, wherever that is.
    End,
    /// As the first of a session.
    First,
    /// At the known position.
    Near,
    /// At the known position or not at all.
    Exactly,
    /// At the end, its id remembered for 24 hours.
    ExactId,
    /// A turn of many kilobytes, at the known position.
    Big,
    /// A turn of many kilobytes, its id remembered for 24 hours.
    BigExactId,
}

impl Way {
    fn turn(self, suite: &Suite<'_>) -> Turn {
        match self {
            Self::Big | Self::BigExactId => suite.big_turn(),
            _ => small_turn(1),
        }
    }

    fn append(self, turn: &Turn, end: Option<&Position>) -> Append {
        let append = Append::new(turn.clone());
        match self {
            Self::End => append,
            Self::First => append.after(After::Exactly(None)),
            Self::Near | Self::Big => append.after(end.cloned().map_or(After::End, After::Near)),
            Self::Exactly => append.after(After::Exactly(end.cloned())),
            Self::ExactId | Self::BigExactId => append.exact(),
        }
    }
}

/// Appends under a fault of the first request, of the second and so on: of that one, and of all from there on. Fails
/// unless each result tells the truth and the same append, again, leaves the turn there once.
///
/// Returns the results that the faults led to.
pub(super) async fn append_under(
    suite: &Suite<'_>,
    fault: Fault,
    way: Way,
) -> Verdict<Vec<Result<(), ErrorKind>>> {
    if matches!(way, Way::ExactId | Way::BigExactId) && suite.capabilities.dedupe != Dedupe::Exact {
        return not_proven("the layout does not declare exact turn ids");
    }
    let mut results = Vec::new();
    for kind in [Requests::Nth, Requests::From] {
        let mut met_all = true;
        for number in 1..=MOST_REQUESTS {
            let requests = kind(number);
            let circumstances = || format!("{way:?}, {fault:?} at {requests:?}");
            match one(suite, fault, requests, way).await.map_err(|stop: Stop| stop.when(circumstances))? {
                Some(result) => results.push(result),
                None => {
                    met_all = false;
                    break;
                }
            }
        }
        ensure(!met_all, || format!("{way:?} takes more than {MOST_REQUESTS} requests"))?;
    }
    if results.is_empty() && fault == Fault::CancelTransaction {
        return not_proven("no request is a transaction");
    }
    ensure(!results.is_empty(), || {
        "no request met the fault: does the harness count the requests?".to_owned()
    })?;
    Ok(results)
}

/// `None` when the append had ended before the fault's turn came.
async fn one(
    suite: &Suite<'_>,
    fault: Fault,
    requests: Requests,
    way: Way,
) -> Verdict<Option<Result<(), ErrorKind>>> {
    let (store, key) = (suite.store().await, suite.key()?);
    let before = small_turn(0);
    let end = match way {
        Way::First => None,
        _ => Some(append(&*store, &key, &before).await?.position),
    };
    let turn = way.turn(suite);

    suite.inject(fault, requests).await?;
    let result = store.append(&key, way.append(&turn, end.as_ref())).await;
    let met = suite.harness.heal().await;

    let seen = everything(&*suite.store().await, &key).await?;
    let copies = seen.turns.iter().filter(|seen| seen.id.as_ref() == Some(&turn.id)).count();
    match &result {
        Ok(_) => ensure(copies == 1, || format!("acknowledged, and there {copies} times"))?,
        Err(error) => ensure_true(error, &turn, copies)?,
    }
    if !met {
        return result.map(|_| None).map_err(Stop::from);
    }

    let again = match &result {
        Err(error) => match error.kind() {
            ErrorKind::Unknown { position: Some(position), .. } => {
                Append::new(turn.clone()).after(After::Near(position.clone()))
            }
            _ => way.append(&turn, end.as_ref()),
        },
        Ok(_) => way.append(&turn, end.as_ref()),
    };
    let store = suite.store().await;
    let again =
        store.append(&key, again).await.map_err(|error| Stop::from(error).when(|| "again".to_owned()))?;
    ensure(again.duplicate == (copies == 1), || {
        format!("the turn was there {copies} times, and again says duplicate {}", again.duplicate)
    })?;
    let third = store.append(&key, way.append(&turn, end.as_ref())).await;
    let third = third.map_err(|error| Stop::from(error).when(|| "a third time".to_owned()))?;
    ensure(third.duplicate, || "a third append says that it is no duplicate".to_owned())?;
    let expected = if way == Way::First { vec![&turn] } else { vec![&before, &turn] };
    ensure_holds(&*store, &key, &expected).await?;
    Ok(Some(result.map(|_| ()).map_err(|error| error.kind().clone())))
}

/// Fails when an error of an append says other than what happened.
fn ensure_true(error: &Error, turn: &Turn, copies: usize) -> Verdict {
    ensure_discreet(error)?;
    ensure(copies <= 1, || format!("the turn is there {copies} times"))?;
    match error.kind() {
        ErrorKind::Unknown { turn_id, .. } => {
            ensure(*turn_id == turn.id, || "`Unknown` names another turn".to_owned())
        }
        kind if copies == 1 => {
            fail(format!("`{}` says that nothing was written, and the turn is there ({error})", kind.code()))
        }
        _ => Ok(()),
    }
}
