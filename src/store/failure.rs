//! What the database's failures mean to a caller: one table.

use crate::domain::error::{Code, Error};
use rusqlite::ErrorCode;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let doctor = "Type `cfgctl doctor`.";
        let rusqlite::Error::SqliteFailure(failure, detail) = &error else {
            return match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..) => {
                    Error::integrity(format!("The store holds a row that cannot be read: {error}."))
                        .hint(doctor)
                }
                // Our own queries fit our own schema: the schema is what has changed.
                rusqlite::Error::SqlInputError { msg, .. } => {
                    Error::integrity(format!("The store's schema is not what it should be: {msg}."))
                        .hint(doctor)
                }
                rusqlite::Error::QueryReturnedNoRows => {
                    Error::integrity("The store lacks a row that must be there.").hint(doctor)
                }
                other => Error::internal(format!("The database was asked wrongly: {other}.")),
            };
        };
        let detail = detail.clone().unwrap_or_else(|| failure.to_string());
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                Error::unavailable("The store is busy: somebody else has been writing for too long.")
                    .hint("Try again in a moment.")
            }
            ErrorCode::DiskFull => disk_full(),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Error::unavailable(
                "The store cannot be written: its file, its folder or its file system is read-only.",
            )
            .not_retryable()
            .hint("Look at the permissions of the store and of its folder: cfgctl doctor"),
            ErrorCode::CannotOpen => Error::unavailable(format!("The store cannot be opened: {detail}."))
                .not_retryable()
                .hint("Look at the permissions of the store and of its folder: cfgctl doctor"),
            ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport => {
                Error::unavailable(format!("The store's disk reports an error: {detail}."))
                    .not_retryable()
                    .hint("Look at the system's log for disk errors, then type `cfgctl doctor`.")
            }
            ErrorCode::NotADatabase => Error::integrity(
                "The file is not a cfgctl store: it is no SQLite database.",
            )
            .hint(
                "If it was one, restore it from the backups beside it; otherwise name another with --store.",
            ),
            ErrorCode::DatabaseCorrupt => {
                Error::integrity(format!("The store is damaged: {detail}.")).hint(doctor)
            }
            ErrorCode::ConstraintViolation => {
                Error::integrity(format!("The store would not hold together: {detail}.")).hint(doctor)
            }
            ErrorCode::TooBig => Error::invalid("The value is larger than the store can hold."),
            ErrorCode::OutOfMemory => Error::unavailable("Memory is exhausted.").not_retryable(),
            _ if detail.contains("no such table") || detail.contains("no such column") => {
                Error::integrity(format!("The store's schema is not what it should be: {detail}."))
                    .hint(doctor)
            }
            _ => Error::new(Code::Internal, format!("The database was asked wrongly: {detail}.")),
        }
    }
}

/// The disk is full.
pub fn disk_full() -> Error {
    Error::unavailable("The disk that holds the store is full; nothing was changed.")
        .not_retryable()
        .hint("Make space, then try again.")
}

/// Whether a failed commit may nevertheless stand in the log: an I/O error while it was being made durable.
pub fn is_unknown_after_commit(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _) if failure.code == ErrorCode::SystemIoFailure)
}
