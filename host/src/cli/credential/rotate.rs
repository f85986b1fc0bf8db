//! Another key for the vault.

use std::path::Path;

use canvas_memory::Result;
use serde_json::{Value, json};

use crate::cli::setting::Setting;
use crate::vault::{KeySource, Vault};

/// Seals every credential with the key of `new_key_file`, which is made when it is not there. A host that runs keeps the
/// data directory locked, so that no record is sealed with the old key meanwhile.
pub(super) fn rotate(new_key_file: &Path, setting: &Setting) -> Result<Value> {
    let data_dir = setting.data_dir()?;
    let new = KeySource::File(new_key_file.to_path_buf());
    let vault = if new_key_file.exists() {
        // It may have been interrupted: what is sealed with the new key already has to open, too.
        Vault::open_with_previous(data_dir.path(), new.clone(), &[setting.key()])?
    } else {
        let vault = setting.vault()?;
        vault.create_key_file(new_key_file)?;
        vault
    };
    let rotation = vault.rotate(&new)?;
    let (resealed, already_sealed) = (rotation.resealed, rotation.already_sealed);
    Ok(json!({"key_id": vault.key_id(), "resealed": resealed, "already_sealed": already_sealed}))
}
