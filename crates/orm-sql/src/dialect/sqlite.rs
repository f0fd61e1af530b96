//! SQLite.
use super::column_type::Types;
use super::{Dialect, OnConflict, Vendor, operators};
use crate::expressions::Arith;
use crate::writer::SqlWriter;
use orm_state::settings::settings;
use orm_state::{Error, ErrorKind, Result, Value};
use std::rc::Rc;

/// The SQLite dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sqlite;

static TYPES: Types = Types {
    vendor: "sqlite",
    data_types: &[
        ("AutoField", "integer"),
        ("BigAutoField", "integer"),
        ("BinaryField", "BLOB"),
        ("BooleanField", "bool"),
        ("CharField", "varchar(%(max_length)s)"),
        ("DateField", "date"),
        ("DateTimeField", "datetime"),
        ("DecimalField", "decimal"),
        ("DurationField", "bigint"),
        ("FileField", "varchar(%(max_length)s)"),
        ("FilePathField", "varchar(%(max_length)s)"),
        ("FloatField", "real"),
        ("IntegerField", "integer"),
        ("BigIntegerField", "bigint"),
        ("IPAddressField", "char(15)"),
        ("GenericIPAddressField", "char(39)"),
        ("JSONField", "text"),
        ("PositiveBigIntegerField", "bigint unsigned"),
        ("PositiveIntegerField", "integer unsigned"),
        ("PositiveSmallIntegerField", "smallint unsigned"),
        ("SlugField", "varchar(%(max_length)s)"),
        ("SmallAutoField", "integer"),
        ("SmallIntegerField", "smallint"),
        ("TextField", "text"),
        ("TimeField", "time"),
        ("UUIDField", "char(32)"),
    ],
    unlimited_char: "varchar",
    unlimited_decimal: "",
    checks: &[
        ("PositiveBigIntegerField", "\"%(column)s\" >= 0"),
        (
            "JSONField",
            "(JSON_VALID(\"%(column)s\") OR \"%(column)s\" IS NULL)",
        ),
        ("PositiveIntegerField", "\"%(column)s\" >= 0"),
        ("PositiveSmallIntegerField", "\"%(column)s\" >= 0"),
    ],
    suffixes: &[
        ("AutoField", "AUTOINCREMENT"),
        ("BigAutoField", "AUTOINCREMENT"),
        ("SmallAutoField", "AUTOINCREMENT"),
    ],
    casts: &[("DateField", "TEXT"), ("DateTimeField", "TEXT")],
    cast_char_without_max_length: "text",
    positive_rel_same: false,
};

/// `function(%s, inner, …)`: the kind first, then the value, then the zones.
fn call(
    function: &str,
    kind: Option<&str>,
    inner: SqlWriter,
    zones: Option<Option<&str>>,
    out: &mut SqlWriter,
) {
    out.push(function);
    out.push("(");
    if let Some(kind) = kind {
        out.param(kind.to_lowercase().into());
        out.push(", ");
    }
    out.append(inner);
    if let Some(tz) = zones {
        let (name, connection) = match tz {
            Some(tz) if settings().use_tz => (tz.into(), "UTC".into()),
            _ => (Value::Null, Value::Null),
        };
        out.push(", ");
        out.param(name);
        out.push(", ");
        out.param(connection);
    }
    out.push(")");
}

impl Dialect for Sqlite {
    fn kind(&self) -> Vendor {
        Vendor::Sqlite
    }
    fn display_name(&self) -> &'static str {
        "SQLite"
    }
    fn types(&self) -> &'static Types {
        &TYPES
    }
    fn operator(&self, lookup: &str) -> Option<&'static str> {
        Some(match lookup {
            "iexact" | "contains" | "icontains" | "startswith" | "endswith" | "istartswith"
            | "iendswith" => "LIKE %s ESCAPE '\\'",
            "regex" => "REGEXP %s",
            "iregex" => "REGEXP '(?i)' || %s",
            other => return operators::common(other),
        })
    }
    fn pattern_op(&self, lookup: &str) -> Option<&'static str> {
        Some(match lookup {
            "contains" => r"LIKE '%%' || {} || '%%' ESCAPE '\'",
            "icontains" => r"LIKE '%%' || UPPER({}) || '%%' ESCAPE '\'",
            "startswith" => r"LIKE {} || '%%' ESCAPE '\'",
            "istartswith" => r"LIKE UPPER({}) || '%%' ESCAPE '\'",
            "endswith" => r"LIKE '%%' || {} ESCAPE '\'",
            "iendswith" => r"LIKE '%%' || UPPER({}) ESCAPE '\'",
            _ => return None,
        })
    }
    fn pattern_esc(&self) -> &'static str {
        r"REPLACE(REPLACE(REPLACE({}, '\', '\\'), '%%', '\%%'), '_', '\_')"
    }
    fn casts_lookups(&self) -> bool {
        false
    }
    fn combine(&self, arith: Arith) -> [&'static str; 3] {
        match arith {
            Arith::Pow => ["POWER(", ",", ")"],
            Arith::BitXor => ["BITXOR(", ",", ")"],
            _ => super::operators::combine(arith),
        }
    }
    fn combine_duration(&self, arith: Arith, lhs: &str, rhs: &str) -> Result<String> {
        if !matches!(arith, Arith::Add | Arith::Sub | Arith::Mul | Arith::Div) {
            return Err(Error::new(
                ErrorKind::DatabaseError,
                format!("Invalid connector for timedelta: {}.", arith.sql()),
            ));
        }
        Ok(format!(
            "django_format_dtdelta('{}', {lhs}, {rhs})",
            arith.sql()
        ))
    }
    fn subtract_temporals(
        &self,
        internal_type: &str,
        lhs: SqlWriter,
        rhs: SqlWriter,
        out: &mut SqlWriter,
    ) -> Result<()> {
        out.push(match internal_type {
            "TimeField" => "django_time_diff(",
            _ => "django_timestamp_diff(",
        });
        out.append(lhs);
        out.push(", ");
        out.append(rhs);
        out.push(")");
        Ok(())
    }
    fn date_extract(&self, lookup: &str, inner: SqlWriter, out: &mut SqlWriter) -> Result<()> {
        call("django_date_extract", Some(lookup), inner, None, out);
        Ok(())
    }
    fn time_extract(&self, lookup: &str, inner: SqlWriter, out: &mut SqlWriter) -> Result<()> {
        call("django_time_extract", Some(lookup), inner, None, out);
        Ok(())
    }
    fn datetime_extract(
        &self,
        lookup: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        call(
            "django_datetime_extract",
            Some(lookup),
            inner,
            Some(tz),
            out,
        );
        Ok(())
    }
    fn date_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        call("django_date_trunc", Some(kind), inner, Some(tz), out);
        Ok(())
    }
    fn time_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        call("django_time_trunc", Some(kind), inner, Some(tz), out);
        Ok(())
    }
    fn datetime_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        call("django_datetime_trunc", Some(kind), inner, Some(tz), out);
        Ok(())
    }
    fn datetime_cast_date(
        &self,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        call("django_datetime_cast_date", None, inner, Some(tz), out);
        Ok(())
    }
    fn datetime_cast_time(
        &self,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        call("django_datetime_cast_time", None, inner, Some(tz), out);
        Ok(())
    }
    fn integer_field_range(&self, internal_type: &str) -> (Option<Value>, Option<Value>) {
        let low = if internal_type.starts_with("Positive") {
            0
        } else {
            i64::MIN
        };
        (Some(low.into()), Some(i64::MAX.into()))
    }
    fn max_query_params(&self) -> Option<usize> {
        Some(250_000)
    }
    fn no_limit_value(&self) -> Option<&'static str> {
        Some("-1")
    }
    fn insert_statement(&self, on_conflict: Option<OnConflict>) -> &'static str {
        match on_conflict {
            Some(OnConflict::Ignore) => "INSERT OR IGNORE INTO",
            _ => "INSERT INTO",
        }
    }
    fn on_conflict_suffix(
        &self,
        on_conflict: Option<OnConflict>,
        update: &[Rc<str>],
        unique: &[Rc<str>],
    ) -> String {
        match on_conflict {
            Some(OnConflict::Update) => super::postgresql::do_update(self, update, unique),
            _ => String::new(),
        }
    }
    fn pk_default_value(&self) -> &'static str {
        "NULL"
    }
    fn explain_prefix_word(&self) -> &'static str {
        "EXPLAIN QUERY PLAN"
    }
    fn order_by_nulls_first(&self) -> bool {
        true
    }
    fn supports_default_keyword_in_insert(&self) -> bool {
        false
    }
    /// From SQLite 3.44 on; Django asks the library it is linked to.
    fn supports_aggregate_order_by_clause(&self) -> bool {
        false
    }
    fn supports_aggregate_distinct_multiple_argument(&self) -> bool {
        false
    }
    fn supports_json_field_contains(&self) -> bool {
        false
    }
    fn supports_frame_exclusion(&self) -> bool {
        true
    }
    fn supports_parentheses_in_compound(&self) -> bool {
        false
    }
    fn supports_uuid4_function(&self) -> bool {
        true
    }
    fn supports_select_for_update(&self) -> bool {
        false
    }
}
