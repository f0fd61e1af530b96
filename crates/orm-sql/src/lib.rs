//! What a query is and how it becomes SQL.
//!
//! ```text
//!  Q(author__name="A")                                       user's words
//!    │ query::build_filter   names → joins → lookups
//!    ▼
//!  Query { alias_map, where_, annotations, select, … }       data
//!    │ compiler::Compiler    select, group by, order by, from
//!    ▼
//!  SELECT … FROM … WHERE "author"."name" = %s   + params     → Connection
//! ```
//!
//! Names are Django's. SQL is kept as Django keeps it: `%s` for a parameter, `%%` for a percent
//! sign; drivers rewrite it.
pub mod compiler;
pub mod connection;
pub mod converters;
pub mod dialect;
pub mod expression;
pub mod expressions;
pub mod functions;
pub mod lookup;
pub mod lookups;
pub mod origin;
pub mod prep;
pub mod q;
pub mod query;
pub mod schema;
pub mod where_node;
pub mod writer;

pub use compiler::Compiler;
pub use connection::{Connection, Outcome, Row, RowCursor};
pub use dialect::Dialect;
pub use expression::{AliasMap, Converter, Expr, ExprObject, Expression, Resolve, Reuse, Sources};
pub use lookup::{LookupFactory, Registered, Rhs, TransformFactory};
pub use q::{Connector, Q, QChild};
pub use query::{Alias, Query};
pub use where_node::WhereNode;
pub use writer::SqlWriter;
