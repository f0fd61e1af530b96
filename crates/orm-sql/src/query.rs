//! A query as data. Chaining clones it; parts are shared.
//!
//! Source of every name: Django's `django.db.models.sql.query.Query`.
pub mod aggregation;
pub mod annotations;
pub mod combine;
pub mod filter;
pub mod joins;
pub mod names;
pub mod ordering;
pub mod promoter;
pub mod relabel;
pub mod restriction;
pub mod selection;
pub mod subquery;
pub mod table;

use crate::expression::{Expr, Expression};
use crate::where_node::WhereNode;
use orm_state::maps::{IndexMap, IndexSet};
use orm_state::{ModelRef, Result, Value};
use std::rc::Rc;
pub use table::{FromItem, Join, JoinType, TableAlias};

/// A table alias: the table's own name, or `T3`, `U0` …
pub type Alias = Rc<str>;

/// `GROUP BY` as asked for.
#[derive(Clone, Debug, Default)]
pub enum GroupBy {
    #[default]
    None,
    /// All selected columns (`True`).
    All,
    Exprs(Vec<Expr>),
}

/// One term of `order_by()`.
#[derive(Clone, Debug)]
pub enum Ordering {
    /// `"-pub_date"`, `"?"`, `"author__name"`
    Name(Rc<str>),
    Expr(Expr),
}

/// `select_related()`.
#[derive(Clone, Debug, Default)]
pub enum SelectRelated {
    #[default]
    No,
    /// All non-null foreign keys, a few levels deep.
    All,
    Fields(Rc<RelatedTree>),
}

/// Names to follow, nested, and the argument that asked for it.
#[derive(Clone, Debug, Default)]
pub struct RelatedTree(
    pub IndexMap<String, RelatedTree>,
    pub Option<crate::origin::Origin>,
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combinator {
    Union,
    Intersection,
    Difference,
}

/// `select_for_update()` and its options.
#[derive(Clone, Debug, Default)]
pub struct ForUpdate {
    pub nowait: bool,
    pub skip_locked: bool,
    pub of: Vec<String>,
    pub no_key: bool,
}

/// One column of `extra(select=…)`.
#[derive(Clone, Debug)]
pub struct ExtraSelect {
    pub sql: String,
    pub params: Vec<Value>,
}

/// What `values()` and `values_list()` selected, in their order.
#[derive(Clone, Debug)]
pub enum Selected {
    /// Index into `extra_select`, by name.
    Extra(String),
    /// Position in `select`.
    Column(usize),
    Annotation(String),
}

#[derive(Clone, Debug)]
pub struct Query {
    /// The model queried; none only for the outer query of an aggregation.
    pub model: Option<ModelRef>,
    pub alias_map: IndexMap<Alias, TableAlias>,
    /// The alias of the model's own table, once there is one.
    pub base_table: Option<Alias>,
    /// Aliases of the queries around a subquery; `true` when quoted as names.
    pub external_aliases: IndexMap<Alias, bool>,
    /// Whether columns are written with their table (not in indexes and constraints).
    pub alias_cols: bool,
    pub alias_prefix: Rc<str>,
    pub subq_aliases: Rc<IndexSet<Rc<str>>>,
    pub table_map: IndexMap<Rc<str>, Vec<Alias>>,

    pub default_cols: bool,
    pub select: Vec<Expr>,
    pub values_select: Vec<Rc<str>>,
    /// `values()` order, when given (`selected`).
    pub selected: Option<Rc<IndexMap<String, Selected>>>,
    pub has_select_fields_override: bool,
    /// The database its queryset was bound to, where it is a subquery.
    pub db: Option<Rc<str>>,
    pub where_: Rc<WhereNode>,
    pub annotations: Rc<IndexMap<Rc<str>, Expr>>,
    /// The same as they were written: `order_by()` finds what is selected by it.
    pub annotations_given: Rc<IndexMap<Rc<str>, Expr>>,
    pub annotation_select_mask: Option<Rc<IndexSet<Rc<str>>>>,
    pub group_by: GroupBy,
    pub order_by: Vec<Ordering>,
    pub extra_order_by: Vec<String>,
    pub default_ordering: bool,
    pub standard_ordering: bool,
    pub low_mark: u64,
    pub high_mark: Option<u64>,
    pub distinct: bool,
    pub distinct_fields: Vec<String>,
    pub for_update: Option<ForUpdate>,
    pub select_related: SelectRelated,
    pub max_depth: u32,
    /// Names, and whether they are deferred (`true`) or the only ones loaded.
    pub deferred_loading: (Rc<IndexSet<Rc<str>>>, bool),
    pub combinator: Option<Combinator>,
    pub combinator_all: bool,
    pub combined_queries: Vec<Rc<Query>>,
    pub extra: Rc<IndexMap<String, ExtraSelect>>,
    pub extra_select_mask: Option<Rc<IndexSet<String>>>,
    pub extra_tables: Vec<String>,
    pub filtered_relations: Rc<IndexMap<Rc<str>, Rc<filter::FilteredRelation>>>,
    pub used_aliases: IndexSet<Alias>,
    /// The joins of the last lookup built, for `exclude()`'s subquery.
    pub lookup_joins: Vec<Alias>,
    pub filter_is_sticky: bool,
    pub subquery: bool,
    /// Set by `none()`.
    pub explain: Option<ExplainInfo>,
    /// Where its parts came from.
    pub origins: crate::origin::Kept,
}

/// `explain(format=…, **options)`.
#[derive(Clone, Debug, Default)]
pub struct ExplainInfo {
    pub format: Option<String>,
    pub options: Vec<(String, Value)>,
}

impl Query {
    pub fn new(model: &ModelRef) -> Query {
        Query {
            model: Some(model.clone()),
            ..Query::empty()
        }
    }
    /// A query over no model: the outer query of an aggregation.
    pub fn empty() -> Query {
        Query {
            model: None,
            alias_map: IndexMap::default(),
            base_table: None,
            external_aliases: IndexMap::default(),
            alias_cols: true,
            alias_prefix: "T".into(),
            subq_aliases: Rc::new(IndexSet::from_iter(["T".into()])),
            table_map: IndexMap::default(),
            default_cols: true,
            select: vec![],
            values_select: vec![],
            selected: None,
            has_select_fields_override: false,
            db: None,
            where_: Rc::default(),
            annotations: Rc::default(),
            annotations_given: Rc::default(),
            annotation_select_mask: None,
            group_by: GroupBy::None,
            order_by: vec![],
            extra_order_by: vec![],
            default_ordering: true,
            standard_ordering: true,
            low_mark: 0,
            high_mark: None,
            distinct: false,
            distinct_fields: vec![],
            for_update: None,
            select_related: SelectRelated::No,
            max_depth: 5,
            deferred_loading: (Rc::default(), true),
            combinator: None,
            combinator_all: false,
            combined_queries: vec![],
            extra: Rc::default(),
            extra_select_mask: None,
            extra_tables: vec![],
            filtered_relations: Rc::default(),
            used_aliases: IndexSet::default(),
            lookup_joins: vec![],
            filter_is_sticky: false,
            subquery: false,
            explain: None,
            origins: None,
        }
    }
    /// The model; queries without one never get here through the public API.
    pub fn model(&self) -> Result<&ModelRef> {
        self.model.as_ref().ok_or_else(|| {
            orm_state::Error::new(
                orm_state::ErrorKind::RuntimeError,
                "The query has no model.",
            )
        })
    }
    pub fn is_sliced(&self) -> bool {
        self.low_mark != 0 || self.high_mark.is_some()
    }
    pub fn has_limit_one(&self) -> bool {
        self.high_mark
            .is_some_and(|h| h.wrapping_sub(self.low_mark) == 1)
    }
    pub fn can_filter(&self) -> bool {
        !self.is_sliced()
    }
    /// Did `values()` or a lookup choose what is selected?
    pub fn has_select_fields(&self) -> bool {
        self.selected.is_some()
    }
    /// Narrows the slice, relative to what is sliced already (`set_limits`).
    pub fn set_limits(&mut self, low: Option<u64>, high: Option<u64>) -> Result<()> {
        self.limits_wanted();
        if let Some(high) = high {
            self.high_mark = Some(match self.high_mark {
                Some(h) => h.min(self.low_mark.saturating_add(high)),
                None => self.low_mark.saturating_add(high),
            });
        }
        if let Some(low) = low {
            self.low_mark = match self.high_mark {
                Some(h) => h.min(self.low_mark.saturating_add(low)),
                None => self.low_mark.saturating_add(low),
            };
        }
        if self.high_mark == Some(self.low_mark) {
            self.set_empty();
        }
        Ok(())
    }
    pub fn clear_limits(&mut self) {
        (self.low_mark, self.high_mark) = (0, None);
        self.limits_dropped();
    }
    /// `none()`: a condition that matches nothing.
    pub fn set_empty(&mut self) {
        Rc::make_mut(&mut self.where_)
            .children
            .push(Rc::new(crate::where_node::NothingNode).into_expr());
        for q in &mut self.combined_queries {
            Rc::make_mut(q).set_empty();
        }
    }
    pub fn is_empty(&self) -> bool {
        self.where_
            .children
            .iter()
            .any(|c| c.as_any().is::<crate::where_node::NothingNode>())
    }
    /// Annotations that are selected, in order.
    pub fn annotation_select(&self) -> impl Iterator<Item = (&Rc<str>, &Expr)> {
        self.annotations.iter().filter(|(k, _)| {
            self.annotation_select_mask
                .as_ref()
                .is_none_or(|m| m.contains(*k))
        })
    }
    pub fn extra_select(&self) -> impl Iterator<Item = (&String, &ExtraSelect)> {
        self.extra.iter().filter(|(k, _)| {
            self.extra_select_mask
                .as_ref()
                .is_none_or(|m| m.contains(*k))
        })
    }
}
