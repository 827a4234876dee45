//! The nodes of the content hash's tree over the overrides.

use crate::domain::error::Result;
use crate::domain::tree::{Hash, Node, Tree, Update};
use rusqlite::{Connection, OptionalExtension};

fn load(db: &Connection, place: &[u8]) -> Result<Option<Node>> {
    let mut statement = db.prepare_cached("SELECT node FROM hash_nodes WHERE place = ?1")?;
    let bytes: Option<Vec<u8>> = statement.query_row([place], |row| row.get(0)).optional()?;
    bytes.map(|bytes| Node::from_bytes(&bytes)).transpose()
}

/// Puts and takes away leaves, keeps the nodes that changed, and gives the root's hash.
pub fn update(db: &Connection, updates: Vec<Update>) -> Result<Hash> {
    let mut tree = Tree::new(|place| load(db, place));
    let root = tree.update(updates)?;
    let mut changed: Vec<_> = std::mem::take(&mut tree.changed).into_iter().collect();
    changed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut put = db.prepare_cached(
        "INSERT INTO hash_nodes (place, node) VALUES (?1, ?2) ON CONFLICT (place) DO UPDATE SET node = excluded.node",
    )?;
    for (place, node) in changed {
        match node {
            Some(node) => put.execute((place, node.to_bytes()))?,
            None => db.prepare_cached("DELETE FROM hash_nodes WHERE place = ?1")?.execute([place])?,
        };
    }
    Ok(root)
}

/// Calls back for every node with its place, as bytes.
pub fn each(db: &Connection, mut visit: impl FnMut(&[u8], &[u8])) -> Result<()> {
    let mut statement = db.prepare_cached("SELECT place, node FROM hash_nodes ORDER BY place")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (place, node): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        visit(&place, &node);
    }
    Ok(())
}
