//! Finding a table when a node connects.

use super::definition::TableDefinition;
use super::describe;
use super::described::Table;
use crate::dynamodb::client::DynamoClient;
use crate::error::{ErrorKind, Result};

impl TableDefinition {
    /// The table as it is there, made first where it is not and `makes` says so. `None` where the credential may not
    /// look at it: then it is taken to be as defined, and a wrong guess meets an error of the database.
    ///
    /// # Errors
    /// `NotFound`; `Mismatch` when it has other keys; as [`create`](Self::create).
    pub async fn find(&self, client: &DynamoClient, makes: bool) -> Result<Option<Table>> {
        let table = match describe(client, &self.name).await {
            Err(error) if makes && *error.kind() == ErrorKind::NotFound => self.create(client).await?.table,
            Err(error) if *error.kind() == ErrorKind::Denied => return Ok(None),
            described => described?,
        };
        table.check_keys(self)?;
        Ok(Some(table))
    }
}
