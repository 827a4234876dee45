//! The nodes of the trees of content hashes: over the overrides, and over the base.

use crate::domain::error::Result;
use crate::domain::tree::{Hash, Node, Tree, Update};
use rusqlite::{Connection, OptionalExtension};

/// Whose nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The overrides.
    Overrides,
    /// The base values.
    Base,
}

impl Over {
    fn table(self) -> &'static str {
        match self {
            Over::Overrides => "hash_nodes",
            Over::Base => "base_nodes",
        }
    }
}

fn load(db: &Connection, over: Over, place: &[u8]) -> Result<Option<Node>> {
    let mut statement = db.prepare_cached(&format!("SELECT node FROM {} WHERE place = ?1", over.table()))?;
    let bytes: Option<Vec<u8>> = statement.query_row([place], |row| row.get(0)).optional()?;
    bytes.map(|bytes| Node::from_bytes(&bytes)).transpose()
}

/// Puts and takes away leaves, keeps the nodes that changed, and gives the root's hash.
pub fn update(db: &Connection, over: Over, updates: Vec<Update>) -> Result<Hash> {
    let table = over.table();
    let mut tree = Tree::new(|place| load(db, over, place));
    let root = tree.update(updates)?;
    let mut changed: Vec<_> = std::mem::take(&mut tree.changed).into_iter().collect();
    changed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut put = db.prepare_cached(&format!(
        "INSERT INTO {table} (place, node) VALUES (?1, ?2) ON CONFLICT (place) DO UPDATE SET node = excluded.node"
    ))?;
    for (place, node) in changed {
        match node {
            Some(node) => put.execute((place, node.to_bytes()))?,
            None => db.prepare_cached(&format!("DELETE FROM {table} WHERE place = ?1"))?.execute([place])?,
        };
    }
    Ok(root)
}

/// Calls back for every node with its place, as bytes.
pub fn each(db: &Connection, over: Over, mut visit: impl FnMut(&[u8], &[u8])) -> Result<()> {
    let mut statement =
        db.prepare_cached(&format!("SELECT place, node FROM {} ORDER BY place", over.table()))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (place, node): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        visit(&place, &node);
    }
    Ok(())
}
