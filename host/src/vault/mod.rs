//! Credentials, sealed on disk.
//!
//! A data directory keeps each credential as one file, `credentials/{id}.json`. Its id, name and type can be read there;
//! its fields are sealed with XChaCha20-Poly1305 and bound to everything else that the file says, so that a record that
//! was changed, or put in the place of another, does not open. What this cannot tell is a whole file set back to an
//! older state of itself.
//!
//! The key never lies in the data directory ([`KeySource`] says where it is looked for). A vault whose records have lost
//! their key refuses to open, and makes no new one.
//!
//! Every change is written beside the record and renamed over it, so that whoever dies in the middle leaves the old
//! record or the new one. One process at a time may have a vault open: its host holds the lock of the data directory.
//! Calls block on the disk.

mod credential;
mod fields;
mod key;
mod keyring;
mod record;
mod records;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use canvas_memory::{Error, ErrorKind, Result};
use secrecy::SecretString;
use tracing::info;

use fields::SecretFields;
use key::Key;
use keyring::{Keyring, printable};
use record::Record;
use records::Records;

pub use credential::{
    CredentialInfo, CredentialMaterial, ListedCredential, NewCredential, Patched, Rotation, Update,
};
pub use source::{KEY_VARIABLE, KeySource};

/// The sealed credentials of one data directory.
pub struct Vault {
    data_dir: PathBuf,
    records: Records,
    source: KeySource,
    /// Held for reading while a record is read, and for writing while records change: a rotation never takes a key away
    /// from under a reader.
    keyring: RwLock<Keyring>,
}

impl Vault {
    /// Opens the vault in `data_dir`. Nothing is created before the first credential is.
    ///
    /// A record that was sealed with another key than its neighbours does not keep the vault shut: [`Vault::get`] and
    /// [`Vault::list`] report it.
    ///
    /// # Errors
    /// `Undecryptable` when there are sealed records and the key of none of them: it names the missing key ids and the
    /// places that were looked in. `InvalidInput` when the key is malformed, not where it was said to be, or inside
    /// `data_dir`. `Storage` when the disk fails.
    pub fn open(data_dir: &Path, key: KeySource) -> Result<Self> {
        Self::open_with_previous(data_dir, key, &[])
    }

    /// Opens the vault as [`Vault::open`] does, with older keys that records may still be sealed with. What is written is
    /// sealed with `key`; a [`Vault::rotate`] to `key` finishes what was interrupted.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_with_previous(data_dir: &Path, key: KeySource, previous: &[KeySource]) -> Result<Self> {
        open(data_dir, key, previous).map_err(|error| error.in_operation("open the credential vault"))
    }

    /// Saves a credential and says what it now is, under a generated id when none is given. The first one of a vault
    /// without a key makes the key, if the default key file is where it belongs and nothing is sealed yet.
    ///
    /// # Errors
    /// `InvalidInput` when a value can't be used or the id is taken; `Undecryptable` when there is no key and there are
    /// sealed records; `Storage` when the disk fails.
    pub fn create(&self, new: NewCredential) -> Result<CredentialInfo> {
        self.try_create(new).map_err(|error| error.in_operation("save the credential"))
    }

    /// The credential with its secret fields.
    ///
    /// # Errors
    /// `MissingCredential` when there is none of this id; `Undecryptable` when its key is not here, or it was changed or
    /// moved after it was sealed; `Corrupt` when its file is no record; `Storage` when the disk fails.
    pub fn get(&self, id: &str) -> Result<CredentialMaterial> {
        let keyring = self.read();
        self.unseal(&keyring, id)
            .map(|(info, fields)| CredentialMaterial { info, fields })
            .map_err(|error| error.in_operation("read the credential"))
    }

    /// The credential before and after [`Vault::update`] with this patch. Nothing is changed.
    ///
    /// # Errors
    /// As [`Vault::get`], and `InvalidInput` when the patch can't be used.
    pub fn patched(&self, id: &str, patch: &SecretString) -> Result<Patched> {
        let keyring = self.read();
        let update = Update { name: None, fields: Some(patch.clone()) };
        self.merged(&keyring, id, update).map_err(|error| error.in_operation("read the credential"))
    }

    /// Every credential by id, with the names of its fields and no values. One that can't be read is listed with the
    /// reason, and does not hide the others.
    ///
    /// # Errors
    /// `Storage` when the directory can't be read.
    pub fn list(&self) -> Result<Vec<ListedCredential>> {
        let keyring = self.read();
        let ids = self.records.ids().map_err(|error| error.in_operation("list the credentials"))?;
        Ok(ids.into_iter().map(|id| self.list_one(&keyring, id)).collect())
    }

    /// The credential as [`Vault::list`] lists it.
    ///
    /// # Errors
    /// `MissingCredential` when there is none of this id; `InvalidInput` when this is no id.
    pub fn listed(&self, id: &str) -> Result<ListedCredential> {
        let listed = self.list_one(&self.read(), id.to_owned());
        match listed.fields {
            Err(error)
                if matches!(error.kind(), ErrorKind::MissingCredential | ErrorKind::InvalidInput { .. }) =>
            {
                Err(error.in_operation("read the credential"))
            }
            fields => Ok(ListedCredential { fields, ..listed }),
        }
    }

    /// Changes a credential and says what it now is: its revision is one more.
    ///
    /// # Errors
    /// As [`Vault::get`], and `InvalidInput` when a value can't be used. The record is as it was then.
    pub fn update(&self, id: &str, update: Update) -> Result<CredentialInfo> {
        self.update_if(id, update, |_| Ok(()))
    }

    /// Changes a credential as [`Vault::update`] does, if `check` lets the change pass. Nobody else changes it meanwhile.
    ///
    /// # Errors
    /// As [`Vault::update`], and whatever `check` fails with. The record is as it was then.
    pub fn update_if(
        &self,
        id: &str,
        update: Update,
        check: impl FnOnce(&Patched) -> Result<()>,
    ) -> Result<CredentialInfo> {
        self.try_update(id, update, check).map_err(|error| error.in_operation("change the credential"))
    }

    /// Removes a credential, also one that can't be opened.
    ///
    /// # Errors
    /// `MissingCredential` when there is none of this id; `Storage` when the disk fails.
    pub fn delete(&self, id: &str) -> Result<()> {
        let _writing = self.write();
        self.records.delete(id).map_err(|error| error.in_operation("delete the credential"))
    }

    /// Seals every record with the key of `new`, which has to be there already, and goes on with that key. Names,
    /// revisions and times stay.
    ///
    /// It can be interrupted at any point and called again, here or after a start with either key: what is sealed with
    /// the new key is left alone. After a start with the new key, the old one is given as previous
    /// ([`Vault::open_with_previous`]). The old key may be destroyed once this has returned.
    ///
    /// # Errors
    /// `Undecryptable` or `Corrupt` when a record opens with no key at hand: nothing has been changed then. `InvalidInput`
    /// when the new key can't be used. `Storage` when the disk fails: the vault then goes on with both keys.
    pub fn rotate(&self, new: &KeySource) -> Result<Rotation> {
        self.try_rotate(new).map_err(|error| error.in_operation("rotate the vault's key"))
    }

    /// Writes a new random key to `path` (mode 0600 on Unix), as a key to rotate to.
    ///
    /// # Errors
    /// `InvalidInput` when `path` exists or lies in the data directory; `Storage` when the disk fails.
    pub fn create_key_file(&self, path: &Path) -> Result<KeySource> {
        let source = KeySource::File(path.to_path_buf());
        source.create(&self.data_dir).map(|_| source).map_err(|error| error.in_operation("make a key file"))
    }

    /// The id of the key that new records are sealed with; none in a vault that has needed no key yet.
    #[must_use]
    pub fn key_id(&self) -> Option<String> {
        self.read().current().map(|key| key.id().to_owned())
    }

    fn try_create(&self, new: NewCredential) -> Result<CredentialInfo> {
        let id = new.id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let fields = SecretFields::parse(&new.fields)?.without_nulls().to_json()?;
        let info = CredentialInfo::new(id, new.name, new.credential_type)?;
        let mut keyring = self.write();
        let key = self.sealing_key(&mut keyring)?;
        self.records.create(&Record::seal(info.clone(), &fields, key)?)?;
        Ok(info)
    }

    fn try_update(
        &self,
        id: &str,
        update: Update,
        check: impl FnOnce(&Patched) -> Result<()>,
    ) -> Result<CredentialInfo> {
        let mut keyring = self.write();
        let patched = self.merged(&keyring, id, update)?;
        check(&patched)?;
        let CredentialMaterial { info, fields } = patched.after;
        let key = self.sealing_key(&mut keyring)?;
        self.records.replace(&Record::seal(info.clone(), &fields, key)?)?;
        Ok(info)
    }

    fn merged(&self, keyring: &Keyring, id: &str, update: Update) -> Result<Patched> {
        let (info, fields) = self.unseal(keyring, id)?;
        let merged = match &update.fields {
            Some(patch) => fields::merged(&fields, patch)?,
            None => fields.clone(),
        };
        let after = CredentialMaterial { info: info.clone().changed(update.name)?, fields: merged };
        Ok(Patched { before: CredentialMaterial { info, fields }, after })
    }

    fn try_rotate(&self, new: &KeySource) -> Result<Rotation> {
        let mut keyring = self.write();
        let new = new.load(&self.data_dir)?.ok_or_else(|| new.absent())?;
        let new_id = new.id().to_owned();
        keyring.add(new);
        let ids = self.records.ids()?;
        for id in &ids {
            self.unseal(&keyring, id)?;
        }
        let mut rotation = Rotation::default();
        for id in &ids {
            let record = self.records.read(id)?;
            if record.key_id() == new_id {
                rotation.already_sealed += 1;
                continue;
            }
            let fields = record.unseal(id, &keyring)?;
            let key = keyring.get(&new_id).ok_or_else(|| keyring.missing(id, &new_id))?;
            self.records.replace(&Record::seal(record.into_info(), &fields, key)?)?;
            rotation.resealed += 1;
        }
        keyring.keep_only(&new_id);
        info!(key_id = new_id, resealed = rotation.resealed, "rotated the key of the credential vault");
        Ok(rotation)
    }

    fn unseal(&self, keyring: &Keyring, id: &str) -> Result<(CredentialInfo, SecretString)> {
        let record = self.records.read(id)?;
        let fields = record.unseal(id, keyring)?;
        Ok((record.into_info(), fields))
    }

    fn list_one(&self, keyring: &Keyring, id: String) -> ListedCredential {
        match self.records.read(&id) {
            Ok(record) => {
                let fields =
                    record.unseal(&id, keyring).and_then(|fields| Ok(SecretFields::parse(&fields)?.names()));
                ListedCredential { id, info: Some(record.into_info()), fields }
            }
            Err(error) => ListedCredential { id, info: None, fields: Err(error) },
        }
    }

    fn sealing_key<'a>(&self, keyring: &'a mut Keyring) -> Result<&'a Key> {
        if keyring.current().is_none() {
            refuse_lost_keys(&self.records, keyring, &self.source)?;
            keyring.add(self.source.create(&self.data_dir)?);
        }
        keyring.current().ok_or_else(|| self.source.absent())
    }

    fn read(&self) -> RwLockReadGuard<'_, Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keyring> {
        self.keyring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("data_dir", &self.data_dir)
            .field("source", &self.source)
            .field("key_id", &self.key_id())
            .finish()
    }
}

fn open(data_dir: &Path, source: KeySource, previous: &[KeySource]) -> Result<Vault> {
    let records = Records::open(data_dir)?;
    let mut keyring = Keyring::default();
    match source.load(data_dir)? {
        Some(key) => keyring.add(key),
        None => {
            refuse_lost_keys(&records, &keyring, &source)?;
            if !source.can_create() || !previous.is_empty() {
                return Err(source.absent());
            }
        }
    }
    for previous in previous {
        keyring.add(previous.load(data_dir)?.ok_or_else(|| previous.absent())?);
    }
    refuse_lost_keys(&records, &keyring, &source)?;
    Ok(Vault { data_dir: data_dir.to_path_buf(), records, source, keyring: RwLock::new(keyring) })
}

/// Refuses records of which none can be opened with a key at hand.
fn refuse_lost_keys(records: &Records, keyring: &Keyring, source: &KeySource) -> Result<()> {
    let ids = records.ids()?;
    let mut missing: Vec<String> = Vec::new();
    for record in ids.iter().filter_map(|id| records.read(id).ok()) {
        if keyring.get(record.key_id()).is_some() {
            return Ok(());
        }
        missing.push(printable(record.key_id()).to_owned());
    }
    if ids.is_empty() || (missing.is_empty() && keyring.current().is_some()) {
        return Ok(());
    }
    missing.sort();
    missing.dedup();
    let missing = if missing.is_empty() { "unreadable".to_owned() } else { missing.join(", ") };
    let message = format!(
        "sealed credentials need a key that is missing, with the id {missing}; looked in: {}. Give that key with \
         --key-file or {KEY_VARIABLE}; if it is lost, remove the files in {} and enter the credentials again",
        source.looked_in(keyring.current().map(Key::id)),
        records.dir().display(),
    );
    Err(Error::new(ErrorKind::Undecryptable, message))
}
