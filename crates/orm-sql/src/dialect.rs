//! What differs between databases. Defaults sit in the trait; a dialect says only what differs.
pub mod column_type;
mod explain;
pub mod json_path;
mod mysql;
mod operators;
mod postgresql;
mod quote;
mod sqlite;

pub use explain::explain_prefix;
pub use mysql::Mysql;
pub use postgresql::Postgresql;
pub use quote::{interpolate, quote_value};
pub use sqlite::Sqlite;

use crate::expression::{Expr, Expression};
use crate::expressions::{Arith, Exists, ExpressionWrapper, NegatedExpression, RawSql};
use crate::query::Combinator;
use crate::where_node::WhereNode;
use crate::writer::{Mark, SqlWriter};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use orm_state::settings::{current_time_zone, settings};
use orm_state::{Error, Field, Result, Value};
use std::rc::Rc;

/// Which database a dialect writes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    Sqlite,
    Postgresql,
    Mysql,
}

/// What `INSERT` does on a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    Ignore,
    Update,
}

/// A SQL dialect (`connection.ops`, `connection.features` and `connection.data_types` of Django
/// in one).
pub trait Dialect {
    /// `sqlite`, `postgresql`, `mysql`
    fn vendor(&self) -> &'static str {
        match self.kind() {
            Vendor::Sqlite => "sqlite",
            Vendor::Postgresql => "postgresql",
            Vendor::Mysql => "mysql",
        }
    }
    fn kind(&self) -> Vendor;
    /// `SQLite`, `PostgreSQL`, `MySQL`
    fn display_name(&self) -> &'static str;

    // Names.
    fn quote_name(&self, name: &str) -> String {
        if name.starts_with('"') && name.ends_with('"') {
            return name.into();
        }
        format!("\"{name}\"")
    }
    /// Appends the quoted name.
    fn quote_name_into(&self, name: &str, sql: &mut String) {
        if name.starts_with('"') && name.ends_with('"') {
            sql.push_str(name);
            return;
        }
        sql.push('"');
        sql.push_str(name);
        sql.push('"');
    }
    /// Longest identifier.
    fn max_name_length(&self) -> Option<usize> {
        None
    }

    // Column types.
    /// The column's type, before `NULL` and constraints; none for fields without a column.
    fn db_type(&self, field: &Rc<Field>) -> Result<Option<String>> {
        column_type::db_type(self.types(), field)
    }
    /// The type of a column that points to this one.
    fn rel_db_type(&self, field: &Rc<Field>) -> Result<Option<String>> {
        column_type::rel_db_type(self.types(), field)
    }
    /// The type in `CAST(… AS type)`.
    fn cast_db_type(&self, field: &Rc<Field>) -> Result<Option<String>> {
        column_type::cast_db_type(self.types(), field)
    }
    /// The column's `CHECK` condition.
    fn db_check(&self, field: &Rc<Field>) -> Result<Option<String>> {
        column_type::db_check(self.types(), field)
    }
    /// `AUTOINCREMENT` and such.
    fn db_type_suffix(&self, field: &Rc<Field>) -> Result<Option<String>> {
        column_type::db_type_suffix(self.types(), field)
    }
    fn types(&self) -> &'static column_type::Types;

    // Operators.
    /// The right side of a built-in lookup, `%s` standing for it: `LIKE %s ESCAPE '\'`.
    fn operator(&self, lookup: &str) -> Option<&'static str>;
    /// The pattern for a right side that is an expression, `{}` standing for it escaped.
    fn pattern_op(&self, lookup: &str) -> Option<&'static str>;
    /// Escapes `\`, `%` and `_` of an expression, which stands at `{}`.
    fn pattern_esc(&self) -> &'static str;
    /// Does `lookup_cast` change anything?
    fn casts_lookups(&self) -> bool {
        true
    }
    /// Wraps the left side of a lookup, `%s` standing for it.
    fn lookup_cast(&self, lookup: &str, internal_type: &str) -> &'static str {
        let _ = (lookup, internal_type);
        "%s"
    }
    /// `%` and `_` of a value for `LIKE`.
    fn prep_for_like(&self, value: &Value) -> String {
        value
            .to_str()
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
    }
    fn prep_for_iexact(&self, value: &Value) -> Value {
        self.prep_for_like(value).into()
    }
    /// The whole of a regex lookup where it is no operator; `{lhs}` and `{rhs}` stand for its sides.
    fn regex_lookup(&self, lookup: &str) -> Option<&'static str> {
        let _ = lookup;
        None
    }
    fn max_in_list_size(&self) -> Option<usize> {
        None
    }

    // Arithmetic.
    /// What stands before, between and after two operands: `("POWER(", ",", ")")`.
    fn combine(&self, arith: Arith) -> [&'static str; 3] {
        operators::combine(arith)
    }
    fn has_native_duration_field(&self) -> bool {
        false
    }
    /// Wraps a duration written since `mark`.
    fn format_for_duration_arithmetic(&self, out: &mut SqlWriter, mark: Mark) -> Result<()> {
        let _ = (out, mark);
        Ok(())
    }
    /// `lhs connector rhs` where one is a duration.
    fn combine_duration(&self, arith: Arith, lhs: &str, rhs: &str) -> Result<String> {
        let [before, between, after] = self.combine(arith);
        Ok(format!("{before}{lhs}{between}{rhs}{after}"))
    }
    /// `lhs - rhs` of two dates or times.
    fn subtract_temporals(
        &self,
        internal_type: &str,
        lhs: SqlWriter,
        rhs: SqlWriter,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let _ = internal_type;
        out.push("(");
        out.append(lhs);
        out.push(" - ");
        out.append(rhs);
        out.push(")");
        Ok(())
    }
    /// Casts what was written since `mark`, the result of a union of types.
    fn unification_cast(&self, internal_type: &str, out: &mut SqlWriter, mark: Mark) {
        let _ = (internal_type, out, mark);
    }

    // Dates and times. `inner` is the SQL of the value.
    fn date_extract(&self, lookup: &str, inner: SqlWriter, out: &mut SqlWriter) -> Result<()>;
    fn time_extract(&self, lookup: &str, inner: SqlWriter, out: &mut SqlWriter) -> Result<()>;
    fn datetime_extract(
        &self,
        lookup: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()>;
    fn date_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()>;
    fn time_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()>;
    fn datetime_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()>;
    fn datetime_cast_date(
        &self,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()>;
    fn datetime_cast_time(
        &self,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()>;

    fn has_native_uuid_field(&self) -> bool {
        false
    }
    /// Before the placeholder of binary content.
    fn binary_prefix(&self) -> &'static str {
        ""
    }

    /// May a path into a JSON document count from an array's end?
    fn supports_json_negative_indexing(&self) -> bool {
        true
    }
    /// The path of a chain of keys into a JSON document.
    fn compile_json_path(&self, keys: &[Value], include_root: bool) -> Result<String> {
        let hash = self.kind() == Vendor::Sqlite;
        let path = json_path::compile(keys, include_root, hash);
        if !self.supports_json_negative_indexing() && path.contains("[-") {
            return Err(Error::not_supported(
                "Using negative JSON array indices is not supported on this database backend.",
            ));
        }
        Ok(path)
    }

    // Limits.
    fn integer_field_range(&self, internal_type: &str) -> (Option<Value>, Option<Value>);
    /// Parameters that one statement may bind.
    fn max_query_params(&self) -> Option<usize> {
        None
    }
    /// `LIMIT` that means none, where `OFFSET` needs one.
    fn no_limit_value(&self) -> Option<&'static str> {
        None
    }
    /// `LIMIT 10 OFFSET 5`
    fn limit_offset_sql(&self, low: u64, high: Option<u64>) -> String {
        let limit = match high {
            Some(h) => Some(h.saturating_sub(low).to_string()).filter(|l| l != "0"),
            None if low > 0 => self.no_limit_value().map(Into::into),
            None => None,
        };
        let mut parts = vec![];
        if let Some(l) = limit {
            parts.push(format!("LIMIT {l}"));
        }
        if low > 0 {
            parts.push(format!("OFFSET {low}"));
        }
        parts.join(" ")
    }

    // Statements.
    fn insert_statement(&self, on_conflict: Option<OnConflict>) -> &'static str {
        let _ = on_conflict;
        "INSERT INTO"
    }
    /// What follows the values of an `INSERT`; names are columns.
    fn on_conflict_suffix(
        &self,
        on_conflict: Option<OnConflict>,
        update: &[Rc<str>],
        unique: &[Rc<str>],
    ) -> String {
        let _ = (on_conflict, update, unique);
        String::new()
    }
    /// `DEFAULT` in place of a primary key that the database makes.
    fn pk_default_value(&self) -> &'static str {
        "DEFAULT"
    }
    fn explain_prefix_word(&self) -> &'static str {
        "EXPLAIN"
    }
    /// The prefix of `explain(format=…, **options)`.
    fn explain_query_prefix(
        &self,
        format: Option<&str>,
        options: &[(String, Value)],
    ) -> Result<String> {
        explain_prefix(
            self.explain_prefix_word(),
            self.display_name(),
            &[],
            format,
            options,
        )
    }

    // Features.
    /// May the parts of a union have their own order and slice?
    fn supports_slicing_ordering_in_compound(&self) -> bool {
        false
    }
    fn set_operator(&self, combinator: Combinator) -> &'static str {
        match combinator {
            Combinator::Union => "UNION",
            Combinator::Intersection => "INTERSECT",
            Combinator::Difference => "EXCEPT",
        }
    }
    /// Leaves out grouping columns that a selected primary key decides.
    fn collapse_group_by(&self, exprs: Vec<Expr>, _having: &[Expr]) -> Vec<Expr> {
        exprs
    }
    /// What `HAVING` without `GROUP BY` needs before it.
    fn force_group_by(&self) -> Option<&'static str> {
        None
    }
    fn distinct_sql(&self, fields: Vec<SqlWriter>, out: &mut SqlWriter) -> Result<()> {
        if fields.is_empty() {
            out.push("DISTINCT");
            return Ok(());
        }
        if !self.can_distinct_on_fields() {
            return Err(Error::not_supported(
                "DISTINCT ON fields is not supported by this database backend",
            ));
        }
        out.push("DISTINCT ON (");
        for (i, f) in fields.into_iter().enumerate() {
            if i > 0 {
                out.push(", ");
            }
            out.append(f);
        }
        out.push(")");
        Ok(())
    }
    fn supports_logical_xor(&self) -> bool {
        false
    }
    fn supports_order_by_nulls_modifier(&self) -> bool {
        true
    }
    /// Do NULLs come first in ascending order?
    fn order_by_nulls_first(&self) -> bool {
        false
    }
    fn supports_default_keyword_in_insert(&self) -> bool {
        true
    }
    fn supports_aggregate_filter_clause(&self) -> bool {
        true
    }
    fn supports_aggregate_order_by_clause(&self) -> bool {
        true
    }
    fn supports_aggregate_distinct_multiple_argument(&self) -> bool {
        true
    }
    fn supports_bit_aggregations(&self) -> bool {
        true
    }
    fn supports_default_in_bit_aggregations(&self) -> bool {
        true
    }
    fn supports_any_value(&self) -> bool {
        true
    }
    fn supports_json_field_contains(&self) -> bool {
        true
    }
    fn has_native_boolean_field(&self) -> bool {
        false
    }
    fn supports_frame_exclusion(&self) -> bool {
        false
    }
    fn only_supports_unbounded_with_preceding_and_following(&self) -> bool {
        false
    }
    fn supports_parentheses_in_compound(&self) -> bool {
        true
    }
    fn supports_tuple_lookups(&self) -> bool {
        true
    }
    fn supports_uuid4_function(&self) -> bool {
        false
    }
    fn supports_uuid7_function(&self) -> bool {
        false
    }
    fn can_return_columns_from_insert(&self) -> bool {
        true
    }
    fn can_return_rows_from_bulk_insert(&self) -> bool {
        true
    }
    fn supports_select_for_update(&self) -> bool {
        true
    }
    fn can_distinct_on_fields(&self) -> bool {
        false
    }
    fn allows_group_by_selected_pks(&self) -> bool {
        false
    }
    fn allows_group_by_select_index(&self) -> bool {
        true
    }

    /// May a condition stand in `WHERE` by itself, without comparing it to anything?
    fn condition_in_where(&self, expr: &dyn Expression) -> Result<bool> {
        if self.has_native_boolean_field() {
            return Ok(true);
        }
        let any = expr.as_any();
        if any.is::<Exists>() || any.is::<WhereNode>() || expr.as_lookup().is_some() {
            return Ok(true);
        }
        if let Some(w) = any.downcast_ref::<ExpressionWrapper>() {
            return Ok(expr.conditional() && self.condition_in_where(&*w.expression)?);
        }
        // In Django it is a wrapper, too.
        if let Some(n) = any.downcast_ref::<NegatedExpression>() {
            return self.condition_in_where(&*n.expression);
        }
        Ok(any.is::<RawSql>() && expr.conditional())
    }
}

/// The name of the zone that dates are extracted in; none without `USE_TZ`.
pub fn tz_name(tzinfo: Option<&str>) -> Option<String> {
    if !settings().use_tz {
        return None;
    }
    Some(match tzinfo {
        Some(z) => zone_in_sql(z),
        None => zone_in_sql(&current_time_zone()),
    })
}

/// A zone that has one offset for ever is called what its clocks show: `Etc/GMT+10` is `-10`.
fn zone_in_sql(name: &str) -> String {
    match TimeZone::get(name) {
        Ok(zone) if zone.to_fixed_offset().is_ok() => {
            let info = zone.to_offset_info(Timestamp::UNIX_EPOCH);
            info.abbreviation().to_string()
        }
        _ => name.to_string(),
    }
}
