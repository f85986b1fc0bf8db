//! What a call sent and was charged, and whether it may have happened although it failed.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::{self as op, RequestId};
use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;

use crate::usage::Usage;

/// Counts the attempts of one call. Attach a clone as the interceptor of the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    in_flight: AtomicBool,
    in_doubt: AtomicBool,
}

impl Meter {
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            requests: self.0.requests.load(Ordering::Relaxed),
            bytes_sent: self.0.bytes_sent.load(Ordering::Relaxed),
            bytes_received: self.0.bytes_received.load(Ordering::Relaxed),
            ..Usage::default()
        }
    }

    /// Whether any attempt reached the wire and its outcome is not known.
    pub(crate) fn in_doubt(&self) -> bool {
        self.0.in_doubt.load(Ordering::Relaxed) || self.0.in_flight.load(Ordering::Relaxed)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let bytes = context.request().body().content_length().unwrap_or_default();
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.0.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
        self.0.in_flight.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let was_in_flight = self.0.in_flight.swap(false, Ordering::Relaxed);
        if let Some(body) = context.response().and_then(|response| response.body().bytes()) {
            self.0.bytes_received.fetch_add(body.len() as u64, Ordering::Relaxed);
        }
        let failed_in_doubt = match context.output_or_error() {
            Some(Ok(_)) => false,
            // A refusal is certain; a failure of the server, or a success that can't be read, is not.
            Some(Err(error)) if error.is_operation_error() => {
                context.response().is_none_or(|response| !response.status().is_client_error())
            }
            Some(Err(error)) => !error.as_connector_error().is_some_and(|error| never_connected(error)),
            None => true,
        };
        if was_in_flight && failed_in_doubt {
            self.0.in_doubt.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Whether the cause is that no connection was made, so that nothing was sent.
fn never_connected(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// An answer that tells what it was charged. `None`: it does not, so DynamoDB did not write it.
pub(crate) trait Charged {
    fn charge(&self) -> Option<Usage>;
}

fn read(capacity: &ConsumedCapacity) -> Usage {
    Usage { read_units: capacity.capacity_units().unwrap_or_default(), ..Usage::default() }
}

fn written(capacity: &ConsumedCapacity) -> Usage {
    Usage { write_units: capacity.capacity_units().unwrap_or_default(), ..Usage::default() }
}

macro_rules! charged {
    ($($output:path => $units:ident),* $(,)?) => {$(
        impl Charged for $output {
            fn charge(&self) -> Option<Usage> {
                self.consumed_capacity().map($units)
            }
        }
    )*};
}

macro_rules! charged_by_table {
    ($($output:path => $units:ident),* $(,)?) => {$(
        impl Charged for $output {
            fn charge(&self) -> Option<Usage> {
                let tables = self.consumed_capacity();
                // Emulators may leave the figures of more than one item out; a proxy knows of no request id.
                let theirs = !tables.is_empty() || self.request_id().is_some();
                theirs.then(|| tables.iter().map($units).sum())
            }
        }
    )*};
}

macro_rules! free {
    ($($output:path => $part:ident),* $(,)?) => {$(
        impl Charged for $output {
            fn charge(&self) -> Option<Usage> {
                self.$part().map(|_| Usage::default())
            }
        }
    )*};
}

charged! {
    op::get_item::GetItemOutput => read,
    op::query::QueryOutput => read,
    op::scan::ScanOutput => read,
    op::put_item::PutItemOutput => written,
    op::update_item::UpdateItemOutput => written,
    op::delete_item::DeleteItemOutput => written,
}

charged_by_table! {
    op::batch_get_item::BatchGetItemOutput => read,
    op::batch_write_item::BatchWriteItemOutput => written,
    op::transact_write_items::TransactWriteItemsOutput => written,
}

impl Charged for op::list_tables::ListTablesOutput {
    fn charge(&self) -> Option<Usage> {
        self.table_names.as_ref().map(|_| Usage::default())
    }
}

impl Charged for op::list_tags_of_resource::ListTagsOfResourceOutput {
    fn charge(&self) -> Option<Usage> {
        self.tags.as_ref().map(|_| Usage::default())
    }
}

free! {
    op::describe_table::DescribeTableOutput => table,
    op::create_table::CreateTableOutput => table_description,
    op::describe_time_to_live::DescribeTimeToLiveOutput => time_to_live_description,
    op::update_time_to_live::UpdateTimeToLiveOutput => time_to_live_specification,
    op::delete_table::DeleteTableOutput => table_description,
    op::describe_continuous_backups::DescribeContinuousBackupsOutput => continuous_backups_description,
    op::update_continuous_backups::UpdateContinuousBackupsOutput => continuous_backups_description,
}
