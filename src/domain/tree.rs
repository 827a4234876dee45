//! The content hash: a tree of SHA-256 over paths, of which one change touches a few nodes.
//!
//! A leaf is `SHA-256(path ‖ 0x00 ‖ canonical JSON)`; its place is `SHA-256(path)`, read digit by digit in base 16.
//! A node with at most sixteen leaves hashes them in the order of their places; one with more has sixteen children,
//! by the next digit. So the shape follows from the content alone: the same values give the same hash, in whatever
//! order they came (design.md §5). An empty child counts as 32 zero bytes.

use super::error::{Error, Result};
use super::path::Path;
use super::value::{self, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A SHA-256.
pub type Hash = [u8; 32];

/// So many leaves share a node before it is split.
const LEAVES: usize = 16;
const EMPTY_CHILD: Hash = [0; 32];

/// A place in the tree: the digits that lead there.
pub type Place = Vec<u8>;

/// A node as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// At most sixteen leaves, each with its place and its hash, in the order of their places.
    Leaves(Vec<(Hash, Hash)>),
    /// Sixteen children, each with the number of leaves below it and its hash.
    Branch(Box<[(u32, Hash); 16]>),
}

impl Node {
    /// The bytes the store keeps: a byte for the kind, then the entries.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Node::Leaves(leaves) => {
                let mut bytes = vec![0];
                leaves.iter().for_each(|(place, leaf)| {
                    bytes.extend_from_slice(place);
                    bytes.extend_from_slice(leaf);
                });
                bytes
            }
            Node::Branch(children) => {
                let mut bytes = vec![1];
                children.iter().for_each(|(count, hash)| {
                    bytes.extend_from_slice(&count.to_be_bytes());
                    bytes.extend_from_slice(hash);
                });
                bytes
            }
        }
    }

    /// Reads what `to_bytes` gave. `integrity` where it is not that.
    pub fn from_bytes(bytes: &[u8]) -> Result<Node> {
        let broken = || {
            Error::integrity("A node of the content hash's tree is damaged.").hint("Type `cfgctl doctor`.")
        };
        let array = |bytes: &[u8]| Hash::try_from(bytes).map_err(|_| broken());
        match bytes.split_first() {
            Some((0, rest)) if rest.len() % 64 == 0 && rest.len() <= 64 * LEAVES => {
                let leaf = |entry: &[u8]| Ok((array(&entry[..32])?, array(&entry[32..])?));
                rest.chunks_exact(64).map(leaf).collect::<Result<_>>().map(Node::Leaves)
            }
            Some((1, rest)) if rest.len() == 16 * 36 => {
                let mut children = Box::new([(0, EMPTY_CHILD); 16]);
                for (child, entry) in children.iter_mut().zip(rest.chunks_exact(36)) {
                    let count = <[u8; 4]>::try_from(&entry[..4]).map_err(|_| broken())?;
                    *child = (u32::from_be_bytes(count), array(&entry[4..])?);
                }
                Ok(Node::Branch(children))
            }
            _ => Err(broken()),
        }
    }

    fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        match self {
            Node::Leaves(leaves) => {
                hasher.update(b"leaves\0");
                leaves.iter().for_each(|(_, leaf)| hasher.update(leaf));
            }
            Node::Branch(children) => {
                hasher.update(b"branch\0");
                children.iter().for_each(|(_, child)| hasher.update(child));
            }
        }
        hasher.finalize().into()
    }

    fn count(&self) -> u32 {
        match self {
            Node::Leaves(leaves) => leaves.len() as u32,
            Node::Branch(children) => children.iter().map(|(count, _)| count).sum(),
        }
    }
}

/// The hash of one path with its value.
pub fn leaf(path: &Path, value: &Value) -> Hash {
    leaf_of_text(path.as_str(), &value::canonical(value))
}

/// The hash of one path with its value's canonical text.
pub fn leaf_of_text(path: &str, canonical: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(path.as_bytes());
    hasher.update([0]);
    hasher.update(canonical.as_bytes());
    hasher.finalize().into()
}

/// Where a path's leaf stands.
pub fn place_of(path: &str) -> Hash {
    Sha256::digest(path.as_bytes()).into()
}

/// The hash of base and overrides together.
pub fn effective_hash(base: &Hash, config: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"effective\0");
    hasher.update(base);
    hasher.update(config);
    hasher.finalize().into()
}

/// One leaf to put, to replace or to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update {
    /// Where it stands.
    pub place: Hash,
    /// What must stand there now.
    pub before: Option<Hash>,
    /// What is to stand there.
    pub after: Option<Hash>,
}

/// Where a tree's nodes come from.
type Load<'a> = Box<dyn FnMut(&[u8]) -> Result<Option<Node>> + 'a>;

/// A tree being changed: nodes are loaded as they are needed, and those that changed are kept for the store.
pub struct Tree<'a> {
    load: Load<'a>,
    /// Nodes to write; none means to delete.
    pub changed: HashMap<Place, Option<Node>>,
}

impl<'a> Tree<'a> {
    /// A tree whose nodes come from `load`.
    pub fn new(load: impl FnMut(&[u8]) -> Result<Option<Node>> + 'a) -> Self {
        Tree { load: Box::new(load), changed: HashMap::new() }
    }

    /// A tree with nothing in it.
    pub fn empty() -> Tree<'static> {
        Tree::new(|_| Ok(None))
    }

    /// Puts and takes away leaves, and gives the root's hash. Cost follows the updates, not the tree. `integrity` where
    /// something else stands at a place than should.
    pub fn update(&mut self, mut updates: Vec<Update>) -> Result<Hash> {
        updates.sort_unstable_by_key(|update| update.place);
        let (_, hash) = self.apply(&mut Vec::new(), &updates)?;
        Ok(if hash == EMPTY_CHILD { Node::Leaves(Vec::new()).hash() } else { hash })
    }

    fn node(&mut self, place: &[u8]) -> Result<Node> {
        if let Some(node) = self.changed.get(place) {
            return Ok(node.clone().unwrap_or(Node::Leaves(Vec::new())));
        }
        Ok((self.load)(place)?.unwrap_or(Node::Leaves(Vec::new())))
    }

    fn apply(&mut self, place: &mut Place, updates: &[Update]) -> Result<(u32, Hash)> {
        let node = match self.node(place)? {
            Node::Leaves(leaves) => {
                let merged = merge(leaves, updates)?;
                if merged.len() <= LEAVES { Node::Leaves(merged) } else { self.split(place, &merged)? }
            }
            Node::Branch(mut children) => {
                let mut rest = updates;
                while let Some(first) = rest.first() {
                    let digit = digit(&first.place, place.len());
                    let end = rest.partition_point(|update| self::digit(&update.place, place.len()) <= digit);
                    place.push(digit);
                    children[usize::from(digit)] = self.apply(place, &rest[..end])?;
                    place.pop();
                    rest = &rest[end..];
                }
                let branch = Node::Branch(children);
                if branch.count() as usize <= LEAVES { self.join(place, &branch)? } else { branch }
            }
        };
        let count = node.count();
        let hash = if count == 0 { EMPTY_CHILD } else { node.hash() };
        self.changed.insert(place.clone(), (count > 0).then_some(node));
        Ok((count, hash))
    }

    fn split(&mut self, place: &mut Place, leaves: &[(Hash, Hash)]) -> Result<Node> {
        let mut children = Box::new([(0, EMPTY_CHILD); 16]);
        let mut rest = leaves;
        while let Some((first, _)) = rest.first() {
            let digit = digit(first, place.len());
            let end = rest.partition_point(|(at, _)| self::digit(at, place.len()) <= digit);
            let updates: Vec<Update> = rest[..end].iter().copied().map(new).collect();
            place.push(digit);
            self.changed.insert(place.clone(), None);
            children[usize::from(digit)] = self.apply(place, &updates)?;
            place.pop();
            rest = &rest[end..];
        }
        Ok(Node::Branch(children))
    }

    fn join(&mut self, place: &mut Place, branch: &Node) -> Result<Node> {
        let Node::Branch(children) = branch else { return Ok(branch.clone()) };
        let mut all = Vec::new();
        for digit in 0..16 {
            if children[usize::from(digit)].0 == 0 {
                continue;
            }
            place.push(digit);
            if let Node::Leaves(leaves) = self.node(place)? {
                all.extend(leaves);
            }
            self.changed.insert(place.clone(), None);
            place.pop();
        }
        Ok(Node::Leaves(all))
    }
}

/// The hash of a whole set of leaves at once.
pub fn root_of(leaves: impl IntoIterator<Item = (Hash, Hash)>) -> Result<Hash> {
    Tree::empty().update(leaves.into_iter().map(new).collect())
}

/// A leaf where none stands yet.
pub fn new((place, leaf): (Hash, Hash)) -> Update {
    Update { place, before: None, after: Some(leaf) }
}

fn digit(place: &Hash, depth: usize) -> u8 {
    let byte = place[depth / 2];
    if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

fn merge(leaves: Vec<(Hash, Hash)>, updates: &[Update]) -> Result<Vec<(Hash, Hash)>> {
    let mut merged = leaves;
    merged.reserve(updates.len());
    for Update { place, before, after } in updates {
        // What comes in order, as in a new tree, goes to the end.
        let found = match merged.last() {
            Some((last, _)) if last >= place => merged.binary_search_by_key(place, |(at, _)| *at),
            _ => Err(merged.len()),
        };
        if found.ok().map(|at| merged[at].1) != *before {
            return Err(Error::integrity("A value in the store is not the one that was written last.")
                .hint("See which: cfgctl doctor"));
        }
        match (found, after) {
            (Ok(at), Some(leaf)) => merged[at].1 = *leaf,
            (Ok(at), None) => drop(merged.remove(at)),
            (Err(at), Some(leaf)) => merged.insert(at, (*place, *leaf)),
            (Err(_), None) => {}
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    fn update(path: u16, before: Option<u8>, after: Option<u8>) -> Update {
        let path = path.to_string();
        let leaf = |value: u8| leaf_of_text(&path, &value.to_string());
        Update { place: place_of(&path), before: before.map(leaf), after: after.map(leaf) }
    }

    proptest! {
        #[test]
        fn the_hash_depends_on_content_alone(steps in prop::collection::vec(
            prop::collection::vec((0u16..300, prop::option::of(0u8..4)), 1..120), 1..12)) {
            let nodes: RefCell<HashMap<Place, Node>> = RefCell::default();
            let mut model = BTreeMap::new();
            for step in steps {
                let step: BTreeMap<u16, Option<u8>> = step.into_iter().collect();
                let mut tree = Tree::new(|place| Ok(nodes.borrow().get(place).cloned()));
                let root = tree.update(step.iter().map(|(path, value)| update(*path, model.get(path).copied(), *value)).collect()).unwrap();
                let changed = std::mem::take(&mut tree.changed);
                drop(tree);
                for (place, node) in changed {
                    match node {
                        Some(node) => {
                            prop_assert_eq!(&Node::from_bytes(&node.to_bytes()).unwrap(), &node);
                            nodes.borrow_mut().insert(place, node);
                        }
                        None => drop(nodes.borrow_mut().remove(&place)),
                    }
                }
                for (path, value) in step {
                    match value {
                        Some(value) => drop(model.insert(path, value)),
                        None => drop(model.remove(&path)),
                    }
                }
                let whole = root_of(model.iter().map(|(path, value)| {
                    let Update { place, after, .. } = update(*path, None, Some(*value));
                    (place, after.unwrap())
                })).unwrap();
                prop_assert_eq!(root, whole);
            }
        }
    }

    #[test]
    fn one_change_touches_a_few_nodes_of_a_large_tree() {
        let nodes: RefCell<HashMap<Place, Node>> = RefCell::default();
        let mut tree = Tree::empty();
        tree.update((0..50_000).map(|n| update(n, None, Some(1))).collect()).unwrap();
        nodes
            .borrow_mut()
            .extend(tree.changed.into_iter().filter_map(|(place, node)| node.map(|node| (place, node))));
        let mut loads = 0;
        let mut tree = Tree::new(|place| {
            loads += 1;
            Ok(nodes.borrow().get(place).cloned())
        });
        tree.update(vec![update(7, Some(1), Some(2))]).unwrap();
        assert!(tree.changed.len() <= 5, "{} nodes changed", tree.changed.len());
        drop(tree);
        assert!(loads <= 5, "{loads} nodes read");
    }

    #[test]
    fn a_leaf_that_is_not_what_it_should_be_is_told() {
        let mut tree = Tree::empty();
        tree.update(vec![update(1, None, Some(1))]).unwrap();
        for wrong in [update(1, None, Some(2)), update(1, Some(3), Some(2)), update(2, Some(1), None)] {
            assert_eq!(tree.update(vec![wrong]).unwrap_err().code, crate::domain::error::Code::Integrity);
        }
    }

    #[test]
    fn damaged_nodes_are_told() {
        for bytes in [&[][..], &[2], &[0, 1], &[1, 0, 0]] {
            assert!(Node::from_bytes(bytes).is_err());
        }
    }
}
