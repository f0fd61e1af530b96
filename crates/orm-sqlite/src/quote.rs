//! A statement with its parameters in place, as Django's `last_executed_query` shows it.
use crate::connection::SqliteConnection;
use orm_state::{Result, Value};

impl SqliteConnection {
    /// `sql % parameters`, each parameter quoted by SQLite's rules. For reading, never for running.
    ///
    /// ```
    /// use orm_sqlite::SqliteConnection;
    /// let db = SqliteConnection::open(":memory:").unwrap();
    /// let sql = db.interpolate("SELECT %s, %s, '%%'", &["it's".into(), 1.5.into()]).unwrap();
    /// assert_eq!(sql, "SELECT 'it''s', 1.5, '%'");
    /// ```
    pub fn interpolate(&self, sql: &str, params: &[Value]) -> Result<String> {
        if params.is_empty() {
            return Ok(sql.to_string());
        }
        let quoted = params
            .iter()
            .map(|p| self.quote(p))
            .collect::<Result<Vec<_>>>()?;
        Ok(percent(sql, &quoted))
    }
    /// A value as SQLite writes it.
    pub fn quote(&self, value: &Value) -> Result<String> {
        Ok(match value {
            Value::Null => "NULL".into(),
            Value::Bool(b) => i64::from(*b).to_string(),
            Value::Int(i) => i.to_string(),
            Value::Str(s) if !s.contains('\0') => quote_text(s),
            Value::Float(_) | Value::Str(_) => self.quote_with_sqlite(value)?,
            Value::Bytes(b) => {
                let mut out = String::from("X'");
                for byte in b.iter() {
                    out.push_str(&format!("{byte:02X}"));
                }
                out.push('\'');
                out
            }
            Value::Uuid(u) => quote_text(&u.simple().to_string()),
            Value::Duration(d) => d.micros.to_string(),
            Value::DateTime(d) => quote_text(&d.isoformat(' ')),
            other => quote_text(&other.to_str()),
        })
    }
}

fn quote_text(s: &str) -> String {
    format!("'{}'", s.replace('\'', "''"))
}

/// `sql % args` for `%s` and `%%`; placeholders without an argument stay.
pub fn percent(sql: &str, args: &[String]) -> String {
    let mut out = String::with_capacity(sql.len() + args.iter().map(String::len).sum::<usize>());
    let mut args = args.iter();
    let mut rest = sql;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('%') {
            out.push('%');
            rest = after;
        } else if let Some(after) = tail.strip_prefix('s') {
            match args.next() {
                Some(a) => out.push_str(a),
                None => out.push_str("%s"),
            }
            rest = after;
        } else {
            out.push('%');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}
