//! Whether what the store holds is what was written: the chain, the rows that entries vouch for, values against
//! history and hash, the registry against the manifest.
//!
//! What must stay true: every flipped bit that changes content is found by one of the four (SQLite's own check misses a
//! third of them). Nothing here trusts what it checks.

use super::apply::unhex;
use crate::domain::change::hex;
use crate::domain::error::{Code, Result};
use crate::domain::manifest::Manifest;
use crate::domain::tree::{self, Tree};
use crate::store::database::{self, Store};
use crate::store::hash_node::Over;
use crate::store::{
    Connection, audit, backup, base, digest, hash_node, history, manifest, metadata, migration, overrides,
    version,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// How many problems of one kind are told.
const TOLD: usize = 20;

/// What walking the chain found.
pub(super) struct Chain {
    /// How many entries there are.
    pub(super) entries: i64,
    /// After which entry they begin: older ones were pruned.
    pub(super) after: i64,
    pub(super) head: String,
    pub(super) problems: Vec<String>,
    /// The last digest that any entry vouches for, by record.
    pub(super) vouched: HashMap<String, String>,
}

/// Problems of one kind, of which the first few are told.
struct Told {
    problems: Vec<String>,
    more: usize,
}

impl Told {
    fn new() -> Told {
        Told { problems: Vec::new(), more: 0 }
    }

    fn tell(&mut self, problem: String) {
        if self.problems.len() < TOLD { self.problems.push(problem) } else { self.more += 1 }
    }

    fn finish(mut self) -> Vec<String> {
        if self.more > 0 {
            self.problems.push(format!("{} more like these.", self.more));
        }
        self.problems
    }
}

/// Walks the chain: every entry's hash, its link to the one before, its place; and whether it holds a head seen earlier.
/// It begins at the checkpoint that pruning left, which the last entry about one vouches for. With `vouching`, also
/// gathers what the entries vouch for, which takes as long again.
pub(super) fn chain(db: &Connection, expected: Option<&(i64, String)>, vouching: bool) -> Result<Chain> {
    let mut told = Told::new();
    let checkpoint = audit::checkpoint(db)?;
    let mut previous = checkpoint.hash.to_vec();
    let mut last = checkpoint.seq;
    let mut vouched = HashMap::new();
    if vouching {
        audit::each_vouched(db, |record, digest| drop(vouched.insert(record, digest)))?;
    }
    let mut expected_found =
        expected.is_some_and(|(seq, hash)| *seq == checkpoint.seq && *hash == hex(&checkpoint.hash));
    let of_checkpoint = format!("fact:{}=", metadata::AUDIT_CHECKPOINT);
    let mut checkpoint_vouched = None;
    audit::walk(db, |link| {
        if link.seq != last + 1 {
            told.tell(format!("Audit entry {} is missing: after {last} comes {}.", last + 1, link.seq));
        }
        if link.prev_hash != previous.as_slice() {
            told.tell(format!("Audit entry {} does not follow from the one before it.", link.seq));
        }
        if link.hash != link.computed.as_slice() {
            told.tell(format!("Audit entry {} was altered: its hash does not fit it.", link.seq));
        }
        if let Some((seq, hash)) = expected {
            expected_found |= *seq == link.seq && *hash == hex(link.hash);
        }
        if link.rows.starts_with(of_checkpoint.as_bytes()) {
            let digest = link.rows[of_checkpoint.len()..].split(|byte| *byte == b';').next();
            checkpoint_vouched = digest.map(<[u8]>::to_vec);
        }
        let vouches = if vouching { std::str::from_utf8(link.rows).unwrap_or_default() } else { "" };
        for vouch in vouches.split(';') {
            if let Some((record, digest)) = vouch.rsplit_once('=') {
                vouched.insert(record.to_owned(), digest.to_owned());
            }
        }
        previous.clear();
        previous.extend_from_slice(link.hash);
        last = link.seq;
        Ok(())
    })?;
    let kept = digest::of_record(db, "fact", metadata::AUDIT_CHECKPOINT)?;
    if kept.as_ref().map(|digest| digest.as_bytes()) != checkpoint_vouched.as_deref() {
        told.tell("The checkpoint at which the log begins is not the one that pruning left.".to_owned());
    }
    if let Some((seq, _)) = expected
        && !expected_found
        && *seq > 0
    {
        told.tell(format!(
            "The chain does not hold the head that was seen at entry {seq}: it was rewritten or shortened."
        ));
    }
    if last == checkpoint.seq {
        told.tell("The audit log is empty.".to_owned());
    }
    let after = checkpoint.seq;
    Ok(Chain {
        entries: last - after,
        after,
        head: format!("{last}:{}", hex(&previous)),
        problems: told.finish(),
        vouched,
    })
}

/// What SQLite's own check finds, and whether the schema is the one that the migrations make.
pub(super) fn file(db: &Connection) -> Result<Vec<String>> {
    let mut problems = database::problems(db)?;
    if database::is_cut_off(db)? {
        problems.push("The file is shorter than its pages: its end was cut off.".to_owned());
    }
    let pristine = Store::in_memory()?;
    migration::migrate(&pristine)?;
    if database::schema(db)? != database::schema(pristine.connection())? {
        problems.push(
            "The schema is not the one that cfgctl makes: something was added, altered or taken away."
                .to_owned(),
        );
    }
    if !migration::is_recorded(db)? {
        problems.push("The record of migrations is not this program's.".to_owned());
    }
    Ok(problems)
}

/// Compares every record with the last digest that an entry vouches for, both ways.
pub(super) fn records(db: &Connection, vouched: &HashMap<String, String>) -> Result<Vec<String>> {
    let mut told = Told::new();
    let floor = metadata::history_floor(db)?;
    let mut seen = std::collections::HashSet::new();
    digest::names(db, |kind, key| {
        let name = format!("{kind}:{key}");
        // Below the floor a version stands without its rows, which the record of the pruning covers.
        if kind == "version" && is_pruned(kind, key, floor) {
            let copy = digest::of_record(db, "version-copy", key)?;
            if copy.as_ref() != vouched.get(&format!("version-copy:{key}")).filter(|_| copy.is_some()) {
                told.tell(format!("The copy of version {key} is not what pruning left."));
            }
            return Ok(());
        }
        let actual = match digest::of_record(db, kind, key) {
            Err(error) if error.code == Code::Integrity => None,
            other => other?,
        };
        match vouched.get(&name) {
            Some(digest) if actual.as_deref() == Some(digest) => {}
            Some(_) => told.tell(format!("The rows of {kind} {key} are not what was written.")),
            None => told.tell(format!("No audit entry knows of {kind} {key}.")),
        }
        seen.insert(name);
        Ok(())
    })?;
    let checkpoint = audit::checkpoint(db)?.seq.max(1).to_string();
    let kept = digest::of_record(db, "vouched-up-to", &checkpoint)?;
    let left = vouched.get(&format!("vouched-up-to:{checkpoint}")).filter(|digest| *digest != "-");
    if kept.as_ref() != left {
        told.tell("What pruned entries of the audit log vouched for is not what pruning left.".to_owned());
    }
    for name in backup::altered(db)? {
        told.tell(format!("The record of the backup {name} is not what was written."));
    }
    for (name, digest) in vouched {
        let (kind, key) = name.split_once(':').unwrap_or_default();
        if kind == "vouched-up-to" {
            continue;
        }
        if kind == "history-up-to" {
            if key.parse() == Ok(floor)
                && digest::of_record(db, kind, key)?.as_deref().unwrap_or("-") != digest
            {
                told.tell("What pruning left of history is not what it left.".to_owned());
            }
        } else if digest != "-"
            && !seen.contains(name)
            && !is_pruned(kind, key, floor)
            && kind != "version-copy"
        {
            told.tell(format!("The rows of {kind} {key} are gone."));
        }
    }
    Ok(told.finish())
}

/// Whether pruning took the rows of a record, up to the floor of history.
fn is_pruned(kind: &str, key: &str, floor: i64) -> bool {
    matches!(kind, "version" | "moves") && key.parse::<i64>().is_ok_and(|version| version <= floor)
}

/// Recomputes the content hash and its tree from the overrides, and compares each override with its last history row.
pub(super) fn values(db: &Connection) -> Result<Vec<String>> {
    let mut told = Told::new();
    let mut leaves = Vec::new();
    let mut last = HashMap::new();
    history::each_last(db, |path, value, at, by, reason, version| {
        last.insert(path, (value, at, by, reason, version));
        Ok(())
    })?;
    overrides::each_row(db, |row| {
        let columns_fit = row.path == joined(&row.section, &row.key);
        let type_fits = row.value.as_ref().is_none_or(|text| {
            crate::store::value_of(text)
                .is_ok_and(|value| crate::domain::value::type_of(&value).as_str() == row.value_type)
        });
        if !columns_fit || !type_fits || row.is_active != row.value.is_some() {
            told.tell(format!(
                "The override {} contradicts itself: its section, key, path or type was altered.",
                row.path
            ));
        }
        match last.remove(&row.path) {
            Some(event) => {
                if event
                    != (row.value.clone(), row.at.clone(), row.by.clone(), row.reason.clone(), row.version)
                {
                    told.tell(format!(
                        "The override {} is not what history says was written last.",
                        row.path
                    ));
                }
            }
            None => told.tell(format!("History knows nothing of the override {}.", row.path)),
        }
        if let Some(text) = &row.value {
            leaves.push(tree::new((tree::place_of(&row.path), tree::leaf_of_text(&row.path, text))));
        }
        Ok(())
    })?;
    for path in last.into_keys() {
        told.tell(format!("The override {path}, which history knows, is gone."));
    }
    let root = nodes(db, Over::Overrides, leaves, &mut told)?;
    let current = version::current(db)?;
    if current.as_ref().is_none_or(|current| current.config_hash != root) {
        told.tell("The overrides do not give the current version's content hash.".to_owned());
    }
    if let Some(current) = current {
        let generation = manifest::generation(db, current.generation)?;
        let effective = super::apply::effective_hash(&generation.base_hash, &unhex(&current.config_hash)?)?;
        if effective != current.effective_hash {
            told.tell(
                "The current version's effective hash does not follow from base and overrides.".to_owned(),
            );
        }
    }
    Ok(told.finish())
}

/// Compares the nodes of a tree of hashes with what these leaves give, and gives their root's hash.
fn nodes(db: &Connection, over: Over, leaves: Vec<tree::Update>, told: &mut Told) -> Result<String> {
    let mut whole = Tree::empty();
    let root = hex(&whole.update(leaves)?);
    let mut nodes: HashMap<Vec<u8>, Vec<u8>> =
        whole.changed.into_iter().filter_map(|(place, node)| Some((place, node?.to_bytes()))).collect();
    hash_node::each(db, over, |place, node| {
        if nodes.remove(place).as_deref() != Some(node) {
            told.tell("A node of the content hash's tree is not what the values give.".to_owned());
        }
    })?;
    if !nodes.is_empty() {
        told.tell(format!("{} nodes of the content hash's tree are gone.", nodes.len()));
    }
    Ok(root)
}

/// Compares what the sources say with what the generations left of it, and the base's hash with both.
pub(super) fn base(db: &Connection) -> Result<Vec<String>> {
    let mut told = Told::new();
    let mut last = base::last_altered(db)?;
    base::each(db, None, |said| {
        let key = (said.path.clone(), said.source.clone());
        if last.remove(&key).flatten().as_ref() != Some(&said) {
            told.tell(format!(
                "What the source {} says of {} is not what a reload left.",
                said.source, said.path
            ));
        }
        Ok(())
    })?;
    for ((path, source), said) in last {
        if said.is_some() {
            told.tell(format!("What the source {source} said of {path} is gone."));
        }
    }
    let leaves = base::values(db, None)?;
    let leaves = leaves.iter().map(|(path, value)| (tree::place_of(path.as_str()), tree::leaf(path, value)));
    let root = nodes(db, Over::Base, leaves.map(tree::new).collect(), &mut told)?;
    if root != manifest::current_generation(db)?.base_hash {
        told.tell("The base is not what its generation's hash covers.".to_owned());
    }
    Ok(told.finish())
}

fn joined(section: &str, key: &str) -> String {
    crate::domain::path::Path::from_section_and_key(section, key).as_str().to_owned()
}

/// Compares the rows of the manifest in force with what its text says, and the base's hash with its defaults.
pub(super) fn registry(db: &Connection) -> Result<Vec<String>> {
    let mut told = Told::new();
    let applied = manifest::current(db)?;
    if hex(&Sha256::digest(&applied.text)) != applied.hash {
        told.tell("The manifest in force was altered: its hash does not fit it.".to_owned());
        return Ok(told.finish());
    }
    let Ok(read) = Manifest::read(&applied.text) else {
        told.tell("The manifest in force can no longer be read.".to_owned());
        return Ok(told.finish());
    };
    let mut expected: Vec<_> = manifest::rows_of(&read)?;
    for table in ["settings", "rules", "rule_paths", "manifest_parts"] {
        let mut kept = manifest::kept_rows(db, table)?;
        let mut wanted: Vec<_> =
            expected.extract_if(.., |(of, _)| *of == table).map(|(_, columns)| columns).collect();
        kept.sort_unstable();
        wanted.sort_unstable();
        if kept != wanted {
            told.tell(format!("The table {table} is not what the manifest in force says."));
        }
    }
    Ok(told.finish())
}
