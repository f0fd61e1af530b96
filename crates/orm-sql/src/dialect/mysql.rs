//! MySQL 8: the text of its SQL. Nothing here connects to one.
use super::column_type::Types;
use super::{Dialect, OnConflict, Vendor, operators};
use crate::expressions::Arith;
use crate::writer::{Mark, SqlWriter};
use orm_state::settings::settings;
use orm_state::{Result, Value};
use std::rc::Rc;

/// The MySQL dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mysql;

static TYPES: Types = Types {
    vendor: "mysql",
    data_types: &[
        ("AutoField", "integer AUTO_INCREMENT"),
        ("BigAutoField", "bigint AUTO_INCREMENT"),
        ("BinaryField", "longblob"),
        ("BooleanField", "bool"),
        ("CharField", "varchar(%(max_length)s)"),
        ("DateField", "date"),
        ("DateTimeField", "datetime(6)"),
        (
            "DecimalField",
            "numeric(%(max_digits)s, %(decimal_places)s)",
        ),
        ("DurationField", "bigint"),
        ("FileField", "varchar(%(max_length)s)"),
        ("FilePathField", "varchar(%(max_length)s)"),
        ("FloatField", "double precision"),
        ("IntegerField", "integer"),
        ("BigIntegerField", "bigint"),
        ("IPAddressField", "char(15)"),
        ("GenericIPAddressField", "char(39)"),
        ("JSONField", "json"),
        ("PositiveBigIntegerField", "bigint UNSIGNED"),
        ("PositiveIntegerField", "integer UNSIGNED"),
        ("PositiveSmallIntegerField", "smallint UNSIGNED"),
        ("SlugField", "varchar(%(max_length)s)"),
        ("SmallAutoField", "smallint AUTO_INCREMENT"),
        ("SmallIntegerField", "smallint"),
        ("TextField", "longtext"),
        ("TimeField", "time(6)"),
        ("UUIDField", "char(32)"),
    ],
    unlimited_char: "varchar(None)",
    unlimited_decimal: "",
    checks: &[
        ("PositiveBigIntegerField", "`%(column)s` >= 0"),
        ("PositiveIntegerField", "`%(column)s` >= 0"),
        ("PositiveSmallIntegerField", "`%(column)s` >= 0"),
    ],
    suffixes: &[],
    casts: &[
        ("AutoField", "signed integer"),
        ("BigAutoField", "signed integer"),
        ("SmallAutoField", "signed integer"),
        ("CharField", "char(%(max_length)s)"),
        (
            "DecimalField",
            "decimal(%(max_digits)s, %(decimal_places)s)",
        ),
        ("TextField", "char"),
        ("IntegerField", "signed integer"),
        ("BigIntegerField", "signed integer"),
        ("SmallIntegerField", "signed integer"),
        ("PositiveBigIntegerField", "unsigned integer"),
        ("PositiveIntegerField", "unsigned integer"),
        ("PositiveSmallIntegerField", "unsigned integer"),
        ("DurationField", "signed integer"),
    ],
    cast_char_without_max_length: "char",
    positive_rel_same: true,
};

/// The value in a zone other than the connection's.
fn in_zone(mut inner: SqlWriter, tz: Option<&str>) -> SqlWriter {
    if let Some(tz) = tz.filter(|tz| settings().use_tz && *tz != "UTC") {
        // A fixed offset is given without its name.
        let zone = match tz.find(['+', '-']) {
            Some(at) if tz[at + 1..].starts_with(|c: char| c.is_ascii_digit()) => &tz[at..],
            _ => tz,
        };
        let mark = SqlWriter::default().mark();
        inner.wrap(mark, "CONVERT_TZ(", ", ");
        inner.param("UTC".into());
        inner.push(", ");
        inner.param(zone.into());
        inner.push(")");
    }
    inner
}

/// The template with each `{}` replaced by the value's SQL, its parameters as often.
fn fill(template: &str, inner: &SqlWriter, out: &mut SqlWriter) {
    let mut parts = template.split("{}");
    if let Some(first) = parts.next() {
        out.push(first);
    }
    for part in parts {
        out.append(inner.clone());
        out.push(part);
    }
}

impl Dialect for Mysql {
    fn kind(&self) -> Vendor {
        Vendor::Mysql
    }
    fn display_name(&self) -> &'static str {
        "MySQL"
    }
    fn types(&self) -> &'static Types {
        &TYPES
    }
    fn quote_name(&self, name: &str) -> String {
        if name.starts_with('`') && name.ends_with('`') {
            return name.into();
        }
        format!("`{name}`")
    }
    fn quote_name_into(&self, name: &str, sql: &mut String) {
        sql.push_str(&self.quote_name(name));
    }
    fn max_name_length(&self) -> Option<usize> {
        Some(64)
    }
    fn operator(&self, lookup: &str) -> Option<&'static str> {
        Some(match lookup {
            "iexact" | "icontains" | "istartswith" | "iendswith" => "LIKE %s",
            "contains" | "startswith" | "endswith" => "LIKE BINARY %s",
            other => return operators::common(other),
        })
    }
    fn pattern_op(&self, lookup: &str) -> Option<&'static str> {
        Some(match lookup {
            "contains" => "LIKE BINARY CONCAT('%%', {}, '%%')",
            "icontains" => "LIKE CONCAT('%%', {}, '%%')",
            "startswith" => "LIKE BINARY CONCAT({}, '%%')",
            "istartswith" => "LIKE CONCAT({}, '%%')",
            "endswith" => "LIKE BINARY CONCAT('%%', {})",
            "iendswith" => "LIKE CONCAT('%%', {})",
            _ => return None,
        })
    }
    fn pattern_esc(&self) -> &'static str {
        r"REPLACE(REPLACE(REPLACE({}, '\\', '\\\\'), '%%', '\%%'), '_', '\_')"
    }
    fn regex_lookup(&self, lookup: &str) -> Option<&'static str> {
        Some(if lookup == "regex" {
            "REGEXP_LIKE({lhs}, {rhs}, 'c')"
        } else {
            "REGEXP_LIKE({lhs}, {rhs}, 'i')"
        })
    }
    fn lookup_cast(&self, lookup: &str, internal_type: &str) -> &'static str {
        match lookup {
            "iexact" | "contains" | "icontains" | "startswith" | "istartswith" | "endswith"
            | "iendswith" | "regex" | "iregex"
                if internal_type == "JSONField" =>
            {
                "JSON_UNQUOTE(%s)"
            }
            _ => "%s",
        }
    }
    fn combine(&self, arith: Arith) -> [&'static str; 3] {
        match arith {
            Arith::Pow => ["POW(", ",", ")"],
            Arith::BitAnd => ["CONVERT(", "&", ", SIGNED)"],
            Arith::BitOr => ["CONVERT(", "|", ", SIGNED)"],
            Arith::BitLeftShift => ["CONVERT(", "<<", ", SIGNED)"],
            Arith::BitXor => ["CONVERT(", "^", ", SIGNED)"],
            Arith::BitRightShift => ["FLOOR(", " / POW(2, ", "))"],
            _ => operators::combine(arith),
        }
    }
    fn format_for_duration_arithmetic(&self, out: &mut SqlWriter, mark: Mark) -> Result<()> {
        out.wrap(mark, "INTERVAL ", " MICROSECOND");
        Ok(())
    }
    fn subtract_temporals(
        &self,
        internal_type: &str,
        lhs: SqlWriter,
        rhs: SqlWriter,
        out: &mut SqlWriter,
    ) -> Result<()> {
        if internal_type == "TimeField" {
            fill(
                "((TIME_TO_SEC({}) * 1000000 + MICROSECOND({})) -",
                &lhs,
                out,
            );
            fill(" (TIME_TO_SEC({}) * 1000000 + MICROSECOND({})))", &rhs, out);
            return Ok(());
        }
        fill("TIMESTAMPDIFF(MICROSECOND, {}, ", &rhs, out);
        fill("{})", &lhs, out);
        Ok(())
    }
    fn date_extract(&self, lookup: &str, inner: SqlWriter, out: &mut SqlWriter) -> Result<()> {
        match lookup {
            "week_day" => fill("DAYOFWEEK({})", &inner, out),
            "iso_week_day" => fill("WEEKDAY({}) + 1", &inner, out),
            "week" => fill("WEEK({}, 3)", &inner, out),
            "iso_year" => fill("TRUNCATE(YEARWEEK({}, 3), -2) / 100", &inner, out),
            other => {
                let word = super::postgresql::extract_word(other)?;
                fill(&format!("EXTRACT({word} FROM {{}})"), &inner, out);
            }
        }
        Ok(())
    }
    fn time_extract(&self, lookup: &str, inner: SqlWriter, out: &mut SqlWriter) -> Result<()> {
        self.date_extract(lookup, inner, out)
    }
    fn datetime_extract(
        &self,
        lookup: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        self.date_extract(lookup, in_zone(inner, tz), out)
    }
    fn date_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let inner = in_zone(inner, tz);
        match kind {
            "year" | "month" => {
                fill("CAST(DATE_FORMAT({}, ", &inner, out);
                out.param(
                    if kind == "year" {
                        "%Y-01-01"
                    } else {
                        "%Y-%m-01"
                    }
                    .into(),
                );
                out.push(") AS DATE)");
            }
            "quarter" => fill(
                "MAKEDATE(YEAR({}), 1) + INTERVAL QUARTER({}) QUARTER - INTERVAL 1 QUARTER",
                &inner,
                out,
            ),
            "week" => fill("DATE_SUB({}, INTERVAL WEEKDAY({}) DAY)", &inner, out),
            _ => fill("DATE({})", &inner, out),
        }
        Ok(())
    }
    fn time_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let inner = in_zone(inner, tz);
        let format = match kind {
            "hour" => "%H:00:00",
            "minute" => "%H:%i:00",
            "second" => "%H:%i:%s",
            _ => {
                fill("TIME({})", &inner, out);
                return Ok(());
            }
        };
        fill("CAST(DATE_FORMAT({}, ", &inner, out);
        out.param(format.into());
        out.push(") AS TIME)");
        Ok(())
    }
    fn datetime_trunc(
        &self,
        kind: &str,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let inner = in_zone(inner, tz);
        let (template, format) = match kind {
            "quarter" => (
                "CAST(DATE_FORMAT(MAKEDATE(YEAR({}), 1) + INTERVAL QUARTER({}) QUARTER - INTERVAL 1 QUARTER, ",
                "%Y-%m-01 00:00:00",
            ),
            "week" => (
                "CAST(DATE_FORMAT(DATE_SUB({}, INTERVAL WEEKDAY({}) DAY), ",
                "%Y-%m-%d 00:00:00",
            ),
            "year" => ("CAST(DATE_FORMAT({}, ", "%Y-01-01 00:00:00"),
            "month" => ("CAST(DATE_FORMAT({}, ", "%Y-%m-01 00:00:00"),
            "day" => ("CAST(DATE_FORMAT({}, ", "%Y-%m-%d 00:00:00"),
            "hour" => ("CAST(DATE_FORMAT({}, ", "%Y-%m-%d %H:00:00"),
            "minute" => ("CAST(DATE_FORMAT({}, ", "%Y-%m-%d %H:%i:00"),
            "second" => ("CAST(DATE_FORMAT({}, ", "%Y-%m-%d %H:%i:%s"),
            _ => {
                out.append(inner);
                return Ok(());
            }
        };
        fill(template, &inner, out);
        out.param(format.into());
        out.push(") AS DATETIME)");
        Ok(())
    }
    fn datetime_cast_date(
        &self,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        fill("DATE({})", &in_zone(inner, tz), out);
        Ok(())
    }
    fn datetime_cast_time(
        &self,
        inner: SqlWriter,
        tz: Option<&str>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        fill("TIME({})", &in_zone(inner, tz), out);
        Ok(())
    }
    fn binary_prefix(&self) -> &'static str {
        "_binary "
    }
    fn integer_field_range(&self, internal_type: &str) -> (Option<Value>, Option<Value>) {
        let high: Value = match internal_type {
            "PositiveSmallIntegerField" => 65_535.into(),
            "PositiveIntegerField" => 4_294_967_295_i64.into(),
            "PositiveBigIntegerField" => num_bigint::BigInt::from(u64::MAX).into(),
            other => return operators::integer_range(other),
        };
        (Some(0.into()), Some(high))
    }
    fn no_limit_value(&self) -> Option<&'static str> {
        Some("18446744073709551615")
    }
    fn insert_statement(&self, on_conflict: Option<OnConflict>) -> &'static str {
        match on_conflict {
            Some(OnConflict::Ignore) => "INSERT IGNORE INTO",
            _ => "INSERT INTO",
        }
    }
    fn on_conflict_suffix(
        &self,
        on_conflict: Option<OnConflict>,
        update: &[Rc<str>],
        _unique: &[Rc<str>],
    ) -> String {
        if on_conflict != Some(OnConflict::Update) {
            return String::new();
        }
        let set: Vec<String> = update
            .iter()
            .map(|n| self.quote_name(n))
            .map(|n| format!("{n} = new.{n}"))
            .collect();
        format!("AS new ON DUPLICATE KEY UPDATE {}", set.join(", "))
    }
    fn pk_default_value(&self) -> &'static str {
        "NULL"
    }
    fn explain_query_prefix(
        &self,
        format: Option<&str>,
        options: &[(String, Value)],
    ) -> Result<String> {
        let format = match format {
            Some(f) if f.eq_ignore_ascii_case("text") => "TRADITIONAL".to_string(),
            Some(f) => f.to_string(),
            None => "TREE".into(),
        };
        let analyze = options.iter().any(|(k, v)| k == "analyze" && v.truthy());
        let rest: Vec<(String, Value)> = options
            .iter()
            .filter(|(k, _)| k != "analyze")
            .cloned()
            .collect();
        let formats = ["JSON", "TEXT", "TRADITIONAL", "TREE"];
        let mut prefix = super::explain_prefix(
            "EXPLAIN",
            self.display_name(),
            &formats,
            Some(&format),
            &rest,
        )?;
        if analyze {
            prefix.push_str(" ANALYZE");
        }
        prefix.push_str(&format!(" FORMAT={format}"));
        Ok(prefix)
    }
    fn supports_json_negative_indexing(&self) -> bool {
        false
    }
    fn supports_logical_xor(&self) -> bool {
        true
    }
    fn supports_order_by_nulls_modifier(&self) -> bool {
        false
    }
    fn order_by_nulls_first(&self) -> bool {
        true
    }
    fn supports_aggregate_filter_clause(&self) -> bool {
        false
    }
    fn supports_any_value(&self) -> bool {
        true
    }
    fn supports_default_in_bit_aggregations(&self) -> bool {
        false
    }
    fn can_return_columns_from_insert(&self) -> bool {
        false
    }
    fn can_return_rows_from_bulk_insert(&self) -> bool {
        false
    }
    fn allows_group_by_selected_pks(&self) -> bool {
        true
    }
}
