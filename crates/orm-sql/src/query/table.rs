//! The `FROM` clause's entries. Source of names: Django's `sql.datastructures`.
use super::Alias;
use super::filter::FilteredRelation;
use orm_state::{AnyField, Field, ModelRef};
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinType {
    Inner,
    LeftOuter,
}

impl JoinType {
    pub fn sql(self) -> &'static str {
        match self {
            JoinType::Inner => "INNER JOIN",
            JoinType::LeftOuter => "LEFT OUTER JOIN",
        }
    }
}

/// An alias with how many uses it has; zero leaves it out of the SQL.
#[derive(Clone, Debug)]
pub struct TableAlias {
    pub item: FromItem,
    pub refcount: u32,
}

#[derive(Clone, Debug)]
pub enum FromItem {
    Base { table: Rc<str>, alias: Alias },
    Join(Rc<Join>),
}

/// `JOIN table alias ON (parent.lhs = alias.rhs AND …)`
#[derive(Clone, Debug)]
pub struct Join {
    pub table: Rc<str>,
    pub parent_alias: Alias,
    pub alias: Alias,
    pub join_type: JoinType,
    /// Pairs compared: (parent's field, joined table's field).
    pub join_fields: Rc<[(Rc<Field>, Rc<Field>)]>,
    pub join_field: AnyField,
    pub nullable: bool,
    pub filtered_relation: Option<Rc<FilteredRelation>>,
    /// The model joined, for drawing.
    pub model: ModelRef,
}

impl FromItem {
    pub fn alias(&self) -> &Alias {
        match self {
            FromItem::Base { alias, .. } => alias,
            FromItem::Join(j) => &j.alias,
        }
    }
    pub fn table(&self) -> &Rc<str> {
        match self {
            FromItem::Base { table, .. } => table,
            FromItem::Join(j) => &j.table,
        }
    }
    pub fn join(&self) -> Option<&Rc<Join>> {
        match self {
            FromItem::Base { .. } => None,
            FromItem::Join(j) => Some(j),
        }
    }
    pub fn parent_alias(&self) -> Option<&Alias> {
        self.join().map(|j| &j.parent_alias)
    }
    pub fn join_type(&self) -> Option<JoinType> {
        self.join().map(|j| j.join_type)
    }
}

impl Join {
    /// The same join, aliases and type aside? (`identity`)
    pub fn same(&self, other: &Join, ignore_filter: bool) -> bool {
        self.table == other.table
            && self.parent_alias == other.parent_alias
            && self.join_field.same(&other.join_field)
            && (ignore_filter
                || match (&self.filtered_relation, &other.filtered_relation) {
                    (None, None) => true,
                    (Some(a), Some(b)) => Rc::ptr_eq(a, b) || a.same(b),
                    _ => false,
                })
    }
}
