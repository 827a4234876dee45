//! What each version's delivery came to, instance by instance.

use super::{damaged, optional_time, optional_value, time_of};
use crate::domain::delivery::{Found, State};
use crate::domain::error::Result;
use crate::domain::monitor::Sample;
use crate::domain::path::Path;
use crate::domain::service::Figure;
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// One instance of a service in one version's delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The service.
    pub service: String,
    /// Its instance.
    pub instance: String,
    /// The higher is told first.
    pub priority: u32,
    /// Whether its failure is reason enough to roll back.
    pub critical: bool,
    /// Which of its service's waves it belongs to, counted from 0.
    pub wave: u32,
    /// How far it has come.
    pub state: State,
    /// When its values were written.
    pub written_at: Option<Timestamp>,
    /// When it was told of them.
    pub reloaded_at: Option<Timestamp>,
    /// When it was found to run with them.
    pub verified_at: Option<Timestamp>,
    /// What is wrong.
    pub problem: Option<String>,
    /// How to give back what was there before.
    pub former: Option<Value>,
    /// What it said of the paths that changed.
    pub found: BTreeMap<Path, Found>,
    /// How long it took to answer before the change, in microseconds.
    pub before_us: Option<i64>,
}

const COLUMNS: &str = "service, instance, priority, critical, wave, state, written_at, reloaded_at, verified_at, problem, former, found, \
                       before_us";

fn to_delivery(row: &Row<'_>) -> Result<Delivery> {
    let found: Option<String> = row.get(11)?;
    let found =
        found.map(|found| serde_json::from_str(&found)).transpose().map_err(|_| damaged("a delivery"))?;
    Ok(Delivery {
        service: row.get(0)?,
        instance: row.get(1)?,
        priority: row.get(2)?,
        critical: row.get(3)?,
        wave: row.get(4)?,
        state: State::of_name(&row.get::<_, String>(5)?).ok_or_else(|| damaged("a delivery"))?,
        written_at: optional_time(row.get(6)?)?,
        reloaded_at: optional_time(row.get(7)?)?,
        verified_at: optional_time(row.get(8)?)?,
        problem: row.get(9)?,
        former: optional_value(row.get(10)?)?,
        found: found.unwrap_or_default(),
        before_us: row.get(12)?,
    })
}

/// Writes how far an instance has come.
pub fn put(db: &Connection, version: i64, delivery: &Delivery) -> Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "INSERT INTO deliveries (version_id, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (version_id, service, instance) DO UPDATE SET state = excluded.state,
           written_at = excluded.written_at, reloaded_at = excluded.reloaded_at, verified_at = excluded.verified_at,
           problem = excluded.problem, former = excluded.former, found = excluded.found, before_us = excluded.before_us"
    ))?;
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let found = serde_json::to_string(&delivery.found).map_err(|_| damaged("a delivery"))?;
    statement.execute(rusqlite::params![
        version,
        &delivery.service,
        &delivery.instance,
        delivery.priority,
        delivery.critical,
        delivery.wave,
        delivery.state.name(),
        text(delivery.written_at),
        text(delivery.reloaded_at),
        text(delivery.verified_at),
        &delivery.problem,
        delivery.former.as_ref().map(Value::to_string),
        found,
        delivery.before_us,
    ])?;
    Ok(())
}

/// A version's delivery, in the order in which the instances are told.
pub fn of_version(db: &Connection, version: i64) -> Result<Vec<Delivery>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM deliveries WHERE version_id = ?1 ORDER BY priority DESC, service, wave, instance"
    ))?;
    let mut rows = statement.query([version])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(to_delivery(row)?);
    }
    Ok(found)
}

/// Keeps how an instance was found while it was watched after a version.
pub fn put_sample(db: &Connection, version: i64, delivery: &Delivery, sample: &Sample) -> Result<()> {
    let figures: BTreeMap<&str, f64> =
        sample.figures.iter().map(|(figure, value)| (figure.as_str(), *value)).collect();
    let figures = serde_json::to_string(&figures).map_err(|_| damaged("a sample"))?;
    let mut statement = db.prepare_cached(
        "INSERT INTO monitor_samples (version_id, at, service, instance, well, took_us, figures, problem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    )?;
    statement.execute(rusqlite::params![
        version,
        sample.at.to_string(),
        &delivery.service,
        &delivery.instance,
        sample.well,
        sample.took_us,
        figures,
        &sample.problem,
    ])?;
    Ok(())
}

/// How an instance was found while it was watched after a version, the newest last.
pub fn samples(db: &Connection, version: i64, service: &str, instance: &str) -> Result<Vec<Sample>> {
    let mut statement = db.prepare_cached(
        "SELECT at, well, took_us, figures, problem FROM monitor_samples
         WHERE version_id = ?1 AND service = ?2 AND instance = ?3 ORDER BY at",
    )?;
    let mut rows = statement.query((version, service, instance))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let figures: Option<String> = row.get(3)?;
        let figures = figures.map(|text| serde_json::from_str::<BTreeMap<String, f64>>(&text)).transpose();
        let figures = figures.map_err(|_| damaged("a sample"))?.unwrap_or_default();
        let named = |name: &str| Figure::ALL.into_iter().find(|figure| figure.as_str() == name);
        found.push(Sample {
            at: time_of(&row.get::<_, String>(0)?)?,
            well: row.get(1)?,
            took_us: row.get(2)?,
            figures: figures.into_iter().filter_map(|(name, value)| Some((named(&name)?, value))).collect(),
            problem: row.get(4)?,
        });
    }
    Ok(found)
}

/// When the instances of a version's delivery were asked last.
pub fn last_sample(db: &Connection, version: i64) -> Result<Option<Timestamp>> {
    let mut statement = db.prepare_cached("SELECT max(at) FROM monitor_samples WHERE version_id = ?1")?;
    optional_time(statement.query_row([version], |row| row.get(0))?)
}
