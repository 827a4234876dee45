//! What is known of the services: what each instance was given last, and which are left alone.

use super::{optional_time, time_of};
use crate::domain::error::Result;
use crate::domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

/// What is known of one instance of a service. *Written*, *reloaded* and *verified* are three facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The service.
    pub service: String,
    /// The instance.
    pub instance: String,
    /// The version whose values it was given last.
    pub version: Option<i64>,
    /// A digest of those values.
    pub digest: Option<String>,
    /// When they were written.
    pub written_at: Option<Timestamp>,
    /// When it was told of them.
    pub reloaded_at: Option<Timestamp>,
    /// When it was found to run with them.
    pub verified_at: Option<Timestamp>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// Since when it must restart to take what it was given.
    pub restart_since: Option<Timestamp>,
    /// Whether its file may be replaced although something else wrote it.
    pub adopted: bool,
}

const COLUMNS: &str = "service, instance, version_id, digest, written_at, reloaded_at, verified_at, problem, restart_since, adopted";

fn to_state(row: &Row<'_>) -> Result<State> {
    Ok(State {
        service: row.get(0)?,
        instance: row.get(1)?,
        version: row.get(2)?,
        digest: row.get(3)?,
        written_at: optional_time(row.get(4)?)?,
        reloaded_at: optional_time(row.get(5)?)?,
        verified_at: optional_time(row.get(6)?)?,
        problem: row.get(7)?,
        restart_since: optional_time(row.get(8)?)?,
        adopted: row.get(9)?,
    })
}

/// What is known of an instance; nothing yet where it was never given anything.
pub fn state(db: &Connection, service: &str, instance: &str) -> Result<State> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM service_states WHERE service = ?1 AND instance = ?2"
    ))?;
    let mut rows = statement.query([service, instance])?;
    let new = || State { service: service.to_owned(), instance: instance.to_owned(), ..State::default() };
    rows.next()?.map_or_else(|| Ok(new()), to_state)
}

/// Keeps what is known of an instance.
pub fn put(db: &Connection, state: &State) -> Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "INSERT INTO service_states ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (service, instance) DO UPDATE SET version_id = excluded.version_id, digest = excluded.digest,
           written_at = excluded.written_at, reloaded_at = excluded.reloaded_at, verified_at = excluded.verified_at,
           problem = excluded.problem, restart_since = excluded.restart_since, adopted = excluded.adopted"
    ))?;
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    statement.execute(rusqlite::params![
        &state.service,
        &state.instance,
        state.version,
        &state.digest,
        text(state.written_at),
        text(state.reloaded_at),
        text(state.verified_at),
        &state.problem,
        text(state.restart_since),
        state.adopted,
    ])?;
    Ok(())
}

/// That a service is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub since: Timestamp,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Whether a service is left alone.
pub fn disabled(db: &Connection, service: &str) -> Result<Option<Disabled>> {
    let mut statement =
        db.prepare_cached("SELECT since, by, reason FROM disabled_services WHERE service = ?1")?;
    let row: Option<(String, String, String)> =
        statement.query_row([service], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    row.map(|(since, by, reason)| Ok(Disabled { since: time_of(&since)?, by, reason })).transpose()
}

/// Leaves a service alone.
pub fn disable(db: &Connection, service: &str, disabled: &Disabled) -> Result<()> {
    db.execute(
        "INSERT INTO disabled_services (service, since, by, reason) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (service) DO NOTHING",
        (service, disabled.since.to_string(), &disabled.by, &disabled.reason),
    )?;
    Ok(())
}

/// Leaves a service alone no longer.
pub fn enable(db: &Connection, service: &str) -> Result<()> {
    db.execute("DELETE FROM disabled_services WHERE service = ?1", [service])?;
    Ok(())
}
