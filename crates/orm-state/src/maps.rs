//! Maps and sets of names: ordered ones keep the order in which things were put in, as Python's
//! dicts do.
//!
//! A query is built of many maps of few short names, so hashing them is a part of what it takes.
//! The hasher is fast and not hardened: the names are those of one project.
//!
//! ```
//! use orm_state::maps::IndexMap;
//!
//! let mut aliases: IndexMap<&str, u32> = IndexMap::default();
//! aliases.insert("T3", 1);
//! assert_eq!(aliases.get("T3"), Some(&1));
//! ```
use rustc_hash::FxBuildHasher;

/// `indexmap::IndexMap` with the fast hasher; made with `default()`.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;
/// `indexmap::IndexSet` with the fast hasher; made with `default()`.
pub type IndexSet<T> = indexmap::IndexSet<T, FxBuildHasher>;
/// `HashMap` with the fast hasher; made with `default()`.
pub type HashMap<K, V> = std::collections::HashMap<K, V, FxBuildHasher>;
/// `HashSet` with the fast hasher; made with `default()`.
pub type HashSet<T> = std::collections::HashSet<T, FxBuildHasher>;
