//! Rows of keys that come in ascending order.

use crate::domain::error::Result;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ToSql};
use std::cmp::Ordering;

/// So many rows are stepped over on the way from one key to the next; a key further off is looked up anew.
const STEPS: u32 = 4;

/// Calls back for each key, in turn, with its row where there is one; see [`each_from`].
pub(super) fn each<K: ToSql + AsRef<[u8]>>(
    db: &Connection,
    query: &str,
    keys: impl IntoIterator<Item = K>,
    mut visit: impl FnMut(&K, Option<&Row<'_>>) -> Result<()>,
) -> Result<()> {
    each_from(db, query, keys, |key, row| match row {
        Some(row) if order(row, key.as_ref())? == Ordering::Equal => visit(key, Some(row)),
        _ => visit(key, None),
    })
}

/// Calls back for each key, in turn, with the first row that is not before it. The query gives rows from `?1` on in the
/// order of their key, which is the first column. Where the keys lie close together that is one scan, which costs a
/// fraction of a look-up each; where they are few, or far apart, it is the look-ups. So the cost follows the keys, not
/// the table.
pub(super) fn each_from<K: ToSql + AsRef<[u8]>>(
    db: &Connection,
    query: &str,
    keys: impl IntoIterator<Item = K>,
    mut visit: impl FnMut(&K, Option<&Row<'_>>) -> Result<()>,
) -> Result<()> {
    let mut keys = keys.into_iter();
    let Some(mut key) = keys.next() else { return Ok(()) };
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query([&key])?;
    rows.advance()?;
    loop {
        let mut steps = 0;
        loop {
            match rows.get().map(|row| order(row, key.as_ref())).transpose()? {
                Some(Ordering::Less) if steps < STEPS => {
                    rows.advance()?;
                    steps += 1;
                }
                Some(Ordering::Less) => {
                    drop(rows);
                    rows = statement.query([&key])?;
                    rows.advance()?;
                }
                Some(Ordering::Equal | Ordering::Greater) | None => break visit(&key, rows.get())?,
            }
        }
        match keys.next() {
            Some(next) => key = next,
            None => return Ok(()),
        }
    }
}

fn order(row: &Row<'_>, key: &[u8]) -> Result<Ordering> {
    match row.get_ref(0)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes.cmp(key)),
        _ => Err(super::damaged("a key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn each_key_has_its_row_however_they_lie(
            there in prop::collection::btree_map("[a-c.-]{1,4}", any::<i64>(), 0..60),
            asked in prop::collection::btree_set("[a-c.-]{1,4}", 0..60),
        ) {
            let db = Connection::open_in_memory().unwrap();
            db.execute_batch("CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER)").unwrap();
            for (key, value) in &there {
                db.execute("INSERT INTO t VALUES (?1, ?2)", (key, value)).unwrap();
            }
            let mut found = BTreeMap::new();
            each(&db, "SELECT k, v FROM t WHERE k >= ?1 ORDER BY k", &asked, |key, row| {
                let value: Option<i64> = row.map(|row| row.get(1)).transpose()?;
                found.insert(key.to_string(), value);
                Ok(())
            }).unwrap();
            let expected: BTreeMap<String, Option<i64>> =
                asked.iter().map(|key| (key.clone(), there.get(key).copied())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
